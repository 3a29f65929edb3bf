// Content hashes. Not for secrets: XXH3 finds equal contents quickly and is not collision-resistant
// against an attacker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgduet::gate {

// XXH3, 64 bits (https://xxhash.com). The same value on every machine.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// XXH3, 128 bits, as 32 lower-case hexadecimal digits.
std::string hash_hex(std::string_view bytes);

}  // namespace pgduet::gate

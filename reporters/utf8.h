// UTF-8, one code point at a time, for writers that must not pass on bytes they do not understand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgduet::reporters {

// One code point, or one byte that belongs to none.
struct CodePoint {
  char32_t value = 0xFFFD;  // U+FFFD (replacement character) when not valid
  std::size_t bytes = 1;    // how much of the text it takes
  bool valid = false;       // false: overlong, a surrogate, beyond U+10FFFF, cut short, or a stray
};

// The first code point of `text`. Requires: `text` is not empty.
CodePoint first_code_point(std::string_view text);

// `text`, or its start and "…" where it has more than `most_bytes`; never cut inside a code point.
std::string shortened(std::string_view text, std::size_t most_bytes);

// `text` with every byte that belongs to no code point replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// U+FFFD in UTF-8.
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

}  // namespace pgduet::reporters

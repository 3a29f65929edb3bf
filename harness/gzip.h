// Run records as they are kept for long: gzip (RFC 1952), as gzip(1) and zcat(1) read and write it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgduet::harness {

// No run record is that large: a few bytes that claim to be one must not fill the memory.
constexpr std::size_t most_gunzipped_bytes = std::size_t{4} << 30;

// `fast` takes a third of the time of `small`, and 40 % more bytes of a run record.
enum class Compression { small, fast };

// The same bytes for the same text, with one version of zlib.
std::string gzip(std::string_view text, Compression compression = Compression::small);

// Whether the bytes begin as gzip's do. No JSON does.
bool is_gzip(std::string_view bytes);

// Throws Error(input) at `file` for bytes that are cut short, or damaged, or that would become more
// than `most`.
std::string gunzip(std::string_view bytes, const std::string& file,
                   std::size_t most = most_gunzipped_bytes);

}  // namespace pgduet::harness

// Texts that a page carries for a script to unpack.
#pragma once

#include <string>
#include <string_view>

namespace pgduet::reporters {

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

// `text` as raw DEFLATE (RFC 1951) in base64: what DecompressionStream("deflate-raw") reads.
// Same text, same result, with one version of zlib.
std::string deflated_base64(std::string_view text);

}  // namespace pgduet::reporters

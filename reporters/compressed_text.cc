#include "compressed_text.h"

#include <zlib.h>

#include <new>

namespace pgduet::reporters {
namespace {

// Level 6 takes three times as long and saves a tenth.
constexpr int fast_level = 3;
constexpr int raw_window_bits = -15;  // negative: no zlib header
constexpr int default_memory_level = 8;

std::string deflated(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, fast_level, Z_DEFLATED, raw_window_bits, default_memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string result(deflateBound(&stream, text.size()), '\0');
  // zlib's interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);  // ends at once: the output has room for the worst case
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  const auto byte_at = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned three = byte_at(i) << 16U | byte_at(i + 1) << 8U | byte_at(i + 2);
    text += digits[three >> 18U];
    text += digits[three >> 12U & 63U];
    text += i + 1 < bytes.size() ? digits[three >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? digits[three & 63U] : '=';
  }
  return text;
}

std::string deflated_base64(std::string_view text) { return base64(deflated(text)); }

}  // namespace pgduet::reporters

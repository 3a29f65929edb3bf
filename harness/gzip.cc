#include "gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "pgduet/gate/error.h"

namespace pgduet::harness {
namespace {

constexpr int gzip_window_bits = 15 + 16;  // the largest window; 16: with gzip's header
constexpr int default_memory_level = 8;
constexpr std::size_t chunk_bytes = 1 << 18;

// Gives zlib the next part of what is left: it counts in 32 bits.
void feed(z_stream& stream, std::string_view& left) {
  const std::size_t bytes =
      std::min<std::size_t>(left.size(), std::numeric_limits<uInt>::max() / 2);
  // zlib's interface is older than const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(left.data()));
  stream.avail_in = static_cast<uInt>(bytes);
  left.remove_prefix(bytes);
}

// Where zlib writes to, a chunk after the other.
class Output {
 public:
  void offer(z_stream& stream) {
    stream.next_out = chunk_.data();
    stream.avail_out = static_cast<uInt>(chunk_.size());
  }
  void take(const z_stream& stream) {
    text.append(reinterpret_cast<const char*>(chunk_.data()), chunk_.size() - stream.avail_out);
  }

  std::string text;

 private:
  std::vector<Bytef> chunk_ = std::vector<Bytef>(chunk_bytes);
};

[[noreturn]] void throw_unreadable(const std::string& file, const std::string& problem) {
  throw gate::Error(gate::Error::Kind::input, {file, 0, 0}, "run record is " + problem);
}

// Frees what zlib holds for a stream.
using StreamEnd = std::unique_ptr<z_stream, int (*)(z_streamp)>;

}  // namespace

std::string gzip(std::string_view text, Compression compression) {
  z_stream stream{};
  const int level = compression == Compression::fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  if (deflateInit2(&stream, level, Z_DEFLATED, gzip_window_bits, default_memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const StreamEnd end(&stream, deflateEnd);
  Output output;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0) feed(stream, text);
    output.offer(stream);
    status = deflate(&stream, text.empty() ? Z_FINISH : Z_NO_FLUSH);
    output.take(stream);
  }
  return std::move(output.text);
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, const std::string& file, std::size_t most) {
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window_bits) != Z_OK) throw std::bad_alloc();
  const StreamEnd end(&stream, inflateEnd);
  Output output;
  while (true) {
    if (stream.avail_in == 0) feed(stream, bytes);
    output.offer(stream);
    const int status = inflate(&stream, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    output.take(stream);
    if (output.text.size() > most)
      throw_unreadable(file, "larger than " + std::to_string(most) + " bytes");
    const bool at_end = stream.avail_in == 0 && bytes.empty();
    if (status == Z_STREAM_END) {
      if (at_end) return std::move(output.text);
      throw_unreadable(file, "damaged: something follows its end");
    }
    if (status == Z_BUF_ERROR && at_end) throw_unreadable(file, "cut short");
    if (status != Z_OK && status != Z_BUF_ERROR) {
      throw_unreadable(file, stream.msg != nullptr ? std::string("damaged: ") + stream.msg
                                                   : std::string("damaged"));
    }
  }
}

}  // namespace pgduet::harness

#include "pgduet/harness/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "pgduet/gate/error.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

[[noreturn]] void throw_not_written(const fs::path& file, int error) {
  throw gate::Error(gate::Error::Kind::environment, {file.string(), 0, 0},
                    "could not write the file: " + system_message(error),
                    error == ENOSPC ? "Free some space, or name another directory."
                                    : "Check that the directory exists and is writable.");
}

// Everything through one descriptor, so that an error of any of the steps is seen.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

std::string read_file(const fs::path& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    throw gate::Error(gate::Error::Kind::input, {file.string(), 0, 0},
                      "could not read the file: " + system_message(EISDIR));
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw gate::Error(gate::Error::Kind::input, {file.string(), 0, 0},
                      "could not read the file: " + system_message(errno));
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file_atomically(const fs::path& file, std::string_view text) {
  std::error_code error;
  if (file.has_parent_path()) {
    fs::create_directories(file.parent_path(), error);
    if (error) throw_not_written(file, error.value());
  }
  const fs::path temporary = file.string() + ".new" + std::to_string(::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) throw_not_written(file, errno);
  int failure = write_all(descriptor, text);
  if (failure == 0 && ::fsync(descriptor) != 0) failure = errno;
  if (::close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(temporary.c_str());
    throw_not_written(file, failure);
  }
}

void copy_tree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (!error) fs::copy(from, to, fs::copy_options::recursive, error);
  if (error) {
    throw gate::Error(gate::Error::Kind::environment, {from.string(), 0, 0},
                      "could not copy it to \"" + to.string() + "\": " + error.message());
  }
}

}  // namespace pgduet::harness

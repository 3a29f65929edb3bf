#include "pgduet/harness/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
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

int write_to(const fs::path& file, int flags, std::string_view text) {
  const int descriptor = ::open(file.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int failure = write_all(descriptor, text);
  if (::close(descriptor) != 0 && failure == 0) failure = errno;
  return failure;
}

int replace(const fs::path& file, std::string_view text) {
  std::error_code error;
  if (file.has_parent_path()) {
    fs::create_directories(file.parent_path(), error);
    if (error) return error.value();
  }
  const fs::path temporary = file.string() + ".new" + std::to_string(::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return errno;
  int failure = write_all(descriptor, text);
  if (failure == 0 && ::fsync(descriptor) != 0) failure = errno;
  if (::close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) failure = errno;
  if (failure != 0) ::unlink(temporary.c_str());
  return failure;
}

// Such a path may lead on to a file (where the output was redirected to one), which others write to
// as well and which must not be replaced.
bool is_of_system(const fs::path& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  const fs::path directory = absolute.parent_path();  // /dev/shm has files like any other
  return directory == "/dev" || directory == "/dev/fd" || absolute.native().starts_with("/proc/");
}

// 1 for /dev/stdout, 3 for /dev/fd/3. Opened by its name, a redirected output would begin anew at
// an offset of its own, and one would overwrite the other.
std::optional<int> descriptor_named(const fs::path& path) {
  std::string_view name = path.native();
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(directory)) continue;
    name.remove_prefix(directory.size());
    int descriptor = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (error == std::errc() && end == name.data() + name.size()) return descriptor;
  }
  return std::nullopt;
}

// Where the symbolic links end that `path` begins with, or the first of them that is the system's.
fs::path end_of_links(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && !is_of_system(path); ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

std::ifstream opened(const fs::path& file) {
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
  return in;
}

}  // namespace

std::string read_file(const fs::path& file) {
  std::ifstream in = opened(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string read_beginning(const fs::path& file, std::size_t most) {
  std::ifstream in = opened(file);
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void write_file_atomically(const fs::path& file, std::string_view text) {
  if (const int failure = replace(file, text); failure != 0) throw_not_written(file, failure);
}

bool is_stream(const fs::path& path) {
  const fs::path target = end_of_links(path);
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  return is_of_system(target) ||
         (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status));
}

void write_output(const fs::path& path, std::string_view text) {
  const fs::path target = end_of_links(path);
  int failure = 0;
  if (is_stream(path)) {
    const std::optional<int> descriptor = descriptor_named(target);
    failure =
        descriptor ? write_all(*descriptor, text) : write_to(target, O_WRONLY | O_APPEND, text);
  } else {
    failure = replace(target, text);
    const bool forbidden =
        failure == EACCES || failure == EPERM || failure == EBUSY || failure == EROFS;
    if (forbidden && fs::exists(target)) failure = write_to(target, O_WRONLY | O_TRUNC, text);
  }
  if (failure != 0) throw_not_written(path, failure);
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

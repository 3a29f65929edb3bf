#include "pgduet/harness/temp_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "system_error.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

// Returns the descriptor that holds the lock of a directory, below 0 when another has it.
int lock_directory(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

void unlock(int descriptor) {
  if (descriptor >= 0) close(descriptor);
}

bool is_new(const fs::path& path) {
  std::error_code error;
  const auto made = fs::last_write_time(path, error);
  return error || fs::file_time_type::clock::now() - made < std::chrono::minutes(1);
}

}  // namespace

TempDir::TempDir(const fs::path& parent, const std::string& prefix) {
  std::string name = (parent / (prefix + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw system_error("create a directory in", parent, errno);
  path_ = name;
  lock_ = lock_directory(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  unlock(lock_);
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

fs::path TempDir::release() {
  unlock(std::exchange(lock_, -1));
  return std::exchange(path_, {});
}

void remove_abandoned(const fs::path& parent, const std::string& prefix) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
    if (!entry.path().filename().string().starts_with(prefix) || is_new(entry.path())) continue;
    const int lock = lock_directory(entry.path());
    if (lock < 0) continue;
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
    unlock(lock);
  }
}

}  // namespace pgduet::harness

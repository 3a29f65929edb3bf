#include "file_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <utility>

#include "pgduet/harness/interrupt.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

// Whether the file that is open is still the one at `path`. It is not when its last holder removed
// it between our open() and our flock().
bool is_at(int descriptor, const std::filesystem::path& path) {
  struct stat opened = {};
  struct stat named = {};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(int descriptor, std::filesystem::path path)
    : descriptor_(descriptor), path_(std::move(path)) {}

FileLock::FileLock(FileLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<FileLock> FileLock::try_lock(const std::filesystem::path& path) {
  while (true) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) throw system_error("open lock file", path, errno);
    FileLock lock(descriptor, path);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::nullopt;
      throw system_error("lock file", path, errno);
    }
    if (!is_at(descriptor, path)) continue;
    const std::string pid = std::to_string(getpid()) + "\n";
    // Only for the message of those who wait; the lock holds without it, also on a full disk.
    if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, pid.data(), pid.size(), 0) < 0)
      errno = 0;
    return lock;
  }
}

void FileLock::remove_file() { unlink(path_.c_str()); }

FileLock wait_for_lock(const std::filesystem::path& path, const std::string& use,
                       const std::function<void(const std::string&)>& message) {
  using Clock = std::chrono::steady_clock;
  // Who only looks whether the lock is held has it for an instant.
  const auto worth_saying = Clock::now() + std::chrono::milliseconds(100);
  bool said = false;
  while (true) {
    if (auto lock = FileLock::try_lock(path)) return std::move(*lock);
    check_interrupt();
    if (!said && message && Clock::now() >= worth_saying) {
      message("waiting for another pgduet (pid " + std::to_string(lock_holder(path)) + ") that " +
              use);
      said = true;
    }
    poll(nullptr, 0, 5);
  }
}

pid_t lock_holder(const std::filesystem::path& path) {
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  return pid;
}

}  // namespace pgduet::harness

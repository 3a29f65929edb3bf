// A lock file: held by one process, released by the kernel when that process ends in whatever way.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pgduet::harness {

// flock() on a file that is made when it is not there. The descriptor is close-on-exec, so that
// children do not keep the lock. Move-only.
class FileLock {
 public:
  // Takes the lock if it is free. Nothing when another holds it. Throws Error(environment) when the
  // file cannot be made.
  static std::optional<FileLock> try_lock(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  // Removes the file while the lock is held: who waits for it makes a new one.
  void remove_file();

 private:
  FileLock(int descriptor, std::filesystem::path path);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

// Takes the lock, and waits while another holds it. `message` (may be empty) is called once, when
// that takes a while: "waiting for another pgduet (pid 4711) that uses this cluster", for `use` =
// "uses this cluster". Throws Interrupted.
FileLock wait_for_lock(const std::filesystem::path& path, const std::string& use,
                       const std::function<void(const std::string&)>& message);

// The process that holds the lock at `path`, as it wrote it there; 0 when that cannot be read.
pid_t lock_holder(const std::filesystem::path& path);

}  // namespace pgduet::harness

#include "file_tree.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "pgduet/harness/interrupt.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags, mode_t mode = 0)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (descriptor_ < 0) throw system_error("open", path, errno);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { close(descriptor_); }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// read() and write(): works everywhere.
void copy_by_hand(const OpenFile& from, const OpenFile& to, const fs::path& to_path) {
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = read(from.get(), buffer.data(), buffer.size());
    if (got < 0) throw system_error("copy to", to_path, errno);
    if (got == 0) return;
    for (ssize_t done = 0; done < got;) {
      const ssize_t written =
          write(to.get(), buffer.data() + done, static_cast<std::size_t>(got - done));
      if (written < 0) throw system_error("write", to_path, errno);
      done += written;
    }
  }
}

void copy_contents(const OpenFile& from, const OpenFile& to, const fs::path& to_path) {
  if (ioctl(to.get(), FICLONE, from.get()) == 0) return;
  while (true) {
    constexpr std::size_t chunk_bytes = std::size_t{64} << 20;
    const ssize_t copied = copy_file_range(from.get(), nullptr, to.get(), nullptr, chunk_bytes, 0);
    if (copied == 0) return;
    if (copied > 0) continue;
    if (errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP)
      return copy_by_hand(from, to, to_path);  // goes on at the offsets reached
    if (errno != EINTR) throw system_error("write", to_path, errno);
    check_interrupt();
  }
}

void give_to(const fs::path& path, const std::optional<SystemUser>& owner) {
  if (owner && lchown(path.c_str(), owner->uid, owner->gid) != 0)
    throw system_error("change the owner of", path, errno);
}

void copy_file(const fs::path& from, const fs::path& to, const struct stat& status,
               const std::optional<SystemUser>& owner) {
  const OpenFile source(from, O_RDONLY);
  const OpenFile target(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
  copy_contents(source, target, to);
  if (owner && fchown(target.get(), owner->uid, owner->gid) != 0)
    throw system_error("change the owner of", to, errno);
  if (fchmod(target.get(), status.st_mode & 07777) != 0)
    throw system_error("change the mode of", to, errno);
}

}  // namespace

void make_directory(const fs::path& directory, mode_t mode,
                    const std::optional<SystemUser>& owner) {
  if (mkdir(directory.c_str(), mode) != 0) {
    if (errno == EEXIST) return;
    throw system_error("create directory", directory, errno);
  }
  if (chmod(directory.c_str(), mode) != 0)
    throw system_error("change the mode of", directory, errno);
  give_to(directory, owner);
}

void clone_tree(const fs::path& from, const fs::path& to, const std::optional<SystemUser>& owner) {
  struct stat top = {};
  if (stat(from.c_str(), &top) != 0) throw system_error("read directory", from, errno);
  make_directory(to, top.st_mode & 07777, owner);
  std::error_code error;
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    check_interrupt();
    const fs::path target = to / entry->path().lexically_relative(from);
    struct stat status = {};
    if (lstat(entry->path().c_str(), &status) != 0)
      throw system_error("read", entry->path(), errno);
    if (S_ISDIR(status.st_mode)) {
      make_directory(target, status.st_mode & 07777, owner);
    } else if (S_ISLNK(status.st_mode)) {
      fs::copy_symlink(entry->path(), target);
      give_to(target, owner);
    } else if (S_ISREG(status.st_mode)) {
      copy_file(entry->path(), target, status, owner);
    }
  }
  if (error) throw system_error("read directory", from, error.value());
}

std::string readable_text(const fs::path& file) {
  const std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();  // keeps what it has when reading fails
  return std::move(text).str();
}

std::int64_t tree_bytes(const fs::path& directory) {
  std::int64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status = {};
    // st_blocks counts 512 bytes, see stat(2).
    if (lstat(entry->path().c_str(), &status) == 0) bytes += std::int64_t{status.st_blocks} * 512;
  }
  return bytes;
}

bool remove_tree(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  return !fs::exists(fs::symlink_status(directory, error));
}

std::optional<fs::path> closed_above(const fs::path& directory, const SystemUser& user) {
  for (fs::path above = directory; above.has_relative_path(); above = above.parent_path()) {
    struct stat status = {};
    if (stat(above.c_str(), &status) != 0) continue;
    const mode_t search = status.st_uid == user.uid   ? S_IXUSR
                          : status.st_gid == user.gid ? S_IXGRP
                                                      : S_IXOTH;
    if ((status.st_mode & search) == 0) return above;
  }
  return std::nullopt;
}

}  // namespace pgduet::harness

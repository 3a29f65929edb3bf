// Whole directories: copied, measured, removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "pgduet/harness/process.h"

namespace pgduet::harness {

// Copies the directory `from` to `to`, which must not exist, with modes and symbolic links, and
// gives all of it to `owner` (stays ours when nothing). Shares the blocks where the file system can
// (reflink); never hard links, since servers write in place. Throws Error(environment), also for a
// full disk; what was copied until then stays.
void clone_tree(const std::filesystem::path& from, const std::filesystem::path& to,
                const std::optional<SystemUser>& owner);

// What the file holds, as far as it can be read: "" when it is not there, or when it tells of a
// process that ended while it was read (/proc).
std::string readable_text(const std::filesystem::path& file);

// The size of all files below `directory` on the disk.
std::int64_t tree_bytes(const std::filesystem::path& directory);

// Removes `directory` with all it holds; symbolic links are removed, not followed. True when
// nothing of it is left.
bool remove_tree(const std::filesystem::path& directory);

// Makes `directory`, with `mode` whatever the umask is, unless it is there. Its parent must exist.
void make_directory(const std::filesystem::path& directory, mode_t mode,
                    const std::optional<SystemUser>& owner = std::nullopt);

// The directory, `directory` or one above it, that `user` cannot enter; nothing when there is none.
// Those that are not made yet are passed over. Groups other than the user's first are not looked
// at.
std::optional<std::filesystem::path> closed_above(const std::filesystem::path& directory,
                                                  const SystemUser& user);

}  // namespace pgduet::harness

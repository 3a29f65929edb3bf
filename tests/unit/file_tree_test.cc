#include "file_tree.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "error_text.h"
#include "file_lock.h"
#include "pgduet/harness/temp_dir.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(CloneTree, CopiesFilesModesAndLinks) {
  const TempDir directory("/tmp", "pgduet-test-");
  const fs::path from = directory.path() / "from";
  const fs::path to = directory.path() / "to";
  fs::create_directories(from / "a" / "empty");
  std::ofstream(from / "a" / "file") << "text";
  std::ofstream(from / "large") << std::string(3000000, 'x');
  fs::permissions(from / "a" / "file", fs::perms(0640));
  fs::permissions(from / "a" / "empty", fs::perms(0711));
  fs::create_symlink("../elsewhere", from / "a" / "link");
  clone_tree(from, to, std::nullopt);
  EXPECT_EQ(contents(to / "a" / "file"), "text");
  EXPECT_EQ(contents(to / "large"), std::string(3000000, 'x'));
  EXPECT_EQ(fs::status(to / "a" / "file").permissions(), fs::perms(0640));
  EXPECT_EQ(fs::status(to / "a" / "empty").permissions(), fs::perms(0711));
  EXPECT_EQ(fs::read_symlink(to / "a" / "link"), "../elsewhere");
  EXPECT_EQ(fs::hard_link_count(to / "a" / "file"), 1u);
  EXPECT_GE(tree_bytes(to), 3000000);
  EXPECT_TRUE(remove_tree(to));
  EXPECT_TRUE(remove_tree(to));  // nothing of it is left
  EXPECT_TRUE(fs::exists(from / "large"));
}

TEST(SystemError, HasWordsOfItsOwnForAFullDisk) {
  EXPECT_EQ(to_text(system_error("write", "/data/file", EACCES)),
            "could not write \"/data/file\": Permission denied");
  const std::string full =
      "no space left on the disk of \"/data/file\"\n  hint: Free some space (\"pgduet doctor "
      "--clean\" removes cached clusters), or set PGDUET_CACHE_DIR to a directory on a larger "
      "disk.";
  EXPECT_EQ(to_text(system_error("write", "/data/file", ENOSPC)), full);
  EXPECT_EQ(to_text(system_error("write", "/data/file", EDQUOT)), full);
  EXPECT_TRUE(means_no_space("could not extend file \"base/5/1\": No space left on device"));
  EXPECT_TRUE(
      means_no_space("wrote only 4096 of 8192 bytes at block 19\nHINT:  Check free disk space."));
  EXPECT_TRUE(means_no_space(full));
  EXPECT_FALSE(means_no_space("could not open file"));
}

TEST(ReadableText, IsEmptyWhereNothingCanBeRead) {
  EXPECT_EQ(readable_text("/proc/self/comm").back(), '\n');
  EXPECT_EQ(readable_text("/nowhere/at/all"), "");
  EXPECT_EQ(readable_text("/proc/self/mem"), "") << "an error while it is read";
}

TEST(FileLock, IsHeldByOne) {
  const TempDir directory("/tmp", "pgduet-test-");
  const fs::path path = directory.path() / "lock";
  {
    const auto lock = FileLock::try_lock(path);
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock_holder(path), getpid());
    EXPECT_FALSE(FileLock::try_lock(path));
  }
  EXPECT_TRUE(FileLock::try_lock(path));
}

TEST(FileLock, IsAnotherOnceItsFileIsRemoved) {
  const TempDir directory("/tmp", "pgduet-test-");
  const fs::path path = directory.path() / "lock";
  auto first = FileLock::try_lock(path);
  ASSERT_TRUE(first);
  first->remove_file();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(FileLock::try_lock(path));
}

}  // namespace
}  // namespace pgduet::harness

#include "pgduet/harness/temp_dir.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "error_text.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;

TEST(TempDir, IsPrivateAndGoesWithAllItHolds) {
  fs::path path;
  {
    const TempDir directory("/tmp", "pgduet-test-");
    path = directory.path();
    EXPECT_EQ(path.string().rfind("/tmp/pgduet-test-", 0), 0u);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0700));
    fs::create_directories(path / "a" / "b");
    std::ofstream(path / "a" / "b" / "file") << "text";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TempDir, RemovesLinksAndNotWhatTheyPointTo) {
  const TempDir kept("/tmp", "pgduet-test-");
  std::ofstream(kept.path() / "file") << "text";
  {
    const TempDir directory("/tmp", "pgduet-test-");
    fs::create_directory_symlink(kept.path(), directory.path() / "link");
  }
  EXPECT_TRUE(fs::exists(kept.path() / "file"));
}

TEST(RemoveAbandoned, RemovesWhatNobodyHoldsAndIsNotNew) {
  const TempDir parent("/tmp", "pgduet-test-");
  const TempDir held(parent.path(), "run-");
  const auto age = [](const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  };
  for (const char* name : {"run-left", "run-new", "other"})
    fs::create_directories(parent.path() / name / "data");
  age(held.path());
  age(parent.path() / "run-left");
  age(parent.path() / "other");
  remove_abandoned(parent.path(), "run-");
  EXPECT_TRUE(fs::exists(held.path()));
  EXPECT_FALSE(fs::exists(parent.path() / "run-left"));
  EXPECT_TRUE(fs::exists(parent.path() / "run-new"));
  EXPECT_TRUE(fs::exists(parent.path() / "other"));
}

TEST(TempDir, MovesAndLetsGo) {
  TempDir first("/tmp", "pgduet-test-");
  const fs::path path = first.path();
  TempDir second(std::move(first));
  EXPECT_EQ(second.path(), path);
  TempDir third("/tmp", "pgduet-test-");
  third = std::move(second);
  EXPECT_EQ(third.release(), path);
  EXPECT_TRUE(fs::remove(path));
}

TEST(TempDir, SaysWhereItCouldNotBeMade) {
  EXPECT_EQ(error_text([] { TempDir("/no/such/place", "x"); }),
            "could not create a directory in \"/no/such/place\": No such file or directory");
}

}  // namespace
}  // namespace pgduet::harness

#include "pgduet/harness/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "error_text.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {
namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() : directory_(fs::temp_directory_path(), "pgduet-files-test-") {}
  const fs::path& path() const { return directory_.path(); }
  TempDir directory_;
};

TEST_F(FilesTest, WritesAndReadsWholeFiles) {
  const std::string text = std::string("a\0b\n", 4);
  write_file_atomically(path() / "new" / "dir" / "f", text);
  EXPECT_EQ(read_file(path() / "new" / "dir" / "f"), text);
  write_file_atomically(path() / "new" / "dir" / "f", "second");
  EXPECT_EQ(read_file(path() / "new" / "dir" / "f"), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(path() / "new" / "dir"), {}), 1);
}

TEST_F(FilesTest, SaysWhatCouldNotBeReadOrWritten) {
  EXPECT_EQ(error_text([&] { read_file(path() / "gone"); }),
            (path() / "gone").string() + ": could not read the file: No such file or directory");
  EXPECT_EQ(error_text([&] { read_file(path()); }),
            path().string() + ": could not read the file: Is a directory");
  write_file_atomically(path() / "file", "");
  EXPECT_EQ(error_text([&] { write_file_atomically(path() / "file" / "below", "x"); }),
            (path() / "file" / "below").string() +
                ": could not write the file: Not a directory\n"
                "  hint: Check that the directory exists and is writable.");
}

// /dev/full answers every write with ENOSPC, as a full disk does.
TEST_F(FilesTest, SaysThatTheDiskIsFull) {
  fs::create_symlink("/dev/full", path() / ("f.new" + std::to_string(::getpid())));
  EXPECT_EQ(error_text([&] { write_file_atomically(path() / "f", "x"); }),
            (path() / "f").string() +
                ": could not write the file: No space left on device\n"
                "  hint: Free some space, or name another directory.");
  EXPECT_FALSE(fs::exists(path() / "f"));
}

TEST_F(FilesTest, OutputReplacesAFileBehindItsLinks) {
  write_output(path() / "new" / "f", "first");
  fs::create_symlink("new/f", path() / "link");
  write_output(path() / "link", "second");
  EXPECT_TRUE(fs::is_symlink(path() / "link"));
  EXPECT_EQ(read_file(path() / "new" / "f"), "second");
}

TEST_F(FilesTest, OutputGoesThroughAFifo) {
  ASSERT_EQ(::mkfifo((path() / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(is_stream(path() / "fifo"));
  std::string read;
  std::thread reader([&] { read = read_file(path() / "fifo"); });
  write_output(path() / "fifo", "text");
  reader.join();
  EXPECT_EQ(read, "text");
  EXPECT_TRUE(fs::is_fifo(path() / "fifo"));
}

TEST_F(FilesTest, OutputToAnOpenFileGoesWhereTheLastEnded) {
  const int descriptor = ::open((path() / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(::write(descriptor, "before\n", 7), 7);
  const fs::path name = "/dev/fd/" + std::to_string(descriptor);
  EXPECT_TRUE(is_stream(name));
  EXPECT_FALSE(is_stream(path() / "log"));
  EXPECT_FALSE(is_stream("/dev/shm/log"));
  write_output(name, "report\n");
  EXPECT_EQ(::write(descriptor, "after\n", 6), 6);
  ::close(descriptor);
  EXPECT_EQ(read_file(path() / "log"), "before\nreport\nafter\n");
  fs::create_symlink("/dev/stdout", path() / "link");
  EXPECT_TRUE(is_stream(path() / "link"));
}

TEST_F(FilesTest, OutputSaysWhatItCouldNotWrite) {
  EXPECT_EQ(error_text([&] { write_output("/dev/full", "x"); }),
            "/dev/full: could not write the file: No space left on device\n"
            "  hint: Free some space, or name another directory.");
}

TEST_F(FilesTest, SaysThatThereIsNoRunRecord) {
  EXPECT_EQ(error_text([&] { find_run_record(path() / "none", ""); }),
            (path() / "none").string() +
                ": there is no run record yet\n  hint: Run \"pgduet check\" first.");
  EXPECT_EQ(error_text([&] { find_run_record("runs", "x"); }),
            "there is no run record \"x\"\n  hint: Name a file, or a run of runs/.");
}

TEST_F(FilesTest, RunIdsSortByTimeAndDiffer) {
  const std::string first = new_run_id();
  EXPECT_THAT(first, testing::MatchesRegex("[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z-[0-9a-f]{6}"));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_LT(first, new_run_id());
}

TEST_F(FilesTest, WritesABaselineOnlyWhenItChanges) {
  gate::Baseline baseline;
  baseline.query = "q";
  EXPECT_TRUE(save_baseline(path(), baseline));
  EXPECT_FALSE(save_baseline(path(), baseline));
  baseline.fingerprint = "f";
  EXPECT_TRUE(save_baseline(path(), baseline));
  EXPECT_EQ(load_baselines(path(), "baselines/shop").at("q").file, "baselines/shop/q.json");
}

TEST_F(FilesTest, ABaselineIsNamedAfterItsQuery) {
  gate::Baseline baseline;
  baseline.query = "q";
  save_baseline(path(), baseline);
  fs::rename(path() / "q.json", path() / "r.json");
  EXPECT_EQ(error_text([&] { load_baselines(path(), "b/shop"); }),
            "b/shop/r.json: baseline is of query \"q\", not of \"r\"\n"
            "  hint: A baseline is named after its query. Rename the file to \"q.json\".");
}

}  // namespace
}  // namespace pgduet::harness

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "error_text.h"
#include "gzip.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::chrono::year_month_day today = 2026y / 11 / 22;

TEST(Gzip, IsUndone) {
  std::string all_bytes;
  for (int i = 0; i < 3'000'000; ++i) all_bytes += static_cast<char>(i * i / 7);
  for (const std::string& text : {std::string(), std::string("x"), all_bytes}) {
    EXPECT_TRUE(is_gzip(gzip(text)));
    EXPECT_TRUE(gunzip(gzip(text), "f") == text);
  }
}

TEST(Gzip, EveryCutIsSeen) {
  const std::string whole =
      gzip("{\"format_version\": 1, \"run_id\": \"20261121T101500.042Z-1f3a3c\"}");
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_EQ(error_text([&] { gunzip(whole.substr(0, bytes), "a.json.gz"); }),
              "a.json.gz: run record is cut short")
        << bytes;
  }
}

TEST(Gzip, DamageIsSeen) {
  const std::string whole = gzip("{\"format_version\": 1}");
  std::string damaged = whole;
  damaged[damaged.size() - 8] ^= 1;  // of the checksum
  EXPECT_EQ(error_text([&] { gunzip(damaged, "a.json.gz"); }),
            "a.json.gz: run record is damaged: incorrect data check");
  EXPECT_EQ(error_text([&] { gunzip(whole + "x", "a.json.gz"); }),
            "a.json.gz: run record is damaged: something follows its end");
  EXPECT_EQ(error_text([&] { gunzip("{}", "a.json.gz"); }),
            "a.json.gz: run record is damaged: incorrect header check");
}

TEST(Gzip, ABombDoesNotGoOff) {
  const std::string bytes = gzip(std::string(1'000'000, ' '));
  EXPECT_LT(bytes.size(), 2'000U);
  EXPECT_EQ(gunzip(bytes, "f", 1'000'000).size(), 1'000'000U);
  EXPECT_EQ(error_text([&] { gunzip(bytes, "a.json.gz", 999'999); }),
            "a.json.gz: run record is larger than 999999 bytes");
}

class RunFilesTest : public testing::Test {
 protected:
  RunFilesTest() : directory_(fs::temp_directory_path(), "pgduet-run-files-test-") {}
  const fs::path& path() const { return directory_.path(); }
  fs::path plain(const std::string& id) const { return path() / (id + ".json"); }
  fs::path packed(const std::string& id) const { return path() / "archive" / (id + ".json.gz"); }

  static gate::RunRecord record(const std::string& id) {
    gate::RunRecord record;
    record.run_id = id;
    return record;
  }
  void write(const std::string& id) const { std::ofstream(plain(id)) << gate::to_text(record(id)); }
  // Returns their ids, oldest first.
  std::vector<std::string> write_many(int count) const {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      char id[32];
      std::snprintf(id, sizeof id, "20261121T101500.%03dZ-a", i);
      ids.emplace_back(id);
      write(id);
    }
    return ids;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const RunRecordFile& one : list_run_records(path())) ids.push_back(one.run_id);
    return ids;
  }
  static std::vector<std::string> names_in(const fs::path& directory) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::string> archive_names() const { return names_in(path() / "archive"); }

  TempDir directory_;
};

TEST_F(RunFilesTest, KeepsTheNewestAsTheyAreAndPacksTheOthers) {
  const std::vector<std::string> all = {"20261101T000000Z-a", "20261102T000000Z-a",
                                        "20261103T000000Z-a"};
  RecordRetention retention;
  retention.unpacked = 2;
  retention.keep_months = 0;
  for (const std::string& id : all) save_run_record(path(), record(id), retention);
  EXPECT_FALSE(fs::exists(plain(all[0])));
  EXPECT_THAT(archive_names(), ElementsAre(all[0] + ".json.gz"));
  EXPECT_THAT(list_run_records(path()), ElementsAre(RunRecordFile{all[0], packed(all[0])},
                                                    RunRecordFile{all[1], plain(all[1])},
                                                    RunRecordFile{all[2], plain(all[2])}));
  EXPECT_EQ(find_run_record(path(), ""), plain(all[2]));
  EXPECT_EQ(find_run_record(path(), all[1]), plain(all[1]));
  EXPECT_EQ(find_run_record(path(), all[0]), packed(all[0]));
  for (const std::string& id : all) {
    EXPECT_EQ(load_run_record(find_run_record(path(), id)), record(id));
    EXPECT_EQ(read_run_record_text(find_run_record(path(), id)), gate::to_text(record(id)));
  }
  EXPECT_EQ(load_run_record(find_run_record(path(), packed(all[0]).string())), record(all[0]));
}

TEST_F(RunFilesTest, KeepsFiftyAsJson) {
  const std::vector<std::string> all = write_many(53);
  save_run_record(path(), record("20261122T000000Z-a"));
  EXPECT_THAT(archive_names(), ElementsAre(all[0] + ".json.gz", all[1] + ".json.gz",
                                           all[2] + ".json.gz", all[3] + ".json.gz"));
  EXPECT_EQ(ids().size(), 54U);
}

TEST_F(RunFilesTest, ThereIsNoArchiveUntilSomethingIsPacked) {
  save_run_record(path(), record("20261122T000000Z-a"));
  EXPECT_THAT(names_in(path()), ElementsAre("20261122T000000Z-a.json"));
}

TEST_F(RunFilesTest, NothingIsListedWhereNothingIs) {
  EXPECT_THAT(list_run_records(path() / "none"), IsEmpty());
}

TEST_F(RunFilesTest, TheNewestIsFoundWhereAllArePacked) {
  write_many(2);
  tidy_run_records(path(), today, {0, 0});
  EXPECT_EQ(find_run_record(path(), "last"), packed("20261121T101500.001Z-a"));
}

TEST_F(RunFilesTest, RemovesPackedRecordsThatAreTooOld) {
  for (const char* id : {"20251021T235959.999Z-a", "20251022T000000.000Z-a", "99999999T000000Z-a",
                         "20250101x", "mine", "20261122T000000Z-a"})
    write(id);
  tidy_run_records(path(), today, {0, 0});
  EXPECT_EQ(ids().size(), 6U);
  tidy_run_records(path(), today, {0, 13});
  EXPECT_THAT(ids(), ElementsAre("20251022T000000.000Z-a", "20261122T000000Z-a",
                                 "99999999T000000Z-a", "mine"));
}

TEST_F(RunFilesTest, AMonthThatIsTooShortEndsWithItsLastDay) {
  for (const char* id : {"20260227T000000Z-a", "20260228T000000Z-a"}) write(id);
  tidy_run_records(path(), 2026y / 3 / 31, {0, 1});
  EXPECT_THAT(ids(), ElementsAre("20260228T000000Z-a"));
}

TEST_F(RunFilesTest, TheNewestStayWhateverTheirAge) {
  for (const char* id : {"20200101T000000Z-a", "20200102T000000Z-a"}) write(id);
  tidy_run_records(path(), today, {1, 13});
  EXPECT_THAT(ids(), ElementsAre("20200102T000000Z-a"));
}

TEST_F(RunFilesTest, SaysThatAPackedRecordIsDamaged) {
  const std::string id = write_many(1).front();
  tidy_run_records(path(), today, {0, 0});
  const std::string bytes = read_file(packed(id));
  write_file_atomically(packed(id), bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(error_text([&] { load_run_record(packed(id)); }),
            packed(id).string() + ": run record is cut short");
  write_file_atomically(packed(id), gzip("{\"run_id\": \"x\"}"));
  EXPECT_EQ(error_text([&] { load_run_record(packed(id)); }),
            packed(id).string() + ": this is not a run record: it has no \"format_version\"");
}

TEST_F(RunFilesTest, IsReadAlsoWhenItWasPackedMeanwhile) {
  const std::string id = write_many(1).front();
  const fs::path file = find_run_record(path(), id);
  tidy_run_records(path(), today, {0, 0});
  EXPECT_EQ(load_run_record(file), record(id));
  fs::remove(packed(id));
  EXPECT_EQ(error_text([&] { load_run_record(file); }),
            file.string() + ": could not read the file: No such file or directory");
}

TEST_F(RunFilesTest, OtherProgramsReadWhatIsPacked) {
  const std::string id = write_many(1).front();
  tidy_run_records(path(), today, {0, 0});
  CommandOptions command;
  command.arguments = {"gzip", "-dc", packed(id).string()};
  EXPECT_EQ(run_command(command).output, gate::to_text(record(id)));
}

// A directory takes the place of the archive's file: packing fails whoever runs this test.
TEST_F(RunFilesTest, WhatCannotBePackedStaysAndKeepsNoOther) {
  const std::vector<std::string> all = write_many(3);
  fs::create_directories(packed(all[0]));
  tidy_run_records(path(), today, {1, 0});
  EXPECT_EQ(load_run_record(plain(all[0])), record(all[0]));
  EXPECT_EQ(load_run_record(packed(all[1])), record(all[1]));
  EXPECT_FALSE(fs::exists(plain(all[1])));
}

TEST_F(RunFilesTest, ARunDoesNotFailBecauseItsRecordsCannotBeTidied) {
  write_file_atomically(path() / "archive", "");
  write_many(2);
  save_run_record(path(), record("20261122T000000Z-a"), {1, 13});
  EXPECT_EQ(ids().size(), 3U);
}

TEST_F(RunFilesTest, SeveralTidyAndReadAtOnce) {
  constexpr int count = 60;
  const std::vector<std::string> all = write_many(count);
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (std::size_t unpacked = count; unpacked > 0; --unpacked)
        tidy_run_records(path(), today, {unpacked - 1, 0});
    });
  }
  std::thread reader([&] {
    do {
      const std::vector<RunRecordFile> listed = list_run_records(path());
      EXPECT_EQ(listed.size(), all.size());
      for (const RunRecordFile& one : listed)
        EXPECT_EQ(error_text([&] { load_run_record(one.file); }), "no error");
    } while (!done);
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  EXPECT_EQ(ids(), all);
  tidy_run_records(path(), today, {0, 0});  // what the last found locked
  EXPECT_THAT(names_in(path()), ElementsAre("archive"));
}

TEST_F(RunFilesTest, NothingIsLostWhenItIsKilled) {
  const std::vector<std::string> all = write_many(150);
  bool was_midway = false;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      tidy_run_records(path(), today, {0, 0});
      _exit(0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::vector<RunRecordFile> records = list_run_records(path());
    const auto left = std::count_if(records.begin(), records.end(), [](const RunRecordFile& one) {
      return one.file.extension() == ".json";
    });
    was_midway = was_midway || (left > 0 && left < std::ssize(all));
    for (const RunRecordFile& one : records)
      ASSERT_EQ(error_text([&] { load_run_record(one.file); }), "no error");
    ASSERT_EQ(ids(), all);
  }
  EXPECT_TRUE(was_midway) << "no child was killed while it worked";
  write_file_atomically(path() / "archive" / (all[0] + ".json.gz.new123"), "half");
  tidy_run_records(path(), today, {0, 13});
  EXPECT_EQ(archive_names().size(), all.size());
}

}  // namespace
}  // namespace pgduet::harness

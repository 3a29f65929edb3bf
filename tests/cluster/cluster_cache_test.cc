#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "forked.h"
#include "pgduet/gate/error.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class ClusterCacheTest : public testing::Test {
 protected:
  fs::path directory() const { return directory_.path() / "cache"; }
  ClusterCache cache() const { return ClusterCache(test_cache_options(directory())); }

  // Builds a cluster with a table of one row through a server of its own.
  static std::string build_table(const fs::path& data_directory, const std::string& kind = "") {
    Server server(test_server_options(data_directory));
    query_text(server.connection_string("postgres"),
               "CREATE " + kind + " TABLE t AS SELECT 42 AS answer");
    server.stop();
    return "a table";
  }

  static ClusterCache::Entry acquire(ClusterCache& cache, const std::string& key) {
    return cache.acquire(key, test_installation(),
                         [](const fs::path& data) { return build_table(data); });
  }

  static std::string answer(const fs::path& data_directory) {
    const Server server(test_server_options(data_directory));
    return query_text(server.connection_string("postgres"), "SELECT answer FROM t");
  }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory() / "entries"))
      names.push_back(entry.path().filename().string());
    return names;
  }

  const TempDir directory_ = test_directory();
};

TEST_F(ClusterCacheTest, BuildsAnEntryOnceAndKeepsItsNote) {
  fs::path data_directory;
  {
    ClusterCache first = cache();
    const ClusterCache::Entry entry = acquire(first, "key");
    EXPECT_FALSE(entry.from_cache());
    EXPECT_EQ(entry.note(), "a table");
    EXPECT_EQ(fs::status(entry.data_directory()).permissions(), fs::perms(0700));
    data_directory = entry.data_directory();
  }
  ClusterCache second = cache();
  const ClusterCache::Entry entry = second.acquire(
      "key", test_installation(),
      [](const fs::path&) -> std::string { throw std::logic_error("was built again"); });
  EXPECT_TRUE(entry.from_cache());
  EXPECT_EQ(entry.note(), "a table");
  EXPECT_EQ(entry.data_directory(), data_directory);
  EXPECT_EQ(answer(data_directory), "42");
}

TEST_F(ClusterCacheTest, KeepsEntriesOfDifferentKeysAndVersionsApart) {
  ClusterCache all = cache();
  const auto empty = [](const fs::path&) { return std::string(); };
  Installation other_version = test_installation();
  other_version.version += ".1";
  const fs::path a = all.acquire("a", test_installation(), empty).data_directory();
  const fs::path b = all.acquire("b", test_installation(), empty).data_directory();
  const fs::path c = all.acquire("a", other_version, empty).data_directory();
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
}

TEST_F(ClusterCacheTest, LeavesNothingWhenTheBuildFails) {
  ClusterCache all = cache();
  fs::path building;
  EXPECT_THROW(all.acquire("key", test_installation(),
                           [&](const fs::path& data_directory) -> std::string {
                             building = data_directory;
                             throw std::runtime_error("no");
                           }),
               std::runtime_error);
  EXPECT_FALSE(fs::exists(building.parent_path()));
  EXPECT_FALSE(acquire(all, "key").from_cache());
}

TEST_F(ClusterCacheTest, SaysThatTheDiskIsFull) {
  ClusterCache all = cache();
  try {
    all.acquire("key", test_installation(), [](const fs::path&) -> std::string {
      throw gate::Error(gate::Error::Kind::input, {"setup/001.sql", 3, 1},
                        "could not extend file \"base/5/16384\": No space left on device");
    });
    FAIL() << "no error";
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_EQ(
        std::string(error.what()),
        "no space left on the disk of \"" + directory().string() +
            "\"\n  hint: Free some space (\"pgduet doctor --clean\" removes cached clusters), "
            "or set PGDUET_CACHE_DIR to a directory on a larger disk.");
  }
}

// Programs that fail as those of a server on a full disk do.
TEST_F(ClusterCacheTest, KnowsAFullDiskByTheMessagesOfInitdbAndTheServer) {
  const fs::path bin = directory_.path() / "bin";
  fs::create_directory(bin);
  for (const char* program : {"initdb", "postgres"}) {
    std::ofstream(bin / program) << "#!/bin/sh\necho 'FATAL:  could not write lock file "
                                    "\"postmaster.pid\": No space left on device' >&2\nexit 1\n";
    fs::permissions(bin / program, fs::perms(0755));
  }
  Installation full = test_installation();
  full.bin_directory = bin;
  ClusterCache all = cache();
  const auto build = [](const fs::path&) { return std::string(); };
  EXPECT_THROW(
      try { all.acquire("key", full, build); } catch (const gate::Error& error) {
        EXPECT_THAT(error.what(), StartsWith("no space left on the disk of \""));
        throw;
      },
      gate::Error);
  const ClusterCache::Entry entry = acquire(all, "key");
  ServerOptions options = test_server_options(entry.data_directory());
  options.installation = full;
  EXPECT_THROW(
      try { Server server(options); } catch (const gate::Error& error) {
        EXPECT_THAT(error.what(), StartsWith("no space left on the disk of \""));
        throw;
      },
      gate::Error);
}

TEST_F(ClusterCacheTest, SaysWhichDirectoryCannotBeMade) {
  std::ofstream(directory_.path() / "file") << "";
  try {
    ClusterCache all(test_cache_options(directory_.path() / "file" / "cache"));
    FAIL() << "no error";
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_EQ(std::string(error.what()),
              "could not create directory \"" + (directory_.path() / "file" / "cache").string() +
                  "\": Not a directory\n  hint: Set PGDUET_CACHE_DIR to a directory that this user "
                  "can write.");
  }
}

TEST_F(ClusterCacheTest, SaysThatADirectoryIsNotWritable) {
  fs::create_directory(directory());
  fs::permissions(directory(), fs::perms(0555));
  const LinePipe message;
  // Root may write everywhere.
  const pid_t child = fork_and([&] {
    if (const auto& user = test_user())
      if (setgid(user->gid) != 0 || setuid(user->uid) != 0) return 1;
    try {
      ClusterCache::Options options;
      options.directory = directory();
      const ClusterCache all(options);
    } catch (const gate::Error& error) {
      message.write_line(error.problem());
      return exit_status(error.kind());
    }
    return 0;
  });
  EXPECT_EQ(wait_for(child), 3);
  EXPECT_EQ(message.read_line(),
            "could not write to directory \"" + directory().string() + "\": Permission denied");
}

TEST_F(ClusterCacheTest, SaysThatTheServersUserCannotReachIt) {
  if (!test_user()) {
    EXPECT_NO_THROW(cache());  // servers run as who we are
    return;
  }
  fs::permissions(directory_.path(), fs::perms(0700));
  try {
    cache();
    FAIL() << "no error";
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_EQ(std::string(error.what()),
              "user \"" + test_user()->name +
                  "\", who runs the servers, cannot enter directory \"" +
                  directory_.path().string() +
                  "\"\n  hint: Set PGDUET_CACHE_DIR to a directory that every user may enter.");
  }
}

TEST_F(ClusterCacheTest, LetsOneWaitForTheOther) {
  const LinePipe begin;
  const LinePipe message;
  const pid_t waiting = fork_and([&] {
    begin.read_line();
    ClusterCache::Options options = test_cache_options(directory());
    options.message = [&](const std::string& text) { message.write_line(text); };
    ClusterCache second(options);
    const ClusterCache::Entry entry = acquire(second, "key");
    return entry.from_cache() && answer(entry.data_directory()) == "42" ? 0 : 1;
  });
  ClusterCache first = cache();
  {
    const ClusterCache::Entry entry = acquire(first, "key");
    const Server server(test_server_options(entry.data_directory()));
    begin.write_line("");
    EXPECT_EQ(message.read_line(), "waiting for another pgduet (pid " + std::to_string(getpid()) +
                                       ") that uses this cluster");
    EXPECT_EQ(query_text(server.connection_string("postgres"), "SELECT answer FROM t"), "42");
  }
  EXPECT_EQ(wait_for(waiting), 0);
}

TEST_F(ClusterCacheTest, TwoThatBuildAtOnceBuildOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i)
    children.push_back(fork_and([&] {
      ClusterCache mine = cache();
      const ClusterCache::Entry entry = acquire(mine, "key");
      return entry.from_cache() ? 10 : 20;
    }));
  std::vector<int> statuses;
  for (const pid_t child : children) statuses.push_back(wait_for(child));
  std::sort(statuses.begin(), statuses.end());
  EXPECT_THAT(statuses, testing::ElementsAre(10, 10, 20));
}

TEST_F(ClusterCacheTest, LeavesWhatIsInUse) {
  ClusterCache first = cache();
  const ClusterCache::Entry entry = acquire(first, "key");
  Server server(test_server_options(entry.data_directory()));
  ClusterCache second = cache();
  second.reap();
  second.clean();
  EXPECT_TRUE(server.running());
  EXPECT_EQ(query_text(server.connection_string("postgres"), "SELECT answer FROM t"), "42");
  const auto usage = second.usage();
  ASSERT_THAT(usage, SizeIs(1));  // the empty cluster of the version is gone
  EXPECT_TRUE(usage[0].in_use);
  EXPECT_GT(usage[0].bytes, 1 << 20);
  EXPECT_THAT(usage[0].last_used, testing::MatchesRegex("20..-..-..T..:..:..Z"));
}

TEST_F(ClusterCacheTest, CleanRemovesAllThatIsNotInUse) {
  ClusterCache all = cache();
  acquire(all, "a");
  EXPECT_THAT(all.usage(), SizeIs(2));
  EXPECT_GT(all.clean(), 1 << 20);
  EXPECT_THAT(entries(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(directory() / "locks"));
  EXPECT_EQ(all.clean(), 0);
}

TEST_F(ClusterCacheTest, RemovesTheLeastRecentlyUsedAboveItsLimit) {
  fs::path oldest, old, used;
  {
    ClusterCache all = cache();
    oldest = acquire(all, "oldest").data_directory();
    old = acquire(all, "old").data_directory();
    acquire(all, "oldest");  // now it is the younger one
  }
  ClusterCache::Options options = test_cache_options(directory());
  options.size_limit_bytes = 8 << 20;  // not enough for another
  for (const auto& usage : cache().usage()) options.size_limit_bytes += usage.bytes;
  ClusterCache limited(options);
  used = acquire(limited, "used").data_directory();
  EXPECT_TRUE(fs::exists(oldest));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(used));
}

// Runs `run` in another process and kills it as soon as it says "ready".
void use_and_be_killed(const std::function<void(const LinePipe&)>& run) {
  const LinePipe ready;
  const pid_t child = fork_and([&] {
    run(ready);
    return 0;
  });
  EXPECT_EQ(ready.read_line(), "ready");
  kill(child, SIGKILL);
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
}

TEST_F(ClusterCacheTest, AnEntrySurvivesThatItsUserIsKilled) {
  use_and_be_killed([&](const LinePipe& ready) {
    ClusterCache mine = cache();
    const ClusterCache::Entry entry = acquire(mine, "key");
    const Server server(test_server_options(entry.data_directory()));
    ready.write_line("ready");
    pause();
  });
  ClusterCache mine = cache();
  const ClusterCache::Entry entry = acquire(mine, "key");
  EXPECT_TRUE(entry.from_cache());
  EXPECT_EQ(answer(entry.data_directory()), "42");
}

// Recovery empties unlogged tables: the entry would be another database than the one built.
TEST_F(ClusterCacheTest, AnEntryWithUnloggedTablesIsBuiltAgainAfterAKill) {
  const auto build = [](const fs::path& data) { return build_table(data, "UNLOGGED"); };
  use_and_be_killed([&](const LinePipe& ready) {
    ClusterCache mine = cache();
    const ClusterCache::Entry entry = mine.acquire("key", test_installation(), build);
    const Server server(test_server_options(entry.data_directory()));
    ready.write_line("ready");
    pause();
  });
  ClusterCache mine = cache();
  {
    const ClusterCache::Entry entry = mine.acquire("key", test_installation(), build);
    EXPECT_FALSE(entry.from_cache());
    EXPECT_EQ(answer(entry.data_directory()), "42");
  }
  const ClusterCache::Entry entry = mine.acquire("key", test_installation(), build);
  EXPECT_TRUE(entry.from_cache());
  EXPECT_EQ(answer(entry.data_directory()), "42");
}

// The mark of another start of the machine: without fsync, its files cannot be trusted.
TEST_F(ClusterCacheTest, AnEntryInUseWhenTheMachineWentDownIsBuiltAgain) {
  ClusterCache mine = cache();
  const fs::path data_directory = acquire(mine, "key").data_directory();
  std::ofstream(data_directory.parent_path() / "in_use") << "another boot\n";
  EXPECT_FALSE(acquire(mine, "key").from_cache());
}

TEST_F(ClusterCacheTest, RunsAsAnOrdinaryUser) {
  fs::create_directory(directory());
  if (const auto& user = test_user()) {
    ASSERT_EQ(chown(directory().c_str(), user->uid, user->gid), 0);
  }
  const pid_t child = fork_and([&] {
    if (const auto& user = test_user())
      if (setgid(user->gid) != 0 || setuid(user->uid) != 0) return 1;
    ClusterCache::Options options;
    options.directory = directory();
    ClusterCache mine(options);
    const auto build = [](const fs::path& data) {
      ServerOptions server_options;
      server_options.installation = test_installation();
      server_options.data_directory = data;
      server_options.fixed_random = true;
      Server server(server_options);
      return query_text(server.connection_string("postgres"), "SELECT 'as ' || session_user");
    };
    const ClusterCache::Entry entry = mine.acquire("key", test_installation(), build);
    return entry.note() == "as pgduet" ? 0 : 2;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(DefaultCacheDirectory, IsNamedByTheEnvironment) {
  setenv("PGDUET_CACHE_DIR", "/somewhere/else", 1);
  EXPECT_EQ(default_cache_directory(), "/somewhere/else");
  unsetenv("PGDUET_CACHE_DIR");
  setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(default_cache_directory(), geteuid() == 0 ? "/var/cache/pgduet" : "/xdg/pgduet");
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace pgduet::harness

// Loaders and servers of the store that are killed at random moments, and the embedded store in
// whatever state it is found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>

#include "file_tree.h"
#include "forked.h"
#include "leftovers.h"
#include "pgduet/harness/files.h"
#include "store_records.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr int runs = 6;
constexpr RecordSize small{3, 3};

int milliseconds_since(Clock::time_point start) {
  return static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count());
}

// ---- A team's server

// Server processes that serve a client and are somebody's loader.
std::vector<pid_t> backends_of(const std::string& url) {
  std::vector<pid_t> pids;
  pqxx::connection connection(url);
  pqxx::nontransaction session(connection);
  for (const auto& row : session.exec("SELECT pid FROM pg_stat_activity WHERE application_name = "
                                      "'pgduet'"))
    pids.push_back(row[0].as<int>());
  return pids;
}

TEST(StoreKill, NothingIsLostOrDoubledAtAnyMoment) {
  const TempDir directory = test_directory();
  const fs::path state = directory.path() / "state";
  save_records(state, 1, runs, small);
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  const ClusterCache::Entry entry =
      cache.acquire("store", test_installation(), [](const fs::path&) { return std::string(); });
  ServerOptions options = test_server_options(entry.data_directory());
  options.settings = {{"fsync", "on"}, {"full_page_writes", "on"}};
  // One call of the kernel instead of one for each file, after each of many crashes.
  if (options.installation.major >= 14) options.settings["recovery_init_sync_method"] = "syncfs";
  Server server(options);
  const std::string url = server.connection_string("postgres");
  const auto load = [&] {
    Store store(store_options(url, state));
    const LoadResult result = store.synchronize();
    return result.failures.empty() && result.loaded + result.already_there == runs ? 0 : 1;
  };
  Tables undisturbed;
  int load_ms = 0;  // of three at once
  for (int round = 0; round < 2; ++round) {
    query_text(url, "DROP SCHEMA IF EXISTS pgduet CASCADE");
    const auto start = Clock::now();
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) children.push_back(fork_and(load));
    for (const pid_t child : children) ASSERT_EQ(wait_for(child), 0);
    load_ms = milliseconds_since(start);
    undisturbed = tables_of(url);
  }
  ASSERT_THAT(undisturbed.at("runs"), StartsWith("6 rows, "));

  constexpr unsigned seed = 20261122;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> part(0, 1);
  int disturbed = 0;
  for (int round = 0; round < 50; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    query_text(url, "DROP SCHEMA IF EXISTS pgduet CASCADE");
    std::vector<pid_t> loaders;
    for (int i = 0; i < 3; ++i) loaders.push_back(fork_and(load));
    poll(nullptr, 0, static_cast<int>(part(random) * load_ms));
    switch (round % 4) {
      case 0:
        kill(server.postmaster_pid(), SIGKILL);
        server.restart();
        break;
      case 1: {
        const std::vector<pid_t> backends = backends_of(url);
        if (!backends.empty()) kill(backends[random() % backends.size()], SIGKILL);
        break;
      }
      default:
        kill(loaders[random() % loaders.size()], SIGKILL);
    }
    for (const pid_t loader : loaders) {
      const int status = wait_for(loader);
      // 99: the first connection was refused while the server was down.
      EXPECT_THAT(status, AnyOf(0, 99, 128 + SIGKILL));
      if (status != 0) ++disturbed;
    }
    ASSERT_EQ(load(), 0);
    ASSERT_EQ(tables_of(url), undisturbed);
  }
  EXPECT_GT(disturbed, 10);
}

// ---- The embedded store

class EmbeddedStoreTest : public testing::Test {
 protected:
  EmbeddedStoreTest() { save_records(state(), 1, runs, small); }

  fs::path state() const { return directory_.path() / "state"; }
  fs::path place() const { return state() / "store"; }
  fs::path data() const { return place() / "data"; }

  StoreOptions options() {
    StoreOptions options = store_options("", state());
    options.installations = {test_installation()};
    options.message = [this](const std::string& text) { messages_.push_back(text); };
    return options;
  }
  // What it holds after all is loaded.
  Tables synchronized() {
    Store store(options());
    const LoadResult result = store.synchronize();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_EQ(result.loaded + result.already_there, runs);
    return tables_of(connection_of(store));
  }
  // Puts a store with all runs there, which is made once. Returns what it holds.
  Tables prepared() {
    struct Model {
      TempDir directory = test_directory();
      Tables tables;
    };
    static const Model model = [this] {
      Model made;
      made.tables = synchronized();
      clone_tree(data(), made.directory.path() / "data", test_user());
      return made;
    }();
    fs::create_directories(place());
    fs::permissions(place(), fs::perms(0711));
    remove_tree(data());
    clone_tree(model.directory.path() / "data", data(), test_user());
    return model.tables;
  }
  bool servers_end() const {
    const auto start = Clock::now();
    while (!server_processes_in(place()).empty()) {
      if (milliseconds_since(start) > 30000) return false;
      poll(nullptr, 0, 5);
    }
    return true;
  }

  const TempDir directory_ = test_directory();
  std::vector<std::string> messages_;
};

TEST_F(EmbeddedStoreTest, IsMadeWhenItIsNeededAndKept) {
  EXPECT_FALSE(fs::exists(place()));
  const Tables made = synchronized();
  EXPECT_THAT(made.at("runs"), StartsWith("6 rows, "));
  EXPECT_THAT(messages_, IsEmpty());
  EXPECT_THAT(server_processes_in(place()), IsEmpty());
  {
    Store store(options());
    EXPECT_EQ(store.status().runs, runs);
    EXPECT_EQ(store.status().waiting, 0);
    EXPECT_THAT(store.status().place, HasSubstr("embedded in "));
  }
  EXPECT_EQ(synchronized(), made);
  EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(EmbeddedStoreTest, TakesAllBackAndLoadsItAgain) {
  const Tables before = prepared();
  Store store(options());
  for (const int number : {4, 3, 2, 1, 0}) {
    store.rollback(number);
    EXPECT_EQ(store.synchronize().loaded, number == 0 ? runs : 0) << number;
    EXPECT_EQ(tables_of(connection_of(store)), before) << number;
  }
  EXPECT_EQ(store.rebuild().loaded, runs);
  EXPECT_EQ(tables_of(connection_of(store)), before);
}

TEST_F(EmbeddedStoreTest, KeepsACopyOfWhatItImports) {
  Store store(options());
  const fs::path elsewhere = directory_.path() / "elsewhere";
  save_records(elsewhere, 20, 21, small);
  std::vector<fs::path> files;
  for (const RunRecordFile& file : list_run_records(elsewhere / "runs")) files.push_back(file.file);
  EXPECT_EQ(store.import(files).loaded, 2);
  EXPECT_EQ(store.rebuild().loaded, runs + 2);
  EXPECT_EQ(read_run_record_text(find_run_record(state() / "runs", store_run_id(20))),
            gate::to_text(store_record(20, small)));
}

TEST_F(EmbeddedStoreTest, PruneRemovesTheRecordsToo) {
  Store store(options());
  store.synchronize();
  const std::chrono::year_month_day november(std::chrono::year(2026), std::chrono::month(11),
                                             std::chrono::day(22));
  EXPECT_EQ(store.prune(0, november), 4);
  EXPECT_EQ(list_run_records(state() / "runs").size(), 2U);
  EXPECT_EQ(store.rebuild().loaded, 2);
}

struct Damage {
  const char* name;
  void (*harm)(const fs::path& data);
};

class DamageTest : public EmbeddedStoreTest, public testing::WithParamInterface<Damage> {};

TEST_P(DamageTest, IsMadeAnew) {
  const Tables before = prepared();
  GetParam().harm(data());
  EXPECT_EQ(synchronized(), before);
  EXPECT_LE(messages_.size(), 1U);
  for (const std::string& message : messages_)
    EXPECT_THAT(message,
                testing::StartsWith("the store is damaged and made anew from the run records: "));
}

void cut(const fs::path& file) { fs::resize_file(file, 0); }

INSTANTIATE_TEST_SUITE_P(
    Store, DamageTest,
    testing::Values(
        Damage{"Deleted", [](const fs::path& data) { fs::remove_all(data); }},
        Damage{"PgVersionEmpty", [](const fs::path& data) { cut(data / "PG_VERSION"); }},
        Damage{"ControlFileCut", [](const fs::path& data) { cut(data / "global" / "pg_control"); }},
        Damage{"WalGone", [](const fs::path& data) { fs::remove_all(data / "pg_wal"); }},
        Damage{"SettingsWrong",
               [](const fs::path& data) {
                 std::ofstream(data / "postgresql.conf") << "work_mem = much\n";
               }},
        Damage{"HalfMade",
               [](const fs::path& data) { fs::rename(data, data.parent_path() / "data.new"); }}),
    [](const testing::TestParamInfo<Damage>& damage) { return std::string(damage.param.name); });

// Any file of the store's own database. What the server can notice is said with what mends it, or
// mended; a table that is cut to nothing is an empty one to it.
TEST_F(EmbeddedStoreTest, ADamagedFileIsMendedByRebuild) {
  const Tables before = prepared();
  std::vector<std::pair<std::string, fs::path>> files;
  {
    const Store store(options());
    pqxx::connection connection(connection_of(store));
    pqxx::nontransaction session(connection);
    for (const auto& row : session.exec(
             "SELECT relname, pg_relation_filepath(oid) FROM pg_class WHERE (relnamespace = "
             "'pgduet'::regnamespace AND relname IN ('runs', 'runs_pkey', "
             "'query_bindings', 'schema_migrations')) OR relname IN "
             "('pg_class', 'pg_attribute')")) {
      files.emplace_back(row[0].c_str(), row[1].c_str());
    }
  }
  ASSERT_EQ(files.size(), 6U);
  std::map<std::string, int> mended;
  for (const auto& damaged : files) {
    const std::string& name = damaged.first;
    SCOPED_TRACE(name);
    prepared();
    cut(data() / damaged.second);
    const std::string message = error_of([&] {
      try {
        mended[name] = synchronized() == before ? 1 : 0;
      } catch (const pqxx::failure&) {
        // A table that no load has read.
      }
    });
    EXPECT_THAT(message, AnyOf("", HasSubstr("\"pgduet store rebuild\"")));
    if (mended[name] == 1) continue;
    Store store(options());
    EXPECT_EQ(store.rebuild().loaded, runs);
    EXPECT_EQ(tables_of(connection_of(store)), before);
  }
  // Those that keep a database from being opened.
  EXPECT_EQ(mended["pg_class"] + mended["pg_attribute"], 2);
}

TEST_F(EmbeddedStoreTest, OfAMajorThatIsGoneIsMadeAnew) {
  const auto other =
      std::find_if(test_installations().begin(), test_installations().end(),
                   [](const Installation& one) { return one.major != test_installation().major; });
  if (other == test_installations().end())
    GTEST_SKIP() << "PGDUET_TEST_OTHER_PG_BIN names no other major";
  const Tables before = prepared();
  fs::remove_all(place());
  {
    StoreOptions of_other = options();
    of_other.installations = {*other};
    Store store(of_other);
    EXPECT_EQ(store.synchronize().loaded, runs);
  }
  // While both are there it stays what it is.
  {
    StoreOptions both = options();
    both.installations = {test_installation(), *other};
    Store store(both);
    EXPECT_EQ(store.synchronize().already_there, runs);
    EXPECT_THAT(store.status().version, StartsWith(std::to_string(other->major) + "."));
    EXPECT_THAT(messages_, IsEmpty());
  }
  EXPECT_EQ(synchronized(), before);
  EXPECT_THAT(messages_,
              testing::ElementsAre("the store is of PostgreSQL " + std::to_string(other->major) +
                                   ", which is not installed: it is made anew from the "
                                   "run records"));
}

TEST_F(EmbeddedStoreTest, OneWaitsForTheOther) {
  const LinePipe begin;
  const LinePipe message;
  const pid_t waiting = fork_and([&] {
    begin.read_line();
    StoreOptions mine = options();
    mine.message = [&](const std::string& text) { message.write_line(text); };
    Store store(mine);
    return store.synchronize().already_there == runs ? 0 : 1;
  });
  {
    Store store(options());
    begin.write_line("");
    EXPECT_EQ(message.read_line(), "waiting for another pgduet (pid " + std::to_string(getpid()) +
                                       ") that uses the store");
    EXPECT_EQ(store.synchronize().loaded, runs);
  }
  EXPECT_EQ(wait_for(waiting), 0);
}

TEST_F(EmbeddedStoreTest, ManyAtOnceLoadEachRunOnce) {
  const Tables before = prepared();
  fs::remove_all(place());
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(fork_and([&] {
      Store store(options());
      store.synchronize();
      return 0;
    }));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(synchronized(), before);
}

TEST_F(EmbeddedStoreTest, KilledAtAnyMomentTheNextGoesOn) {
  const Tables before = prepared();
  fs::remove_all(place());
  const auto load = [&] {
    Store store(options());
    store.synchronize();
    return 0;
  };
  const auto start = Clock::now();
  ASSERT_EQ(wait_for(fork_and(load)), 0);
  int load_ms = milliseconds_since(start);
  constexpr unsigned seed = 20261123;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> part(0, 1);
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    if (round % 3 == 0) fs::remove_all(place());
    const pid_t child = fork_and(load);
    poll(nullptr, 0, static_cast<int>(part(random) * load_ms));
    kill(child, SIGKILL);
    if (wait_for(child) != 0) ++killed;
    ASSERT_TRUE(servers_end());
    if (round % 3 == 2) {
      ASSERT_EQ(synchronized(), before);
    }
  }
  EXPECT_GT(killed, 3);
  EXPECT_EQ(synchronized(), before);
  EXPECT_THAT(messages_, IsEmpty());
  EXPECT_THAT(server_processes_in(place()), IsEmpty());
  EXPECT_FALSE(fs::exists(place() / "data.new"));
}

}  // namespace
}  // namespace pgduet::harness

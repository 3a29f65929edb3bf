// The store on a server: what many loaders, other versions and bad input make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "forked.h"
#include "gzip.h"
#include "pgduet/harness/files.h"
#include "store_records.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr int newest_migration = 5;
constexpr int runs = 12;

class StoreTest : public testing::Test {
 protected:
  StoreTest() : url_(new_test_database()) {}

  fs::path state() const { return directory_.path() / "state"; }
  Store store() const { return Store(store_options(url_, state())); }
  std::string ask(const std::string& sql) const { return query_text(url_, sql); }
  fs::path save(const std::string& name, const std::string& text) const {
    const fs::path file = state() / "runs" / name;
    write_file_atomically(file, text);
    return file;
  }
  fs::path save(const gate::RunRecord& record) const {
    return save_run_record(state() / "runs", record);
  }

  const TempDir directory_ = test_directory();
  const std::string url_;
};

// Ends when all do; each must end with 0.
void expect_all_end_well(const std::vector<pid_t>& children) {
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
}

// ---- Migrations

// That can read the test server: beside it, else in PATH. Nothing where there is none.
std::optional<std::string> pg_dump_program() {
  const fs::path beside = test_installation().bin_directory / "pg_dump";
  if (fs::exists(beside)) return beside.string();
  CommandOptions command;
  command.arguments = {"pg_dump", "--version"};
  try {
    const std::string version = run_command(command).output;  // "pg_dump (PostgreSQL) 15.18 ..."
    const std::size_t number = version.find(") ");
    if (number == std::string::npos) return std::nullopt;
    if (std::atoi(version.c_str() + number + 2) < test_installation().major) return std::nullopt;
    return "pg_dump";
  } catch (const gate::Error&) {
    return std::nullopt;
  }
}

std::string schema_of(const std::string& url) {
  CommandOptions command;
  command.arguments = {pg_dump_program().value(), "--schema-only", "--schema=pgduet",
                       "--dbname=" + url};
  const CommandResult result = run_command(command);
  EXPECT_EQ(result.exit_status, 0) << result.errors;
  // Newer ones put a random word around the text.
  std::string schema;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")) schema += line + "\n";
  return schema;
}

// Migrates to `number` and no further, as an older pgduet would have left it.
void migrate_to(Store& store, int number) {
  store.migrate();
  store.rollback(number);
}

TEST_F(StoreTest, EveryMigrationCanBeTakenBack) {
  if (!pg_dump_program()) GTEST_SKIP() << "no pg_dump reads this server";
  Store store = this->store();
  EXPECT_THAT(store.migrate(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(store.migrate(), IsEmpty());
  const std::string full = schema_of(url_);
  EXPECT_THAT(full, HasSubstr("CREATE TABLE pgduet.recommendations"));
  std::vector<std::string> schemas = {full};
  for (int number = newest_migration - 1; number >= 0; --number) {
    EXPECT_THAT(store.rollback(number), ElementsAre(number + 1));
    EXPECT_THAT(store.rollback(number), IsEmpty());
    schemas.insert(schemas.begin(), schema_of(url_));
    EXPECT_NE(schemas[0], schemas[1]);
  }
  EXPECT_EQ(ask("SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = "
                "'pgduet'::regnamespace AND relkind IN ('r', 'p', 'v')"),
            "schema_migrations");
  for (int number = 0; number <= newest_migration; ++number) {
    SCOPED_TRACE(number);
    migrate_to(store, number);
    EXPECT_EQ(schema_of(url_), schemas[static_cast<std::size_t>(number)]);
    EXPECT_EQ(static_cast<int>(store.migrate().size()), newest_migration - number);
    EXPECT_EQ(schema_of(url_), full);
  }
  EXPECT_THAT(store.rollback(0), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_EQ(schema_of(url_), schemas[0]);
  EXPECT_THAT(store.migrate(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(schema_of(url_), full);
}

TEST_F(StoreTest, OfManyThatMigrateAtOnceEachMigrationIsAppliedByOne) {
  const LinePipe numbers;
  std::vector<pid_t> children;
  for (int i = 0; i < 10; ++i)
    children.push_back(fork_and([&] {
      for (const int number : store().migrate()) numbers.write_line(std::to_string(number));
      return 0;
    }));
  std::vector<std::string> applied;
  for (int i = 0; i < newest_migration; ++i) applied.push_back(numbers.read_line());
  expect_all_end_well(children);
  EXPECT_THAT(applied, testing::UnorderedElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.schema_migrations"), "5");
}

TEST_F(StoreTest, AMigrationThatFailsChangesNothing) {
  if (!pg_dump_program()) GTEST_SKIP() << "no pg_dump reads this server";
  Store store = this->store();
  migrate_to(store, 3);
  const std::string before = schema_of(url_);
  ask("CREATE VIEW pgduet.slow_queries AS SELECT 1");
  EXPECT_EQ(
      replaced(error_of([&] { store.migrate(); }), test_server().environment("")["PGHOST"], "HOST"),
      "3: the store (" + query_text(url_, "SELECT current_database()") +
          " on HOST:5432 as pgduet) failed: relation \"slow_queries\" already exists");
  ask("DROP VIEW pgduet.slow_queries");
  EXPECT_EQ(schema_of(url_), before);
  EXPECT_THAT(store.migrate(), ElementsAre(4, 5));
}

TEST_F(StoreTest, WhatTheLoaderFillsIsThereAgainAfterTheWayBack) {
  save_records(state(), 0, runs);
  const Tables loaded = load_alone(url_, state());
  EXPECT_THAT(loaded.at("query_executions"), StartsWith("1560 rows, "));
  for (int number = newest_migration - 1; number > 0; --number) {
    SCOPED_TRACE(number);
    // The records are in the store: the state directory is not asked.
    Store store(store_options(url_, directory_.path() / "elsewhere"));
    store.rollback(number);
    store.migrate();
    EXPECT_EQ(tables_of(url_), loaded);
  }
  Store store = this->store();
  store.rollback(0);
  EXPECT_EQ(store.synchronize().loaded, runs + 1);
  EXPECT_EQ(tables_of(url_), loaded);
}

// Each that migrates makes the rows again that it finds missing: not twice.
TEST_F(StoreTest, ManyThatFillTheTablesAgainDoubleNothing) {
  save_records(state(), 0, runs);
  const Tables loaded = load_alone(url_, state());
  for (int round = 0; round < 4; ++round) {
    store().rollback(1);
    std::vector<pid_t> children;
    for (int i = 0; i < 6; ++i)
      children.push_back(fork_and([&, i] {
        Store mine = store();
        if (i % 3 == 2)
          mine.rebuild();
        else
          mine.migrate();
        return 0;
      }));
    expect_all_end_well(children);
    ASSERT_EQ(tables_of(url_), loaded);
  }
}

// ---- Loading

TEST_F(StoreTest, LoadingTwiceChangesNothing) {
  save_records(state(), 0, runs);
  Store store = this->store();
  const LoadResult first = store.synchronize();
  EXPECT_EQ(first.loaded, runs + 1);
  EXPECT_EQ(first.already_there, 0);
  EXPECT_THAT(first.failures, IsEmpty());
  const Tables once = tables_of(url_);
  EXPECT_EQ(once.at("runs").substr(0, 8), "13 rows,");
  const LoadResult second = store.synchronize();
  EXPECT_EQ(second.loaded, 0);
  EXPECT_EQ(second.already_there, runs + 1);
  std::vector<fs::path> files;
  for (const RunRecordFile& file : list_run_records(state() / "runs")) files.push_back(file.file);
  EXPECT_EQ(store.import(files).already_there, runs + 1);
  EXPECT_EQ(store.rebuild().loaded, runs + 1);
  EXPECT_EQ(tables_of(url_), once);
}

TEST_F(StoreTest, ManyLoadersLoseNothingAndDoubleNothing) {
  save_records(state(), 0, 2 * runs);
  const Tables alone = load_alone(new_test_database(), state());
  const auto records = list_run_records(state() / "runs");
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 16; ++i)
    children.push_back(fork_and([&, i] {
      // Some have all records, in an order of their own; others a few that nobody else may have.
      std::vector<fs::path> files;
      for (std::size_t j = 0; j < records.size(); ++j)
        if (i % 2 == 0 || j % 16 == i || j % 8 == i / 2) files.push_back(records[j].file);
      std::shuffle(files.begin(), files.end(), std::mt19937(i));
      const LoadResult result = store().import(files);
      return result.failures.empty() &&
                     result.loaded + result.already_there == static_cast<int>(files.size())
                 ? 0
                 : 1;
    }));
  expect_all_end_well(children);
  EXPECT_EQ(tables_of(url_), alone);
}

// Loaders of a new month and a prune that finds its partition empty.
TEST_F(StoreTest, APruneLeavesLoadersAlone) {
  save_records(state(), 0, 2 * runs);
  const std::chrono::year_month_day november(std::chrono::year(2026), std::chrono::month(11),
                                             std::chrono::day(22));
  const std::string alone_url = new_test_database();
  {
    Store alone(store_options(alone_url, state()));
    alone.synchronize();
    alone.prune(1, november);
  }
  for (int round = 0; round < 3; ++round) {
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
      children.push_back(fork_and([&] { return store().synchronize().failures.empty() ? 0 : 1; }));
      children.push_back(fork_and([&] {
        Store mine = store();
        for (int j = 0; j < 5; ++j) mine.prune(1, november);
        return 0;
      }));
    }
    expect_all_end_well(children);
    Tables tables = tables_of(url_);
    Tables alone = tables_of(alone_url);
    // A loader may leave the empty partition of a month whose runs are too old.
    std::erase_if(tables, [](const auto& one) { return one.first.ends_with("_2026_09"); });
    EXPECT_EQ(tables, alone);
    ask("DROP SCHEMA pgduet CASCADE");
  }
}

TEST_F(StoreTest, PruneRemembersWhatWentAndDropsItsPartitions) {
  save_records(state(), 0, runs);
  Store store = this->store();
  store.synchronize();
  const Tables all = tables_of(url_);
  EXPECT_TRUE(all.contains("query_plans_2026_09"));
  const std::chrono::year_month_day november(std::chrono::year(2026), std::chrono::month(11),
                                             std::chrono::day(22));
  EXPECT_EQ(store.prune(1, november), 5);
  EXPECT_EQ(store.prune(1, november), 0);
  const Tables left = tables_of(url_);
  EXPECT_FALSE(left.contains("query_plans_2026_09"));
  EXPECT_EQ(left.at("query_plans_2026_10"), all.at("query_plans_2026_10"));
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.query_bindings WHERE started_at < '2026-10-01Z'"),
            "0");
  const LoadResult again = store.synchronize();
  EXPECT_EQ(again.loaded, 0);
  EXPECT_EQ(again.too_old, 5);
  EXPECT_EQ(store.status().kept_since, "2026-10-01");
  // Fewer months may be kept later, not more: what went is gone.
  EXPECT_EQ(store.prune(13, november), 0);
  EXPECT_EQ(store.status().kept_since, "2026-10-01");
  EXPECT_EQ(store.prune(0, november), 4);
}

// ---- Records that cannot be loaded

TEST_F(StoreTest, SaysOfEachRecordWhyItIsNotLoaded) {
  const gate::RunRecord good = store_record(1);
  const std::string text = gate::to_text(good);
  const auto changed = [&](const std::string& from, const std::string& to) {
    const std::string other = replaced(text, from, to);
    EXPECT_NE(other, text) << from;
    return other;
  };
  const std::string& id = good.run_id;
  save("a.json", changed(R"("format_version":1)", R"("format_version":2)"));
  save("b.json", text.substr(0, text.size() / 2));
  const std::string packed = gzip(text);
  save("archive/c.json.gz", packed.substr(0, packed.size() / 2));
  save("d.json", "run records were here\n");
  save("e.json", changed(id, "../../x"));
  save("f.json", changed(id, "/tmp/x"));
  save("g.json", changed(good.started_at, "2026-1'); DROP SCHEMA pgduet; --"));
  save("h.json", changed(good.started_at, "2026-13-01T10:00:00Z"));
  save("i.json", changed(good.started_at, "yesterday, at noon"));
  save("j.json", "");
  save("k.json", "[]");
  save("l.json", changed("2026-09-01T08:00:00Z", "the day before"));
  save("z.json", text);
  const LoadResult result = store().synchronize();
  EXPECT_EQ(result.loaded, 1);
  std::vector<std::string> failures;
  for (const std::string& failure : result.failures) {
    failures.push_back(replaced(replaced(replaced(failure, (state() / "runs").string(), "RUNS"),
                                         test_server().environment("")["PGHOST"], "HOST"),
                                ask("SELECT current_database()"), "DATABASE"));
  }
  const std::string nonsense = "run record has no run id or time that pgduet would have given it";
  const std::string refused = "the store (DATABASE on HOST:5432 as pgduet) failed: ";
  const std::string hint = "\n  hint: Run pgduet again to make a new one.";
  EXPECT_THAT(
      failures,
      ElementsAre(
          "RUNS/a.json: run record has format version 2, and this pgduet reads version 1",
          "RUNS/b.json: run record is cut short" + hint,
          "RUNS/archive/c.json.gz: run record is cut short",
          "RUNS/d.json: run record is damaged: no JSON at byte 1" + hint,
          "RUNS/e.json: " + nonsense, "RUNS/f.json: " + nonsense, "RUNS/g.json: " + nonsense,
          "RUNS/h.json: " + refused +
              "date/time field value out of range: \"2026-13-01T10:00:00Z\"",
          "RUNS/i.json: " + nonsense, "RUNS/j.json: run record is cut short" + hint,
          "RUNS/k.json: this is not a run record: it has no \"format_version\"",
          "RUNS/l.json: " + refused +
              "invalid input syntax for type timestamp with time zone: \"the day before\""));
}

// Records of someone who means ill: whatever a member holds, the others are loaded.
TEST_F(StoreTest, NoMemberOfARecordStopsTheOthers) {
  const std::string text = gate::to_text(store_record(1, {2, 2}));
  const gate::Json record = gate::Json::parse(text);
  const gate::Json flat = record.flatten();
  const std::vector<gate::Json> values = {
      nullptr, 5, -1, 1e300, "x", std::string("\0", 1), gate::Json::array(), gate::Json::object(),
      true};
  // Each place once, with a value that follows from its number; all places of one name are alike.
  std::set<std::string> seen;
  int number = 100;
  for (const auto& [pointer, unused] : flat.items()) {
    std::string alike;
    for (const char c : pointer)
      if (c < '0' || c > '9') alike += c;
    if (!seen.insert(alike).second || pointer == "/run_id") continue;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((static_cast<std::size_t>(number) + i) % 3 != 0) continue;
      gate::Json other = record;
      other[gate::Json::json_pointer(pointer)] = values[i];
      other["run_id"] = store_run_id(number * 10 + static_cast<int>(i));
      save("hostile-" + std::to_string(number) + "-" + std::to_string(i) + ".json", other.dump());
    }
    ++number;
  }
  save("z.json", text);
  Store store = this->store();
  const LoadResult result = store.synchronize();
  EXPECT_GT(result.loaded, 50);
  EXPECT_GT(result.failures.size(), 50U);
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.runs WHERE run_id = '" + store_run_id(1) + "'"), "1");
  for (const std::string& failure : result.failures)
    EXPECT_THAT(failure, StartsWith((state() / "runs" / "hostile-").string()));
  store.histories({});
}

TEST_F(StoreTest, WritesNothingOutsideTheDirectoryThatItExportsTo) {
  save_records(state(), 0, 1);
  Store store = this->store();
  store.synchronize();
  ask("UPDATE pgduet.runs SET run_id = '../../x' WHERE run_id = '" + store_run_id(1) + "'");
  const fs::path out = directory_.path() / "a" / "b" / "c";
  EXPECT_EQ(store.export_records(out), 1);
  EXPECT_FALSE(fs::exists(directory_.path() / "a" / "x.json"));
  EXPECT_EQ(read_file(out / (store_run_id(0) + ".json")),
            read_file(state() / "runs" / (store_run_id(0) + ".json")));
}

TEST_F(StoreTest, ExportsNothingFromAStoreWithoutTables) {
  EXPECT_EQ(store().export_records(directory_.path() / "out"), 0);
}

// ---- Stores that this pgduet must not touch, or may not

TEST_F(StoreTest, LeavesTheStoreOfANewerPgduetAlone) {
  save_records(state(), 0, 0);
  store().migrate();
  ask("INSERT INTO pgduet.schema_migrations VALUES (99, 'core', 'core_future', 'x', now(), '9.7')");
  const std::string message =
      "3: the store was migrated by a newer pgduet: it has migration 99 (core_future) of pgduet "
      "9.7, and this pgduet VERSION knows those up to 5\n  hint: Use that pgduet, or let it run "
      "\"pgduet store rollback --to 5\".";
  const auto without_version = [this](const std::string& text) {
    return replaced(text,
                    "pgduet " + ask("SELECT pgduet_version FROM pgduet.schema_migrations LIMIT 1"),
                    "pgduet VERSION");
  };
  Store mine = store();
  EXPECT_EQ(without_version(error_of([&] { mine.synchronize(); })), message);
  EXPECT_EQ(without_version(error_of([&] { mine.rollback(4); })), message);
  EXPECT_EQ(without_version(error_of([&] { mine.status(); })), message);
  EXPECT_EQ(without_version(error_of([&] { mine.prune(1, {}); })), message);
  EXPECT_EQ(without_version(error_of([&] { mine.rebuild(); })), message);
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.runs"), "0");
}

TEST_F(StoreTest, LeavesAStoreWithAnotherTextOfAMigrationAlone) {
  store().migrate();
  ask("UPDATE pgduet.schema_migrations SET checksum = 'other', pgduet_version = '0.9' WHERE "
      "number = 2");
  Store mine = store();
  const std::string message = error_of([&] { mine.migrate(); });
  EXPECT_THAT(message, StartsWith("3: the store has migration 2 (core_executions) of pgduet 0.9 "
                                  "with another text than this pgduet "));
  EXPECT_THAT(message,
              testing::EndsWith(" has\n  hint: Use that pgduet, or \"pgduet store rollback --to "
                                "1\" with it and then migrate with this one."));
}

class RoleTest : public StoreTest {
 protected:
  RoleTest() : role_("role_of_" + ask("SELECT current_database()")) {
    ask("CREATE ROLE " + role_ + " LOGIN");
  }
  ~RoleTest() override {
    ask("DROP OWNED BY " + role_);
    ask("DROP ROLE " + role_);
  }
  Store store_as_role() const {
    return Store(store_options(replaced(url_, "user=pgduet", "user=" + role_), state()));
  }
  std::string place() const {
    return ask("SELECT current_database()") + " on " + test_server().environment("")["PGHOST"] +
           ":5432 as " + role_;
  }

  const std::string role_;
};

constexpr const char* rights_hint =
    "\n  hint: The store's owner runs \"pgduet store migrate\", and grants USAGE on schema pgduet, "
    "and SELECT (to load also INSERT, UPDATE and DELETE) on its tables; see "
    "harness/store/README.md.";

TEST_F(RoleTest, SaysWhichRightsAreMissing) {
  save_records(state(), 0, 1);
  Store mine = store_as_role();
  EXPECT_EQ(error_of([&] { mine.migrate(); }), "3: the store (" + place() +
                                                   ") failed: permission denied for database " +
                                                   ask("SELECT current_database()") + rights_hint);
  store().migrate();
  EXPECT_EQ(
      error_of([&] { mine.migrate(); }),
      "3: the store (" + place() + ") failed: permission denied for schema pgduet" + rights_hint);
  EXPECT_EQ(
      error_of([&] { mine.histories({}); }),
      "3: the store (" + place() + ") failed: permission denied for schema pgduet" + rights_hint);
}

TEST_F(RoleTest, WhoMayReadCanAsk) {
  save_records(state(), 0, 1);
  store().synchronize();
  ask("GRANT USAGE ON SCHEMA pgduet TO " + role_);
  ask("GRANT SELECT ON ALL TABLES IN SCHEMA pgduet TO " + role_);
  Store mine = store_as_role();
  EXPECT_THAT(mine.migrate(), IsEmpty());
  EXPECT_EQ(mine.synchronize().already_there, 2);
  EXPECT_EQ(mine.histories({}).size(), 8U);
  EXPECT_EQ(mine.history("shop/orders_0", {}).points.size(), 2U);
  EXPECT_EQ(mine.status().runs, 2);
  EXPECT_EQ(mine.export_records(directory_.path() / "out"), 2);
  // A record that waits is the business of who may write.
  save_records(state(), 3, 3);
  EXPECT_EQ(
      error_of([&] { mine.synchronize(); }),
      "3: the store (" + place() + ") failed: permission denied for table runs" + rights_hint);
  EXPECT_EQ(mine.histories({}).size(), 8U);
}

// As harness/store/README.md has it.
TEST_F(RoleTest, AMemberOfTheOwnerLoadsAndMakesPartitions) {
  const std::string owner = "owner_of_" + role_;
  ask("CREATE ROLE " + owner);
  ask("GRANT CREATE ON DATABASE " + ask("SELECT current_database()") + " TO " + owner);
  ask("GRANT " + owner + " TO " + role_);
  save_records(state(), 0, 2);
  {
    Store mine = store_as_role();
    const std::string refused = error_of([&] { mine.migrate(); });
    EXPECT_EQ(refused, "");
    EXPECT_EQ(mine.synchronize().loaded, 3);
    EXPECT_EQ(
        mine.prune(1, std::chrono::year_month_day(std::chrono::year(2026), std::chrono::month(11),
                                                  std::chrono::day(1))),
        1);
  }
  ask("DROP OWNED BY " + owner + " CASCADE");
  ask("DROP ROLE " + owner);
}

// ---- Servers that fail

TEST_F(StoreTest, TriesASerializationFailureAgain) {
  save_records(state(), 0, 2);
  const Tables alone = load_alone(new_test_database(), state());
  Store mine = store();
  mine.migrate();
  ask("CREATE SEQUENCE public.attempts");
  ask("CREATE FUNCTION public.fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
      "nextval('public.attempts') <= 2 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END "
      "IF; RETURN NULL; END $$");
  ask("CREATE TRIGGER fail AFTER INSERT ON pgduet.query_verdicts EXECUTE FUNCTION "
      "public.fail_twice()");
  EXPECT_EQ(mine.synchronize().loaded, 3);
  EXPECT_EQ(ask("SELECT last_value FROM public.attempts"), "5");
  EXPECT_EQ(tables_of(url_), alone);
}

void raise_on_load(const std::string& url, const std::string& code, const std::string& message) {
  query_text(url,
             "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
             "EXCEPTION '" +
                 message + "' USING ERRCODE = '" + code + "'; END $$");
  query_text(url,
             "CREATE TRIGGER fail AFTER INSERT ON pgduet.query_verdicts EXECUTE FUNCTION "
             "public.fail()");
}

TEST_F(StoreTest, AFullDiskLosesNothing) {
  save_records(state(), 0, 1);
  Store mine = store();
  mine.migrate();
  raise_on_load(url_, "53100", "could not extend file \"base/5/16384\": No space left on device");
  EXPECT_EQ(replaced(error_of([&] { mine.synchronize(); }), test_server().environment("")["PGHOST"],
                     "HOST"),
            "3: the store (" + ask("SELECT current_database()") +
                " on HOST:5432 as pgduet) failed: could not extend file \"base/5/16384\": No space "
                "left on device\n  hint: Make room on the disk of the store.");
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.runs"), "0");
  ask("DROP FUNCTION public.fail CASCADE");
  EXPECT_EQ(mine.synchronize().loaded, 2);
}

TEST_F(StoreTest, GivesUpAfterItsPatience) {
  save_records(state(), 0, 0);
  StoreOptions options = store_options(url_, state());
  options.patience = std::chrono::milliseconds(500);
  Store mine(options);
  mine.migrate();
  raise_on_load(url_, "40001", "not today");
  const auto start = Clock::now();
  EXPECT_THAT(error_of([&] { mine.synchronize(); }), HasSubstr(") failed: not today"));
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(500));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
}

// A server of the test's own, to be stopped.
class OwnServer {
 public:
  explicit OwnServer(const fs::path& directory)
      : cache_(test_cache_options(directory)),
        entry_(cache_.acquire("store", test_installation(), [](const fs::path&) { return ""; })),
        server_(test_server_options(entry_.data_directory())) {}

  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }
  fs::path data_directory() const { return entry_.data_directory(); }

 private:
  ClusterCache cache_;
  ClusterCache::Entry entry_;
  Server server_;
};

class OwnServerTest : public testing::Test {
 protected:
  fs::path state() const { return directory_.path() / "state"; }
  std::string url() { return server_->connection_string("postgres"); }
  std::string place() {
    return "postgres on " + server_->environment("")["PGHOST"] + ":5432 as pgduet";
  }

  const TempDir directory_ = test_directory();
  OwnServer server_{directory_.path() / "cache"};
};

TEST_F(OwnServerTest, LoadsThroughARestart) {
  save_records(state(), 0, 0);
  Store(store_options(url(), state())).migrate();
  query_text(url(),
             "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
             "pg_sleep(0.5); RETURN NULL; END $$");
  query_text(url(),
             "CREATE TRIGGER wait AFTER INSERT ON pgduet.query_verdicts EXECUTE FUNCTION "
             "wait()");
  const LinePipe ready;
  const pid_t child = fork_and([&] {
    Store mine(store_options(url(), state()));
    ready.write_line("ready");
    return mine.synchronize().loaded == 1 ? 0 : 1;
  });
  EXPECT_EQ(ready.read_line(), "ready");
  while (query_text(url(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") !=
         "1") {
  }
  kill(server_->postmaster_pid(), SIGQUIT);  // in the middle of a run's transaction
  server_->restart();
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(query_text(url(), "SELECT count(*) FROM pgduet.runs"), "1");
}

TEST_F(OwnServerTest, SaysThatTheServerIsGone) {
  save_records(state(), 0, 0);
  StoreOptions options = store_options(url(), state());
  options.patience = std::chrono::milliseconds(1000);
  Store mine(options);
  const std::string socket = server_->environment("")["PGHOST"] + "/.s.PGSQL.5432";
  const std::string place = this->place();
  server_->stop();
  const auto start = Clock::now();
  EXPECT_EQ(error_of([&] { mine.synchronize(); }),
            "3: the store (" + place +
                ") failed: lost the connection: connection to server on socket \"" + socket +
                "\" failed: No such file or directory");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(6));
  EXPECT_EQ(error_of([&] { Store another(options); }),
            "3: could not connect to the store (" + place + "): connection to server on socket \"" +
                socket +
                "\" failed: No such file or directory\n  hint: Run records stay in the state "
                "directory and are loaded when the store answers.");
}

TEST_F(OwnServerTest, NeverSaysAPassword) {
  query_text(url(), "CREATE ROLE ci LOGIN SUPERUSER PASSWORD 'right-secret'");
  write_file_atomically(server_.data_directory() / "pg_hba.conf",
                        "local all ci scram-sha-256\nlocal all all trust\n");
  fs::permissions(server_.data_directory() / "pg_hba.conf", fs::perms(0644));
  query_text(url(), "SELECT pg_reload_conf()");
  save_records(state(), 0, 0);
  const std::string host = server_->environment("")["PGHOST"];
  const auto url_with = [&](const std::string& password) {
    return "postgresql://ci:" + password + "@/postgres?host=" + host;
  };
  // The postmaster reads the file when it gets to it.
  while (error_of([&] { Store(store_options(url_with("wrong-secret"), state())); }).empty()) {
  }
  EXPECT_EQ(error_of([&] { Store(store_options(url_with("wrong-secret"), state())); }),
            "3: could not connect to the store (postgres on " + host +
                " as ci): connection to server on socket \"" + host +
                "/.s.PGSQL.5432\" failed: FATAL:  password authentication failed for user "
                "\"ci\"\n  hint: Run records stay in the state directory and are loaded when the "
                "store answers.");
  for (const char* password :
       {"wrong@secret", "wrong/secret", "wrong/se@cret", "wr?ong/secret", "wrong%zzsecret",
        "wr@ong/secret", "7/secret", "7/se@cret", "wr@o?ng"}) {
    SCOPED_TRACE(password);
    const std::string message =
        error_of([&] { Store(store_options(url_with(password), state())); });
    EXPECT_EQ(message,
              "2: --store is not a PostgreSQL connection string\n  hint: Write "
              "postgresql://user@host:port/database (with %40 for an \"@\" and %2F for a \"/\" in "
              "a password), or \"host=... dbname=...\".");
    EXPECT_EQ(error_of([&] { require_store_url(url_with(password)); }), message);
  }
  Store right(store_options(url_with("right-secret"), state()));
  EXPECT_EQ(right.synchronize().loaded, 1);
  EXPECT_EQ(right.status().place, "postgres on " + host + " as ci");
}

// On a file system that is really full, where we may make one.
TEST(FullDisk, IsSaidAndLosesNothing) {
  const TempDir directory = test_directory();
  const fs::path small = directory.path() / "small";
  fs::create_directory(small);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=200m,mode=0711") != 0)
    GTEST_SKIP() << "file systems cannot be mounted here";
  struct Unmount {
    fs::path path;
    ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
  } const unmount{small};
  const fs::path state = directory.path() / "state";
  save_records(state, 0, 1);
  OwnServer server(small / "cache");
  StoreOptions options = store_options(server->connection_string("postgres"), state);
  options.patience = std::chrono::milliseconds(1000);
  {
    Store mine(options);
    mine.migrate();
    std::ofstream filler(small / "filler", std::ios::binary);
    const std::string block(1 << 16, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
    save_records(state, 2, 20, {4, 200});
    EXPECT_THAT(error_of([&] { mine.synchronize(); }),
                testing::MatchesRegex("3: the store \\(.*\\) failed: .*(No space left on "
                                      "device|connection).*"));
  }
  fs::remove(small / "filler");
  server->restart();
  Store mine(options);
  mine.synchronize();
  EXPECT_EQ(mine.status().runs, 21);
}

// ---- Texts

std::vector<gate::ParameterValue> parameters_of(const std::string& text) {
  return {{text, text, "text"}};
}

TEST_F(StoreTest, HostileTextsComeBackAsTheyWere) {
  const std::vector<std::string> texts = {R"(it's)",
                                          R"("quoted")",
                                          R"(back\slash\)",
                                          "{a,b}",
                                          "{",
                                          "}",
                                          "NULL",
                                          "",
                                          " ",
                                          "a,b",
                                          "tab\tnew\nline\r",
                                          "\\N",
                                          "\\x00",
                                          "$1",
                                          "%s",
                                          "--",
                                          "/* ",
                                          "ünïcödé",
                                          "\U0001F600",
                                          "<script>",
                                          "\u202e",
                                          "\x01\x1f",
                                          "null",
                                          "'; DROP SCHEMA pgduet CASCADE; --",
                                          std::string(2000, 'n')};
  gate::RunRecord record = store_record(1, {1, 2});
  gate::WorkloadRecord& workload = record.workloads.at(0);
  workload.name = R"(shop "{'\)";
  const gate::QueryRun model = workload.queries.at(0).head.value();
  workload.queries.clear();
  for (const std::string& text : texts) {
    gate::QueryRun run = model;
    run.fingerprint = "of " + text;
    run.normalized_sql = text;
    run.bindings.resize(2);
    run.bindings[0].parameters = parameters_of(text);
    run.bindings[1] = gate::testing::failing(run.bindings[1], "22012", "m" + text);
    workload.queries.push_back(gate::testing::query("q" + text, run, run));
  }
  workload.head.revision = texts[2];
  workload.head.commit->subject = texts[9];
  workload.head.commit->branch = texts[0];
  save(record);
  Store mine = store();
  EXPECT_THAT(mine.synchronize().failures, IsEmpty());
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    const gate::QuerySeries series = mine.history(workload.name + "/q" + text, {});
    ASSERT_EQ(series.points.size(), 1U);
    const gate::HistoryPoint& point = series.points[0];
    EXPECT_EQ(point.query, "q" + text);
    EXPECT_EQ(point.fingerprint, "of " + text);
    EXPECT_EQ(point.revision, texts[2]);
    EXPECT_EQ(point.commit->subject, texts[9]);
    EXPECT_EQ(point.commit->branch, texts[0]);
    ASSERT_EQ(point.bindings.size(), 2U);
    EXPECT_EQ(point.bindings[0].parameters, gate::to_text(parameters_of(text)));
    EXPECT_EQ(point.bindings[1].failure, "m" + text);
  }
  EXPECT_EQ(mine.histories({}).size(), texts.size() + 1);
  EXPECT_EQ(mine.histories({.branch = texts[0], .major = 0, .last = 1}).size(), texts.size());
}

// The server's texts and jsonb have no character 0, and UTF-8 only.
TEST_F(StoreTest, WhatNoTextCanHoldIsReplacedAndNothingElseLost) {
  const std::string nothing("a\0b", 3);
  gate::RunRecord record = store_record(1, {1, 2});
  record.pgduet_version = nothing;
  gate::WorkloadRecord& workload = record.workloads.at(0);
  gate::QueryRecord& query = workload.queries.at(0);
  query.name = "q" + nothing;
  workload.head.revision = "\xff\xfe";
  for (std::optional<gate::QueryRun>* run : {&query.base, &query.head}) {
    (*run)->normalized_sql = "SELECT '\xc3\x28'";
    (*run)->fingerprint = nothing;
    gate::BindingRun& binding = (*run)->bindings.at(0);
    binding.plan["Plan"]["Filter"] = R"((a = '\u0000'::text) AND \)" + nothing + "\"\\u0000";
    binding.plan["Plan"]["Output"] = {"\xc3\x28", nothing};
    binding.plan["Plan"][nothing] = 1;
    binding.parameters = {{"p", "é\xc3" + nothing, "text"}};
  }
  save(record);
  Store mine = store();
  const LoadResult result = mine.synchronize();
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_EQ(result.loaded, 1);
  const gate::QuerySeries series = mine.history("shop/qab", {});
  ASSERT_EQ(series.points.size(), 1U);
  EXPECT_EQ(series.points[0].revision, "\ufffd\ufffd");
  EXPECT_EQ(series.points[0].bindings[0].parameters, "p = 'é\ufffdab'");
  EXPECT_EQ(ask("SELECT DISTINCT plan #>> '{Plan,Filter}' FROM pgduet.query_plans WHERE binding = "
                "1 AND plan #>> '{Plan,Filter}' LIKE '%u0000%'"),
            "(a = '\\u0000'::text) AND \\a\ufffdb\"\\u0000");
  EXPECT_EQ(ask("SELECT count(*) FROM pgduet.query_plans WHERE plan -> 'Plan' ? E'a\\uFFFDb'"),
            "2");
}

TEST_F(StoreTest, KeepsQueriesApartThatAreAlike) {
  gate::RunRecord record = store_record(1, {2, 3});
  for (gate::WorkloadRecord& workload : record.workloads)
    for (gate::QueryRecord& query : workload.queries)
      for (std::optional<gate::QueryRun>* run : {&query.base, &query.head})
        if (*run) (*run)->fingerprint = "the same";
  save(record);
  Store mine = store();
  EXPECT_EQ(mine.synchronize().loaded, 1);
  EXPECT_THAT(mine.query_names(),
              ElementsAre("shop/orders_0", "shop/orders_1", "stock/orders_0", "stock/orders_1"));
  for (const std::string& name : mine.query_names()) {
    const gate::QuerySeries series = mine.history(name, {});
    ASSERT_EQ(series.points.size(), 1U) << name;
    EXPECT_EQ(series.workload + "/" + series.points[0].query, name);
    EXPECT_EQ(series.points[0].bindings.size(), 2U);
  }
  EXPECT_EQ(error_of([&] { mine.history("orders_0", {}); }),
            "2: query \"orders_0\" is in several workloads\n  hint: Write \"shop/orders_0\" or "
            "\"stock/orders_0\".");
  EXPECT_EQ(error_of([&] { mine.history("shop/order_0", {}); }),
            "2: there is no query \"shop/order_0\" in the store\n  hint: Did you mean "
            "\"shop/orders_0\"?");
}

TEST_F(StoreTest, ADatabaseOfAnotherEncodingHoldsWhatItCan) {
  const std::string name = "latin_" + ask("SELECT current_database()");
  ask("CREATE DATABASE " + name +
      " ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  const std::string url = test_server().connection_string(name);
  gate::RunRecord record = store_record(1, {1, 2});
  record.workloads[0].head.revision = "für alle";
  save(record);
  record = store_record(2, {1, 2});
  record.workloads[0].head.revision = "\U0001F600";
  save(record);
  Store mine(store_options(url, state()));
  const LoadResult result = mine.synchronize();
  EXPECT_EQ(result.loaded, 1);
  EXPECT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(mine.history("shop/orders_0", {}).points.at(0).revision, "für alle");
}

}  // namespace
}  // namespace pgduet::harness

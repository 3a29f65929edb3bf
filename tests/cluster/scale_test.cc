// Runs that are split over several machines, or that leave out what a change cannot touch.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli_fixture.h"
#include "pgduet/gate/json.h"

namespace pgduet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ScaleTest : public CliTest {
 protected:
  static std::map<std::string, std::string> verdicts(const Outcome& outcome) {
    std::map<std::string, std::string> found;
    const gate::Json report = gate::Json::parse(outcome.out);
    for (const gate::Json& query : report["workloads"].at(0)["queries"]) {
      found[query["name"]] = query["verdict"];
    }
    return found;
  }

  std::string runs() const { return (top() / "state" / "runs").string(); }

  Outcome merge(const std::vector<std::string>& given) const {
    std::vector<std::string> all = {"merge", "--state-dir", (top() / "merged").string()};
    all.insert(all.end(), given.begin(), given.end());
    return run_exactly(all);
  }
};

TEST_F(ScaleTest, ShardsMergedSayWhatOneRunSays) {
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  const std::vector<std::string> check = {"check", "--base-dir", (top() / "base").string(),
                                          "--json"};
  const Outcome whole = pgduet(check);
  ASSERT_EQ(whole.status, 1) << whole.err;
  harness::copy_tree(top() / "state", top() / "state-of-whole");
  fs::remove_all(top() / "state");
  std::map<std::string, std::string> of_shards;
  for (const char* shard : {"1/2", "2/2"}) {
    std::vector<std::string> given = check;
    given.insert(given.end(), {"--shard", shard});
    const Outcome outcome = pgduet(given);
    EXPECT_THAT(outcome.out, HasSubstr("pgduet merge gives the verdict on all")) << outcome.err;
    of_shards.merge(verdicts(outcome));
  }
  EXPECT_EQ(of_shards, verdicts(whole));
  const Outcome merged = merge({runs(), "--json"});
  EXPECT_EQ(merged.status, 1) << merged.err;
  EXPECT_EQ(verdicts(merged), verdicts(whole));
  const Outcome later =
      run_exactly({"report", "--json", "--state-dir", (top() / "merged").string()});
  EXPECT_EQ(later.out, merged.out);
  const Outcome accepted =
      run_exactly({"accept", "items_of_owner", "--baselines", (top() / "baselines").string(),
                   "--state-dir", (top() / "merged").string()});
  EXPECT_EQ(accepted.status, 0) << accepted.err;
}

TEST_F(ScaleTest, AMissingShardIsNoVerdict) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  fs::remove_all(top() / "state");
  const Outcome shard = pgduet({"check", "--base", "none", "--shard", "2/3"});
  EXPECT_EQ(shard.status, 0) << shard.out << shard.err;
  EXPECT_THAT(shard.out, HasSubstr("shard 2 of 3: 1 of 3 queries"));
  const Outcome merged = merge({runs()});
  EXPECT_EQ(merged.status, 3);
  EXPECT_THAT(merged.err, HasSubstr("pgduet: shards 1 and 3 of 3 are missing\n"));
}

TEST_F(ScaleTest, AShardWithoutQueriesBuildsNothingAndPasses) {
  const Outcome shard = pgduet({"check", "--base", "none", "--shard", "4/4"});
  EXPECT_EQ(shard.status, 0) << shard.err;
  EXPECT_THAT(shard.out, HasSubstr("nothing to compare in shard 4 of 4"));
  EXPECT_THAT(shard.err, Not(HasSubstr("building")));
}

TEST_F(ScaleTest, RefusesWhatIsNoShardInTheFirstSecond) {
  for (const char* shard : {"0/8", "9/8", "a/b", "3", "1/", "/8", "1/8x", "-1/8"}) {
    const Outcome outcome = pgduet({"check", std::string("--shard=") + shard});
    EXPECT_EQ(outcome.status, 2) << shard;
    EXPECT_EQ(outcome.err, std::string("pgduet: unrecognized shard \"") + shard +
                               "\"\n  hint: Write I/N: the shard, from 1, and how many there are, "
                               "such as 2/8.\n");
  }
  EXPECT_EQ(merge({"/nowhere"}).err,
            "pgduet: /nowhere: there is no run record here\n"
            "  hint: Name a run record's file, or a directory that holds some.\n");
  EXPECT_EQ(merge({}).status, 2);
}

// A second table beside the first, a view and a function above each.
class ChangedTest : public ScaleTest {
 protected:
  ChangedTest() {
    write("workloads/tiny/setup/002_notes.sql",
          "CREATE TABLE notes (id integer PRIMARY KEY, item integer NOT NULL, text text);\n"
          "INSERT INTO notes SELECT i, i % 500, 'note ' || i FROM generate_series(1, 5000) AS i;\n"
          "CREATE INDEX notes_item_idx ON notes (item);\n"
          "CREATE VIEW long_notes AS SELECT * FROM notes WHERE length(text) > 5;\n"
          "CREATE FUNCTION notes_of(wanted integer) RETURNS bigint LANGUAGE sql STABLE\n"
          "  AS 'SELECT count(*) FROM long_notes WHERE item = wanted';\n");
    write("workloads/tiny/queries/notes.sql",
          "-- name: notes_by_table\nSELECT count(*) FROM notes WHERE item = 7;\n\n"
          "-- name: notes_by_view\nSELECT count(*) FROM long_notes WHERE item = 7;\n\n"
          "-- name: notes_by_function\nSELECT notes_of(7);\n\n"
          "-- name: not_run\n-- skip: it is an example\nSELECT 1;\n");
    keep_as_base();
  }

  // check --changed, the queries that it ran, and its note on that.
  Outcome check() const {
    return pgduet({"check", "--json", "--changed", "--base-dir", (top() / "base").string()});
  }
  static std::vector<std::string> run_queries(const Outcome& outcome) {
    std::vector<std::string> names;
    for (const auto& [name, verdict] : verdicts(outcome)) {
      if (verdict != "skipped") names.push_back(name);
    }
    return names;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ChangedTest, ADroppedIndexTouchesItsTableAndWhatIsAboveIt) {
  write("workloads/tiny/setup/003_cleanup.sql", "DROP INDEX notes_item_idx;\n");
  const Outcome outcome = check();
  EXPECT_THAT(run_queries(outcome),
              ElementsAre("notes_by_function", "notes_by_table", "notes_by_view"))
      << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("--changed: 3 of 6 queries can be touched by this change "
                                     "(notes); the others were not run"));
  EXPECT_THAT(outcome.out, HasSubstr("; the change cannot touch 3 queries more"));
}

TEST_F(ChangedTest, AQueryWhoseTextChangedIsRunAlone) {
  write("workloads/tiny/queries/notes.sql",
        "-- name: notes_by_table\nSELECT count(*) FROM notes WHERE item = 8;\n\n"
        "-- name: notes_by_view\nSELECT count(*) FROM long_notes WHERE item = 7;\n\n"
        "-- name: notes_by_function\nSELECT notes_of(7);\n\n");
  EXPECT_THAT(run_queries(check()), ElementsAre("notes_by_table"));
}

TEST_F(ChangedTest, ANewQueryIsRunAndDoesNotFailTheGate) {
  append("workloads/tiny/queries/notes.sql", "\n-- name: one_more\nSELECT 1;\n");
  const Outcome outcome = check();
  EXPECT_THAT(run_queries(outcome), ElementsAre("one_more"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(ChangedTest, AChangeThatTouchesNothingPassesAndSaysSo) {
  append("workloads/tiny/setup/002_notes.sql", "COMMENT ON TABLE notes IS 'of items';\n");
  const Outcome outcome = check();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(run_queries(outcome), IsEmpty());
  EXPECT_THAT(outcome.out, HasSubstr("\"nothing to compare: 1 skipped; the change cannot touch 6 "
                                     "queries more\""));
}

TEST_F(ChangedTest, ASettingTouchesEverything) {
  write("workloads/tiny/setup/003_settings.sql", "SET work_mem = '64kB';\n");
  const Outcome outcome = check();
  EXPECT_THAT(run_queries(outcome), testing::SizeIs(6));
  EXPECT_THAT(outcome.out, HasSubstr("--changed: all queries were run, as "
                                     "setup/003_settings.sql:1 (SET) differs, and cannot be "
                                     "followed"));
}

TEST_F(ChangedTest, GoesTogetherWithShards) {
  write("workloads/tiny/setup/003_cleanup.sql", "DROP INDEX notes_item_idx;\n");
  for (const char* shard : {"1/2", "2/2"}) {
    const Outcome outcome =
        pgduet({"check", "--changed", "--base-dir", (top() / "base").string(), "--shard", shard});
    EXPECT_LE(outcome.status, 1) << outcome.err;
  }
  EXPECT_THAT(run_queries(merge({runs(), "--json"})),
              ElementsAre("notes_by_function", "notes_by_table", "notes_by_view"));
}

TEST_F(ChangedTest, NeedsABase) {
  const Outcome outcome = pgduet({"check", "--changed", "--base", "none"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "pgduet: --changed needs a base to compare with: --base none: compared with the "
            "committed baselines only\n"
            "  hint: Name one with --base or --base-dir, or leave --changed out.\n");
}

}  // namespace
}  // namespace pgduet::cli

// The store on the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "cli_fixture.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "run.h"
#include "store_records.h"
#include "test_server.h"

namespace pgduet::cli {
namespace {

using harness::new_test_database;
using harness::query_text;
using harness::store_run_id;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class StoreCliTest : public CliTest {
 protected:
  // `pgduet store ...` with the directories of this test.
  Outcome store(std::vector<std::string> given) const {
    given.insert(given.begin(), "store");
    for (const std::string& one :
         {std::string("--state-dir"), state().string(), std::string("--pg-bin"),
          harness::test_installation().bin_directory.string()})
      given.push_back(one);
    return run_exactly(given);
  }
  Outcome store(std::vector<std::string> given, const std::string& url) const {
    given.emplace_back("--store");
    given.push_back(url);
    return store(given);
  }
  fs::path state() const { return top() / "state"; }
};

// On the embedded store and on a server.
void walk(const std::function<Outcome(const std::vector<std::string>&)>& store,
          const fs::path& state, const fs::path& out) {
  const auto expect = [&](const std::vector<std::string>& given, const std::string& said) {
    const Outcome outcome = store(given);
    EXPECT_EQ(outcome.status, 0) << given[0] << ": " << outcome.err;
    EXPECT_EQ(outcome.out, said) << given[0];
    EXPECT_EQ(outcome.err, "") << given[0];
  };
  harness::save_records(state, 0, 5);
  const Outcome before = store({"status"});
  EXPECT_EQ(before.status, 0) << before.err;
  EXPECT_THAT(before.out,
              AllOf(HasSubstr("migrations  1  core_runs, not applied yet\n"),
                    HasSubstr("\nruns        0\n"), HasSubstr("\nwaiting     6 run records\n")));
  expect({"migrate"}, "applied migrations 1, 2, 3, 4 and 5\n");
  expect({"migrate"}, "nothing to do: all migrations are applied\n");
  expect({"rollback"}, "took back migration 5\n");
  expect({"rollback", "--to", "1"}, "took back migrations 4, 3 and 2\n");
  expect({"rollback", "--to", "1"}, "nothing to do\n");
  expect({"import", (state / "runs").string()}, "6 runs loaded, 0 there already\n");
  expect({"import", (state / "runs").string()}, "0 runs loaded, 6 there already\n");
  const Outcome after = store({"status"});
  EXPECT_THAT(after.out, AllOf(HasSubstr("migrations  1  core_runs, applied 20"),
                               HasSubstr("\nruns        6, " + store_run_id(0) + " to " +
                                         store_run_id(5) + "\n"),
                               ContainsRegex("\nholds       8 statements, [0-9]+ executions, "
                                             "[0-9.]+ MB\n"),
                               HasSubstr("\nwaiting     no run record\n")));
  const gate::Json status = gate::Json::parse(store({"status", "--json"}).out);
  EXPECT_EQ(status["runs"], 6);
  EXPECT_EQ(status["waiting_records"], 0);
  EXPECT_EQ(status["migrations"][4]["name"], "intelligence_recommendations");
  expect({"export", out.string()}, out.string() + ": 6 run records written\n");
  expect({"export", out.string()}, out.string() + ": 0 run records written\n");
  for (const harness::RunRecordFile& file : harness::list_run_records(state / "runs"))
    EXPECT_EQ(harness::read_file(out / (file.run_id + ".json")), harness::read_file(file.file));
  expect({"rebuild"}, "6 runs loaded, 0 there already\n");
}

TEST_F(StoreCliTest, AWalkOnTheEmbeddedStore) {
  walk([&](const auto& given) { return store(given); }, state(), top() / "out");
}

TEST_F(StoreCliTest, AWalkOnAServer) {
  const std::string url = new_test_database();
  walk([&](const auto& given) { return store(given, url); }, state(), top() / "out");
  EXPECT_FALSE(fs::exists(state() / "store"));
}

// Months that are long over, so that it does not matter when the test runs.
TEST_F(StoreCliTest, PruneRemovesMonthsForGood) {
  const std::string url = new_test_database();
  gate::RunRecord old = harness::store_record(1);
  old.run_id = "20200115T100000.000Z-000001";
  old.started_at = "2020-01-15T10:00:00Z";
  harness::save_run_record(state() / "runs", old);
  gate::RunRecord young = harness::store_record(2);
  young.started_at = "2100-01-15T10:00:00Z";
  young.run_id = "21000115T100000.000Z-000002";
  harness::save_run_record(state() / "runs", young);
  EXPECT_EQ(store({"import", (state() / "runs").string()}, url).out,
            "2 runs loaded, 0 there already\n");
  EXPECT_EQ(store({"prune", "--keep-months", "13"}, url).out, "1 run removed\n");
  EXPECT_EQ(query_text(url,
                       "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE "
                       "relispartition AND relkind = 'r'"),
            "query_executions_2100_01 query_plans_2100_01");
  const Outcome again = store({"import", (state() / "runs").string()}, url);
  EXPECT_EQ(again.out, "0 runs loaded, 1 there already, 1 older than the store keeps\n");
  EXPECT_THAT(store({"status"}, url).out, ContainsRegex("\nkept since  20..-..-01\n"));
  const Outcome never = store({"prune", "--keep-months", "0"}, url);
  EXPECT_EQ(never.status, 2);
  EXPECT_THAT(never.err, HasSubstr("--keep-months 0 keeps all runs\n"));
  EXPECT_EQ(store({"import", (state() / "runs").string()}).out, "2 runs loaded, 0 there already\n");
  EXPECT_EQ(store({"prune", "--keep-months", "13"}).out, "1 run removed\n");
  EXPECT_FALSE(fs::exists(state() / "runs" / (old.run_id + ".json")));
  EXPECT_TRUE(fs::exists(state() / "runs" / (young.run_id + ".json")));
}

TEST_F(StoreCliTest, ImportSaysWhichRecordsItCouldNotRead) {
  const std::string url = new_test_database();
  harness::save_records(state(), 0, 0);
  write("state/runs/broken.json", "{");
  const Outcome outcome = store({"import", (state() / "runs").string()}, url);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "1 run loaded, 0 there already, 1 not readable\n");
  EXPECT_THAT(outcome.err,
              MatchesRegex("pgduet: not loaded: .*/broken.json: run record is cut short\n"
                           "  hint: Run pgduet again to make a new one.\n"));
}

std::string without_times(const std::string& text) {
  std::string shown;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.find(" ms") == std::string::npos && line.find(" s") == std::string::npos)
      shown += line + "\n";
  return shown;
}

TEST_F(StoreCliTest, AStoreThatIsDownChangesNothingOfACheck) {
  keep_as_base();
  const auto check = [&](const std::string& url) {
    std::vector<std::string> given = {"check", "--base-dir", (top() / "base").string()};
    if (!url.empty()) {
      given.emplace_back("--store");
      given.push_back(url);
    }
    return pgduet(given);
  };
  const Outcome without = check("");
  ASSERT_EQ(without.status, 0) << without.err;
  const Outcome down = check("host=" + (top() / "nowhere").string() + " dbname=stats user=ci");
  EXPECT_EQ(down.status, 0);
  EXPECT_EQ(without_times(down.out), without_times(without.out));
  const std::size_t said = down.err.find("pgduet: the run is not in the store yet: ");
  ASSERT_NE(said, std::string::npos) << down.err;
  EXPECT_EQ(down.err.substr(said),
            "pgduet: the run is not in the store yet: could not connect to the store (stats on " +
                (top() / "nowhere").string() + " as ci): connection to server on socket \"" +
                (top() / "nowhere").string() +
                "/.s.PGSQL.5432\" failed: No such file or directory\n  hint: Run records stay in "
                "the state directory and are loaded when the store answers.\n");
  const std::string url = new_test_database();
  const Outcome up = check(url);
  EXPECT_EQ(up.status, 0);
  EXPECT_THAT(up.err, Not(HasSubstr("store")));
  EXPECT_EQ(query_text(url, "SELECT count(*) FROM pgduet.runs"), "3");
  // A connection string that is none shows before the run, not behind it.
  EXPECT_EQ(check("postgresql://ci:se@cret@host/db").status, 2);
}

TEST_F(StoreCliTest, ShardsAreLeftOutAndTheirMergedRecordIsLoaded) {
  const std::string url = new_test_database();
  for (const char* shard : {"1/2", "2/2"}) {
    const Outcome outcome = pgduet({"check", "--base", "none", "--shard", shard, "--store", url});
    EXPECT_THAT(outcome.err, Not(HasSubstr("store"))) << outcome.out;
  }
  const auto shards = harness::list_run_records(state() / "runs");
  ASSERT_EQ(shards.size(), 2U);
  EXPECT_EQ(query_text(url, "SELECT count(*) FROM pgduet.runs"), "0");
  EXPECT_EQ(store({"import", (state() / "runs").string()}, url).out,
            "0 runs loaded, 0 there already, 2 shards left out (\"pgduet merge\" makes a run of "
            "them)\n");
  const Outcome merged = run_exactly({"merge", shards[0].file.string(), shards[1].file.string(),
                                      "--state-dir", state().string(), "--store", url});
  EXPECT_NE(merged.status, 2) << merged.err;
  EXPECT_EQ(query_text(url, "SELECT count(*) FROM pgduet.runs"), "1");
  EXPECT_EQ(query_text(url, "SELECT count(DISTINCT query_id) FROM pgduet.query_bindings"), "3");
}

}  // namespace
}  // namespace pgduet::cli

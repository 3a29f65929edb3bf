// Times taken on real servers: what convicts, and what happens where something is in the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "machine.h"
#include "pgduet/gate/judge.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/runner.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

using gate::Verdict;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Calls back when a phase begins.
class Listener : public Progress {
 public:
  explicit Listener(std::function<void(const std::string&)> heard = {})
      : heard_(std::move(heard)) {}
  void phase(const std::string& text) override {
    if (heard_) heard_(text);
  }

 private:
  std::function<void(const std::string&)> heard_;
};

// One workload in two directories, which differ by what a test writes into them.
class TimingTest : public ::testing::Test {
 protected:
  TimingTest() : directory_(test_directory()) {
    options_.workloads = {directory_.path() / "head"};
    options_.base = {BaseChoice::Kind::directory, (directory_.path() / "base").string()};
    options_.baselines = directory_.path() / "baselines";
    options_.installations = {test_installation()};
    options_.cache = test_cache_options(test_cache_directory());
    setup("base", setup_);
    setup("head", setup_);
  }

  void setup(const std::string& side, const std::string& sql, const std::string& settings = "{}") {
    const std::filesystem::path place = directory_.path() / side;
    std::filesystem::create_directories(place);
    write_file_atomically(
        place / "workload.json",
        R"({"format_version": 1, "name": "timing", "setup": [{"sql": "setup.sql"}],
            "queries": ["queries.sql"], "postgres": {"settings": )" +
            settings + "}}");
    write_file_atomically(place / "setup.sql", sql);
  }

  void queries(const std::string& base, const std::string& head) {
    write_file_atomically(directory_.path() / "base" / "queries.sql", base);
    write_file_atomically(directory_.path() / "head" / "queries.sql", head);
  }

  gate::QueryReport judged(const std::function<void(const std::string&)>& heard = {}) {
    Listener listener(heard);
    record_ = run_workloads(options_, listener);
    report_ = gate::judge(gate::judge_input(record_));
    return report_.workloads.at(0).queries.at(0);
  }

  std::set<int> stages(const gate::QueryRun& run) const {
    std::set<int> found;
    for (const gate::Execution& execution : run.bindings.at(0).executions) {
      found.insert(execution.stage);
    }
    return found;
  }

  const gate::QueryRecord& first() const { return record_->workloads.at(0).queries.at(0); }

  const std::string setup_ =
      "CREATE TABLE t AS SELECT i AS id, i % 7 AS kind FROM generate_series(1, 2000) AS i;"
      "ALTER TABLE t ADD PRIMARY KEY (id);";
  TempDir directory_;
  RunOptions options_;
  std::shared_ptr<const gate::RunRecord> record_;
  gate::Report report_;
};

std::string generating(int rows, const std::string& name = "q") {
  return "-- name: " + name + "\nSELECT count(*) > 0 FROM (SELECT generate_series(1, " +
         std::to_string(rows) + ")) AS rows;\n";
}

// Long enough for a busy machine to judge them.
std::string ten_queries() {
  std::string sql;
  for (int i = 0; i < 10; ++i) sql += generating(20000, "q" + std::to_string(i));
  return sql;
}

TEST_F(TimingTest, ASlowdownOfNothingButTimeIsConvictedInStages) {
  queries(generating(20000), generating(40000));
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::regressed) << report.headline;
  EXPECT_THAT(report.findings.front().sentence, HasSubstr("stages agree"));
  EXPECT_NEAR(*report.findings.front().ratio, 2, 0.3);
  EXPECT_THAT(stages(*first().base), Contains(3));
  EXPECT_EQ(stages(*first().base), stages(*first().head));
  EXPECT_TRUE(record_->machine.pinned);
  EXPECT_GT(record_->machine.cores, 0);
  EXPECT_THAT(record_->machine.notes, IsEmpty());
  EXPECT_THAT(report_.workloads[0].impact,
              HasSubstr("CPU of the weighted workload, all of it from q"));
}

TEST_F(TimingTest, NothingChangedIsNotTimedAgainstItself) {
  queries(generating(20000), generating(20000));
  EXPECT_EQ(judged().verdict, Verdict::passed);
  EXPECT_TRUE(first().unchanged);
  EXPECT_THAT(stages(*first().head), ElementsAre(0));
}

TEST_F(TimingTest, OtherClustersAreRestartedBetweenStages) {
  setup("head", setup_ + "-- of another setup\n");
  queries(generating(20000), generating(40000));
  EXPECT_EQ(judged().verdict, Verdict::regressed);
  EXPECT_FALSE(record_->workloads[0].one_cluster);
}

TEST_F(TimingTest, WaitingIsSeenByElapsedTimeAlone) {
  queries("-- name: q\nSELECT pg_sleep(0.001) IS NULL;\n",
          "-- name: q\nSELECT pg_sleep(0.003) IS NULL;\n");
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::regressed) << report.headline;
  EXPECT_THAT(report.headline, HasSubstr("slower, by waiting"));
}

TEST_F(TimingTest, AQueryThatIsSlowByNatureIsTimedLessOften) {
  queries("-- name: q\nSELECT pg_sleep(0.31) IS NULL;\n",
          "-- name: q\nSELECT pg_sleep(0.31) IS NULL, 1 WHERE true;\n");
  judged();
  std::vector<gate::Execution> executions = first().head->bindings[0].executions;
  std::erase_if(executions, [](const gate::Execution& one) { return one.stage != 1; });
  EXPECT_THAT(executions, SizeIs(2));
}

TEST_F(TimingTest, WithoutPinningItSaysSo) {
  options_.pin = false;
  queries(generating(20000), generating(40000));
  EXPECT_EQ(judged().verdict, Verdict::regressed);
  EXPECT_FALSE(record_->machine.pinned);
  EXPECT_THAT(record_->machine.notes,
              ElementsAre("client and server were not pinned to one core, as asked"));
}

TEST_F(TimingTest, OneCoreIsEnough) {
  const PinnedThread only(allowed_cores().front());
  queries(generating(20000), generating(40000));
  EXPECT_EQ(judged().verdict, Verdict::regressed);
  EXPECT_EQ(record_->machine.cores, 1);
}

TEST(PinProcess, SaysWhetherItIsAllowed) {
  EXPECT_FALSE(pin_process(-1, 0));
  EXPECT_FALSE(pin_process(0, 1000)) << "no such core";
}

// Head fails as soon as the file is there.
std::string failing_by(const std::filesystem::path& flag, const std::string& failure) {
  return "-- name: q\nSELECT CASE WHEN pg_read_file('" + flag.string() +
         "', 0, 1, true) IS NULL THEN 'true' ELSE " + failure + " END;\n";
}

TEST_F(TimingTest, AQueryThatFailsInALaterStageIsBroken) {
  const std::filesystem::path flag = directory_.path() / "flag";
  queries("-- name: q\nSELECT 'true'::text;\n",
          failing_by(flag, "(SELECT (1 / (id - 1))::text FROM t WHERE id = 1)"));
  const auto fail = [&](const std::string& phase) {
    if (phase.find("stage 2") != std::string::npos) std::ofstream(flag) << "x";
  };
  const gate::QueryReport report = judged(fail);
  EXPECT_EQ(report.verdict, Verdict::broken) << report.headline;
  EXPECT_EQ(report.headline,
            "fails: division by zero (22012), in stage 2 of the duet, after executions that "
            "succeeded: the query's text changed and now calls pg_read_file()");
}

TEST_F(TimingTest, ABackendThatDiesInEveryExecutionIsBroken) {
  const std::filesystem::path flag = directory_.path() / "flag";
  queries("-- name: q\nSELECT 'true'::text;\n",
          failing_by(flag, "pg_terminate_backend(pg_backend_pid())::text"));
  const auto fail = [&](const std::string& phase) {
    if (phase.find("stage 3") != std::string::npos) std::ofstream(flag) << "x";
  };
  const gate::QueryReport report = judged(fail);
  EXPECT_EQ(report.verdict, Verdict::broken) << report.headline;
  EXPECT_THAT(report.headline, HasSubstr("loses its connection"));
  EXPECT_EQ(first().head->bindings[0].stage_failure->stage, 3);
}

TEST_F(TimingTest, AConnectionLostBetweenStagesIsOpenedAnew) {
  queries("-- name: q\nSELECT 1 + 0;\n", "-- name: q\nSELECT 0 + 1;\n");
  // A backend that dies by itself takes all others with it, and the server recovers.
  const auto crash = [&](const std::string& phase) {
    if (phase.find("stage 2") == std::string::npos) return;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "cmdline");
      std::string line;
      std::getline(file, line, '\0');
      if (line.rfind("postgres: pgduet: checkpointer", 0) != 0) continue;
      const pid_t checkpointer = std::stoi(entry.path().filename().string());
      std::ifstream status(entry.path() / "status");
      for (std::string field; std::getline(status, field);) {
        if (field.rfind("PPid:", 0) != 0) continue;
        const std::string parent = std::to_string(std::stoi(field.substr(5)));
        std::ifstream of_parent("/proc/" + parent + "/status");
        for (std::string other; std::getline(of_parent, other);) {
          // Of this process's servers only.
          if (other == "PPid:\t" + std::to_string(getpid())) kill(checkpointer, SIGKILL);
        }
      }
    }
  };
  EXPECT_EQ(judged(crash).verdict, Verdict::passed);
  EXPECT_THAT(stages(*first().head), Contains(3));
}

TEST_F(TimingTest, WritesAreJudgedOnCopiesOfTheirOwn) {
  setup("head", setup_ +
                    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN PERFORM count(*) FROM generate_series(1, 5000); RETURN NEW; END $$;"
                    "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow();");
  const std::string insert = "-- name: q\nINSERT INTO t VALUES (9999, 1) RETURNING id;\n";
  queries(insert, insert);
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::regressed) << report.headline;
  EXPECT_THAT(report.headline, HasSubstr("trigger"));
  EXPECT_GT(first().head->bindings[0].work.wal_bytes, 0);
}

TEST_F(TimingTest, WhatBecomesAWriteIsReplayedBesideABaseThatReads) {
  const std::string reads = "-- name: q\nSELECT id FROM t WHERE id = 1;\n";
  queries(reads, "-- name: q\nINSERT INTO t VALUES (9999, 1) RETURNING id;\n");
  EXPECT_EQ(judged().verdict, Verdict::broken);
  EXPECT_TRUE(record_->workloads[0].one_cluster);
  queries(reads, "-- name: q\nSELEC id FROM t WHERE id = 1;\n");
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::broken);
  EXPECT_THAT(report.headline, HasSubstr("syntax error"));
}

TEST_F(TimingTest, AnotherSettingTimesEverything) {
  setup("head", setup_ + "ALTER DATABASE pgduet SET work_mem = '64kB';");
  queries(ten_queries(), ten_queries());
  std::vector<std::string> phases;
  judged([&](const std::string& phase) { phases.push_back(phase); });
  EXPECT_THAT(phases, Contains("timing: duet of 10 bindings (the settings differ), stage 1"));
}

TEST_F(TimingTest, BaselinesAreTakenOnThreeStartsOfTheServer) {
  options_.base = {BaseChoice::Kind::none, ""};
  options_.times = Times::baselines;
  queries(generating(2000), generating(2000));
  judged();
  EXPECT_THAT(first().head->bindings.at(0).executions, SizeIs(3 * gate::screening_rounds));
}

TEST_F(TimingTest, AServerWithFewConnectionsIsEnough) {
  queries(ten_queries(), ten_queries());
  const std::string few = R"({"max_connections": "9"})";
  setup("base", setup_, few);
  setup("head", setup_ + "-- of another setup\n", few);
  judged();
  for (const gate::QueryReport& query : report_.workloads.at(0).queries) {
    EXPECT_TRUE(query.times.before && query.times.after) << query.name;
    EXPECT_EQ(query.verdict, Verdict::passed) << query.name << ": " << query.headline;
  }
}

TEST_F(TimingTest, AGivenServerHasWallTimeAndAWiderLimit) {
  options_.server_url = test_server().connection_string("postgres");
  options_.analyze_repetitions = 1;
  queries(generating(20000), generating(60000));
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::regressed) << report.headline;
  ASSERT_TRUE(report.findings.front().time);
  EXPECT_EQ(report.findings.front().time->limits.report, gate::one_clock_ratio);
  EXPECT_THAT(report_.workloads[0].record->head.clock, HasSubstr("wall time"));
}

TEST_F(TimingTest, AGivenServerMeasuresItselfWherePgStatStatementsIsThere) {
  ClusterCache cache(test_cache_options(test_cache_directory()));
  const ClusterCache::Entry entry =
      cache.acquire("statements", test_installation(),
                    [](const std::filesystem::path&) { return std::string(); });
  ServerOptions server_options = test_server_options(entry.data_directory());
  server_options.settings["shared_preload_libraries"] = "pg_stat_statements";
  const Server server(server_options);
  options_.server_url = server.connection_string("postgres");
  options_.analyze_repetitions = 1;
  queries(generating(20000), generating(60000));
  const gate::QueryReport report = judged();
  EXPECT_EQ(report.verdict, Verdict::regressed) << report.headline;
  EXPECT_THAT(report.headline, HasSubstr("(server "));
  EXPECT_THAT(report_.workloads[0].record->head.clock, HasSubstr("pg_stat_statements"));
  EXPECT_EQ(report.findings.front().time->limits.report, gate::one_clock_ratio);
}

TEST(TaskClock, CountsTheWorkersOfSessionsThatBeginLater) {
  const auto clock = TaskClock::of_children(test_server().postmaster_pid());
  if (!clock) {
    // Not permitted here: then there must be no clock for anybody, and wall time is judged.
    SUCCEED();
    return;
  }
  const double before_us = clock->microseconds();
  query_text(new_test_database("task_clock"), "SELECT count(*) FROM generate_series(1, 300000)");
  EXPECT_GT(clock->microseconds() - before_us, 1000);
}

TEST(LeastBusyCore, IsOneOfThoseThatMayBeUsed) {
  const std::vector<int> cores = allowed_cores();
  EXPECT_THAT(cores, Contains(least_busy_core(std::nullopt)));
  EXPECT_THAT(cores, Contains(least_busy_core(1000))) << "a core that is not there";
}

}  // namespace
}  // namespace pgduet::harness

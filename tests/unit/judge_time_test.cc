// What times do to a verdict, and which bindings are nominated for the duet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pgduet/gate/judge.h"
#include "pgduet/gate/nomination.h"
#include "record_builders.h"

namespace pgduet::gate {
namespace {

using namespace gate::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* name = "orders_of_customer";

Execution sample(double us, int stage) {
  return {.wall_us = us + 20, .cpu_us = us, .client_us = 20, .executions = 40, .stage = stage};
}

// A run with one sample in the screening, and one a stage.
QueryRun timed(QueryRun run, double screening_us, const std::vector<double>& stages_us = {}) {
  for (BindingRun& one : run.bindings) {
    one.executions = {sample(screening_us, 0)};
    int stage = 0;
    for (const double us : stages_us) one.executions.push_back(sample(us, ++stage));
  }
  return run;
}

QueryRun indexed() { return query_run({binding(by_index(), 24)}); }
QueryRun scanned() { return query_run({binding(without_index(), 31872)}); }
// Another plan without much more work.
QueryRun flipped() { return query_run({binding(without_index(), 25)}); }

QueryReport judged(const QueryRun& base, const QueryRun& head, const Policy& policy = {}) {
  ShopRun run;
  run.workload.queries = {query(name, base, head)};
  run.workload.queries.front().policy = policy;
  return run.judge_first();
}

const std::vector<double> ones(3, 2000);
std::vector<double> times(double factor) { return std::vector<double>(3, 2000 * factor); }

TEST(JudgeTime, ASlowdownAloneFailsFromItsStricterLimitOn) {
  const QueryReport report =
      judged(timed(indexed(), 2000, ones), timed(indexed(), 2600, times(1.3)));
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_TRUE(report.fails);
  EXPECT_EQ(report.headline, "1.30× slower (CPU 2.0 ms → 2.6 ms)");
  EXPECT_EQ(report.findings.front().sentence,
            "1.30× slower (CPU 2.0 ms → 2.6 ms, wall 2.0 ms → 2.6 ms), 3 of 3 stages agree, 120 "
            "executions a side");
  ASSERT_TRUE(report.findings.front().time);
  EXPECT_THAT(report.findings.front().time->stages, SizeIs(3));
  EXPECT_EQ(report.findings.front().time->limits, (TimeLimits{1.1, 1.25}));
}

TEST(JudgeTime, ASmallerOneIsReported) {
  const QueryReport report =
      judged(timed(indexed(), 2000, ones), timed(indexed(), 2400, times(1.2)));
  EXPECT_EQ(report.verdict, Verdict::changed);
  EXPECT_FALSE(report.fails);
  EXPECT_THAT(report.headline, HasSubstr("1.20× slower"));
}

TEST(JudgeTime, WithAnotherPlanASmallOneFails) {
  const QueryReport report =
      judged(timed(indexed(), 2000, ones), timed(flipped(), 2400, times(1.2)));
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_EQ(report.findings.front().kind, Finding::Kind::time);
  EXPECT_EQ(report.findings.at(1).kind, Finding::Kind::plan);
  EXPECT_EQ(report.findings.at(1).weight, Finding::Weight::explains);
}

TEST(JudgeTime, AFlipThatIsNotSlowerIsNoFailure) {
  const QueryReport report = judged(timed(indexed(), 2000, ones), timed(flipped(), 2000, ones));
  EXPECT_EQ(report.verdict, Verdict::changed);
  EXPECT_FALSE(report.fails);
  EXPECT_THAT(report.findings.back().sentence, HasSubstr("not slower"));
}

TEST(JudgeTime, MoreWorkFailsUnlessItIsFaster) {
  EXPECT_EQ(judged(timed(indexed(), 2000, ones), timed(scanned(), 2000, ones)).verdict,
            Verdict::regressed);
  EXPECT_EQ(judged(timed(indexed(), 2000, ones), timed(scanned(), 1000, times(0.5))).verdict,
            Verdict::improved);
}

TEST(JudgeTime, LessWorkIsNoImprovementWhereItIsSlower) {
  EXPECT_EQ(judged(timed(scanned(), 2000, ones), timed(indexed(), 2000, ones)).verdict,
            Verdict::improved);
  const QueryReport report = judged(timed(scanned(), 2000, ones), timed(indexed(), 4000, times(2)));
  EXPECT_EQ(report.verdict, Verdict::regressed);
}

TEST(JudgeTime, FasterIsImproved) {
  const QueryReport report =
      judged(timed(indexed(), 2000, ones), timed(indexed(), 1000, times(0.5)));
  EXPECT_EQ(report.verdict, Verdict::improved);
  EXPECT_THAT(report.headline, HasSubstr("2.00× faster"));
}

TEST(JudgeTime, AnotherResultStaysWhatTheVerdictIsAbout) {
  QueryRun head = timed(flipped(), 2400, times(1.2));
  head.bindings[0].result->rows = 19;
  const QueryReport report = judged(timed(indexed(), 2000, ones), head);
  EXPECT_EQ(report.verdict, Verdict::broken);
  EXPECT_THAT(report.headline, HasSubstr("returns 19 rows"));
}

TEST(JudgeTime, AnExecutionThatFailsLaterBreaksTheQuery) {
  QueryRun head = timed(indexed(), 2000, {2000});
  head.bindings[0].stage_failure = StageFailure{
      2,
      {.kind = ExecutionFailure::Kind::error, .sqlstate = "22012", .message = "division by zero"}};
  QueryReport report = judged(timed(indexed(), 2000, ones), head);
  EXPECT_EQ(report.verdict, Verdict::broken);
  EXPECT_EQ(report.headline,
            "fails: division by zero (22012), in stage 2 of the duet, after executions that "
            "succeeded");
  report = judged(head, timed(indexed(), 2000, ones));
  EXPECT_EQ(report.verdict, Verdict::inconclusive) << "base failed";
  EXPECT_FALSE(report.fails);
}

TEST(JudgeTime, NoiseIsInconclusiveAndSaysWhy) {
  QueryRun base = timed(indexed(), 30, {30, 30, 30, 30, 30});
  for (int stage = 1; stage <= 5; ++stage) {
    base.bindings[0].executions.push_back(sample(40, stage));
    base.bindings[0].executions.back().control = true;
  }
  const QueryReport report = judged(base, timed(indexed(), 36, {36, 36, 36, 36, 36}));
  EXPECT_EQ(report.verdict, Verdict::inconclusive);
  EXPECT_THAT(report.headline, HasSubstr("too noisy for a limit of 1.10×"));
  EXPECT_NEAR(*report.detectable, 40.0 / 30.0, 0.001);
}

ShopRun run_with_entry(const QueryRun& base, const QueryRun& head, AcceptedEntry::What what,
                       double up_to_ratio) {
  ShopRun run;
  run.workload.queries = {query(name, base, head)};
  LoadedBaseline baseline = baseline_of(name, base);
  baseline.baseline.accepted = {{what, up_to_ratio, "fraud check", "@payments", "2027-03-31"}};
  run.baselines.head.emplace(name, baseline);
  run.baselines.base.emplace(name, baseline);
  return run;
}

TEST(JudgeTime, AnExceptionCoversItUpToItsRatio) {
  const QueryRun base = timed(indexed(), 2000, ones);
  const auto with_factor = [&base](double factor) {
    return run_with_entry(base, timed(flipped(), 2000 * factor, times(factor)),
                          AcceptedEntry::What::time, 1.5);
  };
  EXPECT_EQ(with_factor(1.4).judge_first().verdict, Verdict::accepted);
  EXPECT_EQ(with_factor(2).judge_first().verdict, Verdict::regressed);
}

TEST(JudgeTime, AnExceptionEndsWhereTheStagesAreSureThatItIsExceeded) {
  const auto with_stages = [](const std::vector<double>& stages) {
    return run_with_entry(timed(indexed(), 2000, ones), timed(flipped(), 3200, stages),
                          AcceptedEntry::What::time, 1.5);
  };
  // The ratio of the minima over all stages is 1.55 in both.
  EXPECT_EQ(with_stages({3100, 3200, 3300}).judge_first().verdict, Verdict::regressed);
  QueryRun base = timed(indexed(), 2000, {2000, 2200, 2300});
  QueryRun head = timed(flipped(), 3200, {3100, 3200, 3300});
  EXPECT_EQ(run_with_entry(base, head, AcceptedEntry::What::time, 1.5).judge_first().verdict,
            Verdict::accepted);
}

TEST(JudgeTime, AnExceptionForWorkCoversTheTimeThatItTakes) {
  const auto with_factor = [](double factor) {
    return run_with_entry(timed(indexed(), 2000, ones),
                          timed(scanned(), 2000 * factor, times(factor)), AcceptedEntry::What::work,
                          1400)
        .judge_first();
  };
  const QueryReport report = with_factor(40);
  EXPECT_EQ(report.verdict, Verdict::accepted);
  EXPECT_THAT(report.notes, ElementsAre("accepted by @payments until 2027-03-31: fraud check"));
  EXPECT_EQ(with_factor(2000).verdict, Verdict::regressed);
  // No more work than before: the time has another cause.
  EXPECT_EQ(run_with_entry(timed(indexed(), 2000, ones), timed(indexed(), 4000, times(2)),
                           AcceptedEntry::What::work, 1400)
                .judge_first()
                .verdict,
            Verdict::regressed);
}

TEST(JudgeTime, AnUpdatedBaselineAgreesToPlanAndWorkButNotToTime) {
  ShopRun run;
  run.workload.queries = {
      query(name, timed(indexed(), 2000, ones), timed(flipped(), 2800, times(1.4)))};
  run.baselines.head.emplace(name, baseline_of(name, flipped()));
  run.baselines.base.emplace(name, baseline_of(name, indexed()));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_THAT(report.next_step, HasSubstr("--until DATE"));
}

TEST(JudgeTime, MinorQueriesMayHaveAWiderLimit) {
  Policy policy;
  policy.minor_share = 0.01;
  policy.minor_time_ratio = 2;
  ShopRun run;
  run.workload.queries = {
      query(name, timed(indexed(), 2000, ones), timed(flipped(), 3000, times(1.5))),
      query("large", timed(indexed(), 2e6), timed(indexed(), 2e6))};
  run.workload.queries.front().policy = policy;
  EXPECT_EQ(run.judge_first().verdict, Verdict::changed);
  run.workload.queries.front().weight = 1000;
  EXPECT_EQ(run.judge_first().verdict, Verdict::regressed);
}

TEST(Impact, IsThatOfTheWeightedWorkload) {
  ShopRun run;
  run.workload.queries = {
      query("a", timed(indexed(), 2000, ones), timed(flipped(), 4000, times(2))),
      query("b", timed(indexed(), 2000, ones), timed(flipped(), 2400, times(1.2))),
      query("c", timed(indexed(), 2000), timed(indexed(), 2050))};
  run.workload.queries[2].weight = 8;
  const WorkloadReport report = run.judge().workloads.front();
  EXPECT_NEAR(*report.impact_ratio, 1.12, 1e-9);
  EXPECT_EQ(report.impact, "+12 % CPU of the weighted workload; 83 % of that from a");
  EXPECT_NEAR(report.queries[2].share, 0.8, 1e-9);
  EXPECT_EQ(report.detection,
            "slowdowns from 1.10× on would have shown in half of the queries, from 1.10× on in 95 "
            "%");
}

TEST(Impact, IsNothingToTellWhereNoTimeWasCompared) {
  ShopRun run;
  run.workload.queries = {query(name, std::nullopt, timed(indexed(), 2000))};
  const WorkloadReport report = run.judge().workloads.front();
  EXPECT_EQ(report.impact, "");
  EXPECT_EQ(report.detection, "");
}

// Nomination.

// So many queries that nobody suspects, and what `suspects` adds.
WorkloadRecord workload_with(const std::vector<QueryRecord>& suspects, int others = 10) {
  WorkloadRecord record = ShopRun().workload;
  record.queries = suspects;
  for (int i = 0; i < others; ++i) {
    record.queries.push_back(
        query("other_" + std::to_string(i), timed(indexed(), 2000), timed(indexed(), 2000)));
  }
  return record;
}

std::vector<std::size_t> nominated(const WorkloadRecord& record) {
  std::vector<std::size_t> queries;
  for (const Nominee& nominee : nominate(record, {}).nominees) queries.push_back(nominee.query);
  return queries;
}

TEST(Nominate, ByShapeByWorkAndByScreening) {
  EXPECT_THAT(nominated(workload_with({})), IsEmpty());
  EXPECT_THAT(
      nominated(workload_with({query("shape", timed(indexed(), 2000), timed(flipped(), 2000)),
                               query("time", timed(indexed(), 2000), timed(indexed(), 2160)),
                               query("noise", timed(indexed(), 2000), timed(indexed(), 2120)),
                               query("faster", timed(indexed(), 2000), timed(indexed(), 1500))})),
      ElementsAre(0, 1, 3));
  QueryRun more_work = timed(indexed(), 2000);
  more_work.bindings[0].work.shared_blocks = 40;
  EXPECT_THAT(nominated(workload_with({query("work", timed(indexed(), 2000), more_work)})),
              ElementsAre(0));
}

TEST(Nominate, NotWhatCannotDifferOrCannotBeCompared) {
  QueryRecord unchanged = query("unchanged", std::nullopt, timed(indexed(), 2000));
  unchanged.unchanged = true;
  QueryRun fails = query_run({failing(binding(by_index(), 24), "42P01", "no such relation")});
  EXPECT_THAT(
      nominated(workload_with({unchanged, query("new", std::nullopt, timed(indexed(), 2000)),
                               query("fails", timed(indexed(), 2000), fails)})),
      IsEmpty());
}

TEST(Nominate, EverythingWhereTheChangeMayTouchEverything) {
  WorkloadRecord record = workload_with({});
  record.head.settings["work_mem"] = "64kB";
  EXPECT_EQ(nominate(record, {}).everything_because, "the settings differ");
  EXPECT_THAT(nominated(record), SizeIs(10));
  record = workload_with({});
  record.head.postgres_version = "17.2";
  EXPECT_THAT(nominated(record), SizeIs(10));
  EXPECT_EQ(nominate(workload_with({}, 7), {}).everything_because, "few queries can differ");
  std::vector<QueryRecord> half(10, query("shape", timed(indexed(), 2000), timed(flipped(), 2000)));
  EXPECT_EQ(nominate(workload_with(half), {}).everything_because, "half of the queries differ");
}

TEST(Nominate, TakesTheirLimitsFromWhatChanged) {
  const Nominations found =
      nominate(workload_with({query("shape", timed(indexed(), 2000), timed(flipped(), 2000)),
                              query("time", timed(indexed(), 2000), timed(indexed(), 2160))}),
               {});
  ASSERT_THAT(found.nominees, SizeIs(2));
  EXPECT_EQ(found.nominees[0].item.limits, (TimeLimits{1.1, 1.1}));
  EXPECT_EQ(found.nominees[1].item.limits, (TimeLimits{1.1, 1.25}));
  EXPECT_EQ(found.nominees[1].execution_us, 2180);
}

// Without a base side: the baselines were recorded on a machine twice as fast.
class AgainstBaselines : public ::testing::Test {
 protected:
  AgainstBaselines() {
    record_ = ShopRun().workload;
    record_.base.reset();
    for (int i = 0; i < 10; ++i) {
      const std::string query_name = "q" + std::to_string(i);
      record_.queries.push_back(query(query_name, std::nullopt, timed(indexed(), 4000)));
      baselines_.head.emplace(query_name, baseline_of(query_name, timed(indexed(), 2000)));
    }
  }
  WorkloadRecord record_;
  WorkloadBaselines baselines_;
};

TEST_F(AgainstBaselines, TheDifferenceOfTheMachinesIsTakenOut) {
  EXPECT_THAT(nominate(record_, baselines_).nominees, IsEmpty());
  record_.queries[3].head = timed(indexed(), 6000);
  const Nominations found = nominate(record_, baselines_);
  ASSERT_THAT(found.nominees, SizeIs(10)) << "the others are measured along";
  EXPECT_EQ(found.nominees[0].query, 3U);
  EXPECT_FALSE(found.nominees[0].item.reference);
  EXPECT_TRUE(found.nominees[1].item.reference);
  EXPECT_EQ(found.nominees[0].item.limits, (TimeLimits{1.2, 1.5}));
}

TEST_F(AgainstBaselines, ThreeStagesHaveToAgree) {
  for (QueryRecord& one : record_.queries) {
    one.head = timed(indexed(), 4000, {4000, 4000, 4000});
  }
  record_.queries[3].head = timed(indexed(), 6800, {6800, 6800, 6800});
  ShopRun run;
  run.workload = record_;
  run.baselines = baselines_;
  const Report report = run.judge();
  EXPECT_EQ(report.workloads.at(0).queries.at(3).verdict, Verdict::regressed);
  EXPECT_THAT(report.workloads.at(0).queries.at(3).headline,
              HasSubstr("1.70× slower, on a machine that takes 2.00× as long"));
  EXPECT_EQ(report.workloads.at(0).queries.at(2).verdict, Verdict::passed);
  run.workload.queries[3].head = timed(indexed(), 6800, {6800, 4100, 6800});
  EXPECT_EQ(run.judge().workloads.at(0).queries.at(3).verdict, Verdict::passed);
}

// Half of the baselines were recorded in a bad moment.
TEST_F(AgainstBaselines, BaselinesThatWereRecordedUnderLoadBlameNobody) {
  for (std::size_t i = 0; i < 6; ++i) {
    record_.queries[i].head = timed(indexed(), 2400, {2400, 2400, 2400});
  }
  for (std::size_t i = 6; i < 10; ++i) {
    record_.queries[i].head = timed(indexed(), 4000, {4000, 4000, 4000});
  }
  const Nominations found = nominate(record_, baselines_);
  for (const Nominee& nominee : found.nominees) {
    EXPECT_TRUE(nominee.item.reference || nominee.query >= 6) << "what is faster is no suspect";
  }
  ShopRun run;
  run.workload = record_;
  run.baselines = baselines_;
  const Report report = run.judge();
  for (const QueryReport& query : report.workloads.at(0).queries) {
    EXPECT_EQ(query.verdict, Verdict::passed) << query.name;
  }
  // What stands out from all of them does so still.
  run.workload.queries[3].head = timed(indexed(), 16000, {16000, 16000, 16000});
  EXPECT_EQ(run.judge().workloads.at(0).queries.at(3).verdict, Verdict::regressed);
}

// One query's baseline, written on another machine than the others', is as if written on theirs.
TEST_F(AgainstBaselines, OneBaselineIsWrittenInTheTimesOfTheOthers) {
  record_.queries[3].head = timed(indexed(), 6000);
  const double ratio = machine_ratio(record_, baselines_, record_.queries[3]);
  EXPECT_DOUBLE_EQ(ratio, 2);
  const auto baseline = updated_baseline(std::nullopt, record_.queries[3], 15, {}, ratio);
  EXPECT_EQ(baseline->postgres.at(15).bindings.at(0).cpu_us, 3000);
  EXPECT_EQ(baseline->postgres.at(15).bindings.at(0).wall_us, 3000);
  record_.queries.resize(3);
  EXPECT_DOUBLE_EQ(machine_ratio(record_, baselines_, record_.queries[0]), 1);
}

TEST_F(AgainstBaselines, TooFewOtherQueriesCannotTellTheMachinesApart) {
  record_.queries.resize(3);
  record_.queries[0].head = timed(indexed(), 60000);
  EXPECT_THAT(nominate(record_, baselines_).nominees, IsEmpty());
}

}  // namespace
}  // namespace pgduet::gate

#include "pgduet/gate/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sample_history.h"

namespace pgduet::gate {
namespace {

using test::even_series;
using test::history_binding;
using test::sample_series;
using ::testing::AnyOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = HistoryChange::Kind;

std::vector<Kind> kinds_of(const HistoryEvent& event) {
  std::vector<Kind> kinds;
  for (const HistoryChange& change : event.changes) kinds.push_back(change.kind);
  return kinds;
}

// Multiplies all times of the runs from `first` on.
void slow_down(QuerySeries& series, std::size_t first, double ratio) {
  for (std::size_t run = first; run < series.points.size(); ++run) {
    for (HistoryBinding& binding : series.points[run].bindings) {
      for (auto* time : {&binding.cpu_min_us, &binding.wall_min_us, &binding.wall_median_us,
                         &binding.wall_p95_us, &binding.wall_max_us}) {
        *time = **time * ratio;
      }
    }
  }
}

void slow_machine_down(QuerySeries& series, std::size_t first, double ratio) {
  slow_down(series, first, ratio);
  for (auto& [query, times] : series.others) {
    for (std::size_t run = first; run < series.points.size(); ++run) {
      OtherTime& time = times.at(series.points[run].run_id);
      time.cpu_us = *time.cpu_us * ratio;
      time.wall_us = *time.wall_us * ratio;
    }
  }
}

// What a change of one query or another is about

TEST(History, OfNothingIsEmpty) {
  const QueryHistory history = examine_history({});
  EXPECT_THAT(history.runs, IsEmpty());
  EXPECT_THAT(history.events, IsEmpty());
  EXPECT_THAT(history.notes, IsEmpty());
  EXPECT_EQ(history.summary, "no change in 0 runs");
}

TEST(History, WithoutChangesSaysSo) {
  const QueryHistory history = examine_history(even_series("cart", 20, 80));
  EXPECT_THAT(history.events, IsEmpty());
  EXPECT_EQ(history.summary, "no change in 20 runs; steady");
  ASSERT_THAT(history.levels, SizeIs(1));
  EXPECT_EQ(history.levels[0].first, 0U);
  EXPECT_EQ(history.levels[0].last, 19U);
}

TEST(History, GroupsWhatChangedWithOneRun) {
  const QueryHistory history = examine_history(sample_series());
  ASSERT_THAT(history.events, SizeIs(6));
  const HistoryEvent& event = history.events[3];
  EXPECT_EQ(event.run, 11U);
  EXPECT_THAT(kinds_of(event), ElementsAre(Kind::slower, Kind::more_work, Kind::plan));
  EXPECT_EQ(event.commits, "11c0ffee5d..3f2a91c0d0");
  EXPECT_EQ(event.sentence,
            "since run 12, commit 3f2a91c0d0 \"Drop unused index\" (branch main): 18× slower in 1 "
            "of 2 bindings (with customer_id = 42: CPU 77 µs → 1.4 ms at equal machine speed, "
            "p < 1e-15), touches 998 blocks instead of 17 in 1 of 2 bindings (with customer_id = "
            "42), plan A → C in 1 of 2 bindings");
  EXPECT_EQ(history.summary,
            "6 changes in 20 runs, above all: 18× slower since 3f2a91c0d0; steady");
}

TEST(History, TellsWhetherAQueryThatGotSlowerIsAsFastAsAtFirst) {
  QuerySeries series = even_series("cart", 30, 80);
  slow_down(series, 10, 4);
  slow_down(series, 20, 0.25);
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.summary,
            "2 changes in 30 runs, above all: 4.00× faster since 21c0ffee5d, now as fast as in the "
            "first run; steady");
  EXPECT_THAT(history.levels, SizeIs(3));
}

TEST(History, FindsASlowBindingBehindOthersThatTakeMoreTime) {
  QuerySeries series = even_series("cart", 20, 10'000);
  for (std::size_t run = 0; run < 20; ++run) {
    series.points[run].bindings.push_back(
        history_binding(2, "customer_id = 7", run < 12 ? 5 : 15, "aaaaaaaaaaaa", 3));
  }
  series.others.clear();
  for (HistoryPoint& point : series.points) point.bindings[0].cpu_min_us = 10'000;
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_EQ(history.events[0].changes[0].binding, 2);
  EXPECT_THAT(history.events[0].sentence,
              HasSubstr("3.00× slower in 1 of 2 bindings (with customer_id = 7: CPU 5.0 µs → 15 "
                        "µs, p"));
}

TEST(History, NamesTheWorstOfSeveralBindings) {
  QuerySeries series = even_series("cart", 20, 100);
  for (HistoryPoint& point : series.points) {
    HistoryBinding second = point.bindings[0];
    second.number = 2;
    second.parameters = "customer_id = 7";
    point.bindings.push_back(second);
  }
  slow_down(series, 10, 2);
  for (std::size_t run = 10; run < 20; ++run) *series.points[run].bindings[1].cpu_min_us *= 3;
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(history.events[0].sentence,
              HasSubstr("6.03× slower in both bindings (worst with customer_id = 7: CPU"));
  EXPECT_EQ(history.events[0].changes[0].bindings, 2);
}

TEST(History, SeesPlansComeBack) {
  QuerySeries series = even_series("cart", 6, 80);
  series.points[3].bindings[0].shape = "bbbbbbbbbbbb";
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(2));
  EXPECT_THAT(history.events[0].sentence, EndsWith(": plan A → B"));
  EXPECT_THAT(history.events[1].sentence, EndsWith(": plan B → A, as in run 3"));
  EXPECT_EQ(history.events[1].changes[0].plan_before, "B");
  EXPECT_EQ(history.events[1].changes[0].plan_after, "A");
  EXPECT_THAT(history.plans, ElementsAre(PlanLetter{"A", "aaaaaaaaaaaa", 0, 5, 5},
                                         PlanLetter{"B", "bbbbbbbbbbbb", 3, 3, 1}));
}

TEST(History, HasLettersForAnyNumberOfPlans) {
  QuerySeries series = even_series("cart", 28, 80);
  for (std::size_t run = 0; run < 28; ++run) {
    series.points[run].bindings[0].shape = "shape " + std::to_string(run);
  }
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.runs[25].plan, "Z");
  EXPECT_EQ(history.runs[26].plan, "AA");
  EXPECT_EQ(history.runs[27].plan, "AB");
}

TEST(History, AddsUpWorkThatGrowsByLittle) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 0; run < 20; ++run) {
    series.points[run].bindings[0].blocks = 1000 + 10 * static_cast<std::int64_t>(run);
  }
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(
      history.events[0].sentence,
      StartsWith("since run 11, commit 11c0ffee5d \"Change number 11\" (branch main): touches "
                 "1,100 blocks instead of 1,000"));
}

TEST(History, TakesAFewBlocksForNoise) {
  QuerySeries series = even_series("cart", 20, 80);
  series.points[4].bindings[0].blocks += 7;
  series.points[9].bindings[0].blocks -= 7;
  EXPECT_THAT(examine_history(series).events, IsEmpty());
}

TEST(History, KnowsLessWork) {
  QuerySeries series = even_series("cart", 4, 80);
  for (std::size_t run = 0; run < 3; ++run) series.points[run].bindings[0].blocks = 500;
  series.points[3].bindings[0].blocks = 0;
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(kinds_of(history.events[0]), ElementsAre(Kind::less_work));
  EXPECT_THAT(history.events[0].sentence, EndsWith("touches 0 blocks instead of 500"));
}

TEST(History, ComparesNoTimesOfOtherParameters) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_down(series, 10, 50);
  for (std::size_t run = 10; run < 20; ++run) {
    series.points[run].fingerprint = "another";
    series.points[run].bindings[0].parameters = "region = 'EU'";
  }
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(kinds_of(history.events[0]), ElementsAre(Kind::rewritten, Kind::bindings));
  EXPECT_THAT(history.events[0].sentence, EndsWith(": statement rewritten, other parameters"));
  ASSERT_THAT(history.levels, SizeIs(2));
  EXPECT_FALSE(history.levels[1].comparable);
}

TEST(History, TellsOfBindingsThatAreGone) {
  QuerySeries series = even_series("cart", 4, 80);
  for (std::size_t run = 0; run < 2; ++run) {
    series.points[run].bindings.push_back(history_binding(2, "x", 5, "aaaaaaaaaaaa", 3));
  }
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(history.events[0].sentence, EndsWith(": 1 binding instead of 2"));
}

TEST(History, TellsOfAnotherServerAndAnotherName) {
  QuerySeries series = even_series("cart", 3, 80);
  series.points[0].query = "basket";
  series.points[2].postgres_major = 17;
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(2));
  EXPECT_THAT(history.events[0].sentence, EndsWith(": renamed from basket to cart"));
  EXPECT_THAT(history.events[1].sentence, EndsWith(": PostgreSQL 17 instead of 15"));
}

TEST(History, HasNoTimeForARunThatFailed) {
  QuerySeries series = even_series("cart", 5, 80);
  for (const std::size_t run : {2U, 3U}) {
    HistoryBinding failed;
    failed.parameters = "customer_id = 42";
    failed.failure = "canceling statement due to statement timeout (57014)";
    series.points[run].bindings = {failed};
  }
  const QueryHistory history = examine_history(series);
  EXPECT_FALSE(history.runs[2].measured);
  EXPECT_EQ(history.runs[2].adjusted_us, std::nullopt);
  EXPECT_EQ(history.runs[2].blocks, std::nullopt);
  EXPECT_EQ(history.runs[2].failure, "canceling statement due to statement timeout (57014)");
  ASSERT_THAT(history.events, SizeIs(2));
  EXPECT_THAT(history.events[0].sentence,
              EndsWith(": fails: canceling statement due to statement timeout (57014)"));
  EXPECT_THAT(history.events[1].sentence, EndsWith(": works again after 2 failed runs"));
}

TEST(History, SummaryTellsOfAFailureThatLasts) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_down(series, 10, 3);
  series.points[19].bindings[0] = HistoryBinding();
  series.points[19].bindings[0].parameters = "customer_id = 42";
  series.points[19].bindings[0].failure = "out of memory (53200)";
  EXPECT_THAT(examine_history(series).summary,
              HasSubstr("above all: fails: out of memory (53200) since 20c0ffee5d"));
  series.points.push_back(series.points[0]);
  EXPECT_THAT(examine_history(series).summary, HasSubstr("above all: 3.00× slower"));
}

HistoryBinding failed_binding() {
  HistoryBinding failed;
  failed.parameters = "customer_id = 42";
  failed.failure = "out of memory (53200)";
  return failed;
}

TEST(History, SummaryTellsOfAQueryThatAlwaysFailed) {
  QuerySeries series = even_series("cart", 5, 80);
  for (HistoryPoint& point : series.points) point.bindings = {failed_binding()};
  EXPECT_EQ(examine_history(series).summary,
            "no change in 5 runs; fails in the newest run: out of memory (53200)");
  series.points[0].query = "basket";
  EXPECT_EQ(examine_history(series).summary,
            "1 change in 5 runs: renamed from basket to cart since 02c0ffee5d; fails in the newest "
            "run: out of memory (53200)");
}

TEST(History, CommitsBeginWhereTheQueryWasLastTimed) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_down(series, 10, 3);
  for (const std::size_t run : {8U, 9U}) {
    HistoryBinding& binding = series.points[run].bindings[0];
    binding.cpu_min_us.reset();
    binding.wall_min_us.reset();
  }
  ASSERT_THAT(examine_history(series).events, SizeIs(1));
  EXPECT_EQ(examine_history(series).events[0].commits, "08c0ffee5d..11c0ffee5d");
}

TEST(History, CommitsBeginWhereTheQueryLastWorked) {
  QuerySeries series = even_series("cart", 6, 80);
  for (const std::size_t run : {2U, 3U}) series.points[run].bindings = {failed_binding()};
  EXPECT_EQ(examine_history(series).events[1].commits, "04c0ffee5d..05c0ffee5d");
  series.points[4].bindings[0].blocks = series.points[5].bindings[0].blocks = 500;
  QueryHistory history = examine_history(series);
  EXPECT_THAT(kinds_of(history.events[1]), ElementsAre(Kind::works, Kind::more_work));
  EXPECT_EQ(history.events[1].commits, "02c0ffee5d..05c0ffee5d");
  series.points[4].bindings[0].blocks = series.points[5].bindings[0].blocks = 9;
  series.points[4].bindings[0].shape = "bbbbbbbbbbbb";
  history = examine_history(series);
  EXPECT_THAT(kinds_of(history.events[1]), ElementsAre(Kind::works, Kind::plan));
  EXPECT_EQ(history.events[1].commits, "02c0ffee5d..05c0ffee5d");
}

TEST(History, ARunWithAFailedBindingHasNoTimeOfTheOthers) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 15; run < 20; ++run) {
    HistoryBinding failed = failed_binding();
    failed.number = 2;
    failed.parameters = "customer_id = 7";
    series.points[run].bindings.push_back(failed);
  }
  for (std::size_t run = 15; run < 20; ++run) *series.points[run].bindings[0].cpu_min_us *= 9;
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(kinds_of(history.events[0]), ElementsAre(Kind::fails, Kind::bindings));
}

TEST(History, TellsOfBindingsThatWereAdded) {
  QuerySeries series = even_series("cart", 4, 80);
  for (std::size_t run = 2; run < 4; ++run) {
    series.points[run].bindings.push_back(history_binding(2, "x", 5, "aaaaaaaaaaaa", 3));
  }
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(history.events[0].sentence, EndsWith(": 2 bindings instead of 1"));
}

TEST(History, TheWorstBindingIsThatOfTheLargestRatio) {
  QuerySeries series = even_series("cart", 20, 0.2);
  for (std::size_t run = 0; run < 20; ++run) {
    const double ratio = run < 10 ? 1 : 3;
    double& time = *series.points[run].bindings[0].cpu_min_us;
    const double of_second = time * 1000 * (run < 10 ? 1 : 2);
    time *= ratio;
    series.points[run].bindings.push_back(history_binding(2, "x", of_second, "aaaaaaaaaaaa", 3));
  }
  const QueryHistory history = examine_history(series);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_EQ(history.events[0].changes[0].binding, 1);
}

TEST(History, LeavesOutRunsThatDidNotRunTheQuery) {
  QuerySeries series = even_series("cart", 5, 80);
  series.points[2].bindings.clear();
  series.points[2].fingerprint.clear();
  series.points[2].verdict = Verdict::skipped;
  EXPECT_THAT(examine_history(series).events, IsEmpty());
}

// Names of runs

TEST(History, NamesWorkTreesAndDirectories) {
  QuerySeries series = even_series("cart", 3, 80);
  series.points[1].commit->modified = true;
  series.points[2].commit.reset();
  series.points[2].revision = "directory other/shop";
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.runs[0].commit, "01c0ffee5d");
  EXPECT_EQ(history.runs[0].origin, "commit 01c0ffee5d \"Change number 1\" (branch main)");
  EXPECT_EQ(history.runs[1].commit, "02c0ffee5d+");
  EXPECT_EQ(history.runs[1].origin,
            "changes on top of commit 02c0ffee5d \"Change number 2\" (branch main)");
  EXPECT_EQ(history.runs[2].commit, "directory other/shop");
  EXPECT_EQ(history.runs[2].origin, "directory other/shop");
}

TEST(History, SummaryNamesTheRunWhereThereIsNoCommit) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_down(series, 10, 3);
  for (HistoryPoint& point : series.points) point.commit.reset();
  EXPECT_EQ(examine_history(series).summary,
            "1 change in 20 runs: 3.01× slower since run 11; steady");
}

TEST(History, CutsLongSubjectsBetweenCharacters) {
  QuerySeries series = even_series("cart", 1, 80);
  series.points[0].commit->subject = std::string(71, 'x') + "éyz";
  series.points[0].commit->branch = "";
  EXPECT_EQ(examine_history(series).runs[0].origin,
            "commit 01c0ffee5d \"" + std::string(71, 'x') + "…\"");
}

// Machines and clocks

TEST(History, TakesTheMachineOut) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_machine_down(series, 12, 1.5);
  const QueryHistory history = examine_history(series);
  EXPECT_THAT(history.events, IsEmpty());
  EXPECT_THAT(*history.runs[15].time_us / *history.runs[5].time_us, DoubleNear(1.5, 0.1));
  EXPECT_THAT(*history.runs[15].machine / *history.runs[5].machine, DoubleNear(1.5, 0.1));
  EXPECT_THAT(*history.runs[15].adjusted_us / *history.runs[5].adjusted_us, DoubleNear(1, 0.05));
  EXPECT_THAT(history.notes, ElementsAre(HasSubstr("at equal machine speed")));
}

TEST(History, JudgesTimesAsMeasuredWhereTooFewOthersTell) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_machine_down(series, 12, 1.8);
  series.others.erase("other_0");
  series.others.erase("other_1");
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.runs[15].machine, std::nullopt);
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_THAT(kinds_of(history.events[0]), ElementsAre(Kind::slower));
  EXPECT_THAT(history.events[0].sentence, Not(HasSubstr("machine")));
  EXPECT_THAT(history.notes, ElementsAre(HasSubstr("times are as measured")));
}

TEST(History, AnotherQueryThatGotSlowerIsNoSlowerMachine) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 12; run < 20; ++run) {
    OtherTime& time = series.others["other_3"][series.points[run].run_id];
    time.cpu_us = *time.cpu_us * 100;
  }
  const QueryHistory history = examine_history(series);
  EXPECT_THAT(history.events, IsEmpty());
  EXPECT_THAT(history.runs[15].machine, Optional(DoubleNear(1, 0.05)));
}

TEST(History, SaysInHowManyRunsTheMachineIsNotKnown) {
  QuerySeries series = even_series("cart", 20, 80);
  for (auto& [query, times] : series.others) {
    if (query != "other_0") times.erase(series.points[4].run_id);
  }
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.runs[4].machine, std::nullopt);
  EXPECT_THAT(history.notes,
              ElementsAre(HasSubstr("at equal machine speed"),
                          "as measured in 1 run: fewer than 5 other queries were timed"));
}

TEST(History, ComparesWallTimesWhereARunHasNoCpuTime) {
  QuerySeries series = even_series("cart", 5, 80);
  EXPECT_EQ(examine_history(series).clock, "CPU");
  series.points[2].bindings[0].cpu_min_us.reset();
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.clock, "wall");
  EXPECT_THAT(history.runs[0].time_us, Optional(*series.points[0].bindings[0].wall_min_us));
}

TEST(History, OthersTellTheMachineByTheClockOfTheHistory) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 0; run < 20; ++run) {
    for (auto& [query, times] : series.others) {
      OtherTime& time = times.at(series.points[run].run_id);
      time = {run % 2 == 0 ? std::optional(100.0) : std::nullopt, 300};
    }
  }
  for (const HistoryRun& run : examine_history(series).runs) {
    EXPECT_THAT(run.machine, AnyOf(Eq(std::nullopt), Optional(1.0)));
  }
  series.points[2].bindings[0].cpu_min_us.reset();
  for (const HistoryRun& run : examine_history(series).runs) {
    EXPECT_THAT(run.machine, Optional(1.0));
  }
}

TEST(History, HasNoClockWithoutTimes) {
  QuerySeries series = even_series("cart", 5, 80);
  for (HistoryPoint& point : series.points) {
    point.bindings[0].cpu_min_us.reset();
    point.bindings[0].wall_min_us.reset();
  }
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.clock, "");
  EXPECT_THAT(history.levels, IsEmpty());
  EXPECT_THAT(history.runs[0].blocks, Optional(9));
}

TEST(History, TimeIsTheMeanOfTheBindings) {
  QuerySeries series = even_series("cart", 1, 100);
  series.points[0].bindings = {history_binding(1, "a", 100, "s", 9),
                               history_binding(2, "b", 300, "s", 5)};
  const QueryHistory history = examine_history(series);
  EXPECT_THAT(history.runs[0].time_us, Optional(200.0));
  EXPECT_THAT(history.runs[0].blocks, Optional(14));
  EXPECT_EQ(history.runs[0].plan, "A");
}

// Steady and spiky

TEST(Steadiness, OfTheSampleIsSteady) {
  const Steadiness steadiness = examine_history(even_series("cart", 6, 80)).steadiness;
  EXPECT_EQ(steadiness.state, Steadiness::State::steady);
  EXPECT_THAT(steadiness.ratio, DoubleNear(1.2, 1e-6));
  EXPECT_EQ(steadiness.sentence,
            "steady: 95 % of samples within 1.20× of the median of their run (600 samples in 6 "
            "runs), the longest 1.90×");
}

TEST(Steadiness, SpikesAreTold) {
  QuerySeries series = even_series("cart", 6, 80);
  for (HistoryPoint& point : series.points) {
    HistoryBinding& binding = point.bindings[0];
    binding.wall_p95_us = *binding.wall_median_us * 7.4;
    binding.wall_max_us = *binding.wall_median_us * 22;
  }
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.steadiness.state, Steadiness::State::spiky);
  EXPECT_EQ(history.steadiness.sentence,
            "spiky: 5 % of samples take more than 7.40× the median of their run (600 samples "
            "in 6 runs), the longest 22.00×");
  EXPECT_EQ(history.summary, "no change in 6 runs; spiky");
}

TEST(Steadiness, ASlowerRunIsNoSpike) {
  QuerySeries series = even_series("cart", 20, 80);
  slow_down(series, 10, 50);
  EXPECT_EQ(examine_history(series).steadiness.state, Steadiness::State::steady);
}

TEST(Steadiness, WeighsBySamples) {
  QuerySeries series = even_series("cart", 2, 80);
  HistoryBinding& spiky = series.points[0].bindings[0];
  spiky.wall_p95_us = *spiky.wall_median_us * 10;
  spiky.wall_max_us = *spiky.wall_median_us * 20;
  series.points[1].bindings[0].samples = 100'000;
  EXPECT_EQ(examine_history(series).steadiness.state, Steadiness::State::steady);
  std::swap(spiky.samples, series.points[1].bindings[0].samples);
  EXPECT_EQ(examine_history(series).steadiness.state, Steadiness::State::spiky);
}

TEST(Steadiness, OfFewSamplesIsNotKnown) {
  QuerySeries series = even_series("cart", 3, 80);
  for (HistoryPoint& point : series.points) point.bindings[0].samples = 6;
  const QueryHistory history = examine_history(series);
  EXPECT_EQ(history.steadiness.state, Steadiness::State::unknown);
  EXPECT_EQ(history.steadiness.sentence,
            "steady or spiky is not known: 18 samples in 3 runs, and it takes 20");
  EXPECT_EQ(history.summary, "no change in 3 runs");
}

}  // namespace
}  // namespace pgduet::gate

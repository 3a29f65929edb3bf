#include "pgduet/gate/history_overview.h"

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
using test::sample_store;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using Kind = HistoryOverview::Kind;

std::vector<std::string> queries_of(const HistoryOverview& overview) {
  std::vector<std::string> queries;
  for (const OverviewRow& row : overview.rows) queries.push_back(row.query);
  return queries;
}

const SlowFigures& slow_of(const OverviewRow& row) { return std::get<SlowFigures>(row.figures); }
const FlakyFigures& flaky_of(const OverviewRow& row) { return std::get<FlakyFigures>(row.figures); }

// Sets the elapsed times of a run.
void set_wall(HistoryPoint& point, double median_us, double p95_us, double max_us) {
  point.bindings[0].wall_median_us = median_us;
  point.bindings[0].wall_p95_us = p95_us;
  point.bindings[0].wall_max_us = max_us;
}

TEST(Overview, OfAnEmptyStoreSaysSo) {
  for (const Kind kind : {Kind::top, Kind::slow, Kind::flaky}) {
    EXPECT_EQ(examine_all(kind, {}).summary, "no query has a history");
  }
}

TEST(Overview, DoesNotDependOnTheOrderOfTheStore) {
  std::vector<QuerySeries> turned = sample_store();
  std::reverse(turned.begin(), turned.end());
  for (const Kind kind : {Kind::top, Kind::slow, Kind::flaky}) {
    EXPECT_EQ(examine_all(kind, turned), examine_all(kind, sample_store()));
  }
}

TEST(Top, SharesAreThoseOfTheWorkloadByWeight) {
  std::vector<QuerySeries> store = {even_series("a", 5, 100), even_series("b", 5, 100)};
  for (HistoryPoint& point : store[1].points) point.weight = 3;
  const HistoryOverview overview = examine_all(Kind::top, store);
  EXPECT_EQ(queries_of(overview), (std::vector<std::string>{"b", "a"}));
  EXPECT_THAT(std::get<TopFigures>(overview.rows[0].figures).share, DoubleNear(0.75, 1e-9));
  EXPECT_EQ(overview.rows[0].measure, "75 %");
  EXPECT_EQ(overview.summary, "2 queries by their part of the workload's time, in 5 runs");
}

TEST(Overview, ComparesAtEqualMachineSpeed) {
  std::vector<QuerySeries> store;
  for (int i = 0; i < 7; ++i) {
    store.push_back(even_series("cart_" + std::to_string(i), 20, 100));
    for (std::size_t run = 12; run < 20; ++run) {
      HistoryBinding& binding = store.back().points[run].bindings[0];
      binding.cpu_min_us = *binding.cpu_min_us * (i == 0 ? 6 : 2);
    }
    store.back().others.clear();
  }
  const HistoryOverview overview = examine_all(Kind::top, store);
  EXPECT_EQ(overview.rows[0].query, "cart_0");
  EXPECT_THAT(std::get<TopFigures>(overview.rows[0].figures).trend, Optional(DoubleNear(3, 0.1)));
  EXPECT_THAT(std::get<TopFigures>(overview.rows[1].figures).trend, Optional(DoubleNear(1, 0.1)));
  EXPECT_THAT(*overview.rows[1].times_us[15] / *overview.rows[1].times_us[5], DoubleNear(1, 0.1));
  // Five of the same workload are needed.
  for (std::size_t i = 1; i < 3; ++i) store[i].workload = "another";
  for (const OverviewRow& row : examine_all(Kind::top, store).rows) {
    EXPECT_THAT(std::get<TopFigures>(row.figures).trend,
                Optional(DoubleNear(row.query == "cart_0" ? 6 : 2, 0.2)));
  }
}

TEST(Top, AddsUpTimesOfOneClock) {
  std::vector<QuerySeries> store = {even_series("a", 5, 100), even_series("b", 5, 100)};
  for (HistoryPoint& point : store[1].points) {
    point.bindings[0].cpu_min_us.reset();
    point.bindings[0].wall_min_us = 300;
  }
  for (HistoryPoint& point : store[0].points) point.bindings[0].wall_min_us = 100;
  const HistoryOverview overview = examine_all(Kind::top, store);
  EXPECT_EQ(overview.rows[0].measure, "75 %");
  EXPECT_EQ(overview.rows[1].clock, "wall");
}

TEST(Top, EqualSharesGoByName) {
  EXPECT_EQ(queries_of(examine_all(Kind::top, {even_series("b", 5, 9), even_series("a", 5, 9)})),
            (std::vector<std::string>{"a", "b"}));
}

TEST(Top, TrendIsThatOfLevelsAndNotOfSingleRuns) {
  const std::vector<OverviewRow> rows = examine_all(Kind::top, sample_store()).rows;
  const auto row = std::find_if(rows.begin(), rows.end(), [](const OverviewRow& one) {
    return one.query == "orders_of_customer";
  });
  ASSERT_NE(row, rows.end());
  EXPECT_THAT(std::get<TopFigures>(row->figures).trend, Optional(DoubleNear(17.3, 0.3)));
  EXPECT_THAT(row->sentence, HasSubstr("17× slower than in the first run"));
}

TEST(Top, TrendBeginsWhereTheBindingsDo) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 10; run < 20; ++run) {
    series.points[run].bindings = {history_binding(1, "x", 9000, "s", 9)};
  }
  const HistoryOverview overview = examine_all(Kind::top, {series});
  EXPECT_THAT(std::get<TopFigures>(overview.rows[0].figures).trend, Optional(1.0));
  EXPECT_THAT(overview.rows[0].sentence, HasSubstr("as fast as in run 11"));
}

TEST(Top, TrendBeginsWithTheFirstTimes) {
  QuerySeries series = even_series("cart", 20, 80);
  for (std::size_t run = 0; run < 3; ++run) {
    series.points[run].bindings[0].cpu_min_us.reset();
    series.points[run].bindings[0].wall_min_us.reset();
  }
  EXPECT_THAT(examine_all(Kind::top, {series}).rows[0].sentence, HasSubstr("as fast as in run 4"));
}

TEST(Top, LeavesOutWhatWasNotTimed) {
  QuerySeries series = even_series("cart", 3, 80);
  for (HistoryPoint& point : series.points) {
    point.bindings[0].cpu_min_us.reset();
    point.bindings[0].wall_min_us.reset();
  }
  const HistoryOverview overview = examine_all(Kind::top, {series});
  EXPECT_THAT(overview.rows, IsEmpty());
  EXPECT_EQ(overview.summary, "no query of 1 was timed in 3 runs");
}

TEST(Slow, NoneIsSaidWithTheLimit) {
  const HistoryOverview overview =
      examine_all(Kind::slow, {even_series("a", 20, 9), even_series("b", 20, 9)});
  EXPECT_THAT(overview.rows, IsEmpty());
  EXPECT_EQ(overview.summary, "no query of 2 is slow: none took 100 ms or more in 20 runs");
}

TEST(Overview, LeavesOutQueriesThatAreGone) {
  std::vector<QuerySeries> store = {even_series("kept", 10, 100), even_series("gone", 8, 300'000)};
  EXPECT_EQ(queries_of(examine_all(Kind::top, store)), (std::vector<std::string>{"kept"}));
  EXPECT_EQ(examine_all(Kind::top, store).rows[0].measure, "100 %");
  EXPECT_THAT(examine_all(Kind::slow, store).rows, IsEmpty());
  // The last two runs were of other queries.
  store[0].points[8].partial = store[0].points[9].partial = true;
  EXPECT_EQ(queries_of(examine_all(Kind::top, store)), (std::vector<std::string>{"gone", "kept"}));
  EXPECT_THAT(examine_all(Kind::slow, store).rows, SizeIs(1));
  // Another workload says nothing.
  store[0].points[8].partial = store[0].points[9].partial = false;
  store[1].workload = "metrics";
  EXPECT_THAT(examine_all(Kind::slow, store).rows, SizeIs(1));
}

TEST(Slow, LimitsMayDiffer) {
  std::vector<QuerySeries> store = {even_series("a", 2, 9), even_series("b", 2, 9)};
  for (HistoryPoint& point : store[1].points) point.slow_ms = 2000;
  EXPECT_EQ(examine_all(Kind::slow, store).summary,
            "no query of 2 is slow: none took 100 ms to 2.0 s or more in 2 runs");
}

TEST(Slow, AlwaysBeforeInSpikesBeforeNoLonger) {
  const HistoryOverview overview = examine_all(Kind::slow, sample_store());
  EXPECT_EQ(queries_of(overview),
            (std::vector<std::string>{"daily_totals", "order_export", "order_search"}));
  EXPECT_EQ(overview.summary,
            "3 of 10 queries slow, 100 ms or more, in 20 runs: 1 always, 1 in spikes and 1 no "
            "longer");
}

TEST(Slow, SinceWhenIsTheFirstOfARowOfRuns) {
  QuerySeries series = even_series("cart", 10, 80);
  for (const std::size_t run : {2U, 5U, 6U, 7U, 8U, 9U}) {
    set_wall(series.points[run], 200'000, 250'000, 300'000);
  }
  const HistoryOverview overview = examine_all(Kind::slow, {series});
  ASSERT_THAT(overview.rows, SizeIs(1));
  EXPECT_EQ(slow_of(overview.rows[0]).state, SlowFigures::State::always);
  EXPECT_EQ(slow_of(overview.rows[0]).since, 5U);
  EXPECT_EQ(slow_of(overview.rows[0]).since_commit, "06c0ffee5d");
  EXPECT_EQ(slow_of(overview.rows[0]).slow_runs, 6);
  EXPECT_EQ(overview.rows[0].sentence,
            "half of the executions take 200 ms or more since run 6, commit 06c0ffee5d \"Change "
            "number 6\" (branch main); slow in 6 of 10 runs");
}

TEST(Slow, SpikesBeginAfterTheQueryLastWasSlowAlways) {
  QuerySeries series = even_series("cart", 10, 80);
  set_wall(series.points[0], 10, 20, 400'000);
  set_wall(series.points[3], 200'000, 250'000, 300'000);
  set_wall(series.points[6], 10, 20, 150'000);
  set_wall(series.points[8], 10, 170'000, 170'000);
  const HistoryOverview overview = examine_all(Kind::slow, {series});
  ASSERT_THAT(overview.rows, SizeIs(1));
  EXPECT_EQ(slow_of(overview.rows[0]).state, SlowFigures::State::in_spikes);
  EXPECT_EQ(slow_of(overview.rows[0]).since, 6U);
  EXPECT_EQ(slow_of(overview.rows[0]).longest_us, 170'000);
  EXPECT_EQ(slow_of(overview.rows[0]).slow_runs, 4);
}

TEST(Slow, ALimitThatChangedCountsFromItsRunOn) {
  QuerySeries series = even_series("cart", 4, 80);
  for (HistoryPoint& point : series.points) set_wall(point, 60'000, 61'000, 62'000);
  series.points[3].slow_ms = 50;
  const HistoryOverview overview = examine_all(Kind::slow, {series});
  ASSERT_THAT(overview.rows, SizeIs(1));
  EXPECT_EQ(slow_of(overview.rows[0]).state, SlowFigures::State::always);
  EXPECT_EQ(slow_of(overview.rows[0]).since, 3U);
}

TEST(Slow, NamesTheBindingWhereThereAreSeveral) {
  QuerySeries series = even_series("cart", 2, 80);
  for (HistoryPoint& point : series.points) {
    point.bindings.push_back(history_binding(2, "region = 'EU'", 300'000, "s", 9));
  }
  EXPECT_THAT(examine_all(Kind::slow, {series}).rows[0].sentence,
              HasSubstr("half of the executions with region = 'EU' take 450 ms or more"));
}

TEST(Flaky, NoneIsSaid) {
  const HistoryOverview overview = examine_all(Kind::flaky, {even_series("a", 20, 9)});
  EXPECT_THAT(overview.rows, IsEmpty());
  EXPECT_EQ(overview.summary,
            "no query of 1 is flaky: the same commit had the same verdict, and the same statement "
            "on the same data kept its plan, in 20 runs");
}

TEST(Flaky, CountsPlansThatCameBackForTheSameThing) {
  QuerySeries series = even_series("cart", 6, 80);
  series.points[1].bindings[0].shape = series.points[4].bindings[0].shape = "bbbbbbbbbbbb";
  const HistoryOverview overview = examine_all(Kind::flaky, {series});
  ASSERT_THAT(overview.rows, SizeIs(1));
  EXPECT_EQ(flaky_of(overview.rows[0]).plan_returns, 3);  // runs 3, 5 and 6
  EXPECT_EQ(overview.rows[0].measure, "3 of 6 runs");
  EXPECT_EQ(overview.rows[0].sentence, "plan back at an earlier one in 3 runs");
}

TEST(Flaky, APlanThatFollowsDataStatementOrServerIsNone) {
  for (const int what : {0, 1, 2}) {
    QuerySeries series = even_series("cart", 6, 80);
    for (const std::size_t run : {1U, 4U}) {
      HistoryPoint& point = series.points[run];
      point.bindings[0].shape = "bbbbbbbbbbbb";
      if (what == 0) point.setup_hash = "other";
      if (what == 1) point.fingerprint = "other";
      if (what == 2) point.postgres_major = 17;
    }
    EXPECT_THAT(examine_all(Kind::flaky, {series}).rows, IsEmpty()) << what;
  }
}

TEST(Flaky, CountsOtherVerdictsOfTheSameCommit) {
  QuerySeries series = even_series("cart", 6, 80);
  for (const std::size_t run : {1U, 2U, 3U}) series.points[run].commit = series.points[0].commit;
  series.points[2].verdict = Verdict::regressed;
  series.points[5].verdict = Verdict::regressed;
  HistoryOverview overview = examine_all(Kind::flaky, {series});
  ASSERT_THAT(overview.rows, SizeIs(1));
  EXPECT_EQ(flaky_of(overview.rows[0]).other_verdicts, 2);  // there and back
  for (HistoryPoint& point : series.points) point.commit->modified = true;
  overview = examine_all(Kind::flaky, {series});
  EXPECT_THAT(overview.rows, IsEmpty());
}

TEST(Flaky, AnotherVerdictBesideAnotherBaseIsNone) {
  QuerySeries series = even_series("cart", 4, 80);
  for (HistoryPoint& point : series.points) point.commit = series.points[0].commit;
  series.points[2].verdict = series.points[3].verdict = Verdict::regressed;
  EXPECT_THAT(examine_all(Kind::flaky, {series}).rows, SizeIs(1));
  series.points[2].base = series.points[3].base = "81aa2f0b1c";
  EXPECT_THAT(examine_all(Kind::flaky, {series}).rows, IsEmpty());
  for (HistoryPoint& point : series.points) point.base.reset();
  EXPECT_THAT(examine_all(Kind::flaky, {series}).rows, IsEmpty());
}

TEST(Flaky, ARunThatDidNotRunTheQueryHasNoOtherVerdict) {
  QuerySeries series = even_series("cart", 3, 80);
  for (HistoryPoint& point : series.points) point.commit = series.points[0].commit;
  series.points[1].bindings.clear();
  series.points[1].verdict = Verdict::skipped;
  EXPECT_THAT(examine_all(Kind::flaky, {series}).rows, IsEmpty());
}

TEST(Flaky, RanksByOddRunsThenByTheirPart) {
  std::vector<QuerySeries> store = {even_series("two_of_ten", 10, 80), even_series("one", 3, 80),
                                    even_series("two_of_four", 4, 80)};
  store[0].points[1].verdict = store[0].points[2].verdict = Verdict::inconclusive;
  store[1].points[0].verdict = Verdict::inconclusive;
  store[2].points[1].verdict = store[2].points[2].verdict = Verdict::inconclusive;
  const HistoryOverview overview = examine_all(Kind::flaky, store);
  EXPECT_EQ(queries_of(overview), (std::vector<std::string>{"two_of_four", "two_of_ten", "one"}));
  EXPECT_EQ(overview.rows[2].sentence, "inconclusive in 1 run");
  EXPECT_EQ(overview.summary, "3 of 3 queries flaky in 10 runs");
}

TEST(Flaky, ARunCountsOnce) {
  const HistoryOverview overview = examine_all(Kind::flaky, sample_store());
  ASSERT_FALSE(overview.rows.empty());
  EXPECT_EQ(overview.rows[0].query, "open_orders");
  EXPECT_EQ(flaky_of(overview.rows[0]).odd_runs, 7);
}

}  // namespace
}  // namespace pgduet::gate

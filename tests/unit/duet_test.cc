// The scheduling of the duet, with simulated samples.
#include "pgduet/gate/duet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace pgduet::gate {
namespace {

TEST(DrawTurns, EveryItemHasItsRoundsAndSides) {
  const std::vector<TurnItem> items = {{8, {DuetSide::base, DuetSide::head}},
                                       {2, {DuetSide::base, DuetSide::head, DuetSide::control}},
                                       {3, {DuetSide::head}}};
  const std::vector<DuetTurn> turns = draw_turns(items, 1);
  std::map<std::pair<std::size_t, DuetSide>, int> counts;
  for (const DuetTurn& turn : turns) ++counts[{turn.item, turn.side}];
  EXPECT_EQ(turns.size(), 16U + 6U + 3U);
  EXPECT_EQ((counts[{0, DuetSide::base}]), 8);
  EXPECT_EQ((counts[{1, DuetSide::control}]), 2);
  EXPECT_EQ((counts[{2, DuetSide::head}]), 3);
}

TEST(DrawTurns, TheSidesOfAnItemFollowEachOtherInRandomOrder) {
  const std::vector<TurnItem> items(5, {200, {DuetSide::base, DuetSide::head}});
  const std::vector<DuetTurn> turns = draw_turns(items, 7);
  int base_first = 0;
  for (std::size_t i = 0; i < turns.size(); i += 2) {
    ASSERT_EQ(turns[i].item, turns[i + 1].item);
    ASSERT_NE(turns[i].side, turns[i + 1].side);
    if (turns[i].side == DuetSide::base) ++base_first;
  }
  EXPECT_NEAR(base_first, 500, 100);
  std::set<std::vector<std::size_t>> orders;
  for (std::size_t round = 0; round < 20; ++round) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < 5; ++i) order.push_back(turns[round * 10 + i * 2].item);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 10U);
  EXPECT_EQ(turns, draw_turns(items, 7));
  EXPECT_NE(turns, draw_turns(items, 8));
}

TEST(ExecutionsOfSample, FillMillisecondsAndAreFew) {
  EXPECT_EQ(executions_of_sample(50, false), 40);
  EXPECT_EQ(executions_of_sample(400, false), 10);
  EXPECT_EQ(executions_of_sample(30e6, false), 1);
  EXPECT_EQ(executions_of_sample(50, true), 12);
  EXPECT_EQ(executions_of_sample(0, false), 40);
}

TEST(RoundsOf, SlowQueriesGetFewer) {
  EXPECT_EQ(rounds_of(50, stage_rounds, false), 8);
  EXPECT_EQ(rounds_of(60e3, stage_rounds, false), 8);
  EXPECT_EQ(rounds_of(100e3, stage_rounds, false), 6);
  EXPECT_EQ(rounds_of(1e6, stage_rounds, false), 2);
  EXPECT_EQ(rounds_of(30e6, stage_rounds, false), 1);
  EXPECT_EQ(rounds_of(60e3, screening_rounds, true), 5);
  EXPECT_EQ(rounds_of(60e3, 1, true), 1) << "never more than wanted";
}

// Minima of both clocks of one stage, with a bias of the stage and noise of the samples.
StageTimes simulated(int stage, double ratio, double bias, double noise, std::mt19937_64& random) {
  std::exponential_distribution<double> delay(1 / noise);
  std::normal_distribution<double> start(0, bias);
  const auto minimum = [&](double us) {
    double least = us * (1 + delay(random));
    for (int i = 1; i < stage_rounds; ++i) least = std::min(least, us * (1 + delay(random)));
    return least;
  };
  const double base_us = 2000 * (1 + start(random));
  const double head_us = 2000 * ratio * (1 + start(random));
  StageTimes times;
  times.stage = stage;
  times.base = {minimum(base_us), minimum(base_us), minimum(base_us)};
  times.head = {minimum(head_us), minimum(head_us), minimum(head_us)};
  times.executions = stage_rounds;
  return times;
}

TEST(Duet, StopsWhenAllIsDecided) {
  Duet duet({{{1.1, 1.1}, {}, false}, {{1.1, 1.1}, {}, false}});
  std::mt19937_64 random(1);
  for (int stage = 1; stage <= 3; ++stage) {
    ASSERT_EQ(duet.begin_stage(), (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(duet.stage(), stage);
    duet.add(0, simulated(stage, 2.0, 0.001, 0.01, random));
    duet.add(1, simulated(stage, stage == 2 ? 2.0 : 1.0, 0.001, 0.01, random));
  }
  EXPECT_EQ(duet.begin_stage(), (std::vector<std::size_t>{1})) << "2 : 1 decides nothing";
  duet.add(1, simulated(4, 1.0, 0.001, 0.01, random));
  EXPECT_TRUE(duet.begin_stage().empty());
  EXPECT_EQ(duet.stage(), 4);
}

TEST(Duet, WhatFailedTakesPartNoMore) {
  Duet duet({{{}, {}, false}, {{}, {}, false}});
  ASSERT_EQ(duet.begin_stage().size(), 2U);
  duet.drop(0);
  EXPECT_EQ(duet.begin_stage(), (std::vector<std::size_t>{1}));
  duet.drop(1);
  EXPECT_TRUE(duet.begin_stage().empty());
}

TEST(Duet, ReferencesAreMeasuredAlongAndDecideNothing) {
  Duet duet({{{1.2, 1.2}, baseline_rule, false}, {{1.2, 1.2}, baseline_rule, true}});
  std::mt19937_64 random(1);
  ASSERT_EQ(duet.begin_stage().size(), 2U);
  duet.add(0, simulated(1, 1.0, 0.001, 0.01, random));
  EXPECT_TRUE(duet.begin_stage().empty());
}

TEST(Duet, HasFiveStagesAtMost) {
  Duet duet({{{1.1, 1.25}, {}, false}});
  int stages = 0;
  while (!duet.begin_stage().empty()) {
    StageTimes times;
    times.base = {30, 30, 30};
    times.head = {36, 36, 36};
    times.control = MinimumTimes{38, 38, 38};
    duet.add(0, times);
    ++stages;
  }
  EXPECT_EQ(stages, most_stages);
}

// Runs the state machine to its end.
TimeOutcome outcome_of(double ratio, double bias, std::mt19937_64& random) {
  const TimeLimits limits = {1.10, 1.10};
  Duet duet({{limits, {}, false}});
  std::vector<StageTimes> stages;
  while (!duet.begin_stage().empty()) {
    stages.push_back(simulated(duet.stage(), ratio, bias, 0.05, random));
    duet.add(0, stages.back());
  }
  return decide(stages, limits.report);
}

// With twice the bias between two starts of a server that was measured (1 % in the median).
TEST(Duet, ASimulatedGateIsRightAboutSmallSlowdowns) {
  std::mt19937_64 random(42);
  int false_alarms = 0;
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    if (outcome_of(1.0, 0.02, random) == TimeOutcome::slower) ++false_alarms;
    if (outcome_of(1.2, 0.02, random) == TimeOutcome::slower) ++found;
  }
  EXPECT_EQ(false_alarms, 0);
  EXPECT_GT(found, 1980);
}

// Both sides slow down alike: their ratio stays what it is.
TEST(Duet, AMachineThatChangesSpeedInTheMiddleChangesNoVerdict) {
  std::mt19937_64 random(3);
  for (const double ratio : {1.0, 1.3}) {
    std::vector<StageTimes> stages;
    for (int stage = 1; stage <= 3; ++stage) {
      StageTimes times = simulated(stage, ratio, 0.01, 0.05, random);
      if (stage > 1) {
        for (MinimumTimes* side : {&times.base, &times.head}) {
          side->wall_us *= 2;
          side->served_us *= 2;
          *side->cpu_us *= 2;
        }
      }
      stages.push_back(times);
    }
    EXPECT_EQ(decide(stages, 1.1), ratio > 1 ? TimeOutcome::slower : TimeOutcome::same);
  }
}

}  // namespace
}  // namespace pgduet::gate

// The decision rule for time, on samples made up for it.
#include "pgduet/gate/time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace pgduet::gate {
namespace {

MinimumTimes both(double us) { return {us + 20, us, us, us}; }

StageTimes stage(int number, double base_us, double ratio,
                 std::optional<double> control_ratio = 1.0) {
  StageTimes times;
  times.stage = number;
  times.base = both(base_us);
  times.head = both(base_us * ratio);
  if (control_ratio && base_us < short_execution_us) times.control = both(base_us * *control_ratio);
  times.executions = 320;
  return times;
}

std::vector<StageTimes> stages(const std::vector<double>& ratios, double base_us = 5000) {
  std::vector<StageTimes> result;
  for (const double ratio : ratios) {
    result.push_back(stage(static_cast<int>(result.size()) + 1, base_us, ratio));
  }
  return result;
}

TEST(JudgeStage, BothClocksMustAgree) {
  StageTimes times = stage(1, 5000, 1.2);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::slower);
  EXPECT_NEAR(judge_stage(times, 1.1).score, std::log(1.2), 1e-9);
  times.head.cpu_us = 5000;  // a busy neighbour
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
  times = stage(1, 5000, 1.2);
  times.head.undisturbed_us = 5000;
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, ElapsedTimeIsJudgedWithoutThatOfOtherProcesses) {
  StageTimes times = stage(1, 11000, 1.2);
  times.base.served_us = 19000;
  times.head.served_us = 13500;  // one lucky sample
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::slower);
  times.head.undisturbed_us.reset();  // the kernel does not tell
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, OneLuckySampleConvictsNobody) {
  StageTimes times = stage(1, 5000, 1.5);
  times.paired = std::log(1.08);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::slower);
  times.paired = std::log(1.06);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
  times = stage(1, 5000, 0.6);
  times.paired = std::log(0.9);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::faster);
  times.paired = std::log(0.96);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(PairedScore, IsTheMedianOverTheRoundsOfAStage) {
  BindingRun base;
  BindingRun head;
  EXPECT_FALSE(paired_score(base, head, 1));
  for (const double us : {10.0, 20.0, 40.0}) {
    base.executions.push_back({.wall_us = 90, .cpu_us = us, .stage = 1});
    base.executions.push_back({.wall_us = 1, .cpu_us = 1, .stage = 1, .control = true});
    head.executions.push_back({.wall_us = 80, .cpu_us = 24, .stage = 1});
  }
  EXPECT_NEAR(*paired_score(base, head, 1), std::log(1.2), 1e-9);
  EXPECT_FALSE(paired_score(base, head, 2));
  for (Execution& execution : head.executions) execution.cpu_us.reset();
  EXPECT_NEAR(*paired_score(base, head, 1), std::log(80.0 / 90.0), 1e-9);
}

TEST(JudgeStage, FasterIsTheSameTheOtherWayRound) {
  EXPECT_EQ(judge_stage(stage(1, 5000, 0.8), 1.1).vote, StageVote::faster);
  StageTimes times = stage(1, 5000, 0.8);
  times.head.cpu_us = 5000;
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, WaitingConvictsByElapsedTimeAlone) {
  StageTimes times = stage(1, 5000, 1.0);
  times.head.served_us = *(times.head.undisturbed_us = 5000 * 1.6);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::slower);
  EXPECT_TRUE(judge_stage(times, 1.1).waits);
  times.head.served_us = *(times.head.undisturbed_us = 5000 * 1.4);
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, WaitingForACoreIsNoWaiting) {
  StageTimes times = stage(1, 70, 1.1);
  times.head.served_us = 150;  // a neighbour had the core in every sample
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
  times.head.undisturbed_us.reset();  // or the kernel does not tell
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, ElapsedTimeAloneConvictsNobodyAgainstABaseline) {
  StageTimes times = stage(1, 5000, 1.0);
  times.head.served_us = *(times.head.undisturbed_us = 5000 * 1.6);
  times.against_baseline = true;
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
}

TEST(JudgeStage, ShortExecutionsMustExceedWhatBaseDiffersByFromItself) {
  EXPECT_EQ(judge_stage(stage(1, 30, 1.2, 1.05), 1.1).vote, StageVote::slower);
  EXPECT_EQ(judge_stage(stage(1, 30, 1.2, 1.25), 1.1).vote, StageVote::noisy);
  EXPECT_EQ(judge_stage(stage(1, 30, 1.2, 0.75), 1.1).vote, StageVote::noisy);
  EXPECT_EQ(judge_stage(stage(1, 30, 1.05, 1.25), 1.1).vote, StageVote::same);
  EXPECT_EQ(judge_stage(stage(1, 5000, 1.2, 1.25), 1.1).vote, StageVote::slower);
}

TEST(JudgeStage, OneClockIsJudgedAlone) {
  StageTimes times = stage(1, 5000, 1.3);
  times.head.cpu_us.reset();
  EXPECT_EQ(judge_stage(times, 1.25).vote, StageVote::slower);
  EXPECT_EQ(judge_stage(times, 1.35).vote, StageVote::same);
}

TEST(JudgeStage, TakesTheDifferenceOfTheMachinesOut) {
  StageTimes times = stage(1, 5000, 2.0);
  times.machine = 2.0;
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::same);
  times.machine = 1.5;
  EXPECT_EQ(judge_stage(times, 1.1).vote, StageVote::slower);
}

TEST(Decide, TheMajorityOfFiveStagesDecidesAndStopsEarly) {
  EXPECT_EQ(decide(stages({}), 1.1), TimeOutcome::open);
  EXPECT_EQ(decide(stages({1.2, 1.2}), 1.1), TimeOutcome::open);
  EXPECT_EQ(decide(stages({1.2, 1.2, 1.2}), 1.1), TimeOutcome::slower);
  EXPECT_EQ(decide(stages({1.2, 1.0, 1.2}), 1.1), TimeOutcome::open);
  EXPECT_EQ(decide(stages({1.2, 1.0, 1.2, 1.0, 1.2}), 1.1), TimeOutcome::slower);
  EXPECT_EQ(decide(stages({1.2, 1.0, 1.0, 1.2, 1.0}), 1.1), TimeOutcome::same);
  EXPECT_EQ(decide(stages({1.0, 1.0, 1.0}), 1.1), TimeOutcome::same);
  EXPECT_EQ(decide(stages({0.8, 0.8, 0.8}), 1.1), TimeOutcome::faster);
}

TEST(Decide, ABimodalQueryIsWhatTheMajoritySays) {
  EXPECT_EQ(decide(stages({1.4, 0.7, 1.4, 0.7, 1.0}), 1.1), TimeOutcome::same);
  EXPECT_EQ(decide(stages({1.4, 0.7, 1.4, 0.7, 1.4}), 1.1), TimeOutcome::slower);
}

TEST(Decide, NoiseIsNoVerdict) {
  std::vector<StageTimes> noisy;
  for (int i = 1; i <= 5; ++i) noisy.push_back(stage(i, 30, 1.2, 1.3));
  EXPECT_EQ(decide(noisy, 1.1), TimeOutcome::noisy);
  noisy[0] = stage(1, 30, 1.2);
  noisy[1] = stage(2, 30, 1.2);
  EXPECT_EQ(decide(noisy, 1.1), TimeOutcome::noisy) << "two of five are no majority";
}

TEST(Decide, AgainstABaselineAllMustAgree) {
  EXPECT_EQ(decide(stages({1.3, 1.3}), 1.2, baseline_rule), TimeOutcome::open);
  EXPECT_EQ(decide(stages({1.3, 1.3, 1.3}), 1.2, baseline_rule), TimeOutcome::slower);
  EXPECT_EQ(decide(stages({1.3, 1.1}), 1.2, baseline_rule), TimeOutcome::same);
}

TEST(JudgeStages, WhatWasOnlyMeasuredAlongIsNotJudged) {
  std::vector<StageTimes> one = stages({1.3});
  EXPECT_EQ(judge_stages(one, {1.2, 1.5}, baseline_rule).outcome, TimeOutcome::open);
  one[0].against_baseline = true;
  EXPECT_EQ(judge_stages(one, {1.2, 1.5}, baseline_rule).outcome, TimeOutcome::same);
}

TEST(IsDecided, AsksForTheLimitThatFailsToo) {
  const TimeLimits limits = {1.1, 1.25};
  EXPECT_TRUE(is_decided(stages({1.2, 1.2, 1.2}), limits));
  EXPECT_FALSE(is_decided(stages({1.2, 1.3, 1.3}), limits));
  EXPECT_TRUE(is_decided(stages({1.2, 1.3, 1.3, 1.3}), limits));
}

TEST(TimeLimits, AreStricterWhereOnlyTimeChangedAndWhereLessIsKnown) {
  EXPECT_EQ(time_limits(1.1, {}), (TimeLimits{1.1, 1.1}));
  EXPECT_EQ(time_limits(1.1, {.only_time = true}), (TimeLimits{1.1, 1.25}));
  EXPECT_EQ(time_limits(1.4, {.only_time = true}), (TimeLimits{1.4, 1.4}));
  EXPECT_EQ(time_limits(1.1, {.two_clocks = false}), (TimeLimits{1.25, 1.25}));
  EXPECT_EQ(time_limits(1.1, {.base_side = false}), (TimeLimits{1.2, 1.2}));
  EXPECT_EQ(time_limits(1.1, {.only_time = true, .base_side = false}), (TimeLimits{1.2, 1.5}));
  EXPECT_EQ(time_limits(1.1, {.only_time = true, .base_side = false, .spread = 2}),
            (TimeLimits{2.4, 3}));
}

TEST(StageTimes, ComeFromTheSamplesOfBothSides) {
  BindingRun base;
  base.executions = {{.wall_us = 60, .cpu_us = 40, .client_us = 10, .executions = 40, .stage = 1},
                     {.wall_us = 55, .cpu_us = 42, .client_us = 10, .executions = 40, .stage = 1},
                     {.wall_us = 70, .cpu_us = 41, .executions = 40, .stage = 1, .control = true},
                     {.wall_us = 1, .cpu_us = 1, .executions = 40, .stage = 2}};
  BindingRun head;
  head.executions = {{.wall_us = 5, .cpu_us = 4, .executions = 12, .stage = 0},
                     {.wall_us = 90, .cpu_us = 80, .client_us = 8, .executions = 40, .stage = 1},
                     {.wall_us = 95, .cpu_us = 81, .client_us = 8, .executions = 40, .stage = 1}};
  const std::vector<StageTimes> found = stage_times(base, head);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].base, (MinimumTimes{55, 40, 45, std::nullopt}));
  EXPECT_EQ(found[0].head, (MinimumTimes{90, 80, 82, std::nullopt}));
  EXPECT_EQ(found[0].control, (MinimumTimes{70, 41, 70, std::nullopt}));
  EXPECT_EQ(found[0].executions, 80);
}

TEST(JudgeStages, KeepsTheEvidenceAndSaysIt) {
  std::vector<StageTimes> three = stages({2.4, 2.5, 2.42}, 31);
  const TimeEvidence evidence = judge_stages(three, {1.1, 1.25});
  EXPECT_EQ(evidence.outcome, TimeOutcome::slower);
  EXPECT_TRUE(evidence.fails);
  EXPECT_NEAR(evidence.ratio, 2.4, 0.01);
  EXPECT_EQ(sentence_of(evidence),
            "2.40× slower (CPU 31 µs → 74 µs, wall 51 µs → 94 µs), 3 of 3 stages agree, 960 "
            "executions a side");
}

TEST(JudgeStages, StagesInWhichBaseWasUnluckyDoNotAgreeByChance) {
  std::vector<StageTimes> three = {stage(1, 26.5, 1.11), stage(2, 26.8, 1.11),
                                   stage(3, 24.5, 1.12)};
  three[2].head = both(26.0);
  three.push_back(stage(4, 26.4, 1.11));
  EXPECT_EQ(decide(three, 1.1), TimeOutcome::slower);
  EXPECT_EQ(judge_stages(three, {1.1, 1.25}).outcome, TimeOutcome::same);
}

TEST(JudgeStages, SmallGainsAreAsDoubtfulAsSmallLosses) {
  EXPECT_EQ(judge_stages(stages({0.85, 0.85, 0.85}), {1.1, 1.25}).outcome, TimeOutcome::same);
  EXPECT_EQ(judge_stages(stages({0.85, 0.85, 0.85}), {1.1, 1.1}).outcome, TimeOutcome::faster);
  EXPECT_EQ(judge_stages(stages({0.7, 0.7, 0.7}), {1.1, 1.25}).outcome, TimeOutcome::faster);
}

TEST(JudgeStages, ReportsWhatDoesNotFail) {
  const TimeEvidence evidence = judge_stages(stages({1.2, 1.2, 1.2}), {1.1, 1.25});
  EXPECT_EQ(evidence.outcome, TimeOutcome::slower);
  EXPECT_FALSE(evidence.fails);
}

TEST(JudgeStages, SaysHowSmallASlowdownWouldHaveShown) {
  EXPECT_NEAR(judge_stages(stages({1, 1, 1}), {1.1, 1.1}).detectable, 1.1, 1e-9);
  EXPECT_NEAR(judge_stages(stages({0.95, 0.95, 1.0}), {1.1, 1.1}).detectable, 1.1 / 0.95, 1e-9);
  std::vector<StageTimes> straying = stages({1, 1, 1}, 30);
  straying[1] = stage(2, 30, 1, 1.3);
  EXPECT_NEAR(judge_stages(straying, {1.1, 1.1}).detectable, 1.3, 1e-9);
}

TEST(Screening, UsesCpuTimeWhereBothSidesHaveIt) {
  BindingRun base;
  BindingRun head;
  EXPECT_FALSE(screening_score(base, head));
  base.executions = {{60, 40, 10}};
  head.executions = {{160, 44, 10}};
  EXPECT_NEAR(*screening_score(base, head), std::log(1.1), 1e-9);
  head.executions = {{160, std::nullopt, 10}};
  EXPECT_NEAR(*screening_score(base, head), std::log(3.0), 1e-9);
}

TEST(Screening, OneLuckySampleHidesNothing) {
  BindingRun base;
  BindingRun head;
  base.executions = {{60, 40}, {60, 41}, {60, 44}};
  head.executions = {{60, 46}, {60, 47}, {60, 50.6}};
  EXPECT_NEAR(*screening_score(base, head), std::log(1.15), 1e-9);
  head.executions[1].cpu_us = 40;
  EXPECT_NEAR(*screening_score(base, head), std::log(1.15), 1e-9);
  base.executions[0].cpu_us = 30;
  EXPECT_NEAR(*screening_score(base, head), std::log(40.0 / 30.0), 1e-9);
}

TEST(Screening, NominatesBelowTheLimit) {
  EXPECT_NEAR(std::exp(nominating_score(1.10)), 1.07, 0.002);
  EXPECT_LT(std::exp(nominating_score(1.07)), 1.05);
}

}  // namespace
}  // namespace pgduet::gate

// The decision rule for time: a pure function over samples. gate/time.md tells users the same.
//
// A *sample* is one Execution of the run record: a batch of executions in a row. Base and head take
// their samples in turn, in random order, in the same minutes, on the same core. A *stage* is
// stage_rounds such samples a side, taken in fresh sessions (and, where the sides do not share a
// cluster, on restarted servers). Stage 0 is the screening: it only nominates, and its samples are
// thrown away when it comes to convicting.
//
// - Of the samples of a stage the minimum counts, by each clock. What disturbs a measurement makes
//   it longer, so that the minimum is what the query costs; a median tells how busy the machine
//   was.
// - A machine may also be faster for a moment, and one sample then decides: the median over the
//   rounds, in each of which base and head ran next to each other, has to say the same.
// - Two clocks, and both must agree: CPU time of the server process, and elapsed time less the CPU
//   time of the client and the time in which other processes had the core.
// - No p-values. They answer whether two samples differ, and two samples do differ, by drift. The
//   question is whether the difference is larger than a limit, again and again.
// - The majority of up to most_stages stages decides; it is over as soon as majority_of_stages of
//   them agree. A bias between two starts of a server convicts one stage and not the next.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pgduet/gate/policy.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

constexpr int screening_rounds = 10;  // samples a side in the screening
constexpr int stage_rounds = 8;       // samples a side in a stage
constexpr int most_stages = 5;
constexpr int majority_of_stages = 3;

// Where neither plan nor work changed, a slowdown fails from here on, and is only reported below: a
// false alarm is likeliest there, and a rewrite may honestly cost a few per cent more planning.
constexpr double time_only_ratio = 1.25;
// With one clock instead of two, and on a server that pgduet did not start.
constexpr double one_clock_ratio = 1.25;
// The same as time_only_ratio where less is known: with one clock, and against a baseline, as
// another machine may be slower at some queries and faster at others.
constexpr double unsure_time_only_ratio = 1.50;
// Waiting (a lock, a sleep, a disk) takes no CPU time, so that the clocks cannot agree. Elapsed
// time less the time in which other processes had the core convicts alone from here on.
constexpr double waiting_ratio = 1.50;
// Against a baseline alone, which another machine recorded.
constexpr double baseline_time_ratio = 1.20;
// The screening nominates from this part of the limit on, in logarithms: at 1.07 for a limit of
// 1.10. In a stage the median over the rounds has to say so from there on, too.
constexpr double nominated_part = 0.7;
// Executions shorter than this are also compared with the base against itself.
constexpr double short_execution_us = 1000;

// From which ratio on a query is slower, and from which on that fails the gate.
struct TimeLimits {
  double report = 1.10;
  double fail = 1.10;

  bool operator==(const TimeLimits&) const = default;
};

// What a comparison of times rests on.
struct TimeBasis {
  bool only_time = false;  // neither plan nor work changed
  bool two_clocks = true;  // see one_clock_ratio
  bool base_side = true;   // base was run beside head; else its baseline is all there is
  // Without a base side: by how much slower than the median of them most other queries are at the
  // worst. What is not beyond that is no more than the two machines, or the two runs, explain.
  double spread = 1;
};
TimeLimits time_limits(double time_ratio, const TimeBasis& basis);

// What one stage measured of one binding.
struct StageTimes {
  int stage = 1;
  MinimumTimes base;
  MinimumTimes head;
  // Base once more, in another session: how far base strays from itself. Short executions only.
  std::optional<MinimumTimes> control;
  // See paired_score(); nothing against a baseline.
  std::optional<double> paired = std::nullopt;
  int executions = 0;  // of head; base has as many
  // Base is a baseline: it was not run beside head, and this machine is slower by so much than that
  // which recorded it.
  bool against_baseline = false;
  double machine = 1;

  bool operator==(const StageTimes&) const = default;
};

// ln(head / base), the median over the rounds of a stage: by CPU time where both sides have it.
// Nothing where there was no round.
std::optional<double> paired_score(const BindingRun& base, const BindingRun& head, int stage);

// The stages (from 1) that both sides have samples of, in order.
std::vector<StageTimes> stage_times(const BindingRun& base, const BindingRun& head);

enum class StageVote { slower, faster, same, noisy };

struct StageJudgement {
  StageVote vote = StageVote::same;
  double score = 0;    // ln(head / base) of the clock by which head does best
  bool waits = false;  // slower by waiting alone
};

StageJudgement judge_stage(const StageTimes& stage, double limit_ratio);

// How many stages there may be, and how many must agree.
struct StageRule {
  int most = most_stages;
  int majority = majority_of_stages;
};
// Against a baseline: three stages, and all must agree.
constexpr StageRule baseline_rule = {3, 3};

enum class TimeOutcome {
  open,    // more stages are needed
  slower,  // or faster: a majority says so
  faster,  // by the limit that fails, as small gains are as doubtful as small losses
  same,    // a majority does not say slower
  noisy    // neither: where head is slower than base, base is as much slower than itself
};

TimeOutcome decide(std::span<const StageTimes> stages, double limit_ratio, StageRule rule = {});

// The outcome by both limits: faster only where it is by the one that fails.
TimeOutcome decide(std::span<const StageTimes> stages, const TimeLimits& limits,
                   StageRule rule = {});

// Whether it is known, and whether it fails, too.
bool is_decided(std::span<const StageTimes> stages, const TimeLimits& limits, StageRule rule = {});

// What there is to show for a judgement of time.
struct TimeEvidence {
  std::vector<StageTimes> stages;
  TimeLimits limits;
  std::string clock = "CPU";  // what cpu_us is: "server" where it is the server's own measurement
  TimeOutcome outcome = TimeOutcome::same;  // by limits.report
  bool fails = false;                       // slower by limits.fail, too
  bool waits = false;                       // slower by elapsed time alone
  int agreeing = 0;                         // stages that say what the outcome says
  double machine = 1;                       // see StageTimes: the median of the stages
  double ratio = 1;   // head / base of the clock that decided, over all stages
  MinimumTimes base;  // over all stages
  MinimumTimes head;
  int executions = 0;     // a side, over all stages
  double detectable = 1;  // the smallest slowdown that these stages would have reported

  bool operator==(const TimeEvidence&) const = default;
};

TimeEvidence judge_stages(std::vector<StageTimes> stages, const TimeLimits& limits,
                          StageRule rule = {});

// "2.41× slower (CPU 31 µs → 75 µs)": the clock that decided.
std::string headline_of(const TimeEvidence& evidence);

// "2.41× slower (CPU 31 µs → 75 µs, wall 48 µs → 102 µs), 3 of 3 stages agree, 960 executions a
// side".
std::string sentence_of(const TimeEvidence& evidence);

// ln(head / base) of the screening, by CPU time where both sides have it: of the minima, or
// paired_score() where that is larger, as one lucky sample must not hide a slowdown. Nothing where
// a side has no samples.
std::optional<double> screening_score(const BindingRun& base, const BindingRun& head);

// ln(limit) at which the screening nominates.
double nominating_score(double limit_ratio);

// 0 for none.
double median(std::vector<double> values);

}  // namespace pgduet::gate

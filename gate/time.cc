#include "pgduet/gate/time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

// One clock's ln(head / base), and ln(control / base) where base was measured against itself.
struct ClockScore {
  double score = 0;
  double control = 0;
  bool drowned = false;  // base strays from itself as far as head does from base
};

ClockScore clock_score(double base, double head, std::optional<double> control, double machine) {
  ClockScore result;
  const double expected = base * machine;
  result.score = std::log(head / expected);
  if (!control) return result;
  result.control = std::log(*control / base);
  result.drowned = std::abs(head - expected) <= std::abs(*control - base);
  return result;
}

struct StageScores {
  ClockScore elapsed;
  std::optional<ClockScore> cpu;
  std::optional<ClockScore> undisturbed;

  // The clock that has to agree with CPU time.
  const ClockScore& second() const { return cpu && undisturbed ? *undisturbed : elapsed; }
};

// The control stands only where the executions are short.
bool has_control(const StageTimes& stage) {
  return stage.control && stage.base.served_us < short_execution_us;
}

using Clock = std::optional<double> (*)(const MinimumTimes&);

std::optional<ClockScore> clock_score(const StageTimes& stage, Clock clock) {
  const std::optional<double> base = clock(stage.base);
  const std::optional<double> head = clock(stage.head);
  if (!base || !head) return std::nullopt;
  return clock_score(*base, *head, has_control(stage) ? clock(*stage.control) : std::nullopt,
                     stage.machine);
}

StageScores scores_of(const StageTimes& stage) {
  StageScores scores;
  scores.elapsed =
      *clock_score(stage, [](const MinimumTimes& times) { return std::optional(times.served_us); });
  scores.cpu = clock_score(stage, [](const MinimumTimes& times) { return times.cpu_us; });
  scores.undisturbed =
      clock_score(stage, [](const MinimumTimes& times) { return times.undisturbed_us; });
  return scores;
}

std::vector<double> scores_of(std::span<const StageTimes> stages) {
  std::vector<double> scores;
  for (const StageTimes& stage : stages) scores.push_back(judge_stage(stage, 1).score);
  return scores;
}

// The slowdown that would just have convicted: the limit, and what the stages' median score falls
// short of where nothing changed; or what base strays from itself.
double detectable_ratio(const TimeEvidence& evidence, std::span<const StageTimes> stages) {
  double stray = 0;
  for (const StageTimes& stage : stages) {
    if (!has_control(stage)) continue;
    const StageScores scores = scores_of(stage);
    stray = std::max(stray, std::abs(scores.second().control));
    if (scores.cpu) stray = std::max(stray, std::abs(scores.cpu->control));
  }
  double shortfall = 0;
  if (evidence.outcome != TimeOutcome::faster) {
    shortfall = std::max(0.0, -median(scores_of(stages)));
  }
  return std::max(evidence.limits.report * std::exp(shortfall), std::exp(stray));
}

StageVote vote_of(TimeOutcome outcome) {
  switch (outcome) {
    case TimeOutcome::slower:
      return StageVote::slower;
    case TimeOutcome::faster:
      return StageVote::faster;
    case TimeOutcome::noisy:
      return StageVote::noisy;
    case TimeOutcome::open:
    case TimeOutcome::same:
      break;
  }
  return StageVote::same;
}

// Whether most of what head takes more is not CPU time.
bool mostly_waits(const TimeEvidence& evidence) {
  const MinimumTimes& base = evidence.base;
  const MinimumTimes& head = evidence.head;
  if (!base.cpu_us || !head.cpu_us || !base.undisturbed_us || !head.undisturbed_us) return false;
  return *head.undisturbed_us - *base.undisturbed_us > 2 * (*head.cpu_us - *base.cpu_us) &&
         *head.undisturbed_us > waiting_ratio * *base.undisturbed_us;
}

// Whether the minima over all stages say it, too, as far as the screening asks: stages in which
// base was unlucky may agree by chance.
bool holds_over_all(const TimeEvidence& evidence) {
  StageTimes all;
  all.base = evidence.base;
  all.head = evidence.head;
  all.machine = evidence.machine;
  return judge_stage(all, 1).score > nominating_score(evidence.limits.report);
}

// Whether other processes had it for a small part of the time at most.
bool had_the_core(const MinimumTimes& times) {
  return !times.undisturbed_us || times.served_us < 1.1 * *times.undisturbed_us;
}

std::string change_text(const std::string& clock, double before_us, double after_us) {
  return clock + " " + duration_text(before_us) + " → " + duration_text(after_us);
}

std::string wall_text(const TimeEvidence& evidence) {
  return change_text("wall", evidence.base.wall_us, evidence.head.wall_us);
}

std::string cpu_text(const TimeEvidence& evidence) {
  if (!evidence.base.cpu_us || !evidence.head.cpu_us) return "";
  return change_text(evidence.clock, *evidence.base.cpu_us, *evidence.head.cpu_us);
}

std::string clocks_text(const TimeEvidence& evidence) {
  std::string text = cpu_text(evidence);
  text += (text.empty() ? "" : ", ") + wall_text(evidence);
  const bool alone = evidence.stages.front().against_baseline ||
                     (had_the_core(evidence.base) && had_the_core(evidence.head));
  return alone ? text : text + " beside other processes";
}

std::string verdict_text(const TimeEvidence& evidence) {
  const double ratio = evidence.ratio;
  switch (evidence.outcome) {
    case TimeOutcome::slower:
      return factor_text(ratio) + " slower" + (evidence.waits ? ", by waiting" : "");
    case TimeOutcome::faster:
      return factor_text(1 / ratio) + " faster";
    case TimeOutcome::noisy:
      return "the machine is too noisy for a limit of " + factor_text(evidence.limits.report) +
             ": base differs from itself as much as head from base";
    case TimeOutcome::open:
      return "not measured to the end";
    case TimeOutcome::same:
      break;
  }
  return "not slower";
}

std::string outcome_text(const TimeEvidence& evidence) {
  std::string text = verdict_text(evidence);
  if (evidence.machine != 1) {
    text += ", on a machine that takes " + factor_text(evidence.machine) + " as long";
  }
  return text;
}

}  // namespace

TimeLimits time_limits(double time_ratio, const TimeBasis& basis) {
  TimeLimits limits;
  limits.report = time_ratio;
  if (!basis.two_clocks) limits.report = std::max(limits.report, one_clock_ratio);
  if (!basis.base_side) limits.report = std::max(limits.report, baseline_time_ratio);
  limits.fail = limits.report;
  if (basis.only_time) {
    const bool sure = basis.two_clocks && basis.base_side;
    limits.fail = std::max(limits.fail, sure ? time_only_ratio : unsure_time_only_ratio);
  }
  limits.report *= basis.spread;
  limits.fail *= basis.spread;
  return limits;
}

std::optional<double> paired_score(const BindingRun& base, const BindingRun& head, int stage) {
  const auto of_stage = [stage](const Execution& execution) {
    return execution.stage == stage && !execution.control;
  };
  const auto next = [&of_stage](const BindingRun& run, auto from) {
    return std::find_if(from, run.executions.end(), of_stage);
  };
  std::vector<double> scores;
  scores.reserve(screening_rounds);
  auto b = next(base, base.executions.begin());
  auto h = next(head, head.executions.begin());
  for (; b != base.executions.end() && h != head.executions.end();
       b = next(base, b + 1), h = next(head, h + 1)) {
    const bool by_cpu = b->cpu_us && h->cpu_us;
    const auto time_us = [by_cpu](const Execution& execution) {
      return by_cpu ? *execution.cpu_us : execution.wall_us - execution.client_us;
    };
    const double score = std::log(time_us(*h) / time_us(*b));
    if (std::isfinite(score)) scores.push_back(score);
  }
  return scores.empty() ? std::nullopt : std::optional(median(std::move(scores)));
}

std::vector<StageTimes> stage_times(const BindingRun& base, const BindingRun& head) {
  std::vector<StageTimes> stages;
  for (const auto& [stage, count] : executions_by_stage(head)) {
    const auto of_base = minimum_times(base, stage);
    const auto of_head = minimum_times(head, stage);
    if (!of_base || !of_head) continue;
    stages.push_back({.stage = stage,
                      .base = *of_base,
                      .head = *of_head,
                      .control = minimum_times(base, stage, true),
                      .paired = paired_score(base, head, stage),
                      .executions = count});
  }
  return stages;
}

namespace {

// A moment in which the machine was faster may be one side's alone, but not most rounds.
bool most_rounds_say_so(const StageTimes& stage, double limit_ratio, int sign) {
  return !stage.paired || sign * *stage.paired > nominating_score(limit_ratio);
}

// A neighbour is not what head waits for, and another run tells nothing about waiting.
bool waits(const StageTimes& stage, const StageScores& scores, double limit) {
  if (stage.against_baseline || !scores.undisturbed || !scores.cpu) return false;
  return scores.undisturbed->score > std::max(limit, std::log(waiting_ratio)) &&
         !scores.undisturbed->drowned && scores.elapsed.score > limit && scores.cpu->score > -limit;
}

}  // namespace

StageJudgement judge_stage(const StageTimes& stage, double limit_ratio) {
  const StageScores scores = scores_of(stage);
  const double limit = std::log(limit_ratio);
  const ClockScore& second = scores.second();
  const ClockScore& cpu = scores.cpu ? *scores.cpu : second;
  const bool drowned = second.drowned || cpu.drowned;
  StageJudgement judgement;
  judgement.score = std::min(second.score, cpu.score);
  if (judgement.score > limit && most_rounds_say_so(stage, limit_ratio, 1)) {
    judgement.vote = drowned ? StageVote::noisy : StageVote::slower;
  } else if (waits(stage, scores, limit)) {
    judgement.vote = StageVote::slower;
    judgement.waits = true;
  } else if (std::max(second.score, cpu.score) < -limit && !drowned &&
             most_rounds_say_so(stage, limit_ratio, -1)) {
    judgement.vote = StageVote::faster;
  }
  return judgement;
}

TimeOutcome decide(std::span<const StageTimes> stages, double limit_ratio, StageRule rule) {
  std::array<int, 4> votes{};
  for (const StageTimes& stage : stages) {
    ++votes.at(static_cast<std::size_t>(judge_stage(stage, limit_ratio).vote));
  }
  const auto count = [&votes](StageVote vote) { return votes.at(static_cast<std::size_t>(vote)); };
  const int slower = count(StageVote::slower);
  const int faster = count(StageVote::faster);
  const int not_slower = count(StageVote::same) + faster;
  const int left = rule.most - static_cast<int>(stages.size());
  if (slower >= rule.majority) return TimeOutcome::slower;
  if (faster >= rule.majority) return TimeOutcome::faster;
  // Enough stages against it, and it cannot become faster either.
  const bool may_be_faster = faster + left >= rule.majority && faster == not_slower;
  const bool refuted = not_slower > rule.most - rule.majority;
  if (refuted && (!may_be_faster || left == 0)) return TimeOutcome::same;
  return left > 0 ? TimeOutcome::open : TimeOutcome::noisy;
}

TimeOutcome decide(std::span<const StageTimes> stages, const TimeLimits& limits, StageRule rule) {
  const TimeOutcome outcome = decide(stages, limits.report, rule);
  if (outcome != TimeOutcome::faster) return outcome;
  const TimeOutcome by_far = decide(stages, limits.fail, rule);
  return by_far == TimeOutcome::faster || by_far == TimeOutcome::open ? by_far : TimeOutcome::same;
}

bool is_decided(std::span<const StageTimes> stages, const TimeLimits& limits, StageRule rule) {
  const TimeOutcome outcome = decide(stages, limits, rule);
  if (outcome != TimeOutcome::slower) return outcome != TimeOutcome::open;
  return decide(stages, limits.fail, rule) != TimeOutcome::open;
}

TimeEvidence judge_stages(std::vector<StageTimes> stages, const TimeLimits& limits,
                          StageRule rule) {
  TimeEvidence evidence;
  evidence.limits = limits;
  evidence.outcome = decide(stages, limits, rule);
  if (stages.empty()) return evidence;
  // Without a base side some are only measured along, for the comparison of the machines.
  if (evidence.outcome == TimeOutcome::open && stages.front().against_baseline) {
    evidence.outcome = TimeOutcome::same;
  }
  evidence.base = stages.front().base;
  evidence.head = stages.front().head;
  int waiting = 0;
  std::vector<double> machine;
  for (const StageTimes& stage : stages) {
    evidence.base = smaller_of(evidence.base, stage.base);
    evidence.head = smaller_of(evidence.head, stage.head);
    evidence.executions += stage.executions;
    const StageJudgement judgement = judge_stage(stage, limits.report);
    const bool agrees =
        judgement.vote == vote_of(evidence.outcome) ||
        (evidence.outcome == TimeOutcome::same && judgement.vote == StageVote::faster);
    if (agrees) ++evidence.agreeing;
    if (judgement.waits) ++waiting;
    machine.push_back(stage.machine);
  }
  evidence.machine = median(std::move(machine));
  if (evidence.outcome == TimeOutcome::slower && waiting == 0 && !holds_over_all(evidence)) {
    evidence.outcome = TimeOutcome::same;
    evidence.agreeing = static_cast<int>(stages.size()) - evidence.agreeing;
  }
  evidence.fails = evidence.outcome == TimeOutcome::slower &&
                   decide(stages, limits.fail, rule) == TimeOutcome::slower;
  evidence.waits = evidence.outcome == TimeOutcome::slower &&
                   (2 * waiting > evidence.agreeing || mostly_waits(evidence));
  const bool by_cpu = evidence.base.cpu_us && evidence.head.cpu_us;
  if (evidence.waits)
    evidence.ratio = *evidence.head.undisturbed_us / *evidence.base.undisturbed_us;
  else if (by_cpu)
    evidence.ratio = *evidence.head.cpu_us / *evidence.base.cpu_us;
  else
    evidence.ratio = evidence.head.served_us / evidence.base.served_us;
  evidence.ratio /= evidence.machine;
  evidence.detectable = detectable_ratio(evidence, stages);
  evidence.stages = std::move(stages);
  return evidence;
}

std::string headline_of(const TimeEvidence& evidence) {
  const std::string cpu = evidence.waits ? "" : cpu_text(evidence);
  return outcome_text(evidence) + " (" + (cpu.empty() ? wall_text(evidence) : cpu) + ")";
}

std::string sentence_of(const TimeEvidence& evidence) {
  std::string text = outcome_text(evidence) + " (" + clocks_text(evidence) + "), ";
  const std::size_t stages = evidence.stages.size();
  if (evidence.outcome == TimeOutcome::open) {
    text += counted(stages, "stage");
  } else {
    text += std::to_string(evidence.agreeing) + " of " + counted(stages, "stage") +
            (stages == 1 ? " agrees" : " agree");
  }
  return text + ", " + counted(evidence.executions, "execution") + " a side";
}

std::optional<double> screening_score(const BindingRun& base, const BindingRun& head) {
  const auto before = minimum_times(base);
  const auto after = minimum_times(head);
  if (!before || !after) return std::nullopt;
  const double of_minima = before->cpu_us && after->cpu_us
                               ? std::log(*after->cpu_us / *before->cpu_us)
                               : std::log(after->served_us / before->served_us);
  return std::max(of_minima, paired_score(base, head, 0).value_or(of_minima));
}

double nominating_score(double limit_ratio) { return nominated_part * std::log(limit_ratio); }

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace pgduet::gate

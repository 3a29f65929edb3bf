#include "judge_time.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pgduet/gate/time.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

Finding time_finding(const Comparison& comparison, const BindingJudgement& judgement) {
  Finding finding;
  finding.kind = Finding::Kind::time;
  finding.weight = Finding::Weight::convicts;
  finding.binding = judgement.head->number;
  if (!comparison.findings.empty()) finding.reference = comparison.findings.front().reference;
  return finding;
}

// What is known of a change of plan or work explains a change of time.
void explain(const Comparison& comparison, const ReasonContext& reasons, Finding& finding) {
  Reason reason;
  for (const Finding& other : comparison.findings) {
    if (!reason.text.empty()) break;
    reason = {other.reason, other.culprit};
  }
  if (reason.text.empty()) reason = why_time_changed(reasons);
  finding.reason = reason.text;
  finding.culprit = reason.culprit;
}

// Plan and work do not decide any more; they tell why.
void let_time_decide(Comparison& comparison) {
  comparison.plan_and_work = Verdict::passed;
  for (Finding& finding : comparison.findings) {
    if (finding.kind == Finding::Kind::plan || finding.kind == Finding::Kind::work) {
      finding.weight = Finding::Weight::explains;
    }
  }
}

Verdict time_verdict(const TimeEvidence& evidence) {
  switch (evidence.outcome) {
    case TimeOutcome::slower:
      return evidence.fails ? Verdict::regressed : Verdict::changed;
    case TimeOutcome::faster:
      return Verdict::improved;
    case TimeOutcome::same:
      return Verdict::passed;
    case TimeOutcome::open:
    case TimeOutcome::noisy:
      break;
  }
  return Verdict::inconclusive;
}

// Where the result or the work decides, other times only explain it.
void weigh(const Comparison& comparison, Finding& finding) {
  const Verdict others = std::min(comparison.result, comparison.plan_and_work);
  if (comparison.time == Verdict::passed ||
      (others < comparison.time && others <= Verdict::regressed)) {
    finding.weight = Finding::Weight::explains;
  }
}

void add_finding(Finding finding, Comparison& comparison) {
  comparison.findings.insert(comparison.findings.begin(), std::move(finding));
}

void judge_evidence(TimeEvidence evidence, const ReasonContext& reasons,
                    BindingJudgement& judgement, Comparison& comparison) {
  comparison.time = time_verdict(evidence);
  judgement.times_before = evidence.base;
  judgement.times_after = evidence.head;
  judgement.detectable = evidence.detectable;
  // Nothing differs: there is nothing to tell of what the screening suspected.
  if (comparison.time == Verdict::passed && comparison.plan_and_work == Verdict::passed) return;

  Finding finding = time_finding(comparison, judgement);
  finding.before = duration_text(evidence.base.cpu_us.value_or(evidence.base.wall_us));
  finding.after = duration_text(evidence.head.cpu_us.value_or(evidence.head.wall_us));
  finding.ratio = evidence.ratio;
  finding.sentence = sentence_of(evidence);
  if (comparison.time == Verdict::regressed || comparison.time == Verdict::improved ||
      comparison.time == Verdict::changed) {
    judgement.time_ratio = evidence.ratio;
    explain(comparison, reasons, finding);
    const bool work_decides =
        comparison.plan_and_work == Verdict::regressed && comparison.time != Verdict::improved;
    if (!work_decides) let_time_decide(comparison);
  }
  weigh(comparison, finding);
  finding.time = std::move(evidence);
  if (finding.weight == Finding::Weight::convicts)
    add_finding(std::move(finding), comparison);
  else
    comparison.findings.push_back(std::move(finding));
}

std::string stage_failure_text(const StageFailure& failed) {
  return failure_text(failed.failure) + ", in stage " + std::to_string(failed.stage) +
         " of the duet, after executions that succeeded";
}

// Whether an execution of either side failed in the duet.
bool judge_stage_failures(const BindingRun* base, const ReasonContext& reasons,
                          BindingJudgement& judgement, Comparison& comparison) {
  const BindingRun& head = *judgement.head;
  if (base != nullptr && base->stage_failure) {
    comparison.time = Verdict::inconclusive;
    Finding finding = time_finding(comparison, judgement);
    finding.sentence = "base " + stage_failure_text(*base->stage_failure);
    add_finding(std::move(finding), comparison);
    return true;
  }
  if (!head.stage_failure) return false;
  comparison.time = Verdict::broken;
  Finding finding = time_finding(comparison, judgement);
  finding.kind = Finding::Kind::failure;
  finding.after = failure_text(head.stage_failure->failure);
  finding.sentence = stage_failure_text(*head.stage_failure);
  const Reason reason = why_it_fails(reasons, head.stage_failure->failure.message);
  finding.reason = reason.text;
  finding.culprit = reason.culprit;
  add_finding(std::move(finding), comparison);
  return true;
}

// What the screening would have nominated: `score` is what it says where nothing differs.
double screened_ratio(double score, const TimeLimits& limits) {
  return std::max(limits.report, std::exp(nominating_score(limits.report) - score));
}

}  // namespace

void judge_time(const QueryContext& context, const ReasonContext& reasons,
                BindingJudgement& judgement, Comparison& comparison) {
  const QueryRecord& query = *context.query;
  const BindingRun& head = *judgement.head;
  if (query.unchanged || head.failure) return;
  const WorkloadTimes& times = *context.workload->times;
  const BindingRun* base = WorkloadTimes::base_of(query, head);
  if (judge_stage_failures(base, reasons, judgement, comparison)) return;
  const bool only_time = comparison.plan_and_work == Verdict::passed;
  const TimeLimits limits = times.limits_of(query, head, only_time);
  std::vector<StageTimes> stages = times.stages_of(query, head);
  if (!stages.empty()) {
    TimeEvidence evidence = judge_stages(std::move(stages), limits, times.stage_rule());
    if (context.workload->record->head.external_server) evidence.clock = "server";
    judge_evidence(std::move(evidence), reasons, judgement, comparison);
  } else if (const auto score = times.screening_score(query, head)) {
    judgement.detectable = screened_ratio(*score, limits);
  }
}

}  // namespace pgduet::gate

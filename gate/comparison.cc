#include "comparison.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pgduet/gate/wording.h"
#include "plan_canonical.h"
#include "tree_diff.h"
#include "work_findings.h"

namespace pgduet::gate {
namespace {

// Estimates are rarely better than this, so nothing is said below.
constexpr double told_q_error = 10;

std::string failure_verb(ExecutionFailure::Kind kind) {
  switch (kind) {
    case ExecutionFailure::Kind::timeout:
      return "times out";
    case ExecutionFailure::Kind::connection_lost:
      return "loses its connection";
    case ExecutionFailure::Kind::not_prepared:
      return "cannot be prepared";
    case ExecutionFailure::Kind::error:
      break;
  }
  return "fails";
}

std::string failure_details(const ExecutionFailure& failure) {
  std::string text = failure.message;
  if (!failure.sqlstate.empty()) {
    text += (text.empty() ? "" : " ") + ("(" + failure.sqlstate + ")");
  }
  return text;
}

bool fail_alike(const ExecutionFailure& base, const ExecutionFailure& head) {
  if (base.kind != head.kind || base.sqlstate != head.sqlstate) return false;
  return !base.sqlstate.empty() || base.message == head.message;
}

Finding failure_finding(const Reference& reference, const ExecutionFailure& failure) {
  Finding finding;
  finding.kind = Finding::Kind::failure;
  finding.weight = Finding::Weight::convicts;
  finding.before = reference.failure == nullptr ? "" : failure_text(*reference.failure);
  finding.after = failure_text(failure);
  finding.sentence = finding.after;
  return finding;
}

void set_reason(Finding& finding, const Reason& reason) {
  finding.reason = reason.text;
  finding.culprit = reason.culprit;
}

Comparison failed_comparison(const Reference& reference, const ExecutionFailure& failure,
                             const ReasonContext& reasons) {
  Comparison comparison;
  Finding finding = failure_finding(reference, failure);
  if (reference.failure != nullptr && fail_alike(*reference.failure, failure)) {
    comparison.result = Verdict::inconclusive;
    finding.weight = Finding::Weight::informs;
    finding.sentence = failure_verb(failure.kind) + " on base, too: " + failure_details(failure);
  } else {
    comparison.result = Verdict::broken;
    if (reference.failure != nullptr) {
      finding.sentence += "; base " + failure_text(*reference.failure);
    }
    set_reason(finding, why_it_fails(reasons, failure.message));
  }
  comparison.findings.push_back(std::move(finding));
  return comparison;
}

Comparison recovered_comparison(const Reference& reference) {
  Comparison comparison;
  comparison.result = Verdict::improved;
  Finding finding;
  finding.kind = Finding::Kind::failure;
  finding.weight = Finding::Weight::convicts;
  finding.before = failure_text(*reference.failure);
  finding.sentence = "runs, where base " + finding.before;
  comparison.findings.push_back(std::move(finding));
  return comparison;
}

void compare_result(const Reference& reference, const BindingRun& head,
                    const ReasonContext& reasons, Comparison& comparison) {
  if (reference.result == nullptr || !head.result) return;
  const ResultComparison result = compare_results(*reference.result, *head.result);
  if (!result.note.empty()) comparison.notes.push_back(result.note);
  if (result.same) return;
  comparison.result = Verdict::broken;
  Finding finding;
  finding.kind = Finding::Kind::result;
  finding.weight = Finding::Weight::convicts;
  finding.before = counted(reference.result->rows, "row");
  finding.after = counted(head.result->rows, "row");
  finding.sentence = result.sentence;
  set_reason(finding, why_result_changed(reasons));
  comparison.findings.push_back(std::move(finding));
}

std::string last_of_path(const std::string& path) {
  const std::size_t at = path.rfind(" > ");
  return at == std::string::npos ? path : path.substr(at + 3);
}

void add_estimate(const Reference& reference, const BindingRun& head, Comparison& comparison) {
  if (!head.plan.is_object()) return;
  const EstimateError error = worst_estimate(read_plan(head.plan));
  if (error.q_error < told_q_error) return;
  // An error that was there before does not explain what is new.
  if (reference.plan != nullptr && reference.plan->is_object() &&
      worst_estimate(read_plan(*reference.plan)).q_error * 2 > error.q_error) {
    return;
  }
  Finding finding;
  finding.kind = Finding::Kind::estimate;
  finding.weight = Finding::Weight::explains;
  finding.path = error.path;
  finding.before = counted(std::llround(error.estimated_rows), "row");
  finding.after = counted(std::llround(error.actual_rows), "row");
  finding.ratio = error.q_error;
  finding.sentence = "row estimate off by " + ratio_text(error.q_error) + " at " +
                     last_of_path(error.path) + " (estimated " +
                     count_text(std::llround(error.estimated_rows)) + ", actual " +
                     count_text(std::llround(error.actual_rows)) + ")";
  comparison.findings.push_back(std::move(finding));
}

std::vector<PlanChange> changes_of_plan(const Reference& reference, const BindingRun& head,
                                        const IndexDefinitions& head_indexes) {
  if (!head.plan.is_object()) return {};
  const Plan plan = read_plan(head.plan);
  static const IndexDefinitions no_indexes;
  if (reference.plan != nullptr && reference.plan->is_object()) {
    return diff_plans(read_plan(*reference.plan), plan,
                      reference.indexes == nullptr ? no_indexes : *reference.indexes, head_indexes);
  }
  if (reference.trees.empty() || reference.trees.front().tree.empty()) return {};
  return diff_trees(reference.trees.front().tree, shape_of(plan, head_indexes).tree);
}

// What changed in the plan explains what changed in the work.
Reason work_reason(const std::vector<Finding>& plan, const ReasonContext& reasons, bool spilled) {
  for (const Finding& finding : plan) {
    if (!finding.reason.empty()) return {finding.reason, finding.culprit};
  }
  return why_work_changed(reasons, spilled);
}

void compare_plan_and_work(const Reference& reference, const BindingRun& head,
                           const ComparisonContext& context, Comparison& comparison) {
  const bool flipped =
      !has_expected_plan(reference, *context.head_run, head, *context.head_indexes);
  WorkComparison work = compare_work(reference.work, head.work, *context.policy);
  comparison.plan_and_work =
      work.verdict == Verdict::passed && flipped ? Verdict::changed : work.verdict;
  if (comparison.plan_and_work == Verdict::passed) return;

  std::vector<Finding> findings;
  if (flipped) findings = plan_findings(reference, head, context);
  if (comparison.plan_and_work == Verdict::changed) {
    for (Finding& finding : findings) finding.weight = Finding::Weight::convicts;
  }
  const Reason reason = work_reason(findings, context.reasons, work.spilled);
  for (Finding& finding : work.findings) set_reason(finding, reason);
  findings.insert(findings.begin(), work.findings.begin(), work.findings.end());
  const std::vector<Finding> rows = visited_rows(reference.work, head.work);
  findings.insert(findings.end(), rows.begin(), rows.end());

  // Another result is what the verdict is about; a change that does not hurt only explains it.
  const bool only_explains =
      comparison.result == Verdict::broken && comparison.plan_and_work != Verdict::regressed;
  for (Finding& finding : findings) {
    if (only_explains) finding.weight = Finding::Weight::explains;
    comparison.findings.push_back(std::move(finding));
  }
  if (comparison.plan_and_work != Verdict::improved) add_estimate(reference, head, comparison);
}

}  // namespace

std::string failure_text(const ExecutionFailure& failure) {
  const std::string details = failure_details(failure);
  return failure_verb(failure.kind) + (details.empty() ? "" : ": " + details);
}

Reference base_reference(const QueryRun& run, const BindingRun& binding,
                         const IndexDefinitions& indexes) {
  Reference reference;
  reference.kind = Finding::Reference::base;
  if (binding.failure) reference.failure = &*binding.failure;
  if (binding.result) reference.result = &*binding.result;
  reference.work = binding.work;
  if (!binding.shape.empty()) reference.shapes.insert(binding.shape);
  reference.shapes.insert(run.alternate_shapes.begin(), run.alternate_shapes.end());
  reference.times = minimum_times(binding);
  reference.plan = &binding.plan;
  reference.indexes = &indexes;
  return reference;
}

Reference baseline_reference(const VersionBaseline& version, const BindingBaseline& binding) {
  Reference reference;
  reference.kind = Finding::Reference::baseline;
  if (binding.result) reference.result = &*binding.result;
  reference.work = binding.work;
  reference.shapes.insert(binding.plans.begin(), binding.plans.end());
  if (binding.wall_us > 0) {
    reference.times = MinimumTimes{binding.wall_us, binding.cpu_us, binding.wall_us};
  }
  for (const PlanShape& plan : version.plans) {
    if (reference.shapes.contains(plan.id)) reference.trees.push_back(plan);
  }
  return reference;
}

bool has_expected_plan(const Reference& reference, const QueryRun& head_run, const BindingRun& head,
                       const IndexDefinitions& head_indexes) {
  if (head.shape.empty() || reference.shapes.empty()) return true;
  if (reference.shapes.contains(head.shape)) return true;
  // A plan that alternates on head was seen as the expected one there, too.
  const bool alternates =
      std::any_of(head_run.alternate_shapes.begin(), head_run.alternate_shapes.end(),
                  [&](const std::string& shape) { return reference.shapes.contains(shape); });
  if (alternates) return true;
  const bool has_plans =
      reference.plan != nullptr && reference.plan->is_object() && head.plan.is_object();
  static const IndexDefinitions none;
  return has_plans &&
         differ_in_aliases_only(read_plan(*reference.plan),
                                reference.indexes == nullptr ? none : *reference.indexes,
                                read_plan(head.plan), head_indexes);
}

std::vector<Finding> plan_findings(const Reference& reference, const BindingRun& head,
                                   const ComparisonContext& context) {
  std::vector<Finding> findings;
  for (const PlanChange& change : changes_of_plan(reference, head, *context.head_indexes)) {
    Finding finding;
    finding.kind = Finding::Kind::plan;
    finding.weight = Finding::Weight::explains;
    finding.path = change.path;
    finding.before = change.before;
    finding.after = change.after;
    finding.sentence = change.sentence;
    set_reason(finding, why_plan_changed(context.reasons, change));
    findings.push_back(std::move(finding));
  }
  if (findings.empty()) {
    Finding finding;
    finding.kind = Finding::Kind::plan;
    finding.weight = Finding::Weight::explains;
    finding.sentence = "has another plan";
    set_reason(finding, why_plan_changed(context.reasons, {}));
    findings.push_back(std::move(finding));
  }
  return findings;
}

Verdict verdict_of(const Comparison& comparison) {
  return std::min({comparison.result, comparison.plan_and_work, comparison.time});
}

Comparison compare_with(const Reference& reference, const BindingRun& head,
                        const ComparisonContext& context) {
  Comparison comparison;
  if (head.failure) {
    comparison = failed_comparison(reference, *head.failure, context.reasons);
  } else if (reference.failure != nullptr) {
    comparison = recovered_comparison(reference);
  } else {
    compare_result(reference, head, context.reasons, comparison);
    compare_plan_and_work(reference, head, context, comparison);
  }
  for (Finding& finding : comparison.findings) {
    finding.reference = reference.kind;
    finding.binding = head.number;
  }
  return comparison;
}

bool meets(const BindingBaseline& expected, const BindingRun& binding) {
  if (binding.failure) return false;
  if (expected.result && binding.result &&
      !compare_results(*expected.result, *binding.result).same) {
    return false;
  }
  const bool known_plan = expected.plans.empty() || binding.shape.empty() ||
                          std::find(expected.plans.begin(), expected.plans.end(), binding.shape) !=
                              expected.plans.end();
  return known_plan &&
         compare_work(expected.work, binding.work, Policy{}).verdict == Verdict::passed;
}

}  // namespace pgduet::gate

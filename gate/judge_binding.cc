#include "judge_binding.h"

#include <algorithm>
#include <utility>

#include "bindings.h"
#include "judge_time.h"

namespace pgduet::gate {
namespace {

// The things that a binding on head may be compared with.
struct References {
  const BindingRun* base = nullptr;
  const VersionBaseline* head_version = nullptr;
  const BindingBaseline* head_baseline = nullptr;  // of head_version
  const BindingBaseline* base_baseline = nullptr;
  const BindingBaseline* agreed_before = nullptr;  // what base's baseline says of head's major
};

const VersionBaseline* find_version(const Baseline* baseline, int major) {
  if (baseline == nullptr) return nullptr;
  const auto found = baseline->postgres.find(major);
  return found == baseline->postgres.end() ? nullptr : &found->second;
}

References references_of(const QueryContext& context, const BindingRun& head) {
  const WorkloadRecord& workload = *context.workload->record;
  References references;
  if (context.base != nullptr) {
    const BindingRun* base = find_binding(*context.base, head.number);
    if (base != nullptr && same_values(base->parameters, head.parameters)) references.base = base;
  }
  references.head_version = find_version(context.head_baseline, workload.head.postgres_major);
  if (references.head_version != nullptr) {
    references.head_baseline = find_binding(*references.head_version, head.parameters);
  }
  const int base_major =
      workload.base ? workload.base->postgres_major : workload.head.postgres_major;
  if (const VersionBaseline* version = find_version(context.base_baseline, base_major)) {
    references.base_baseline = find_binding(*version, head.parameters);
  }
  if (const VersionBaseline* version =
          find_version(context.base_baseline, workload.head.postgres_major)) {
    references.agreed_before = find_binding(*version, head.parameters);
  }
  return references;
}

bool expect_the_same(const BindingBaseline& left, const BindingBaseline& right) {
  return left.plans == right.plans && left.work == right.work && left.result == right.result;
}

// Whether the change itself set what head is expected to do. Where base's baselines are not known,
// a head that does what is committed counts as agreed, too.
bool is_updated(const References& references) {
  return references.head_baseline != nullptr &&
         (references.agreed_before == nullptr ||
          !expect_the_same(*references.head_baseline, *references.agreed_before));
}

bool is_stale(const QueryContext& context, const References& references, const BindingRun& head) {
  if (references.base == nullptr) return false;
  if (references.base_baseline != nullptr) {
    return !meets(*references.base_baseline, *references.base);
  }
  // Base's own baselines are not known. If neither side does what head's says, the change is not
  // what made the difference.
  const WorkloadRecord& workload = *context.workload->record;
  const bool same_major =
      !workload.base || workload.base->postgres_major == workload.head.postgres_major;
  return references.head_baseline != nullptr && same_major &&
         !meets(*references.head_baseline, *references.base) &&
         !meets(*references.head_baseline, head);
}

ComparisonContext comparison_context(const QueryContext& context, const References& references,
                                     const BindingRun& head) {
  ComparisonContext comparison;
  comparison.policy = &context.query->policy;
  comparison.head_indexes = &context.workload->head_indexes;
  comparison.head_run = &*context.query->head;
  comparison.reasons.head_side = &context.workload->record->head;
  comparison.reasons.head_run = &*context.query->head;
  comparison.reasons.head = &head;
  if (references.base != nullptr) {
    comparison.reasons.differences = &context.workload->from_base;
    comparison.reasons.base_run = context.base;
    comparison.reasons.base = references.base;
  } else {
    comparison.reasons.differences = &context.workload->of_head;
    if (context.head_baseline != nullptr) {
      comparison.reasons.baseline_fingerprint = context.head_baseline->fingerprint;
    }
  }
  return comparison;
}

Reference baseline_reference_of(const QueryContext& context, const References& references) {
  Reference reference = baseline_reference(*references.head_version, *references.head_baseline);
  // A plan says more than the tree that the baseline keeps of it.
  if (references.base != nullptr && reference.shapes.contains(references.base->shape)) {
    reference.plan = &references.base->plan;
    reference.indexes = &context.workload->base_indexes;
  }
  return reference;
}

// Plan and work are agreed: they are told, and judge nothing.
void agree(Comparison& comparison) {
  if (comparison.plan_and_work == Verdict::passed) return;
  comparison.plan_and_work = Verdict::passed;
  for (Finding& finding : comparison.findings) {
    if (finding.kind == Finding::Kind::plan || finding.kind == Finding::Kind::work ||
        finding.kind == Finding::Kind::estimate) {
      finding.weight = Finding::Weight::informs;
    }
  }
  comparison.notes.emplace_back("plan and work are those of the updated baseline");
}

bool has_kind(const Comparison& comparison, Finding::Kind kind) {
  return std::any_of(comparison.findings.begin(), comparison.findings.end(),
                     [kind](const Finding& finding) { return finding.kind == kind; });
}

// The worst of both decides. What both found is told once, by the first that convicts.
Comparison worst_of(Comparison first, Comparison second) {
  if (verdict_of(second) < verdict_of(first)) std::swap(first, second);
  Comparison worst = std::move(first);
  worst.result = std::min(worst.result, second.result);
  worst.plan_and_work = std::min(worst.plan_and_work, second.plan_and_work);
  worst.time = std::min(worst.time, second.time);
  std::vector<Finding> added;
  for (Finding& finding : second.findings) {
    if (!has_kind(worst, finding.kind)) added.push_back(std::move(finding));
  }
  worst.findings.insert(worst.findings.end(), added.begin(), added.end());
  for (std::string& note : second.notes) {
    if (std::find(worst.notes.begin(), worst.notes.end(), note) == worst.notes.end()) {
      worst.notes.push_back(std::move(note));
    }
  }
  return worst;
}

std::string binding_text(const BindingRun& binding) {
  const std::string values = to_text(binding.parameters);
  return "binding " + std::to_string(binding.number) + (values.empty() ? "" : " (" + values + ")");
}

void add_reference_notes(const QueryContext& context, const References& references,
                         const BindingRun& head, std::vector<std::string>& notes) {
  if (context.base != nullptr && references.base == nullptr) {
    notes.push_back(binding_text(head) + " is not compared with base, which has other values");
  }
  if (references.head_version != nullptr && references.head_baseline == nullptr) {
    notes.push_back(binding_text(head) + " is not in the baseline");
  }
}

// Nothing to compare with: only a failure is worse than new.
void judge_alone(const QueryContext& context, BindingJudgement& judgement) {
  if (!judgement.head->failure) return;
  judgement.verdict = Verdict::broken;
  judgement.findings = compare_with(Reference{}, *judgement.head,
                                    comparison_context(context, References{}, *judgement.head))
                           .findings;
}

Comparison compare_with_base(const QueryContext& context, const References& references,
                             const ComparisonContext& comparison, BindingJudgement& judgement) {
  Reference base = base_reference(*context.base, *references.base, context.workload->base_indexes);
  judgement.work_before = base.work;
  if (!context.query->unchanged) judgement.times_before = base.times;
  // Plans that are accepted side by side do not flip.
  if (references.head_baseline != nullptr) {
    const std::vector<std::string>& plans = references.head_baseline->plans;
    const bool accepted =
        std::find(plans.begin(), plans.end(), references.base->shape) != plans.end();
    if (accepted) base.shapes.insert(plans.begin(), plans.end());
  }
  Comparison found = compare_with(base, *judgement.head, comparison);
  judge_time(context, comparison.reasons, judgement, found);
  judgement.agreed = is_updated(references) && meets(*references.head_baseline, *judgement.head);
  if (judgement.agreed) agree(found);
  return found;
}

// A stale baseline is not held against head, unless the change itself wrote it.
bool is_held_against_head(const References& references, const BindingJudgement& judgement) {
  return !judgement.stale_baseline ||
         (references.base_baseline != nullptr && is_updated(references));
}

// Base differs from its baseline because of an exception that was merged. It stays one, and it
// still ends.
bool is_excepted(const QueryContext& context, const Comparison& with_baseline) {
  return !acceptance_of(context, with_baseline).notes.empty();
}

Comparison compare_with_both(const QueryContext& context, const References& references,
                             BindingJudgement& judgement) {
  const ComparisonContext comparison = comparison_context(context, references, *judgement.head);
  Comparison found;
  if (references.base != nullptr) {
    found = compare_with_base(context, references, comparison, judgement);
  }
  if (references.head_baseline == nullptr) return found;
  const Reference baseline = baseline_reference_of(context, references);
  if (!judgement.work_before) judgement.work_before = baseline.work;
  if (!judgement.times_before) judgement.times_before = baseline.times;
  Comparison with_baseline = compare_with(baseline, *judgement.head, comparison);
  if (!context.workload->record->base)
    judge_time(context, comparison.reasons, judgement, with_baseline);
  if (!is_held_against_head(references, judgement)) {
    if (!is_excepted(context, with_baseline)) return found;
    judgement.stale_baseline = false;
  }
  if (references.base == nullptr) return with_baseline;
  return worst_of(std::move(found), std::move(with_baseline));
}

void append(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  notes.insert(notes.end(), more.begin(), more.end());
}

}  // namespace

Acceptance acceptance_of(const QueryContext& context, const Comparison& comparison) {
  static const std::vector<AcceptedEntry> none;
  return apply_accepted(context.head_baseline == nullptr ? none : context.head_baseline->accepted,
                        comparison, context.query->policy, context.workload->today);
}

BindingJudgement judge_binding(const QueryContext& context, const BindingRun& head) {
  const References references = references_of(context, head);
  BindingJudgement judgement;
  judgement.head = &head;
  judgement.times_after = minimum_times(head);
  judgement.compared_with_base = references.base != nullptr;
  judgement.compared_with_baseline = references.head_baseline != nullptr;
  judgement.stale_baseline = is_stale(context, references, head);
  add_reference_notes(context, references, head, judgement.notes);
  if (!judgement.compared_with_base && !judgement.compared_with_baseline) {
    judge_alone(context, judgement);
    return judgement;
  }
  Comparison found = compare_with_both(context, references, judgement);
  const Acceptance acceptance = acceptance_of(context, found);
  judgement.verdict = acceptance.verdict;
  judgement.findings = std::move(found.findings);
  append(judgement.notes, found.notes);
  append(judgement.notes, acceptance.notes);
  return judgement;
}

}  // namespace pgduet::gate

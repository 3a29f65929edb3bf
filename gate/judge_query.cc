#include "judge_query.h"

#include <algorithm>
#include <set>
#include <utility>

#include "acceptance.h"
#include "bindings.h"
#include "next_step.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// The generic plan is what a prepared statement gets after its fifth execution.
std::vector<Finding> generic_plan_findings(const QueryContext& context) {
  const QueryRun& head = *context.query->head;
  if (context.base == nullptr || head.generic_shape.empty() ||
      context.base->generic_shape.empty() || head.generic_shape == context.base->generic_shape) {
    return {};
  }
  BindingRun before;
  before.plan = context.base->generic_plan;
  before.shape = context.base->generic_shape;
  BindingRun after;
  after.plan = head.generic_plan;
  after.shape = head.generic_shape;
  ComparisonContext comparison;
  comparison.policy = &context.query->policy;
  comparison.head_indexes = &context.workload->head_indexes;
  comparison.head_run = &head;
  comparison.reasons = {&context.workload->record->head,
                        &context.workload->from_base,
                        context.base,
                        &head,
                        &before,
                        &after,
                        ""};
  const Reference reference = base_reference(*context.base, before, context.workload->base_indexes);
  if (has_expected_plan(reference, head, after, *comparison.head_indexes)) return {};
  std::vector<Finding> findings = plan_findings(reference, after, comparison);
  for (Finding& finding : findings) {
    finding.weight = Finding::Weight::convicts;
    finding.sentence = "generic plan: " + finding.sentence;
  }
  return findings;
}

Finding unstable_finding(const QueryRun& run) {
  Finding finding;
  finding.kind = Finding::Kind::stability;
  finding.sentence = "unstable plan: " +
                     counted(static_cast<std::int64_t>(run.alternate_shapes.size() + 1), "shape") +
                     " seen over repeated ANALYZE";
  return finding;
}

double work_growth(const BindingJudgement& judgement) {
  if (!judgement.work_before) return 0;
  const auto before = static_cast<double>(judgement.work_before->blocks());
  const auto after = static_cast<double>(judgement.head->work.blocks());
  return after / std::max(before, 1.0);
}

// By time, where it is known to differ, and among the others by work.
std::pair<double, double> growth(const BindingJudgement& judgement) {
  return {judgement.time_ratio.value_or(1), work_growth(judgement)};
}

bool is_compared(const BindingJudgement& judgement) {
  return judgement.compared_with_base || judgement.compared_with_baseline;
}

const BindingJudgement& worst_of(const std::vector<BindingJudgement>& judgements,
                                 const Policy& policy) {
  // Beside bindings that were compared, a new one is worth a note and no verdict.
  const bool any_compared = std::any_of(judgements.begin(), judgements.end(), is_compared);
  const BindingJudgement* worst = nullptr;
  for (const BindingJudgement& judgement : judgements) {
    if (any_compared && judgement.verdict == Verdict::new_query) continue;
    const bool worse = worst == nullptr || is_worse(judgement.verdict, worst->verdict, policy) ||
                       (judgement.verdict == worst->verdict && growth(judgement) > growth(*worst));
    if (worse) worst = &judgement;
  }
  return *worst;
}

// All findings of the worst binding; of the others those that convict it, or tell another plan.
std::vector<Finding> merged_findings(const std::vector<BindingJudgement>& judgements,
                                     const BindingJudgement& worst) {
  std::vector<Finding> findings = worst.findings;
  std::set<std::string> told;
  for (const Finding& finding : findings) told.insert(finding.sentence);
  for (const BindingJudgement& judgement : judgements) {
    if (&judgement == &worst) continue;
    for (const Finding& finding : judgement.findings) {
      const bool convicts = finding.weight == Finding::Weight::convicts;
      if (!convicts && finding.kind != Finding::Kind::plan) continue;
      if (told.insert(finding.sentence).second) findings.push_back(finding);
    }
  }
  return findings;
}

// What convicts the worst binding, what explains that, then the other bindings alike, and at last
// what is only worth knowing.
int rank_of(const Finding& finding, int worst_binding) {
  if (finding.weight == Finding::Weight::informs) return 4;
  const bool of_worst = finding.binding == worst_binding || finding.binding == 0;
  return (of_worst ? 0 : 2) + (finding.weight == Finding::Weight::convicts ? 0 : 1);
}

void sort_findings(std::vector<Finding>& findings, int worst_binding) {
  std::stable_sort(findings.begin(), findings.end(),
                   [worst_binding](const Finding& left, const Finding& right) {
                     return rank_of(left, worst_binding) < rank_of(right, worst_binding);
                   });
}

std::string headline_of(const QueryReport& report, const QueryContext& context) {
  if (report.verdict == Verdict::passed) return "";
  if (report.verdict == Verdict::new_query) {
    return context.workload->record->base || context.query->unchanged
               ? "is not on base and has no baseline"
               : "has no baseline";
  }
  if (report.verdict == Verdict::inconclusive && report.findings.empty()) {
    return "has no binding with the parameter values of base or baseline";
  }
  if (report.findings.empty()) return "";
  const Finding& first = report.findings.front();
  // How sure it is, the finding itself says.
  const std::string sentence = first.time ? headline_of(*first.time) : first.sentence;
  return first.reason.empty() ? sentence : sentence + ": " + first.reason;
}

// There is a reference, and none of the bindings is in it.
bool is_incomparable(const QueryContext& context) {
  const int major = context.workload->record->head.postgres_major;
  return context.base != nullptr ||
         (context.head_baseline != nullptr && context.head_baseline->postgres.contains(major));
}

void set_worst_binding(QueryReport& report, const BindingJudgement& worst) {
  report.verdict = worst.verdict;
  report.worst_binding = worst.head->number;
  report.times.before = worst.times_before;
  report.times.after = worst.times_after;
  report.work_before = worst.work_before;
  if (!worst.head->failure) report.work_after = worst.head->work;
}

Finding stale_finding(const QueryContext& context) {
  const std::optional<SideRecord>& base = context.workload->record->base;
  Finding finding;
  finding.kind = Finding::Kind::baseline;
  finding.reference = Finding::Reference::baseline;
  finding.sentence = "baseline is stale: base" + (base ? " " + base->revision : "") +
                     " does not do what it says, so the difference is not this change's";
  return finding;
}

// Another generic plan is a change like another custom plan. Baselines do not hold it: it is agreed
// where the custom plans are.
void judge_generic_plan(const QueryContext& context, bool agreed, QueryReport& report) {
  Comparison comparison;
  comparison.findings = generic_plan_findings(context);
  if (comparison.findings.empty()) return;
  comparison.plan_and_work = Verdict::changed;
  const Acceptance acceptance = acceptance_of(context, comparison);
  // It may not take an improvement of what was measured away.
  const bool decides = !agreed && report.verdict == Verdict::passed;
  if (decides) {
    report.verdict = acceptance.verdict;
    for (const std::string& note : acceptance.notes) add_once(report.notes, note);
  } else {
    // It says again what the plans of the bindings say.
    Finding& only = comparison.findings.front();
    only.weight = Finding::Weight::informs;
    only.sentence = "the generic plan changed as well";
    comparison.findings.resize(1);
  }
  for (Finding& finding : comparison.findings) report.findings.push_back(std::move(finding));
}

void add_version_note(const QueryContext& context, std::vector<std::string>& notes) {
  const int major = context.workload->record->head.postgres_major;
  if (context.head_baseline == nullptr || context.head_baseline->postgres.contains(major)) return;
  add_once(notes, "no baseline for PostgreSQL " + std::to_string(major) +
                      (context.base != nullptr ? ": compared with base only" : ""));
}

void add_lost_bindings_note(const QueryContext& context, std::vector<std::string>& notes) {
  if (context.head_baseline == nullptr) return;
  const auto version =
      context.head_baseline->postgres.find(context.workload->record->head.postgres_major);
  if (version == context.head_baseline->postgres.end()) return;
  const std::vector<BindingRun>& runs = context.query->head->bindings;
  const auto lost = std::count_if(
      version->second.bindings.begin(), version->second.bindings.end(),
      [&runs](const BindingBaseline& expected) {
        return std::none_of(runs.begin(), runs.end(), [&expected](const BindingRun& run) {
          return same_values(expected.parameters, run.parameters);
        });
      });
  if (lost > 0) add_once(notes, counted(lost, "binding") + " of the baseline not run any more");
}

void add_text_note(const QueryContext& context, std::vector<std::string>& notes) {
  if (context.head_baseline == nullptr || context.base != nullptr) return;
  const std::string& before = context.head_baseline->fingerprint;
  if (before.empty() || before == context.query->head->fingerprint) return;
  add_once(notes, "the query's text changed since the baseline was recorded");
}

void add_unneeded_notes(const QueryContext& context, Verdict verdict,
                        std::vector<std::string>& notes) {
  if (context.head_baseline == nullptr || verdict == Verdict::accepted) return;
  for (const AcceptedEntry& entry : context.head_baseline->accepted) {
    const bool needed = std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
      return note.find(entry.reason) != std::string::npos;
    });
    if (needed || context.workload->today <= entry.expires) continue;
    notes.push_back("exception of " + entry.owner + " expired on " + entry.expires +
                    " and is not needed any more: " + entry.reason);
  }
}

void add_notes(const QueryContext& context, const std::vector<BindingJudgement>& bindings,
               QueryReport& report) {
  for (const BindingJudgement& binding : bindings) {
    for (const std::string& note : binding.notes) add_once(report.notes, note);
  }
  for (const std::string& note : context.query->head->notes) add_once(report.notes, note);
  add_version_note(context, report.notes);
  add_lost_bindings_note(context, report.notes);
  add_text_note(context, report.notes);
  add_unneeded_notes(context, report.verdict, report.notes);
}

QueryReport report_frame(const QueryRecord& query) {
  QueryReport report;
  report.name = query.name;
  report.record = &query;
  if (query.head)
    report.source = query.head->source;
  else if (query.base)
    report.source = query.base->source;
  return report;
}

QueryReport not_run(const QueryContext& context) {
  QueryReport report = report_frame(*context.query);
  report.verdict = Verdict::inconclusive;
  report.headline = "was not run";
  report.notes = context.query->head->notes;
  report.fails = fails_gate(report.verdict, context.query->policy);
  report.next_step = next_step(report, *context.workload->record);
  return report;
}

}  // namespace

QueryJudgement judge_query(const QueryContext& context) {
  const QueryRun& run = *context.query->head;
  if (run.bindings.empty()) return {not_run(context), false};

  QueryJudgement judgement;
  QueryReport& report = judgement.report;
  report = report_frame(*context.query);
  std::vector<BindingJudgement> bindings;
  for (const BindingRun& binding : run.bindings) {
    bindings.push_back(judge_binding(context, binding));
    judgement.stale_baseline = judgement.stale_baseline || bindings.back().stale_baseline;
    if (const auto detectable = bindings.back().detectable) {
      report.detectable = std::max(report.detectable.value_or(1), *detectable);
    }
  }
  report.share = context.workload->times->share_of(*context.query);
  const BindingJudgement& worst = worst_of(bindings, context.query->policy);
  set_worst_binding(report, worst);
  if (context.workload->record->head.external_server) report.times.clock = "server";
  if (report.verdict == Verdict::new_query && is_incomparable(context)) {
    report.verdict = Verdict::inconclusive;
  }
  report.findings = merged_findings(bindings, worst);
  judge_generic_plan(context, worst.agreed, report);
  if (!run.alternate_shapes.empty()) report.findings.push_back(unstable_finding(run));
  if (judgement.stale_baseline) report.findings.push_back(stale_finding(context));
  sort_findings(report.findings, report.worst_binding);
  add_notes(context, bindings, report);
  report.fails = fails_gate(report.verdict, context.query->policy);
  report.headline = headline_of(report, context);
  report.next_step = next_step(report, *context.workload->record);
  return judgement;
}

QueryReport judge_absent_query(const WorkloadRecord& workload, const QueryRecord& query,
                               const LoadedBaseline* baseline) {
  QueryReport report = report_frame(query);
  if (query.skip_reason) {
    report.verdict = Verdict::skipped;
    report.headline = "skipped: " + *query.skip_reason;
    return report;
  }
  if (baseline != nullptr) {
    report = missing_query(workload, *baseline, "");
    report.record = &query;
    return report;
  }
  report.verdict = Verdict::skipped;
  report.headline = "is not in the workload any more";
  return report;
}

QueryReport missing_query(const WorkloadRecord& workload, const LoadedBaseline& baseline,
                          const std::string& renamed_to) {
  QueryReport report;
  report.name = baseline.baseline.query;
  report.source = {baseline.file, 0, 0};
  report.verdict = Verdict::missing;
  report.fails = true;
  report.headline = "has a baseline, but workload \"" + workload.name + "\" has no such query";
  if (renamed_to.empty()) {
    report.next_step = "Delete " + baseline.file + ", or bring the query back.";
  } else {
    report.headline += "; query \"" + renamed_to + "\" has the same text";
    report.next_step = "If it was renamed: delete " + baseline.file + " and run pgduet accept " +
                       workload.name + "/" + renamed_to + ".";
  }
  return report;
}

}  // namespace pgduet::gate

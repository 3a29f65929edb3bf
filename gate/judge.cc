#include "pgduet/gate/judge.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>

#include "impact.h"
#include "judge_query.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

const LoadedBaseline* find_loaded(const std::map<std::string, LoadedBaseline>& baselines,
                                  const std::string& query) {
  const auto found = baselines.find(query);
  return found == baselines.end() ? nullptr : &found->second;
}

const Baseline* baseline_of(const LoadedBaseline* loaded) {
  return loaded == nullptr ? nullptr : &loaded->baseline;
}

WorkloadContext workload_context(const WorkloadRecord& record, const WorkloadTimes& times,
                                 const std::string& today) {
  WorkloadContext context;
  context.times = &times;
  context.record = &record;
  context.head_indexes = index_definitions(record.head.catalog);
  if (record.base) {
    context.base_indexes = index_definitions(record.base->catalog);
    context.from_base = compare_sides(&*record.base, record.head, record.directory);
  } else {
    context.base_indexes = context.head_indexes;
  }
  context.of_head = compare_sides(nullptr, record.head, record.directory);
  context.today = today;
  return context;
}

QueryContext query_context(const WorkloadContext& workload, const QueryRecord& query,
                           const WorkloadBaselines& baselines) {
  QueryContext context;
  context.workload = &workload;
  context.query = &query;
  if (query.base)
    context.base = &*query.base;
  else if (query.unchanged)
    context.base = &*query.head;
  context.head_baseline = baseline_of(find_loaded(baselines.head, query.name));
  context.base_baseline = baseline_of(find_loaded(baselines.base, query.name));
  return context;
}

// A new query with the text of the baseline's: that one was renamed.
std::string renamed_to(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                       const Baseline& baseline) {
  if (baseline.fingerprint.empty()) return "";
  for (const QueryRecord& query : record.queries) {
    if (query.head && query.head->fingerprint == baseline.fingerprint &&
        !baselines.head.contains(query.name)) {
      return query.name;
    }
  }
  return "";
}

const PlannedWorkload* plan_of(const RunRecord& record, const std::string& workload) {
  if (!record.shard) return nullptr;
  for (const PlannedWorkload& planned : record.shard->plan) {
    if (planned.name == workload) return &planned;
  }
  return nullptr;
}

// The queries that head has, whether this run ran them or not.
std::set<std::string> known_queries(const RunRecord& run, const WorkloadRecord& record) {
  std::set<std::string> names(record.not_touched.begin(), record.not_touched.end());
  for (const QueryRecord& query : record.queries) names.insert(query.name);
  if (const PlannedWorkload* plan = plan_of(run, record.name)) {
    for (const PlannedQuery& query : plan->queries) names.insert(query.name);
  }
  return names;
}

void add_missing(const RunRecord& run, const WorkloadBaselines& baselines, WorkloadReport& report) {
  const std::set<std::string> names = known_queries(run, *report.record);
  for (const auto& [name, loaded] : baselines.head) {
    if (names.contains(name)) continue;
    report.queries.push_back(missing_query(*report.record, loaded,
                                           renamed_to(*report.record, baselines, loaded.baseline)));
  }
}

std::string compared_with(const WorkloadRecord& record, const WorkloadBaselines& baselines) {
  std::int64_t used = 0;
  for (const QueryRecord& query : record.queries) {
    const Baseline* baseline = baseline_of(find_loaded(baselines.head, query.name));
    if (query.head && baseline != nullptr &&
        baseline->postgres.contains(record.head.postgres_major)) {
      ++used;
    }
  }
  std::vector<std::string> references;
  if (record.base) {
    references.push_back("base " + record.base->revision);
  }
  if (used > 0) references.push_back(counted(used, "baseline"));
  return references.empty() ? "nothing" : list_text(references);
}

void add_notes(const std::vector<std::string>& notes, const std::string& prefix,
               std::vector<std::string>& list) {
  for (const std::string& note : notes) {
    const std::string text = prefix + note;
    if (std::find(list.begin(), list.end(), text) == list.end() &&
        std::find(list.begin(), list.end(), note) == list.end()) {
      list.push_back(text);
    }
  }
}

void add_stale_note(const std::vector<std::string>& stale, std::vector<std::string>& notes) {
  if (stale.empty()) return;
  const bool one = stale.size() == 1;
  notes.push_back(std::string(one ? "stale baseline of " : "stale baselines of ") +
                  list_text(stale) + ": base does not do what " + (one ? "it says" : "they say") +
                  "; record " + (one ? "it" : "them") + " on the base branch");
}

void add_shard_note(const RunRecord& run, const WorkloadRecord& record,
                    std::vector<std::string>& notes) {
  if (const PlannedWorkload* plan = plan_of(run, record.name)) {
    const auto part = std::count_if(
        plan->queries.begin(), plan->queries.end(),
        [&run](const PlannedQuery& query) { return query.shard == run.shard->index; });
    notes.push_back("shard " + std::to_string(run.shard->index) + " of " +
                    std::to_string(run.shard->count) + ": " + count_text(part) + " of " +
                    counted(plan->queries.size(), "query") +
                    "; pgduet merge gives the verdict on all");
  } else if (run.machines.size() > 1) {
    notes.push_back("merged from " + std::to_string(run.machines.size()) +
                    " shards, each with the times of its own machine");
  }
}

WorkloadReport judge_workload(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                              const JudgeInput& input) {
  const WorkloadTimes times(record, baselines);
  const WorkloadContext context = workload_context(record, times, input.today);
  WorkloadReport report;
  report.name = record.name;
  report.record = &record;
  std::vector<std::string> stale;
  for (const QueryRecord& query : record.queries) {
    if (!query.head || query.skip_reason) {
      report.queries.push_back(
          judge_absent_query(record, query, find_loaded(baselines.head, query.name)));
      continue;
    }
    QueryJudgement judgement = judge_query(query_context(context, query, baselines));
    if (judgement.stale_baseline) stale.push_back(query.name);
    report.queries.push_back(std::move(judgement.report));
  }
  if (!input.only_selected) add_missing(*input.record, baselines, report);
  report.compared_with = compared_with(record, baselines);
  tell_impact(report);
  tell_detection(report);
  add_stale_note(stale, report.notes);
  add_shard_note(*input.record, record, report.notes);
  add_notes(record.notes, "", report.notes);
  add_notes(record.head.notes, "", report.notes);
  if (record.base) add_notes(record.base->notes, "base: ", report.notes);
  return report;
}

struct Counts {
  std::array<std::int64_t, 10> of_verdict = {};
  std::int64_t all = 0;
  std::int64_t failing = 0;

  std::int64_t& of(Verdict verdict) { return of_verdict.at(static_cast<std::size_t>(verdict)); }
  std::int64_t compared() {
    return of(Verdict::changed) + of(Verdict::accepted) + of(Verdict::improved) +
           of(Verdict::passed);
  }
};

Counts count(const Report& report, bool only_failing) {
  Counts counts;
  for (const WorkloadReport& workload : report.workloads) {
    for (const QueryReport& query : workload.queries) {
      ++counts.all;
      if (query.fails) ++counts.failing;
      if (query.fails == only_failing) ++counts.of(query.verdict);
    }
  }
  return counts;
}

// "1 broken, 1 regressed"
std::string verdicts_text(Counts counts) {
  std::string text;
  for (int i = 0; i < static_cast<int>(counts.of_verdict.size()); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    if (counts.of(verdict) == 0) continue;
    if (!text.empty()) text += ", ";
    text += count_text(counts.of(verdict)) + " " + to_text(verdict);
  }
  return text;
}

std::string not_measured_summary(Counts others) {
  if (others.all == 0) return "nothing was compared: there are no queries";
  std::string text = "nothing could be compared: " + verdicts_text(others);
  if (others.of(Verdict::new_query) > 0) text += "; run pgduet record to make the baselines";
  return text;
}

std::string failed_summary(const Counts& failing, const Counts& others) {
  std::string text = count_text(failing.failing) + " of " + counted(failing.all, "query") +
                     (failing.failing == 1 ? " fails: " : " fail: ") + verdicts_text(failing);
  const std::string rest = verdicts_text(others);
  if (!rest.empty()) text += "; " + rest;
  return text;
}

std::int64_t count_not_touched(const RunRecord& record) {
  std::int64_t count = 0;
  for (const WorkloadRecord& workload : record.workloads) {
    count += static_cast<std::int64_t>(workload.not_touched.size());
  }
  return count;
}

// The run left out what others measure, or what need not be measured: that there is nothing left to
// compare is no failure to measure.
bool leaves_out(const RunRecord& record) {
  return record.shard.has_value() || count_not_touched(record) > 0;
}

std::string nothing_left_summary(const RunRecord& record, const Counts& others) {
  std::string text = "nothing to compare";
  if (record.shard) {
    text += " in shard " + std::to_string(record.shard->index) + " of " +
            std::to_string(record.shard->count);
  }
  const std::string verdicts = verdicts_text(others);
  return verdicts.empty() ? text : text + ": " + verdicts;
}

std::string not_touched_text(const RunRecord& record) {
  const std::int64_t count = count_not_touched(record);
  return count == 0 ? "" : "; the change cannot touch " + counted(count, "query") + " more";
}

void conclude(Report& report) {
  const Counts failing = count(report, true);
  Counts others = count(report, false);
  const bool nothing_left =
      others.all == others.of(Verdict::skipped) + others.of(Verdict::new_query);
  if (failing.failing > 0) {
    report.outcome = Report::Outcome::failed;
    report.summary = failed_summary(failing, others);
  } else if (nothing_left && leaves_out(*report.record)) {
    report.outcome = Report::Outcome::passed;
    report.summary = nothing_left_summary(*report.record, others);
  } else if (others.compared() == 0) {
    report.outcome = Report::Outcome::not_measured;
    report.summary = not_measured_summary(others);
  } else {
    report.outcome = Report::Outcome::passed;
    report.summary = counted(others.all, "query") + ": " + verdicts_text(others);
  }
  report.summary += not_touched_text(*report.record);
}

}  // namespace

Report judge(const JudgeInput& input) {
  static const WorkloadBaselines none;
  Report report;
  report.record = input.record;
  for (const WorkloadRecord& workload : input.record->workloads) {
    const auto baselines = input.baselines.find(workload.name);
    report.workloads.push_back(judge_workload(
        workload, baselines == input.baselines.end() ? none : baselines->second, input));
  }
  conclude(report);
  return report;
}

}  // namespace pgduet::gate

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
    context.from_base = compare_sides(&*record.base, record.head);
  } else {
    context.base_indexes = context.head_indexes;
  }
  context.of_head = compare_sides(nullptr, record.head);
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

void add_missing(const WorkloadBaselines& baselines, WorkloadReport& report) {
  std::set<std::string> names;
  for (const QueryRecord& query : report.record->queries) names.insert(query.name);
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
  if (!input.only_selected) add_missing(baselines, report);
  report.compared_with = compared_with(record, baselines);
  tell_impact(report);
  tell_detection(report);
  add_stale_note(stale, report.notes);
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

std::string queries_text(std::int64_t count) {
  return count_text(count) + (count == 1 ? " query" : " queries");
}

std::string not_measured_summary(Counts others) {
  if (others.all == 0) return "nothing was compared: there are no queries";
  std::string text = "nothing could be compared: " + verdicts_text(others);
  if (others.of(Verdict::new_query) > 0) text += "; run pgduet record to make the baselines";
  return text;
}

std::string failed_summary(const Counts& failing, const Counts& others) {
  std::string text = count_text(failing.failing) + " of " + queries_text(failing.all) +
                     (failing.failing == 1 ? " fails: " : " fail: ") + verdicts_text(failing);
  const std::string rest = verdicts_text(others);
  if (!rest.empty()) text += "; " + rest;
  return text;
}

void conclude(Report& report) {
  const Counts failing = count(report, true);
  Counts others = count(report, false);
  if (failing.failing > 0) {
    report.outcome = Report::Outcome::failed;
    report.summary = failed_summary(failing, others);
  } else if (others.compared() == 0) {
    report.outcome = Report::Outcome::not_measured;
    report.summary = not_measured_summary(others);
  } else {
    report.outcome = Report::Outcome::passed;
    report.summary = queries_text(others.all) + ": " + verdicts_text(others);
  }
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

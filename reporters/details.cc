#include "details.h"

#include <algorithm>
#include <map>
#include <set>

#include "pgduet/gate/wording.h"

namespace pgduet::reporters {
namespace {

using gate::Finding;
using gate::Verdict;

// More would bury the few that matter; the HTML and JSON reports have all of them.
constexpr std::size_t findings_shown = 6;

std::string label_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::result:
      return "result";
    case Finding::Kind::failure:
      return "error";
    case Finding::Kind::plan:
      return "plan";
    case Finding::Kind::work:
      return "work";
    case Finding::Kind::estimate:
      return "rows";
    case Finding::Kind::time:
      return "time";
    case Finding::Kind::stability:
      return "unstable";
    case Finding::Kind::baseline:
      return "baseline";
  }
  return "";
}

std::string change_text(const std::string& name, const std::string& before,
                        const std::string& after, const std::string& ratio) {
  std::string text = name + " " + before + " → " + after;
  if (!ratio.empty()) text += " (" + ratio + ")";
  return text;
}

std::string ratio_text(double before, double after) {
  return before > 0 ? gate::ratio_text(after / before) : "";
}

std::string time_text(const std::string& clock, std::optional<double> before,
                      std::optional<double> after) {
  if (!before && !after) return "";
  if (!before) return clock + " " + gate::duration_text(*after);
  if (!after) return clock + " " + gate::duration_text(*before) + " before";
  return change_text(clock, gate::duration_text(*before), gate::duration_text(*after),
                     ratio_text(*before, *after));
}

std::optional<double> cpu_of(const std::optional<gate::MinimumTimes>& times) {
  return times ? times->cpu_us : std::nullopt;
}

std::optional<double> wall_of(const std::optional<gate::MinimumTimes>& times) {
  return times ? std::optional<double>(times->wall_us) : std::nullopt;
}

void append(std::string& list, const std::string& item) {
  if (item.empty()) return;
  if (!list.empty()) list += ", ";
  list += item;
}

// The headline is read first; what it holds needs no line of its own.
bool is_in_headline(const gate::QueryReport& query, const std::string& text) {
  return query.headline.find(text) != std::string::npos;
}

bool is_of_worst_binding(const gate::QueryReport& query, const Finding& finding) {
  return query.worst_binding == 0 || finding.binding == 0 || finding.binding == query.worst_binding;
}

void add_reasons(const gate::QueryReport& query, std::vector<Detail>& details) {
  std::set<std::string> given;
  for (const Finding& finding : query.findings) {
    if (finding.reason.empty() || !given.insert(finding.reason).second) continue;
    if (!is_in_headline(query, finding.reason)) details.push_back({"why", finding.reason});
  }
}

// What was found in other bindings than the one that decided is the same tale once more.
void add_other_bindings(const gate::QueryReport& query, std::vector<Detail>& details) {
  std::set<int> bindings;
  for (const Finding& finding : query.findings) {
    if (!is_of_worst_binding(query, finding)) bindings.insert(finding.binding);
  }
  if (bindings.empty()) return;
  std::string text = bindings.size() == 1 ? "binding" : "bindings";
  for (const int binding : bindings) {
    text += (binding == *bindings.begin() ? " " : ", ") + std::to_string(binding);
  }
  details.push_back({"also", text + ": see the HTML report"});
}

// Returns whether one of them was about the work.
bool add_findings(const gate::QueryReport& query, std::vector<Detail>& details) {
  std::set<std::string> given;
  std::size_t shown = 0;
  std::size_t left_out = 0;
  bool about_work = false;
  for (const Finding& finding : query.findings) {
    if (!is_of_worst_binding(query, finding)) continue;
    about_work = about_work || finding.kind == Finding::Kind::work;
    if (is_in_headline(query, finding.sentence) || !given.insert(finding.sentence).second) continue;
    if (shown < findings_shown) {
      details.push_back({label_of(finding.kind), finding.sentence});
      ++shown;
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    details.push_back({"more", std::to_string(left_out) + " more in the HTML report"});
  }
  return about_work;
}

std::string binding_text(const gate::QueryReport& query) {
  const gate::BindingRun* binding = worst_binding(query);
  if (binding == nullptr || binding->parameters.empty()) return "";
  const std::size_t bindings = shown_side(*query.record)->bindings.size();
  std::string place;
  if (bindings > 1) {
    place = "binding " + std::to_string(binding->number) + " of " + std::to_string(bindings);
  }
  if (!binding->coverage.empty()) place += (place.empty() ? "" : "; ") + binding->coverage;
  return gate::to_text(binding->parameters) + (place.empty() ? "" : " (" + place + ")");
}

}  // namespace

Tone tone_of(gate::Verdict verdict, bool fails) {
  if (fails) return Tone::bad;
  switch (verdict) {
    case Verdict::broken:
    case Verdict::regressed:
    case Verdict::missing:
      return Tone::bad;
    case Verdict::inconclusive:
    case Verdict::changed:
      return Tone::warn;
    case Verdict::new_query:
    case Verdict::accepted:
      return Tone::note;
    case Verdict::improved:
    case Verdict::passed:
      return Tone::good;
    case Verdict::skipped:
      return Tone::quiet;
  }
  return Tone::quiet;
}

Tone tone_of(const gate::QueryReport& query) { return tone_of(query.verdict, query.fails); }

std::string headline_or_verdict(const gate::QueryReport& query) {
  return query.headline.empty() ? gate::to_text(query.verdict) : query.headline;
}

std::string times_text(const gate::TimesShown& times) {
  std::string text = time_text(times.clock, cpu_of(times.before), cpu_of(times.after));
  append(text, time_text("wall", wall_of(times.before), wall_of(times.after)));
  return text;
}

std::string main_time_text(const gate::TimesShown& times) {
  const std::string cpu = time_text(times.clock, cpu_of(times.before), cpu_of(times.after));
  return cpu.empty() ? time_text("wall", wall_of(times.before), wall_of(times.after)) : cpu;
}

std::string work_text(const gate::QueryReport& query) {
  if (!query.work_before || !query.work_after) return "";
  const auto change = [](const std::string& name, std::int64_t before, std::int64_t after) {
    if (before == after) return std::string();
    return change_text(name, gate::count_text(before), gate::count_text(after),
                       ratio_text(static_cast<double>(before), static_cast<double>(after)));
  };
  const gate::Work& before = *query.work_before;
  const gate::Work& after = *query.work_after;
  std::string text = change("blocks", before.shared_blocks, after.shared_blocks);
  append(text, change("temp blocks", before.temp_blocks, after.temp_blocks));
  append(text, change("rows visited", before.rows_visited, after.rows_visited));
  append(text, change("WAL bytes", before.wal_bytes, after.wal_bytes));
  return text;
}

const gate::BindingRun* find_binding(const std::optional<gate::QueryRun>& side, int number) {
  return side ? gate::find_binding(*side, number) : nullptr;
}

const gate::QueryRun* shown_side(const gate::QueryRecord& query) {
  return query.head ? &*query.head : query.base ? &*query.base : nullptr;
}

const gate::BindingRun* worst_binding(const gate::QueryReport& query) {
  if (query.record == nullptr || query.worst_binding == 0) return nullptr;
  const auto* binding = find_binding(query.record->head, query.worst_binding);
  return binding != nullptr ? binding : find_binding(query.record->base, query.worst_binding);
}

std::vector<Detail> details_of(const gate::QueryReport& query) {
  std::vector<Detail> details;
  add_reasons(query, details);
  const bool about_work = add_findings(query, details);
  if (const std::string work = work_text(query); !about_work && !work.empty()) {
    details.push_back({"work", work});
  }
  const bool told =
      std::any_of(query.findings.begin(), query.findings.end(), [&query](const Finding& finding) {
        return finding.time && is_of_worst_binding(query, finding);
      });
  if (const std::string times = times_text(query.times); !told && !times.empty()) {
    details.push_back({"time", times});
  }
  if (query.detectable && query.verdict != Verdict::regressed) {
    details.push_back({"sees", "slowdowns from " + gate::factor_text(*query.detectable) + " on"});
  }
  if (const std::string binding = binding_text(query); !binding.empty()) {
    details.push_back({"with", binding});
  }
  add_other_bindings(query, details);
  for (const std::string& note : query.notes) details.push_back({"note", note});
  if (!query.next_step.empty()) details.push_back({"next", query.next_step});
  return details;
}

std::vector<gate::SourcePosition> culprits_of(const gate::QueryReport& query) {
  std::vector<gate::SourcePosition> culprits;
  for (const Finding& finding : query.findings) {
    const gate::SourcePosition& at = finding.culprit;
    if (at.file.empty()) continue;
    if (std::find(culprits.begin(), culprits.end(), at) == culprits.end()) culprits.push_back(at);
  }
  return culprits;
}

std::string comparison_text(const gate::WorkloadReport& workload) {
  const std::string comparison = "compared with " + workload.compared_with;
  if (workload.record == nullptr) return comparison;
  const std::string& head = workload.record->head.postgres_version;
  const auto& base = workload.record->base;
  const bool two = base && base->postgres_version != head;
  return "PostgreSQL " + (two ? base->postgres_version + " → " + head : head) + ", " + comparison;
}

std::string counts_text(const gate::WorkloadReport& workload) {
  std::map<Verdict, std::size_t> counts;
  for (const gate::QueryReport& query : workload.queries) ++counts[query.verdict];
  std::string text;
  for (const auto& [verdict, count] : counts) {
    append(text, std::to_string(count) + " " + gate::to_text(verdict));
  }
  const std::string total = gate::counted(workload.queries.size(), "query");
  return text.empty() ? total : total + ": " + text;
}

}  // namespace pgduet::reporters

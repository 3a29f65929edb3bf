#include "html_query.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "details.h"
#include "html_evidence.h"
#include "html_samples.h"
#include "html_sql.h"
#include "pgduet/gate/wording.h"

namespace pgduet::reporters::html {
namespace {

constexpr std::size_t most_bindings = 50;  // a query; more are a table for a script

// The labels of details_of in words. What is not here is told elsewhere on the page.
struct LabelWord {
  std::string_view label;
  const char* word;
  bool essential;  // for a reader who has half a minute
};
constexpr std::array<LabelWord, 12> label_words = {{
    {"why", "Why", true},
    {"result", "Result", true},
    {"error", "Error", true},
    {"plan", "Plan", true},
    {"work", "Work", true},
    {"rows", "Estimate", false},
    {"time", "Time", true},
    {"unstable", "Stability", true},
    {"baseline", "Baseline", true},
    {"with", "Parameters", false},
    {"note", "Note", false},
    {"next", "What to do", true},
}};

template <typename Wanted>
List points_of(const gate::QueryReport& query, const Wanted& wanted) {
  List points;
  for (const Detail& detail : details_of(query)) {
    for (const LabelWord& word : label_words) {
      if (word.label != detail.label || !wanted(word)) continue;
      Data point;
      point["label"] = Data(word.word);
      point["text"] = Data(detail.text);
      if (detail.label == "next") point["is_next"] = Data(true);
      points.push_back(std::move(point));
    }
  }
  return points;
}

std::string change_text(const std::string& before, const std::string& after) {
  return before == after ? after : before + " → " + after;
}

// Sorts where nothing is known behind all that is.
std::string key_text(std::optional<double> value) {
  return value ? gate::number_text(*value) : "-1";
}

// By CPU where both sides have it: wall time is of the client, too.
struct ComparedTimes {
  std::optional<double> before;
  std::optional<double> after;
};

ComparedTimes compared_times(const gate::TimesShown& times) {
  const auto all_cpu = [](const auto& side) { return !side || side->cpu_us; };
  const bool cpu = all_cpu(times.before) && all_cpu(times.after);
  const auto of = [&](const std::optional<gate::MinimumTimes>& side) {
    if (!side) return std::optional<double>();
    return cpu ? side->cpu_us : std::optional<double>(side->wall_us);
  };
  return {of(times.before), of(times.after)};
}

std::optional<double> ratio_of(std::optional<double> before, std::optional<double> after) {
  if (!before || !after || !(*before > 0)) return std::nullopt;
  return *after / *before;
}

void set_measure(Data& data, const std::string& name, const std::optional<double>& before,
                 const std::optional<double>& after, std::string (*text)(double)) {
  std::string shown;
  if (before && after) {
    shown = change_text(text(*before), text(*after));
  } else if (after) {
    shown = text(*after);
  } else if (before) {
    shown = text(*before) + " before";
  }
  const std::optional<double> ratio = ratio_of(before, after);
  data[name] = Data(shown);
  data[name + "_key"] = Data(key_text(after ? after : before));
  data[name + "_ratio"] = Data(ratio ? gate::factor_text(*ratio) : std::string());
  data[name + "_ratio_key"] = Data(key_text(ratio));
}

std::string blocks_text(double blocks) {
  return gate::count_text(static_cast<std::int64_t>(blocks));
}

std::string percent_text(double part) {
  return gate::number_text(static_cast<double>(static_cast<long>(part * 1000 + 0.5)) / 10) + " %";
}

std::optional<double> blocks_of(const std::optional<gate::Work>& work) {
  if (!work) return std::nullopt;
  return static_cast<double>(work->blocks());
}

// The binding that is shown: that which decided, else the first.
int shown_binding(const gate::QueryReport& query) {
  if (query.worst_binding > 0) return query.worst_binding;
  for (const auto* side : {&query.record->head, &query.record->base}) {
    if (*side && !(*side)->bindings.empty()) return (*side)->bindings.front().number;
  }
  return 0;
}

std::string result_text(const gate::BindingRun& binding) {
  if (binding.failure) return binding.failure->message;
  return binding.result ? gate::counted(binding.result->rows, "row") : "";
}

void set_bindings(Data& data, const gate::QueryReport& query) {
  const gate::QueryRun* side = shown_side(*query.record);
  if (side == nullptr) return;
  std::set<int> with_findings;
  for (const gate::Finding& finding : query.findings) {
    if (finding.weight != gate::Finding::Weight::informs) with_findings.insert(finding.binding);
  }
  List bindings;
  for (const gate::BindingRun& binding : side->bindings) {
    if (bindings.size() == most_bindings) break;
    Data item;
    item["number"] = Data(std::to_string(binding.number));
    item["parameters"] =
        Data(binding.parameters.empty() ? "no parameters" : gate::to_text(binding.parameters));
    set_text(item, "coverage", binding.coverage);
    item["result"] = Data(result_text(binding));
    const bool decided = binding.number == query.worst_binding;
    item["finding"] = Data(decided                                  ? "decided the verdict"
                           : with_findings.contains(binding.number) ? "findings, too"
                                                                    : "");
    bindings.push_back(std::move(item));
  }
  set_list(data, "bindings", bindings);
  if (side->bindings.size() > most_bindings) {
    data["bindings"]["more_bindings"] =
        Data(gate::counted(side->bindings.size() - most_bindings, "binding") +
             " more: see the JSON report.");
  }
}

// Without a base side, the tree of the plan that the baseline expects stands for base's plan.
void set_expected_plan(Data& data, const NamedQuery& named, const gate::LoadedBaseline& loaded) {
  const gate::WorkloadRecord& workload = *named.workload->record;
  if (named.report->record->base || !named.report->record->head) return;
  const auto version = loaded.baseline.postgres.find(workload.head.postgres_major);
  if (version == loaded.baseline.postgres.end()) return;
  List expected;
  for (const gate::PlanShape& shape : version->second.plans) {
    std::string text;
    for (const std::string& line : shape.tree) text += line + "\n";
    expected.push_back(Data(text));
  }
  if (expected.empty()) return;
  set_list(data, "expected", expected);
  data["expected"]["baseline_file"] = Data(loaded.file);
}

void set_binding_heading(Data& data, const gate::QueryReport& query, int binding) {
  const gate::QueryRun* side = shown_side(*query.record);
  if (side == nullptr || side->bindings.size() < 2) return;
  data["of_binding"] = Data("of binding " + std::to_string(binding));
}

}  // namespace

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::bad:
      return "bad";
    case Tone::warn:
      return "warn";
    case Tone::note:
      return "note";
    case Tone::good:
      return "good";
    case Tone::quiet:
      return "quiet";
  }
  return "";
}

const char* tone_class(const gate::QueryReport& query) { return tone_class(tone_of(query)); }

Data summary_of(const NamedQuery& named, std::size_t number) {
  const gate::QueryReport& query = *named.report;
  Data data;
  data["id"] = Data("q" + std::to_string(number));
  data["name"] = Data(named.full_name());
  data["verdict"] = Data(gate::to_text(query.verdict));
  data["tone"] = Data(tone_class(query));
  if (query.fails) data["fails"] = Data(true);
  set_text(data, "headline", query.headline);
  set_text(data, "place", gate::to_text(query.source));
  return data;
}

void add_measures(Data& data, const gate::QueryReport& query) {
  const ComparedTimes times = compared_times(query.times);
  set_measure(data, "time", times.before, times.after, &gate::duration_text);
  set_measure(data, "blocks", blocks_of(query.work_before), blocks_of(query.work_after),
              &blocks_text);
  data["share"] = Data(query.share > 0 ? percent_text(query.share) : "");
  data["share_key"] = Data(gate::number_text(query.share));
  data["sees"] = Data(query.detectable ? gate::factor_text(*query.detectable) : "");
  data["sees_key"] = Data(key_text(query.detectable));
}

void add_points(Data& data, const gate::QueryReport& query) {
  set_list(data, "points", points_of(query, [](const LabelWord&) { return true; }));
}

void add_essential_points(Data& data, const gate::QueryReport& query) {
  set_list(data, "points", points_of(query, [](const LabelWord& word) { return word.essential; }));
}

void add_details(Data& data, const NamedQuery& named, const WorkloadContext& context) {
  const gate::QueryReport& query = *named.report;
  set_findings(data, query);
  set_timings(data, query);
  if (query.detectable) {
    data["detectable"] = Data(gate::factor_text(*query.detectable));
  }
  const auto loaded = context.baselines.head.find(query.name);
  const bool has_baseline = loaded != context.baselines.head.end();
  if (has_baseline) set_accepted(data, loaded->second.baseline.accepted);
  if (query.record == nullptr) return;
  set_culprits(data, query, *named.workload->record);
  if (has_baseline) set_expected_plan(data, named, loaded->second);
  set_statements(data, *query.record);
  set_bindings(data, query);
  const int binding = shown_binding(query);
  set_binding_heading(data, query, binding);
  set_plan(data, *query.record, binding, context.plans);
  set_samples(data, *query.record, binding, query.times.clock);
}

}  // namespace pgduet::reporters::html

#include "prometheus.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "terminal_text.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;
using Outcome = gate::Report::Outcome;

using Label = std::pair<const char*, std::string_view>;

// workload="shop",query="orders_of_customer"
std::string labels_text(std::initializer_list<Label> labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"" + prometheus_text(value) + '"';
  }
  return text;
}

// Ten digits are more than a clock can tell, and hold every timestamp and most counts whole.
std::string value_text(double value) {
  char text[32];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, 10).ptr;
  return {text, end};
}

// A metric and all its samples, which the format wants together. Nothing without samples.
class Family {
 public:
  Family(const char* name, const char* help, std::ostream& out)
      : name_(name), help_(help), out_(out) {}

  void add(const std::string& labels, double value) {
    if (!begun_) {
      out_ << "# HELP " << name_ << ' ' << help_ << "\n# TYPE " << name_ << " gauge\n";
      begun_ = true;
    }
    out_ << name_;
    if (!labels.empty()) out_ << '{' << labels << '}';
    out_ << ' ' << value_text(value) << '\n';
  }

 private:
  const char* name_;
  const char* help_;
  std::ostream& out_;
  bool begun_ = false;
};

// Runs.

std::optional<double> unix_seconds(const std::string& iso_8601_utc) {
  std::tm utc{};
  const char* end = ::strptime(iso_8601_utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<double>(::timegm(&utc));
}

void write_run(const gate::Report& report, std::ostream& out) {
  Family outcomes("pgduet_run_outcome", "1 for how the run ended, 0 for the other outcomes.", out);
  for (const auto& [name, outcome] :
       {std::pair("passed", Outcome::passed), std::pair("failed", Outcome::failed),
        std::pair("not_measured", Outcome::not_measured)}) {
    outcomes.add(labels_text({{"outcome", name}}), report.outcome == outcome ? 1 : 0);
  }
  if (!report.record) return;
  const gate::RunRecord& record = *report.record;
  Family("pgduet_run_info", "What ran; always 1.", out)
      .add(labels_text({{"run_id", record.run_id}, {"version", record.pgduet_version}}), 1);
  if (const auto started = unix_seconds(record.started_at)) {
    Family("pgduet_run_started_timestamp_seconds", "When the run began, in Unix time.", out)
        .add("", *started);
  }
  Family("pgduet_run_duration_seconds", "How long the run took.", out).add("", record.seconds);
}

// Workloads and queries.

struct WorkloadRow {
  const gate::WorkloadReport* report = nullptr;
  std::string labels;
};

struct QueryRow {
  const gate::QueryReport* report = nullptr;
  std::string labels;
};

struct Rows {
  std::vector<WorkloadRow> workloads;
  std::vector<QueryRow> queries;
};

// Each name once.
Rows rows_of(const gate::Report& report) {
  Rows rows;
  std::set<std::string> known;
  for (const gate::WorkloadReport& workload : report.workloads) {
    std::string labels = labels_text({{"workload", workload.name}});
    if (known.insert(labels).second) rows.workloads.push_back({&workload, std::move(labels)});
    for (const gate::QueryReport& query : workload.queries) {
      labels = labels_text({{"workload", workload.name}, {"query", query.name}});
      if (known.insert(labels).second) rows.queries.push_back({&query, std::move(labels)});
    }
  }
  return rows;
}

std::string side_labels(const std::string& labels, const char* side) {
  return labels + ",side=\"" + side + '"';
}

std::string info_labels(const std::string& labels, const char* side,
                        const gate::SideRecord& record) {
  const gate::CommitRecord commit = record.commit.value_or(gate::CommitRecord());
  return side_labels(labels, side) + ',' +
         labels_text({{"revision", record.revision},
                      {"commit", commit.id},
                      {"branch", commit.branch},
                      {"postgres_version", record.postgres_version}});
}

void write_workloads(const std::vector<WorkloadRow>& workloads, std::ostream& out) {
  Family info("pgduet_workload_info", "What the workload's sides were built from; always 1.", out);
  for (const WorkloadRow& row : workloads) {
    const gate::WorkloadRecord* record = row.report->record;
    if (record == nullptr) continue;
    if (record->base) info.add(info_labels(row.labels, "base", *record->base), 1);
    info.add(info_labels(row.labels, "head", record->head), 1);
  }

  Family counts("pgduet_workload_queries", "Queries of the workload, by verdict.", out);
  for (const WorkloadRow& row : workloads) {
    const std::vector<gate::QueryReport>& queries = row.report->queries;
    for (int i = 0; i <= static_cast<int>(Verdict::skipped); ++i) {
      const auto verdict = static_cast<Verdict>(i);
      const auto count = std::count_if(
          queries.begin(), queries.end(),
          [verdict](const gate::QueryReport& query) { return query.verdict == verdict; });
      counts.add(row.labels + ',' + labels_text({{"verdict", gate::to_text(verdict)}}),
                 static_cast<double>(count));
    }
  }

  Family ratios("pgduet_workload_time_ratio",
                "Head / base of the weighted workload's time, where times were compared.", out);
  for (const WorkloadRow& row : workloads) {
    if (row.report->impact_ratio) ratios.add(row.labels, *row.report->impact_ratio);
  }
}

// Over the bindings, each of which has to have the value.
template <typename ValueOf>
std::optional<double> mean(const gate::QueryRun& run, const ValueOf& value_of) {
  double sum = 0;
  for (const gate::BindingRun& binding : run.bindings) {
    const std::optional<double> value = binding.failure ? std::nullopt : value_of(binding);
    if (!value) return std::nullopt;
    sum += *value;
  }
  if (run.bindings.empty()) return std::nullopt;
  return sum / static_cast<double>(run.bindings.size());
}

std::optional<double> cpu_seconds(const gate::QueryRun& run) {
  return mean(run, [](const gate::BindingRun& binding) -> std::optional<double> {
    const auto times = gate::minimum_times(binding);
    if (!times || !times->cpu_us) return std::nullopt;
    return *times->cpu_us / 1e6;
  });
}

std::optional<double> wall_seconds(const gate::QueryRun& run) {
  return mean(run, [](const gate::BindingRun& binding) -> std::optional<double> {
    const auto times = gate::minimum_times(binding);
    if (!times) return std::nullopt;
    return times->wall_us / 1e6;
  });
}

template <std::int64_t gate::Work::*counter>
std::optional<double> work(const gate::QueryRun& run) {
  return mean(run, [](const gate::BindingRun& binding) {
    return std::optional(static_cast<double>(binding.work.*counter));
  });
}

std::optional<double> executions(const gate::QueryRun& run) {
  int count = 0;
  for (const gate::BindingRun& binding : run.bindings) {
    for (const gate::Execution& sample : binding.executions) {
      if (!sample.control) count += sample.executions;
    }
  }
  return count;
}

struct Figure {
  const char* name;
  const char* help;
  std::optional<double> (*of)(const gate::QueryRun& run);
};

constexpr Figure figures[] = {
    {"pgduet_query_cpu_seconds",
     "CPU time of the server process in the fastest execution of the screening, mean over the "
     "bindings.",
     &cpu_seconds},
    {"pgduet_query_wall_seconds",
     "Elapsed time, as the client sees it, of the fastest execution of the screening, mean over "
     "the bindings.",
     &wall_seconds},
    {"pgduet_query_shared_blocks",
     "Shared and local blocks that an execution touches, hit or read, mean over the bindings.",
     &work<&gate::Work::shared_blocks>},
    {"pgduet_query_temp_blocks",
     "Temporary blocks that an execution reads and writes, mean over the bindings.",
     &work<&gate::Work::temp_blocks>},
    {"pgduet_query_visited_rows",
     "Rows that an execution's scans visit, those that filters removed included, mean over the "
     "bindings.",
     &work<&gate::Work::rows_visited>},
    {"pgduet_query_executions", "Executions that were timed, over all bindings and stages.",
     &executions},
};

// Of the binding that decided the verdict.
std::optional<double> judged_ratio(const gate::QueryReport& query) {
  for (const gate::Finding& finding : query.findings) {
    if (finding.time && finding.binding == query.worst_binding) return finding.time->ratio;
  }
  return std::nullopt;
}

void write_figure(const Figure& figure, const std::vector<QueryRow>& queries, std::ostream& out) {
  Family family(figure.name, figure.help, out);
  for (const QueryRow& row : queries) {
    const gate::QueryRecord* record = row.report->record;
    if (record == nullptr) continue;
    for (const auto& [side, run] :
         {std::pair("base", &record->base), std::pair("head", &record->head)}) {
      const std::optional<double> value = *run ? figure.of(**run) : std::nullopt;
      if (value) family.add(side_labels(row.labels, side), *value);
    }
  }
}

void write_queries(const std::vector<QueryRow>& queries, std::ostream& out) {
  Family verdicts("pgduet_query_verdict", "The verdict that the query has; always 1.", out);
  for (const QueryRow& row : queries) {
    const std::string verdict = gate::to_text(row.report->verdict);
    verdicts.add(row.labels + ',' + labels_text({{"verdict", verdict}}), 1);
  }
  Family failing("pgduet_query_fails", "1 where the query fails the gate under its policy, else 0.",
                 out);
  for (const QueryRow& row : queries) failing.add(row.labels, row.report->fails ? 1 : 0);

  for (const Figure& figure : figures) write_figure(figure, queries, out);

  Family ratios("pgduet_query_time_ratio",
                "Head / base, or / baseline, of the time of the binding that decided, where stages "
                "judged it.",
                out);
  for (const QueryRow& row : queries) {
    if (const auto ratio = judged_ratio(*row.report)) ratios.add(row.labels, *ratio);
  }
}

class PrometheusReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    const Rows rows = rows_of(report);
    write_run(report, out);
    write_workloads(rows.workloads, out);
    write_queries(rows.queries, out);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_prometheus_reporter(const ReportOptions&) {
  return std::make_unique<PrometheusReporter>();
}

std::string prometheus_text(std::string_view text) {
  std::string escaped;
  for (const char c : terminal_text(text)) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace pgduet::reporters

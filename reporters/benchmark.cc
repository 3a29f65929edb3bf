#include "benchmark.h"

#include <cmath>
#include <string>

#include "pgduet/gate/json.h"
#include "terminal_text.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Json;

Json context_json(const gate::Report& report) {
  const gate::RunRecord none;
  const gate::RunRecord& record = report.record ? *report.record : none;
  const std::string& governor = record.machine.governor;
  return {{"date", record.started_at},
          {"host_name", ""},
          {"executable", "pgduet"},
          {"num_cpus", record.machine.cores},
          {"mhz_per_cpu", 0},
          {"cpu_scaling_enabled", !governor.empty() && governor != "performance"},
          {"caches", Json::array()},
          {"load_avg", Json::array({record.machine.load})},
          {"library_version", record.pgduet_version},
          {"library_build_type", "release"},
          {"json_schema_version", 1}};
}

// To a tenth, which is more than a clock can tell.
double nanoseconds(double microseconds) { return std::round(microseconds * 1e4) / 10; }

int screening_executions(const gate::BindingRun& binding) {
  int executions = 0;
  for (const gate::Execution& sample : binding.executions) {
    if (sample.stage == 0 && !sample.control) executions += sample.executions;
  }
  return executions;
}

Json benchmark_json(const std::string& name, const gate::BindingRun& binding,
                    const gate::MinimumTimes& times) {
  return {{"name", name},
          {"run_name", name},
          {"run_type", "iteration"},
          {"repetitions", 1},
          {"repetition_index", 0},
          {"threads", 1},
          {"iterations", screening_executions(binding)},
          {"real_time", nanoseconds(times.wall_us)},
          {"cpu_time", nanoseconds(times.cpu_us.value_or(times.wall_us))},
          {"time_unit", "ns"}};
}

// One line each: a report of 10,000 queries stays a file that can be looked at.
void write_query(const NamedQuery& named, bool& first, std::ostream& out) {
  const gate::QueryReport& query = *named.report;
  if (query.record == nullptr || !query.record->head) return;
  for (const gate::BindingRun& binding : query.record->head->bindings) {
    const auto times = gate::minimum_times(binding);
    if (!times) continue;
    const std::string name =
        terminal_text(named.full_name()) + "/" + std::to_string(binding.number);
    out << (first ? "\n    " : ",\n    ") << gate::one_line(benchmark_json(name, binding, *times));
    first = false;
  }
}

class BenchmarkReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    out << "{\n  \"context\": " << gate::one_line(context_json(report)) << ",\n  \"benchmarks\": [";
    bool first = true;
    for (const gate::WorkloadReport& workload : report.workloads) {
      for (const gate::QueryReport& query : workload.queries) {
        write_query({&workload, &query}, first, out);
      }
    }
    out << (first ? "]\n}\n" : "\n  ]\n}\n");
  }
};

}  // namespace

std::unique_ptr<Reporter> make_benchmark_reporter(const ReportOptions&) {
  return std::make_unique<BenchmarkReporter>();
}

}  // namespace pgduet::reporters

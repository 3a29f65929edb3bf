// How long each format takes, and how much memory all of them, for a run of 10,000 queries, one in
// fifty of which became worse.
//
// Limits: 5 s and 1 GB for all formats together. The queries are those of the golden tests' sample,
// so that reports hold what real ones do.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "pgduet/reporters/reporter.h"
#include "sample_report.h"

namespace {

using namespace pgduet;

constexpr std::size_t query_count = 10000;
constexpr std::size_t one_in_worse = 50;
constexpr double most_seconds = 5;
constexpr double most_megabytes = 1024;

gate::Report large_report() {
  gate::Report report = test::sample_report();
  auto record = std::make_shared<gate::RunRecord>(*report.record);
  record->workloads.resize(1);
  report.workloads.resize(1);
  gate::WorkloadReport& workload = report.workloads[0];
  const gate::QueryReport worse = workload.queries.front();
  gate::QueryReport passed = worse;
  for (const gate::QueryReport& query : workload.queries) {
    if (query.verdict == gate::Verdict::passed) passed = query;
  }
  const gate::QueryRecord worse_record = *worse.record;
  const gate::QueryRecord passed_record = *passed.record;
  record->workloads[0].queries.clear();
  workload.queries.clear();
  for (std::size_t i = 0; i < query_count; ++i) {
    const bool is_worse = i % one_in_worse == 0;
    record->workloads[0].queries.push_back(is_worse ? worse_record : passed_record);
    workload.queries.push_back(is_worse ? worse : passed);
    workload.queries.back().name += std::to_string(i);
  }
  for (std::size_t i = 0; i < query_count; ++i) {
    workload.queries[i].record = &record->workloads[0].queries[i];
  }
  workload.record = &record->workloads[0];
  report.record = record;
  return report;
}

const gate::Report& report() {
  static const gate::Report made = large_report();
  return made;
}

void write_format(benchmark::State& state, const reporters::Format& format) {
  std::size_t bytes = 0;
  for (auto iteration : state) {
    (void)iteration;
    std::ostringstream out;
    format.make({})->write(report(), out);
    bytes = std::move(out).str().size();
  }
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Adds up what the formats took.
class Sum : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) seconds += run.GetAdjustedRealTime() / 1e3;
    ConsoleReporter::ReportRuns(runs);
  }
  double seconds = 0;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  report();
  for (const reporters::Format& format : reporters::all_formats()) {
    benchmark::RegisterBenchmark(std::string(format.name).c_str(), [&format](
                                                                       benchmark::State& state) {
      write_format(state, format);
    })->Unit(benchmark::kMillisecond);
  }
  Sum sum;
  benchmark::RunSpecifiedBenchmarks(&sum);
  const double megabytes = peak_megabytes();
  std::cout << "all formats: " << sum.seconds << " s (at most " << most_seconds << "), peak memory "
            << megabytes << " MB (at most " << most_megabytes << ")\n";
  return sum.seconds <= most_seconds && megabytes <= most_megabytes ? EXIT_SUCCESS : EXIT_FAILURE;
}

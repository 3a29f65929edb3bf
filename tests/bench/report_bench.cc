// How long each format of report takes to write, how large it gets, and how much memory that takes.
//
// Limits: the page of 500 queries 0.5 s and 5 MB; all formats of 10,000 queries together 5 s and
// 1 GB, the report and its record included.

#include <benchmark/benchmark.h>

#include <ostream>
#include <streambuf>
#include <string>

#include "large_report.h"
#include "peak_memory.h"
#include "pgduet/reporters/reporter.h"

namespace {

using namespace pgduet;
using bench::peak_megabytes;

// Counts what is written and keeps nothing, as a file would.
class CountingBuffer : public std::streambuf {
 public:
  std::size_t count() const { return count_; }

 private:
  int_type overflow(int_type c) override {
    ++count_;
    return c;
  }
  std::streamsize xsputn(const char*, std::streamsize count) override {
    count_ += static_cast<std::size_t>(count);
    return count;
  }

  std::size_t count_ = 0;
};

std::size_t write(const reporters::Format& format, const gate::Report& report) {
  CountingBuffer buffer;
  std::ostream out(&buffer);
  format.make({})->write(report, out);
  return buffer.count();
}

void write_format(benchmark::State& state, const reporters::Format& format,
                  const gate::Report& report) {
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto iteration : state) bytes = write(format, report);
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["peak_MB"] = peak_megabytes();
}

void write_all(benchmark::State& state, const gate::Report& report) {
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto iteration : state) {
    for (const reporters::Format& format : reporters::all_formats()) bytes += write(format, report);
  }
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["peak_MB"] = peak_megabytes();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const int queries : {500, 10'000}) {
    const gate::Report report = test::large_report(queries);
    const std::string count = "/" + std::to_string(queries);
    for (const reporters::Format& format : reporters::all_formats()) {
      benchmark::RegisterBenchmark((std::string(format.name) + count).c_str(), write_format, format,
                                   report)
          ->Unit(benchmark::kMillisecond);
    }
    benchmark::RegisterBenchmark(("all" + count).c_str(), write_all, report)
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// How long it takes to load a run of 10,000 queries into the store, with 30 executions of each on
// both sides, and to read the history of one query among 10 million executions.
//
//   build/bench/bin/store_bench [--runs N]
//
// Limits: 10 s and 200 ms. The store is an embedded one on a disk of its own kind: below the user's
// cache directory. Records are made in child processes, so that loading starts with empty memory.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "large_record.h"
#include "peak_memory.h"
#include "pgduet/gate/history.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/store.h"
#include "pgduet/harness/temp_dir.h"

namespace {

using namespace pgduet;
namespace fs = std::filesystem;

constexpr int executions_a_side = 15;

struct Bench {
  harness::TempDir directory;
  harness::Store store;
  int runs = 0;
};

harness::TempDir make_directory() {
  const fs::path parent = harness::default_cache_directory().parent_path();
  fs::create_directories(parent);
  harness::TempDir directory(parent, "pgduet-bench-");
  fs::permissions(directory.path(), fs::perms(0711));
  return directory;
}

harness::StoreOptions options_in(const fs::path& directory) {
  harness::StoreOptions options;
  options.state_directory = directory;
  options.installations = harness::find_installations({});
  options.keep_months = 0;
  return options;
}

// Runs of one year and a half, a month from each other.
fs::path make_record(const fs::path& directory, int number) {
  char date[16];
  std::snprintf(date, sizeof date, "%04d-%02d", 2025 + number / 12, number % 12 + 1);
  const std::string month = date;
  const std::string run_id =
      month.substr(0, 4) + month.substr(5) + "21T101500.042Z-" + std::to_string(100000 + number);
  const fs::path file = directory / (run_id + ".json");
  const pid_t child = fork();
  if (child == 0) {
    harness::write_file_atomically(
        file,
        gate::to_text(bench::large_record({executions_a_side, run_id, month + "-21T10:15:00Z"})));
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  return file;
}

void load_run(benchmark::State& state, Bench& bench) {
  for ([[maybe_unused]] auto iteration : state) {
    state.PauseTiming();
    const fs::path file = make_record(bench.directory.path(), bench.runs++);
    state.ResumeTiming();
    const harness::LoadResult result = bench.store.import({file});
    if (result.loaded != 1) state.SkipWithError("not loaded");
    state.PauseTiming();
    fs::remove(file);
    state.ResumeTiming();
  }
  state.counters["peak_MB"] = bench::peak_megabytes();
}

void read_history(benchmark::State& state, Bench& bench) {
  std::size_t points = 0;
  int number = 0;
  for ([[maybe_unused]] auto iteration : state) {
    const std::string query = "query_" + std::to_string(number++ * 37 % bench::query_count);
    points = gate::examine_history(bench.store.history(query, {})).runs.size();
  }
  if (points != static_cast<std::size_t>(bench.runs)) state.SkipWithError("lost runs");
  state.counters["runs"] = static_cast<double>(points);
}

void read_overview(benchmark::State& state, Bench& bench) {
  std::size_t queries = 0;
  for ([[maybe_unused]] auto iteration : state)
    queries = bench.store.histories({.branch = "", .major = 0, .last = 20}).size();
  if (queries != bench::query_count) state.SkipWithError("lost queries");
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  int runs = 34;  // 300,000 executions each
  if (argc == 3 && std::string(argv[1]) == "--runs") runs = std::atoi(argv[2]);
  harness::TempDir directory = make_directory();
  const fs::path state_directory = directory.path() / "state";
  Bench bench{std::move(directory), harness::Store(options_in(state_directory))};
  benchmark::RegisterBenchmark("load_10000_queries_of_30_executions", load_run, std::ref(bench))
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(1)
      ->Repetitions(runs);
  benchmark::RegisterBenchmark("history_of_a_query", read_history, std::ref(bench))
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Repetitions(5);
  benchmark::RegisterBenchmark("overview_of_20_runs", read_overview, std::ref(bench))
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(1)
      ->Repetitions(3);
  benchmark::RunSpecifiedBenchmarks();
  const harness::StoreStatus status = bench.store.status();
  std::cout << status.executions << " executions, " << status.bytes / 1000000 << " MB\n";
  return 0;
}

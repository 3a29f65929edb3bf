// How long it takes, and how much memory, to read a run record of 10,000 queries and judge it; and
// the same for the records of 8 shards, which are merged first.
//
// Limits: 2 s (merging, which also writes the record: 5 s) and 1 GB. Plans are those of
// tests/data/plans, so sizes are real ones. The record is made in a child process, so that the peak
// memory of this one is that of reading and judging.

#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "large_record.h"
#include "peak_memory.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/gate/shard.h"
#include "pgduet/gate/time.h"

namespace {

using namespace pgduet::gate;
using pgduet::bench::large_record;
using pgduet::bench::peak_megabytes;
using pgduet::bench::query_count;
using pgduet::bench::read_text;

constexpr int shard_count = 8;
constexpr double most_megabytes = 1024;

std::filesystem::path shard_file(const std::filesystem::path& file, int index) {
  return file.string() + "-" + std::to_string(index);
}

// What `check --shard` leaves: the shard's queries and their baselines, and the whole plan.
void write_shards(const std::filesystem::path& file, const RunRecord& whole) {
  const WorkloadRecord& all = whole.workloads.front();
  PlannedWorkload plan;
  plan.name = all.name;
  for (std::size_t i = 0; i < all.queries.size(); ++i) {
    plan.queries.push_back({all.queries[i].name, static_cast<int>(i % shard_count) + 1, 1e-4});
  }
  for (int index = 1; index <= shard_count; ++index) {
    RunRecord shard;
    shard.run_id = "20261121T101500.042Z-" + std::to_string(index);
    shard.started_at = whole.started_at;
    shard.shard = ShardRecord{index, shard_count, {plan}};
    WorkloadRecord& part = shard.workloads.emplace_back();
    part.name = all.name;
    part.base = all.base;
    part.head = all.head;
    for (std::size_t i = 0; i < all.queries.size(); ++i) {
      if (plan.queries[i].shard != index) continue;
      part.queries.push_back(all.queries[i]);
      part.queries.back().shard = index;
      for (const char* side : {"head", "base"}) {
        part.baselines[side][all.queries[i].name] = all.baselines.at(side).at(all.queries[i].name);
      }
    }
    std::ofstream(shard_file(file, index), std::ios::binary) << to_text(shard);
  }
}

bool make_records(const std::filesystem::path& file) {
  const pid_t child = fork();
  if (child == 0) {
    const RunRecord record = large_record({});
    std::ofstream(file, std::ios::binary) << to_text(record);
    write_shards(file, record);
    _exit(0);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// 1,000 bindings with samples of both sides and the control in three clocks (wall, CPU, the
// client's), 30 rounds in all. Limit: 100 ms.
void judge_times(benchmark::State& state) {
  constexpr int bindings = 1000;
  constexpr int stages = 3;
  constexpr int rounds = 10;
  std::vector<BindingRun> base(bindings);
  std::vector<BindingRun> head(bindings);
  for (int binding = 0; binding < bindings; ++binding) {
    for (int i = 0; i < stages * rounds; ++i) {
      Execution sample{.wall_us = 80.0 + (i * 7 + binding) % 13,
                       .cpu_us = 50.0 + (i * 5 + binding) % 11,
                       .client_us = 12,
                       .executions = 40,
                       .stage = 1 + i / rounds};
      base[static_cast<std::size_t>(binding)].executions.push_back(sample);
      head[static_cast<std::size_t>(binding)].executions.push_back(sample);
      sample.control = true;
      base[static_cast<std::size_t>(binding)].executions.push_back(sample);
    }
  }
  for ([[maybe_unused]] auto iteration : state) {
    for (std::size_t i = 0; i < bindings; ++i) {
      benchmark::DoNotOptimize(judge_stages(stage_times(base[i], head[i]), {1.1, 1.25}));
    }
  }
}
BENCHMARK(judge_times)->Unit(benchmark::kMillisecond);

void set_outcome(benchmark::State& state, const Report& report, const std::string& record) {
  if (report.workloads.at(0).queries.size() != query_count) state.SkipWithError("lost queries");
  if (peak_megabytes() > most_megabytes) state.SkipWithError("more than 1 GB");
  state.counters["record_MB"] = static_cast<double>(record.size()) / 1e6;
  state.counters["peak_MB"] = peak_megabytes();
  state.SetLabel(report.summary);
}

void judge_ten_thousand_queries(benchmark::State& state, const std::filesystem::path& file) {
  // Outlive the loop: what is measured ends with the report, not with freeing it.
  std::shared_ptr<const RunRecord> record;
  Report report;
  std::string text;
  for ([[maybe_unused]] auto iteration : state) {
    text = read_text(file);
    record = std::make_shared<const RunRecord>(run_record_from_text(text, "run.json"));
    report = judge(judge_input(record));
  }
  set_outcome(state, report, text);
}

// The peak is that of the process so far: of judging, where merging needs no more.
void merge_eight_shards(benchmark::State& state, const std::filesystem::path& file) {
  std::shared_ptr<const RunRecord> record;
  Report report;
  std::string text;
  for ([[maybe_unused]] auto iteration : state) {
    std::vector<ShardFile> shards;
    for (int index = 1; index <= shard_count; ++index) {
      const std::string name = shard_file(file, index).string();
      shards.push_back({run_record_from_text(read_text(name), name), name});
    }
    record = std::make_shared<const RunRecord>(merge_shards(std::move(shards)));
    text = to_text(*record);  // it is kept
    report = judge(judge_input(record));
  }
  set_outcome(state, report, text);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("pgduet-bench-" + std::to_string(getpid()));
  if (!make_records(file)) {
    std::cerr << "could not make the run records\n";
    return 3;
  }
  benchmark::RegisterBenchmark("judge_10000_queries", judge_ten_thousand_queries, file)
      ->Unit(benchmark::kMillisecond)
      ->Iterations(1)
      ->Repetitions(3);
  benchmark::RegisterBenchmark("merge_8_shards_of_1250_queries", merge_eight_shards, file)
      ->Unit(benchmark::kMillisecond)
      ->Iterations(1)
      ->Repetitions(3);
  benchmark::RunSpecifiedBenchmarks();
  std::filesystem::remove(file);
  for (int index = 1; index <= shard_count; ++index) {
    std::filesystem::remove(shard_file(file, index));
  }
  return 0;
}

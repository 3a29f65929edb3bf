// How long it takes until an empty cluster answers: from nothing (initdb), and from the cache.
//
//   build/release/bin/spin_up_bench
#include <benchmark/benchmark.h>

#include <vector>

#include "pgduet/harness/cluster.h"

namespace pgduet::harness {
namespace {

const Installation& installation() {
  static const Installation first = choose_installation(find_installations({}), 0);
  return first;
}

// Acquires a cluster under `key` and starts a server over it, as a run does. The clock stops when
// it answers.
void spin_up(benchmark::State& state, ClusterCache& cache, const std::string& key) {
  const ClusterCache::Entry entry = cache.acquire(
      key, installation(), [](const std::filesystem::path&) { return std::string(); });
  ServerOptions options;
  options.installation = installation();
  options.data_directory = entry.data_directory();
  options.user = server_user();
  options.fixed_random = true;
  Server server(options);
  state.PauseTiming();
  server.stop();
}

// Beside the user's own cache: on the same disk, and not in /tmp, because ext4 looks for new inodes
// past all that were deleted lately in the same part of the disk, which is where compilers and
// tests leave theirs; 1,000 files then take 0.6 s instead of 0.02 s.
TempDir cache_parent() {
  const std::filesystem::path parent = default_cache_directory().parent_path();
  std::filesystem::create_directories(parent);
  TempDir directory(parent, "pgduet-bench-");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0711));
  return directory;
}

ClusterCache::Options options_in(const TempDir& directory) {
  ClusterCache::Options options;
  options.directory = directory.path() / "cache";
  options.user = server_user();
  return options;
}

// initdb, copy, start. What an iteration made goes at the end of all, see cache_parent().
void from_nothing(benchmark::State& state) {
  std::vector<TempDir> directories;
  for (auto _ : state) {
    state.PauseTiming();
    directories.push_back(cache_parent());
    state.ResumeTiming();
    ClusterCache cache(options_in(directories.back()));
    spin_up(state, cache, "bench");
    state.ResumeTiming();
  }
}

// Copy of the empty cluster of this version, start: a workload's first run.
void from_empty_cluster(benchmark::State& state) {
  const TempDir directory = cache_parent();
  ClusterCache cache(options_in(directory));
  int number = 0;
  for (auto _ : state) {
    spin_up(state, cache, std::to_string(++number));
    state.ResumeTiming();
  }
}

// Start: every later run.
void from_cache(benchmark::State& state) {
  const TempDir directory = cache_parent();
  ClusterCache cache(options_in(directory));
  cache.acquire("bench", installation(),
                [](const std::filesystem::path&) { return std::string(); });
  for (auto _ : state) {
    spin_up(state, cache, "bench");
    state.ResumeTiming();
  }
}

BENCHMARK(from_nothing)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);
BENCHMARK(from_empty_cluster)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(10);
BENCHMARK(from_cache)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(20);

}  // namespace
}  // namespace pgduet::harness

BENCHMARK_MAIN();

// Runs killed at random moments: nothing of them stays that stops the next one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <random>

#include "forked.h"
#include "leftovers.h"
#include "pgduet/harness/interrupt.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using testing::IsEmpty;

// What a run does, from the cache to a server that answers.
int run_once(const fs::path& cache_directory, const std::string& key) {
  ClusterCache cache(test_cache_options(cache_directory));
  const ClusterCache::Entry entry =
      cache.acquire(key, test_installation(), [](const fs::path& data_directory) {
        Server server(test_server_options(data_directory));
        query_text(server.connection_string("postgres"),
                   "CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) AS i");
        server.stop();
        return std::string("built");
      });
  const Server server(test_server_options(entry.data_directory()));
  const std::string rows =
      query_text(server.connection_string("postgres"), "SELECT count(*) FROM t");
  return rows == "1000" ? 0 : 1;
}

// The run directories of servers over clusters in `cache_directory`.
std::vector<std::string> run_directories_of(const fs::path& cache_directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(run_directory_parent(test_user().has_value()))) {
    std::ifstream file(entry.path() / run_cluster_file);
    const std::string cluster{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
    if (cluster.rfind(cache_directory.string(), 0) == 0) found.push_back(entry.path().string());
  }
  return found;
}

// By itself: without a next run that ends it.
bool processes_end(const fs::path& cache_directory) {
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  while (!server_processes_in(cache_directory).empty()) {
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

TEST(Kill, AtAnyMomentLeavesNothingThatStopsTheNextRun) {
  const TempDir directory = test_directory();
  const fs::path cache_directory = directory.path() / "cache";
  ASSERT_EQ(wait_for(fork_and([&] { return run_once(cache_directory, "first"); })), 0);
  // How long a run takes. It follows the machine's load: most are to be killed, not all.
  const auto start = Clock::now();
  ASSERT_EQ(wait_for(fork_and([&] { return run_once(cache_directory, "second"); })), 0);
  double run_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();

  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> part(0, 1);
  constexpr int rounds = 25;
  int killed = 0;
  for (int round = 0; round < rounds; ++round) {
    // Two in three build a new entry, every third uses one that may be left from a killed run.
    const std::string key = "key " + std::to_string(round - round % 3);
    const pid_t child = fork_and([&] { return run_once(cache_directory, key); });
    poll(nullptr, 0, static_cast<int>(part(random) * run_ms));
    kill(child, SIGKILL);
    const int status = wait_for(child);
    EXPECT_TRUE(status == 0 || status == 128 + SIGKILL) << status;
    if (status != 0) ++killed;
    run_ms *= status == 0 ? 0.7 : 1.1;
    ASSERT_TRUE(processes_end(cache_directory));
  }
  EXPECT_GT(killed, rounds / 4);

  for (int round = 0; round < rounds; round += 3)
    EXPECT_EQ(run_once(cache_directory, "key " + std::to_string(round)), 0);
  ClusterCache cache(test_cache_options(cache_directory));
  EXPECT_THAT(run_directories_of(cache_directory), IsEmpty());
  for (const auto& entry : fs::directory_iterator(cache_directory / "entries")) {
    EXPECT_NE(entry.path().extension(), ".building");
    EXPECT_FALSE(fs::exists(entry.path() / "in_use")) << entry.path();
  }
}

// SIGINT and SIGTERM end a run through its destructors: nothing is left for the next one to clean.
TEST(Interrupt, AtAnyMomentLeavesNothing) {
  const TempDir directory = test_directory();
  const fs::path cache_directory = directory.path() / "cache";
  const auto run_until_interrupted = [&](const std::string& key) {
    install_signal_handlers();
    try {
      return run_once(cache_directory, key);
    } catch (const Interrupted& interrupted) {
      return 128 + interrupted.signal;
    }
  };
  ASSERT_EQ(wait_for(fork_and([&] { return run_once(cache_directory, "first"); })), 0);
  const auto start = Clock::now();
  ASSERT_EQ(wait_for(fork_and([&] { return run_once(cache_directory, "second"); })), 0);
  double run_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  constexpr int rounds = 10;
  for (int round = 0; round < rounds; ++round) {
    const int signal = round % 2 == 0 ? SIGINT : SIGTERM;
    const pid_t child =
        fork_and([&] { return run_until_interrupted("key " + std::to_string(round)); });
    poll(nullptr, 0, static_cast<int>(run_ms * (round + 0.5) / rounds));
    kill(child, signal);
    EXPECT_THAT(wait_for(child), testing::AnyOf(0, 128 + signal));
    EXPECT_THAT(server_processes_in(cache_directory), IsEmpty());
    EXPECT_THAT(run_directories_of(cache_directory), IsEmpty());
    for (const auto& entry : fs::directory_iterator(cache_directory / "entries")) {
      EXPECT_NE(entry.path().extension(), ".building");
      EXPECT_FALSE(fs::exists(entry.path() / "in_use")) << entry.path();
    }
  }
}

}  // namespace
}  // namespace pgduet::harness

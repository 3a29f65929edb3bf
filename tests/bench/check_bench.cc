// How long `pgduet check` of the sample workload shop takes when nothing changed.
//
//   build/release/bin/check_bench
//
// cached: from a cached cluster, beside what that cannot do without: the start of the server, and
// the same statements as often as the check executes them, in a bare libpq loop. Target: at most
// 1.5 times as long. Both run in turn; the counters are medians over the iterations.
// from_nothing: without any cache. Target: at most 10 s.
#include <benchmark/benchmark.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "pgduet/gate/sql.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/workload.h"
#include "pgduet/harness/workload_database.h"
#include "run.h"

namespace pgduet {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const fs::path& shop_directory() {
  static const fs::path path = fs::path(PGDUET_SOURCE_DIR) / "workloads" / "shop";
  return path;
}

// A project's directories, on the disk of the user's own cache.
struct Project {
  Project() {
    fs::permissions(directory.path(), fs::perms(0711));
    pgduet("record", {});
  }

  void pgduet(const std::string& command, const std::vector<std::string>& more,
              const std::string& cache = "cache") const {
    const fs::path& top = directory.path();
    std::vector<std::string> arguments = {
        command,       shop_directory().string(), "--baselines", (top / "baselines").string(),
        "--state-dir", (top / "state").string(),  "--cache-dir", (top / cache).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::ostringstream out;
    std::ostringstream error;
    if (cli::run(arguments, out, error) != 0)
      throw std::runtime_error(command + " failed: " + out.str() + error.str());
  }

  harness::TempDir directory{harness::default_cache_directory().parent_path(), "pgduet-bench-"};
};

double seconds_of(const auto& action) {
  const auto start = Clock::now();
  action();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class BareSession {
 public:
  explicit BareSession(const harness::Database& database)
      : connection_(PQconnectdb(database.connection_string.c_str())) {}
  ~BareSession() { PQfinish(connection_); }
  BareSession(const BareSession&) = delete;
  BareSession& operator=(const BareSession&) = delete;

  void execute(const std::string& sql) { check(PQexec(connection_, sql.c_str())); }
  void prepare(const std::string& sql) {
    check(PQprepare(connection_, "q", sql.c_str(), 0, nullptr));
  }
  void execute_prepared(const std::vector<gate::ParameterValue>& values) {
    std::vector<const char*> texts;
    for (const gate::ParameterValue& one : values)
      texts.push_back(one.value ? one.value->c_str() : nullptr);
    check(PQexecPrepared(connection_, "q", static_cast<int>(texts.size()), texts.data(), nullptr,
                         nullptr, 0));
  }

 private:
  void check(PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      throw std::runtime_error(PQerrorMessage(connection_));
  }

  PGconn* connection_;
};

std::string explain(const std::string& options, const std::vector<gate::ParameterValue>& values) {
  std::string sql = "EXPLAIN (" + options + ", FORMAT JSON) EXECUTE q";
  for (std::size_t i = 0; i < values.size(); ++i) {
    sql += i == 0 ? "(" : ", ";
    sql += values[i].value ? gate::quote_literal(*values[i].value) : "NULL";
  }
  return values.empty() ? sql : sql + ")";
}

// The statements that a check executes for one query: each binding once for its result, once for
// its plan and the timed executions; the generic plan.
void execute(BareSession& session, const harness::Query& query, const gate::QueryRun& run,
             bool writes) {
  for (const auto& [name, value] : query.settings)
    session.execute("SET " + name + " = " + gate::quote_literal(value));
  session.execute("SET plan_cache_mode = force_custom_plan");
  if (!query.role.empty()) session.execute("SET ROLE " + gate::quote_identifier(query.role));
  session.prepare(query.numbered.sql);
  const auto rolled_back = [&](const auto& action) {
    if (writes) session.execute("BEGIN");
    action();
    if (writes) session.execute("ROLLBACK");
  };
  for (const gate::BindingRun& binding : run.bindings) {
    // The result, four to warm up, and the samples, of which short ones warm up once more.
    int executions = 5;
    for (const gate::Execution& sample : binding.executions) {
      executions += sample.executions + (sample.executions >= 4 ? 1 : 0);
    }
    for (int i = 0; i < executions; ++i)
      rolled_back([&] { session.execute_prepared(binding.parameters); });
    rolled_back([&] {
      session.execute(
          explain("ANALYZE, BUFFERS, VERBOSE, SETTINGS, WAL, TIMING OFF", binding.parameters));
    });
  }
  if (query.numbered.parameters.empty()) return;
  session.execute("SET plan_cache_mode = force_generic_plan");
  session.execute(explain("VERBOSE, SETTINGS", run.bindings.front().parameters));
}

// What no program could save: the server's start, the copy for statements that write, a session a
// query, and the executions.
void execute_bare(const Project& project, const gate::RunRecord& record) {
  const harness::Workload workload =
      harness::load_workload(shop_directory(), shop_directory().string());
  harness::ClusterCache::Options options;
  options.directory = project.directory.path() / "cache";
  options.user = harness::server_user();
  harness::ClusterCache cache(options);
  const harness::Installation installation =
      harness::choose_installation(harness::find_installations({}), 0, workload.versions);
  const auto database =
      harness::open_private_database(workload, cache, {installation, "", options.user, {}});
  for (std::size_t i = 0; i < workload.queries.size(); ++i) {
    const harness::Query& query = workload.queries[i];
    const bool writes = query.traits.writes || !query.traits.parsed;
    BareSession session(writes ? database->copy("head") : database->database());
    execute(session, query, *record.workloads.front().queries.at(i).head, writes);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void cached(benchmark::State& state) {
  const Project project;
  const fs::path runs = project.directory.path() / "state" / "runs";
  std::vector<double> check_s;
  std::vector<double> bare_s;
  std::vector<double> ratios;
  for (auto _ : state) {
    check_s.push_back(seconds_of([&] { project.pgduet("check", {"--base", "none"}); }));
    state.SetIterationTime(check_s.back());
    const gate::RunRecord record = harness::load_run_record(harness::find_run_record(runs, ""));
    bare_s.push_back(seconds_of([&] { execute_bare(project, record); }));
    ratios.push_back(check_s.back() / bare_s.back());
  }
  state.counters["check_s"] = median(check_s);
  state.counters["bare_s"] = median(bare_s);
  state.counters["ratio"] = median(ratios);
}

void from_nothing(benchmark::State& state) {
  const Project project;
  std::vector<double> check_s;
  for (auto _ : state) {
    const std::string cache = "cache-" + std::to_string(check_s.size());
    check_s.push_back(seconds_of([&] { project.pgduet("check", {"--base", "none"}, cache); }));
    state.SetIterationTime(check_s.back());
  }
  state.counters["check_s"] = median(check_s);
  state.counters["worst_s"] = *std::max_element(check_s.begin(), check_s.end());
}

BENCHMARK(cached)->Unit(benchmark::kSecond)->UseManualTime()->Iterations(11);
BENCHMARK(from_nothing)->Unit(benchmark::kSecond)->UseManualTime()->Iterations(5);

}  // namespace
}  // namespace pgduet

BENCHMARK_MAIN();

// What PreparedQuery::sample costs beyond a bare libpq loop over the same prepared statement.
// Target: at most 5 microseconds an execution.
//
// Both run in turn, pinned to one core, in batches short enough to fit between two interruptions by
// other processes, and the fastest batch of each counts: the difference of two separate runs would
// be lost in the drift between them.
#include <benchmark/benchmark.h>
#include <libpq-fe.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "../cluster/test_server.h"
#include "pgduet/harness/executor.h"
#include "prepared_query.h"

namespace pgduet::harness {
namespace {

constexpr int batch = 50;
constexpr const char* sql = "SELECT note FROM orders WHERE id = $1";

const std::string& bench_database() {
  static const std::string database = [] {
    std::string created = new_test_database("executor_bench");
    query_text(created,
               "CREATE TABLE orders (id int PRIMARY KEY, note text);"
               "INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 10000) i;"
               "ANALYZE orders");
    return created;
  }();
  return database;
}

class BareLoop {
 public:
  BareLoop() : connection_(PQconnectdb(bench_database().c_str())) {
    PQclear(PQexec(connection_, "SET plan_cache_mode = force_custom_plan"));
    PQclear(PQprepare(connection_, "q", sql, 0, nullptr));
  }
  ~BareLoop() { PQfinish(connection_); }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  bool execute() {
    const char* value = "4711";
    PGresult* result = PQexecPrepared(connection_, "q", 1, &value, nullptr, nullptr, 0);
    const bool succeeded = PQntuples(result) == 1;
    PQclear(result);
    return succeeded;
  }

 private:
  PGconn* connection_;
};

Query bench_query() {
  Query query;
  query.name = "bench";
  query.sql = sql;
  query.numbered = gate::number_parameters(sql, {});
  query.traits = gate::traits_of(sql);
  return query;
}

// Unpinned, the same lookup takes three times as long on some cores as on others.
void pin_to_one_core() {
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  sched_setaffinity(0, sizeof core, &core);
  pqxx::connection connection(bench_database());
  pqxx::nontransaction session(connection);
  for (const auto& row :
       session.exec("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"))
    sched_setaffinity(row[0].as<pid_t>(), sizeof core, &core);
}

template <typename Execute>
double batch_us(const Execute& execute) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < batch; ++i)
    if (!execute()) return std::numeric_limits<double>::quiet_NaN();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
             .count() /
         batch;
}

void executor_overhead(benchmark::State& state) {
  BareLoop bare;
  const Database database{.connection_string = bench_database(),
                          .postgres_major = test_installation().major,
                          .local_backend = true};
  const Query query = bench_query();
  PreparedQuery prepared(database, query);
  prepared.configure();
  prepared.prepare();
  pin_to_one_core();
  double bare_us = std::numeric_limits<double>::max();
  double replay_us = bare_us;
  for (auto _ : state) {
    bare_us = std::min(bare_us, batch_us([&] { return bare.execute(); }));
    replay_us = std::min(replay_us, prepared.sample({"4711"}, batch).wall_us);
  }
  state.counters["bare_us"] = bare_us;
  state.counters["replay_us"] = replay_us;
  state.counters["overhead_us"] = replay_us - bare_us;
}
BENCHMARK(executor_overhead)->Iterations(500)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pgduet::harness

BENCHMARK_MAIN();

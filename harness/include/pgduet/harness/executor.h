// The instrumented executor: replays one query and keeps everything about it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/catalog.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

class TaskClock;

// A database that queries run on.
struct Database {
  std::string connection_string;
  int postgres_major = 0;
  bool local_backend =
      false;  // the server process is on this machine and ours: its CPU time can be read
  bool writable = false;  // made for queries that write: everything runs in transactions that are
                          // rolled back, also what looks like a SELECT
  // CPU time of all its sessions and their parallel workers; null where it is not to be had.
  std::shared_ptr<const TaskClock> task_clock = nullptr;
  // The extension pg_stat_statements is there: the server's own times stand in for CPU time.
  bool has_statement_statistics = false;
};

// The values of all bindings of one query: [binding][parameter].
using Bindings = std::vector<std::vector<std::optional<std::string>>>;

// Draws the bindings of a query, no two alike; query() generators are asked on `database`. Throws
// Error(input) at the generator when its SQL fails.
Bindings make_bindings(const std::string& workload, const Query& query, const Database& database);

struct ExecutorOptions {
  std::chrono::milliseconds lost_connection_wait{
      10000};  // how long the server may take to come back after a crashed backend
};

// One query on one database, prepared in a session of its own. Failures are kept in what is
// returned, never thrown, except Error(environment) when the server itself is gone.
//
// A query that reads runs under default_transaction_read_only; where it turns out to write
// (SQLSTATE 25006: a function that inserts, nextval(), ...), replay it on a database with
// `writable`.
class Replay {
 public:
  Replay(const Database& database, const Query& query, const Bindings& bindings,
         const gate::IndexDefinitions& indexes, const ExecutorOptions& options);
  ~Replay();
  Replay(Replay&&) noexcept;
  Replay& operator=(Replay&&) noexcept;

  // Result, custom plan and work of every binding, and the generic plan.
  gate::QueryRun observe();

  // Closes its session, as a database cannot be copied while one is open; result_is_determined()
  // opens another.
  void release();

  // Whether the statement itself determines the result of a binding: runs it under other planner
  // settings (no hash join, no merge join, no sequential scan, no parallel workers) and compares.
  // False when the results differ from one another.
  bool result_is_determined(std::size_t binding);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Shapes that ANALYZE, run again and again, leads to: for a server whose sampling is not fixed.
// Fills alternate_shapes of `runs` (same order as `queries`) and marks nothing else.
void collect_alternate_shapes(const Database& database, const std::vector<Query>& queries,
                              const std::vector<Bindings>& bindings,
                              const gate::IndexDefinitions& indexes, int repetitions,
                              const std::function<void()>& analyze,
                              std::vector<gate::QueryRun*>& runs);

}  // namespace pgduet::harness

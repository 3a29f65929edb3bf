// A session in which one query is prepared, as its header wants it to be run.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/json.h"
#include "pgduet/harness/executor.h"
#include "session.h"

namespace pgduet::harness {

// Reads run in autocommit under default_transaction_read_only, so that an execution costs no more
// round trips than that of an application would; writes run in a transaction that is rolled back.
class PreparedQuery {
 public:
  // Only connects. `query` must outlive it. All members throw StatementFailure, and leave no
  // transaction open when they do.
  PreparedQuery(const Database& database, const Query& query);

  Session& session() { return session_; }
  bool writes() const { return writes_; }

  // Takes on the query's settings, so that the session sees the database as the query will. It
  // still is its owner's.
  void configure();

  // Takes on the query's role, and prepares it.
  void prepare();

  // Prepares a statement that results are taken from in place of the query itself: the same rows
  // with more columns.
  void prepare_probe(const std::string& sql);

  // What the server says the parameters are, in their order: "integer".
  const std::vector<std::string>& parameter_types() const { return parameter_types_; }

  pqxx::result result(const compat::Values& values);
  // The same under other settings ("enable_seqscan = off") than the session's.
  pqxx::result result_under(const std::vector<std::string>& settings, const compat::Values& values);

  // One sample: so many executions in a row, after one that only fills caches where they are short.
  // `parallel`: count the workers' CPU time, too; there is none where that cannot be had.
  gate::Execution sample(const compat::Values& values, int executions, bool parallel = false);

  // The element of the server's array; null for a statement that has no plan.
  gate::Json explain_analyze(const compat::Values& values);
  gate::Json explain_custom(const compat::Values& values);
  gate::Json explain_generic(const compat::Values& values);

 private:
  pqxx::result execute(const compat::Values& values);
  template <typename Action>
  auto rolled_back(Action&& action);
  template <typename Action>
  auto in_transaction(Action&& action);  // rolled back if the query writes
  gate::Json explain(const std::string& options, const compat::Values& values);
  std::optional<double> cpu_us(bool parallel) const;
  std::optional<double> queued_us() const;

  const Query* query_;
  Session session_;
  bool writes_ = false;
  std::vector<std::string> parameter_types_;
  bool has_probe_ = false;
  std::optional<clockid_t> cpu_clock_;  // of the server process; nothing where it is not to be seen
  std::shared_ptr<const TaskClock> task_clock_;
  std::string schedule_file_;    // of the server process, in /proc; "" where it is not to be seen
  std::string plan_cache_mode_;  // that of its executions
};

// Why an execution failed.
gate::ExecutionFailure execution_failure(const StatementFailure& failure, const Query& query);

}  // namespace pgduet::harness

#include "prepared_query.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "machine.h"
#include "pgduet/gate/sql.h"

namespace pgduet::harness {
namespace {

constexpr const char* statement_name = "pgduet_query";
constexpr const char* probe_name = "pgduet_probe";

// An EXPLAIN runs longer than the plain statement, which may have come close to its time-out.
constexpr int explain_timeout_factor = 4;

// Samples of so many executions begin with one that is not timed.
constexpr int warmed_from = 4;

std::string set_config(const std::string& name, const std::string& value) {
  return "set_config(" + gate::quote_literal(name) + ", " + gate::quote_literal(value) + ", false)";
}

// All settings of the session in one statement: one round trip. Ours come last where the query
// must not overrule them.
std::string settings_statement(const Query& query, bool writes) {
  std::string sql = "SELECT " + set_config("client_encoding", "UTF8");
  for (const auto& [name, value] : query.settings) sql += ", " + set_config(name, value);
  // A workload that prepares for the generic plan gets it.
  sql +=
      ", set_config('plan_cache_mode', CASE current_setting('plan_cache_mode')"
      " WHEN 'auto' THEN 'force_custom_plan' ELSE current_setting('plan_cache_mode') END, false)"
      " AS mode";
  sql += ", " + set_config("default_transaction_read_only", writes ? "off" : "on");
  sql += ", " + set_config("statement_timeout", std::to_string(query.timeout.count()));
  return sql;
}

std::string literals(const compat::Values& values) {
  std::string text;
  // No casts: an untyped literal is read by the parameter's own type, as a bound value is, while
  // '...'::character would cut it to one letter.
  for (const auto& value : values)
    text += (text.empty() ? "(" : ", ") + (value ? gate::quote_literal(*value) : "NULL");
  return text.empty() ? text : text + ")";
}

std::optional<clockid_t> cpu_clock_of(pid_t pid) {
  clockid_t clock{};
  timespec now{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &now) != 0) return std::nullopt;
  return clock;
}

std::optional<double> time_us(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) return std::nullopt;
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// For how long a process was ready to run and had no core: the second number of schedstat.
std::optional<double> run_queue_us(const char* file) {
  const int descriptor = open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  char text[128];
  const ssize_t length = read(descriptor, text, sizeof text - 1);
  close(descriptor);
  if (length <= 0) return std::nullopt;
  text[length] = '\0';
  unsigned long long running_ns = 0;
  unsigned long long queued_ns = 0;
  if (std::sscanf(text, "%llu %llu", &running_ns, &queued_ns) != 2) return std::nullopt;
  return static_cast<double>(queued_ns) / 1e3;
}

double microseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

}  // namespace

PreparedQuery::PreparedQuery(const Database& database, const Query& query)
    : query_(&query),
      session_(database.connection_string, Session::Errors::terse),
      writes_(database.writable || query.traits.writes || !query.traits.parsed) {
  if (!database.local_backend) return;
  cpu_clock_ = cpu_clock_of(session_.backend_pid());
  schedule_file_ = "/proc/" + std::to_string(session_.backend_pid()) + "/schedstat";
  task_clock_ = database.task_clock;
}

void PreparedQuery::configure() {
  const pqxx::result settings = session_.execute(settings_statement(*query_, writes_));
  plan_cache_mode_ = compat::row(settings, 0)["mode"].c_str();
}

void PreparedQuery::prepare() {
  if (!query_->role.empty()) session_.execute("SET ROLE " + gate::quote_identifier(query_->role));
  session_.prepare(statement_name, query_->numbered.sql);
  if (query_->numbered.parameters.empty()) return;
  const pqxx::result types = session_.execute(
      std::string(
          "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = '") +
      statement_name + "'");
  for (int i = 0; i < compat::rows(types); ++i)
    parameter_types_.emplace_back(compat::row(types, i)[0].c_str());
}

void PreparedQuery::prepare_probe(const std::string& sql) {
  session_.prepare(probe_name, sql);
  has_probe_ = true;
}

template <typename Action>
auto PreparedQuery::rolled_back(Action&& action) {
  session_.execute("BEGIN");
  try {
    auto result = action();
    session_.execute("ROLLBACK");
    return result;
  } catch (const StatementFailure& failure) {
    if (!failure.connection_lost) session_.execute("ROLLBACK");
    throw;
  }
}

template <typename Action>
auto PreparedQuery::in_transaction(Action&& action) {
  return writes_ ? rolled_back(action) : action();
}

pqxx::result PreparedQuery::execute(const compat::Values& values) {
  return session_.execute_prepared(statement_name, values);
}

pqxx::result PreparedQuery::result(const compat::Values& values) {
  return in_transaction(
      [&] { return session_.execute_prepared(has_probe_ ? probe_name : statement_name, values); });
}

pqxx::result PreparedQuery::result_under(const std::vector<std::string>& settings,
                                         const compat::Values& values) {
  // A statement without parameters keeps its plan whatever is set, unless plans are discarded.
  pqxx::result result = rolled_back([&] {
    for (const std::string& setting : settings) session_.execute("SET LOCAL " + setting);
    session_.execute("DISCARD PLANS");
    return session_.execute_prepared(has_probe_ ? probe_name : statement_name, values);
  });
  session_.execute("DISCARD PLANS");
  return result;
}

std::optional<double> PreparedQuery::cpu_us(bool parallel) const {
  if (parallel) {
    if (task_clock_ == nullptr) return std::nullopt;
    return task_clock_->microseconds();
  }
  return cpu_clock_ ? time_us(*cpu_clock_) : std::nullopt;
}

std::optional<double> PreparedQuery::queued_us() const {
  if (schedule_file_.empty()) return std::nullopt;
  const auto server = run_queue_us(schedule_file_.c_str());
  const auto client = run_queue_us("/proc/thread-self/schedstat");
  if (!server || !client) return std::nullopt;
  return *server + *client;
}

// Reads are timed as a whole, so that what a server process does between two of them is in; writes
// one by one, without BEGIN and ROLLBACK.
gate::Execution PreparedQuery::sample(const compat::Values& values, int executions, bool parallel) {
  gate::Execution sum;
  sum.executions = executions;
  // What ran on the core before has filled its caches with other things.
  if (executions >= warmed_from) in_transaction([&] { return execute(values); });
  const auto timed = [&](int count) {
    const std::optional<double> queued_before = queued_us();
    const std::optional<double> cpu_before = cpu_us(parallel);
    const double client_before = time_us(CLOCK_THREAD_CPUTIME_ID).value_or(0);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) execute(values);
    sum.wall_us += microseconds(std::chrono::steady_clock::now() - start);
    sum.client_us += time_us(CLOCK_THREAD_CPUTIME_ID).value_or(0) - client_before;
    const std::optional<double> cpu_after = cpu_us(parallel);
    if (cpu_before && cpu_after) sum.cpu_us = sum.cpu_us.value_or(0) + *cpu_after - *cpu_before;
    const std::optional<double> queued_after = queued_us();
    if (queued_before && queued_after) {
      sum.queued_us = sum.queued_us.value_or(0) + *queued_after - *queued_before;
    }
    return 0;
  };
  if (writes_) {
    for (int i = 0; i < executions; ++i) rolled_back([&] { return timed(1); });
  } else {
    timed(executions);
  }
  sum.wall_us /= executions;
  sum.client_us /= executions;
  if (sum.cpu_us) *sum.cpu_us /= executions;
  if (sum.queued_us) *sum.queued_us /= executions;
  return sum;
}

gate::Json PreparedQuery::explain(const std::string& options, const compat::Values& values) {
  const std::string text = session_.text("EXPLAIN (" + options + ", FORMAT JSON) EXECUTE " +
                                         statement_name + literals(values));
  const gate::Json plans = gate::Json::parse(text);
  const bool has_plan = plans.is_array() && !plans.empty() && plans[0].contains("Plan");
  return has_plan ? plans[0] : gate::Json();
}

gate::Json PreparedQuery::explain_analyze(const compat::Values& values) {
  const auto limit = [&](int factor) {
    session_.execute("SET statement_timeout = " + std::to_string(query_->timeout.count() * factor));
  };
  limit(explain_timeout_factor);
  try {
    gate::Json plan = in_transaction(
        [&] { return explain("ANALYZE, BUFFERS, VERBOSE, SETTINGS, WAL, TIMING OFF", values); });
    limit(1);
    return plan;
  } catch (const StatementFailure& failure) {
    if (!failure.connection_lost) limit(1);
    throw;
  }
}

gate::Json PreparedQuery::explain_custom(const compat::Values& values) {
  return explain("VERBOSE, SETTINGS", values);
}

// EXPLAIN (GENERIC_PLAN), from PostgreSQL 16 on, prunes no partitions at execution start and takes
// its types from the text instead of the prepared statement. One way on all versions keeps the
// generic plans of two versions comparable.
gate::Json PreparedQuery::explain_generic(const compat::Values& values) {
  session_.execute("SET plan_cache_mode = force_generic_plan");
  gate::Json plan = explain("VERBOSE, SETTINGS", values);
  session_.execute("SET plan_cache_mode = " + plan_cache_mode_);
  return plan;
}

}  // namespace pgduet::harness

#include "pgduet/harness/executor.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "coverage.h"
#include "lineage.h"
#include "pgduet/gate/plan.h"
#include "pgduet/gate/plan_shape.h"
#include "pgduet/gate/work.h"
#include "pgduet/harness/interrupt.h"
#include "prepared_query.h"
#include "result_reader.h"

namespace pgduet::harness {
namespace {

using gate::ExecutionFailure;

std::string duration_text(std::chrono::milliseconds duration) {
  char buffer[32];
  if (duration.count() < 1000)
    std::snprintf(buffer, sizeof buffer, "%d ms", static_cast<int>(duration.count()));
  else
    std::snprintf(buffer, sizeof buffer, "%g s", static_cast<double>(duration.count()) / 1000);
  return buffer;
}

}  // namespace

ExecutionFailure execution_failure(const StatementFailure& failure, const Query& query) {
  ExecutionFailure result{.sqlstate = failure.sqlstate, .message = failure.what()};
  if (failure.connection_lost) {
    result.kind = ExecutionFailure::Kind::connection_lost;
  } else if (failure.sqlstate == "57014" &&
             result.message.find("user request") == std::string::npos) {
    // query_canceled: by the time-out, unless the server says otherwise (in its own language).
    result.kind = ExecutionFailure::Kind::timeout;
    result.message = "canceled after " + duration_text(query.timeout);
  }
  return result;
}

namespace {

ExecutionFailure prepare_failure(const StatementFailure& failure, const Query& query) {
  ExecutionFailure result{.kind = ExecutionFailure::Kind::not_prepared,
                          .sqlstate = failure.sqlstate,
                          .message = failure.what()};
  if (failure.character > 0) {
    const gate::SourcePosition at = position_in_query(query, failure.character);
    result.message = gate::to_text(at) + ": " + result.message;
  }
  return result;
}

}  // namespace

struct Replay::State {
  State(const Database& on, const Query& of, const Bindings& with,
        const gate::IndexDefinitions& index_definitions, const ExecutorOptions& given)
      : database(on), query(of), bindings(with), indexes(index_definitions), options(given) {}

  Database database;
  Query query;
  Bindings bindings;
  gate::IndexDefinitions indexes;
  ExecutorOptions options;

  std::unique_ptr<PreparedQuery> prepared;  // null when it cannot be prepared
  ExecutionFailure not_prepared;            // why
  bool released = false;                    // it was prepared, and can be again
  ResultRules rules;
  std::vector<ResolvedRelation> relations;
  std::vector<ComparedColumn> compared;
  std::vector<std::string> notes;

  void open();
  void prepare();
  void look_around(Session& session);
  void set_rules();

  gate::BindingRun observe(std::size_t index);
  void observe_binding(gate::BindingRun& run, const compat::Values& values);
  std::optional<std::int64_t> limit_of(const compat::Values& values) const;
  void take_plan(gate::BindingRun& run, const compat::Values& values);
  void take_generic_plan(gate::QueryRun& run);
  void note(const std::string& text);
};

void Replay::State::open() {
  try {
    connect_again(options.lost_connection_wait, [this] {
      prepared.reset();
      prepare();
    });
  } catch (const StatementFailure& failure) {
    not_prepared = prepare_failure(failure, query);
    prepared.reset();
  }
}

void Replay::State::prepare() {
  prepared = std::make_unique<PreparedQuery>(database, query);
  prepared->configure();
  look_around(prepared->session());
  prepared->prepare();
  set_rules();
}

// What has to be asked as the database's owner: the query's role may not be allowed to see it.
void Replay::State::look_around(Session& session) {
  relations = resolve_relations(session, query.traits);
  compared = compared_columns(session, relations, query.traits);
  if (query.traits.parsed) return;
  try {
    session.execute("SET compute_query_id = on");  // stands in for the fingerprint
  } catch (const StatementFailure& failure) {
    if (failure.connection_lost) throw;
    note("the server computes no query identifier: " + std::string(failure.what()));
  }
}

void Replay::State::set_rules() {
  std::optional<gate::SortKeyProbe> probe;
  if (query.traits.has_order_by) probe = gate::with_sort_keys(query.numbered.sql);
  if (probe && probe->added_columns > 0) {
    try {
      prepared->prepare_probe(probe->sql);
    } catch (const StatementFailure& failure) {
      if (failure.connection_lost) throw;
      probe.reset();  // such keys cannot be output columns (SELECT DISTINCT, say)
    }
  }
  rules = result_rules(query.traits, query.order_any, probe);
}

void Replay::State::note(const std::string& text) {
  if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
}

gate::BindingRun Replay::State::observe(std::size_t index) {
  const compat::Values& values = bindings[index];
  gate::BindingRun run;
  run.number = static_cast<int>(index) + 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool typed = prepared && i < prepared->parameter_types().size();
    run.parameters.push_back({.name = query.numbered.parameters.at(i),
                              .value = values[i],
                              .type = typed ? prepared->parameter_types()[i] : ""});
  }
  run.coverage = coverage_of(compared, run.parameters);
  if (!prepared) {
    run.failure = not_prepared;
    return run;
  }
  for (bool again = false;; again = true) {
    gate::BindingRun whole = run;
    try {
      observe_binding(whole, values);
      return whole;
    } catch (const StatementFailure& failure) {
      run.failure = execution_failure(failure, query);
      if (!failure.connection_lost) return run;
      open();
      // The connection may be the victim of a crash that another session caused.
      if (again || !prepared) return run;
      run.failure.reset();
      note("binding " + std::to_string(run.number) + " lost its connection and was run again");
    }
  }
}

void Replay::State::observe_binding(gate::BindingRun& run, const compat::Values& values) {
  check_interrupt();
  const std::optional<std::int64_t> limit = limit_of(values);
  run.result = summarize(prepared->result(values), rules, limit);
  // Each execution of a statement that writes starts from the same rows, so what it returns must be
  // the same unless it draws from a sequence or a clock in a default, a trigger, ...
  if (prepared->writes() && run.result->determinacy == gate::Determinacy::full &&
      summarize(prepared->result(values), rules, limit).checksum != run.result->checksum) {
    run.result->determinacy = gate::Determinacy::count_only;
    run.result->determinacy_reason = "it returns other values each time";
  }
  check_interrupt();
  take_plan(run, values);
}

// How many rows the statement's LIMIT lets through, where it says so or a parameter does.
std::optional<std::int64_t> Replay::State::limit_of(const compat::Values& values) const {
  const gate::StatementTraits& traits = query.traits;
  const auto parameter = static_cast<std::size_t>(traits.limit_parameter);
  if (parameter == 0 || parameter > values.size() || !values[parameter - 1]) return traits.limit;
  const std::string& value = *values[parameter - 1];
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  return whole ? std::optional(limit) : std::nullopt;
}

void Replay::State::take_plan(gate::BindingRun& run, const compat::Values& values) {
  run.plan = prepared->explain_analyze(values);
  if (run.plan.is_null()) {
    note("the server has no plan for this kind of statement");
    return;
  }
  const gate::Plan plan = gate::read_plan(run.plan);
  run.shape = gate::shape_of(plan, indexes).id;
  run.work = gate::work_of(plan);
}

void Replay::State::take_generic_plan(gate::QueryRun& run) {
  if (!prepared || query.numbered.parameters.empty() || bindings.empty()) return;
  try {
    run.generic_plan = prepared->explain_generic(bindings.front());
    if (!run.generic_plan.is_null())
      run.generic_shape = gate::shape_of(gate::read_plan(run.generic_plan), indexes).id;
  } catch (const StatementFailure& failure) {
    note("no generic plan: " + std::string(failure.what()));
    open();
  }
}

Replay::Replay(const Database& database, const Query& query, const Bindings& bindings,
               const gate::IndexDefinitions& indexes, const ExecutorOptions& options)
    : state_(std::make_unique<State>(database, query, bindings, indexes, options)) {
  state_->open();
}

Replay::~Replay() = default;
Replay::Replay(Replay&&) noexcept = default;
Replay& Replay::operator=(Replay&&) noexcept = default;

gate::QueryRun Replay::observe() {
  gate::QueryRun run;
  run.source = state_->query.at;
  run.sql = state_->query.sql;
  run.normalized_sql = gate::normalize_sql(state_->query.numbered.sql);
  run.relations = relation_names(state_->relations);
  run.columns = column_names(state_->relations, state_->query.traits);
  for (std::size_t i = 0; i < state_->bindings.size(); ++i)
    run.bindings.push_back(state_->observe(i));
  state_->take_generic_plan(run);
  run.fingerprint = gate::fingerprint(state_->query.numbered.sql).value_or("");
  for (const gate::BindingRun& binding : run.bindings) {
    if (!run.fingerprint.empty() || !binding.plan.contains("Query Identifier")) continue;
    run.fingerprint = "queryid:" + binding.plan["Query Identifier"].dump();
  }
  run.notes = state_->notes;
  return run;
}

void Replay::release() {
  state_->released = state_->prepared != nullptr;
  state_->prepared.reset();
}

bool Replay::result_is_determined(std::size_t binding) {
  // Each makes rows come in another order from below: what changes with it is not determined.
  // enable_sort and enable_hashagg are left alone, as grouping and ordering determine their output.
  static const std::vector<std::vector<std::string>> other_plans = {
      {},
      {"enable_hashjoin = off"},
      {"enable_mergejoin = off"},
      {"enable_seqscan = off"},
      {"enable_indexscan = off", "enable_indexonlyscan = off", "enable_bitmapscan = off"},
      {"max_parallel_workers_per_gather = 0"}};
  if (std::exchange(state_->released, false)) state_->open();
  if (!state_->prepared) return true;
  const compat::Values& values = state_->bindings.at(binding);
  std::optional<gate::ResultSummary> first;
  const auto start = std::chrono::steady_clock::now();
  std::chrono::milliseconds limit = state_->query.timeout;
  for (std::vector<std::string> settings : other_plans) {
    check_interrupt();
    settings.push_back("statement_timeout = " + std::to_string(limit.count()));
    try {
      const auto summary = summarize(state_->prepared->result_under(settings, values),
                                     state_->rules, state_->limit_of(values));
      if (first && !gate::compare_results(*first, summary).same) return false;
      if (!first) {
        // A plan that the planner avoided may be slow without end; it is evidence, not needed.
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start);
        limit = std::min(limit, took * 10 + std::chrono::milliseconds(1000));
        first = summary;
      }
    } catch (const StatementFailure& failure) {
      if (failure.connection_lost) state_->open();
      if (!state_->prepared) return true;
    }
  }
  return true;
}

void collect_alternate_shapes(const Database& database, const std::vector<Query>& queries,
                              const std::vector<Bindings>& bindings,
                              const gate::IndexDefinitions& indexes, int repetitions,
                              const std::function<void()>& analyze,
                              std::vector<gate::QueryRun*>& runs) {
  const auto collect = [&](std::size_t index) {
    gate::QueryRun& run = *runs.at(index);
    PreparedQuery prepared(database, queries.at(index));
    prepared.configure();
    prepared.prepare();
    for (std::size_t i = 0; i < bindings.at(index).size(); ++i) {
      const gate::BindingRun& seen = run.bindings.at(i);
      if (seen.failure || seen.plan.is_null()) continue;
      const gate::Json plan = prepared.explain_custom(bindings[index][i]);
      if (plan.is_null()) continue;
      const std::string shape = gate::shape_of(gate::read_plan(plan), indexes).id;
      std::vector<std::string>& others = run.alternate_shapes;
      if (shape != seen.shape && std::find(others.begin(), others.end(), shape) == others.end())
        others.push_back(shape);
    }
  };
  for (int i = 0; i < repetitions; ++i) {
    analyze();
    for (std::size_t index = 0; index < queries.size(); ++index) {
      check_interrupt();
      try {
        collect(index);
      } catch (const StatementFailure& failure) {
        if (is_environment_failure(failure)) throw connection_error(failure);
      }
    }
  }
  for (gate::QueryRun* run : runs)
    std::sort(run->alternate_shapes.begin(), run->alternate_shapes.end());
}

}  // namespace pgduet::harness

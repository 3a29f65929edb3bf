#include "timing.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "machine.h"
#include "pgduet/gate/duet.h"
#include "pgduet/gate/error.h"
#include "pgduet/harness/interrupt.h"
#include "prepared_query.h"

namespace pgduet::harness {
namespace {

using gate::BindingRun;
using gate::DuetSide;
using gate::DuetTurn;

// Sessions are kept open for so many queries at a time, where the server lets us.
constexpr int most_queries_of_group = 12;
constexpr int sides_of_query = 3;  // each with a session of its own
// What others may want meanwhile.
constexpr int spare_sessions = 3;
// Baselines are taken on so many starts of the server: a machine may be slower for seconds, and
// what is recorded then is compared with for months.
constexpr int baseline_starts = 3;
// Where nothing can differ, times are only shown.
constexpr int shown_rounds = 3;
// The first executions of a session fill its caches, and the fastest of them tells how many make a
// sample: one alone may have waited for the core. One that takes very long is a sample itself.
constexpr int most_warm_ups = 4;
constexpr int most_warm_ups_of_stage = 2;  // how long they take is known
constexpr double most_warm_up_us = 50e3;
constexpr double counted_warm_up_us = 1e6;

bool is_parallel(const gate::Json& plan) {
  if (plan.is_object()) {
    if (plan.contains("Workers Planned")) return true;
    for (const char* member : {"Plan", "Plans"}) {
      if (plan.contains(member) && is_parallel(plan[member])) return true;
    }
  }
  return plan.is_array() && std::any_of(plan.begin(), plan.end(), is_parallel);
}

// How many sessions the server has room for.
int free_sessions(const Database& database) {
  try {
    Session session(database.connection_string);
    return std::atoi(session
                         .text("SELECT current_setting('max_connections')::int"
                               " - current_setting('superuser_reserved_connections')::int"
                               " - count(*) + 1 FROM pg_stat_activity WHERE datid IS NOT NULL")
                         .c_str());
  } catch (const StatementFailure& failure) {
    throw connection_error(failure);
  }
}

// What the server itself took for the fastest of a sample's executions.
class StatementStatistics {
 public:
  explicit StatementStatistics(const Database& database) : session_(database.connection_string) {}

  void reset() {
    session_.execute(
        "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database"
        " WHERE datname = current_database()), 0)");
  }

  std::optional<double> minimum_us(int executions) {
    const std::string milliseconds = session_.text(
        "SELECT min_exec_time + min_plan_time FROM pg_stat_statements AS s"
        " JOIN pg_database AS d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND s.calls >= " +
        std::to_string(executions) +
        " AND s.query !~* '^(begin|rollback)|pg_stat_statements'"
        " ORDER BY s.total_exec_time DESC LIMIT 1");
    if (milliseconds.empty()) return std::nullopt;
    return std::strtod(milliseconds.c_str(), nullptr) * 1000;
  }

 private:
  Session session_;
};

// Each side writes to a database of its own, so that none sees the other's dead rows.
const char* copy_label(DuetSide side) {
  switch (side) {
    case DuetSide::base:
      return "base";
    case DuetSide::control:
      return "control";
    case DuetSide::head:
      break;
  }
  return "head";
}

}  // namespace

// One binding with the sides that are timed.
struct Timing::Item {
  TimedQuery* query = nullptr;
  std::size_t binding = 0;
  std::vector<DuetSide> sides;
  int rounds = 0;
  int executions = 1;
  double execution_us = 0;  // 0: not known yet
  bool parallel = false;
  bool failed = false;
  std::vector<std::pair<DuetSide, gate::Execution>> samples;

  TimedSide& side(DuetSide side_of) const {
    return side_of == DuetSide::head ? query->head : *query->base;
  }
  BindingRun& run(DuetSide side_of) const { return side(side_of).run->bindings.at(binding); }
};

// The sessions of one group, opened when they are first needed.
class Timing::Sessions {
 public:
  Sessions(Timing& timing, std::optional<int> core, bool parallel) : timing_(timing), core_(core) {
    if (!parallel) return;
    for (WorkloadDatabase* database : {timing.base_, &timing.head_}) {
      if (database != nullptr && !clocks_.contains(database)) {
        clocks_[database] = database->watch_sessions();
      }
    }
  }

  // Throws StatementFailure.
  gate::Execution sample(const Item& item, DuetSide side, int executions) {
    check_interrupt();
    Opened& opened = session(item, side);
    if (opened.statistics) opened.statistics->reset();
    gate::Execution execution =
        opened.query->sample(item.side(side).bindings.at(item.binding), executions, item.parallel);
    if (opened.statistics) execution.cpu_us = opened.statistics->minimum_us(executions);
    return execution;
  }

  // After a lost connection. Throws StatementFailure where the query cannot be prepared any more,
  // and gate::Error where the server is gone.
  void reopen(const Item& item, DuetSide side) {
    try {
      connect_again(ExecutorOptions().lost_connection_wait, [&] {
        sessions_.erase({item.query, side});
        session(item, side);
      });
    } catch (const gate::Error& error) {
      throw error_at_query(error, "timing", *item.side(side).query, timing_.database_of(side));
    }
  }

 private:
  struct Opened {
    std::unique_ptr<PreparedQuery> query;
    std::unique_ptr<StatementStatistics> statistics;  // null where the server has none
  };

  Opened& session(const Item& item, DuetSide side) {
    Opened& session = sessions_[{item.query, side}];
    if (session.query) return session;
    WorkloadDatabase& on = timing_.database_of(side);
    Database database = item.query->writes ? on.copy(copy_label(side)) : on.database();
    if (item.query->writes) database.writable = true;
    if (const auto clock = clocks_.find(&on); clock != clocks_.end()) {
      database.task_clock = clock->second;
    }
    auto opened = std::make_unique<PreparedQuery>(database, *item.side(side).query);
    opened->configure();
    opened->prepare();
    if (core_ && database.local_backend && !pin_process(opened->session().backend_pid(), *core_)) {
      timing_.not_pinned("the server's processes cannot be pinned to a core");
    }
    if (database.has_statement_statistics) {
      session.statistics = std::make_unique<StatementStatistics>(database);
    }
    session.query = std::move(opened);
    return session;
  }

  Timing& timing_;
  std::optional<int> core_;
  std::map<const WorkloadDatabase*, std::shared_ptr<const TaskClock>> clocks_;
  std::map<std::pair<const TimedQuery*, DuetSide>, Opened> sessions_;
};

Timing::Timing(WorkloadDatabase* base, WorkloadDatabase& head, std::vector<TimedQuery>& queries,
               TimingOptions options)
    : base_(base),
      head_(head),
      queries_(queries),
      options_(std::move(options)),
      queries_of_group_(queries_at_a_time()) {
  if (!options_.pin) {
    pinned_ = false;
    pin_problem_ = "client and server were not pinned to one core, as asked";
  }
}

std::size_t Timing::queries_at_a_time() const {
  int sessions = free_sessions(head_.database());
  if (has_two_databases()) sessions = std::min(sessions, free_sessions(base_->database()));
  const int of_side = head_.database().has_statement_statistics ? 2 : 1;
  return static_cast<std::size_t>(std::clamp(
      (sessions - spare_sessions) / (sides_of_query * of_side), 1, most_queries_of_group));
}

WorkloadDatabase& Timing::database_of(DuetSide side) const {
  return side == DuetSide::head || base_ == nullptr ? head_ : *base_;
}

Timing::Item Timing::screening_item(TimedQuery& query, std::size_t binding) const {
  Item item;
  item.query = &query;
  item.binding = binding;
  item.sides = {DuetSide::head};
  item.rounds = query.record->unchanged ? shown_rounds : gate::screening_rounds;
  item.parallel = is_parallel(item.run(DuetSide::head).plan);
  const bool on_base = query.base && binding < query.base->bindings.size() &&
                       !query.base->run->bindings.at(binding).failure;
  if (on_base) {
    item.sides.push_back(DuetSide::base);
    item.parallel = item.parallel || is_parallel(item.run(DuetSide::base).plan);
  }
  return item;
}

Timing::Item Timing::stage_item(TimedQuery& query, const gate::Nominee& nominee) const {
  Item item = screening_item(query, nominee.binding);
  item.execution_us = nominee.execution_us;
  const int wanted = query.base ? gate::stage_rounds : gate::screening_rounds;
  item.rounds = gate::rounds_of(item.execution_us, wanted, false);
  if (query.base && item.execution_us < gate::short_execution_us) {
    item.sides.push_back(DuetSide::control);
  }
  return item;
}

void Timing::screen() {
  // Two starts of a server differ by some per cent in what its memory costs to read. Half of the
  // samples are taken after another start, unless what they are compared with has the same server.
  const bool halves = base_ != &head_ && !options_.for_baselines;
  const int starts = options_.for_baselines ? baseline_starts : halves ? 2 : 1;
  for (int start = 0; start < starts; ++start) {
    std::vector<Item> items;
    for (TimedQuery& query : queries_) {
      for (std::size_t i = 0; i < query.head.run->bindings.size(); ++i) {
        const BindingRun& run = query.head.run->bindings[i];
        if (run.failure || run.stage_failure) continue;
        items.push_back(screening_item(query, i));
        if (halves) items.back().rounds /= 2;
      }
    }
    if (start > 0) restart();
    take(0, items);
  }
}

void Timing::duet(gate::WorkloadRecord& record, const gate::WorkloadBaselines& baselines) {
  const gate::Nominations nominations = gate::nominate(record, baselines);
  if (nominations.nominees.empty()) return;
  std::vector<Item> items;
  std::vector<gate::Duet::Item> scheduled;
  std::map<std::size_t, TimedQuery*> by_index;
  for (TimedQuery& query : queries_) by_index[query.index] = &query;
  for (const gate::Nominee& nominee : nominations.nominees) {
    items.push_back(stage_item(*by_index.at(nominee.query), nominee));
    scheduled.push_back(nominee.item);
  }
  gate::Duet duet(scheduled);
  for (;;) {
    const std::vector<std::size_t> taking_part = duet.begin_stage();
    if (taking_part.empty()) return;
    if (options_.phase) {
      options_.phase("duet of " + std::to_string(taking_part.size()) +
                     (taking_part.size() == 1 ? " binding" : " bindings") +
                     (nominations.everything_because.empty()
                          ? ""
                          : " (" + nominations.everything_because + ")") +
                     ", stage " + std::to_string(duet.stage()));
    }
    std::vector<Item> of_stage;
    for (const std::size_t index : taking_part) of_stage.push_back(items[index]);
    take(duet.stage(), of_stage);
    const auto stages = gate::stages_of(record, baselines, nominations.nominees);
    for (std::size_t i = 0; i < taking_part.size(); ++i) {
      const std::size_t index = taking_part[i];
      const bool measured = !of_stage[i].failed && !stages[index].empty() &&
                            stages[index].back().stage == duet.stage();
      if (measured)
        duet.add(index, stages[index].back());
      else
        duet.drop(index);
    }
  }
}

void Timing::restart() {
  head_.restart();
  if (has_two_databases()) base_->restart();
}

// The same state before each stage: fresh copies for what writes, and other places in memory.
void Timing::refresh(int stage, const std::vector<Item>& items) {
  if (stage > 0 && base_ != &head_) restart();
  std::set<DuetSide> written;
  for (const Item& item : items) {
    if (item.query->writes) written.insert(item.sides.begin(), item.sides.end());
  }
  for (const DuetSide side : written) database_of(side).fresh_copy(copy_label(side));
}

void Timing::take(int stage, std::vector<Item>& items) {
  refresh(stage, items);
  // Plans with parallel workers apart: their clock costs the others a little.
  std::vector<Item*> order;
  for (Item& item : items) order.push_back(&item);
  std::stable_partition(order.begin(), order.end(),
                        [](const Item* item) { return !item->parallel; });
  std::vector<Item*> group;
  std::size_t queries = 0;
  std::uint64_t seed = options_.seed + (takes_++ << 32U);
  for (Item* item : order) {
    const bool same_query = !group.empty() && group.back()->query == item->query;
    const bool full = !same_query && queries == queries_of_group_;
    if (!group.empty() && (full || group.back()->parallel != item->parallel)) {
      take_group(stage, group, seed++);
      group.clear();
      queries = 0;
    }
    if (group.empty() || !same_query) ++queries;
    group.push_back(item);
  }
  if (!group.empty()) take_group(stage, group, seed);
}

// Runs `action` for one side of an item, once more in a new session if its connection is lost;
// keeps why it failed.
void Timing::attempt(int stage, Item& item, DuetSide side, Sessions& sessions,
                     const std::function<void()>& action) {
  if (item.failed) return;
  try {
    for (bool again = false;; again = true) {
      try {
        action();
        return;
      } catch (const StatementFailure& failure) {
        if (!failure.connection_lost) throw;
        sessions.reopen(item, side);
        if (again) throw;
      }
    }
  } catch (const StatementFailure& failure) {
    item.failed = true;
    item.samples.clear();
    item.run(side).stage_failure =
        gate::StageFailure{stage, execution_failure(failure, *item.side(side).query)};
  }
}

// Fills the sessions' caches and, in the screening, finds out how long an execution takes.
void Timing::warm_up(int stage, Item& item, Sessions& sessions) {
  std::vector<std::pair<DuetSide, gate::Execution>> first;
  double slowest_us = 0;
  const int most = stage == 0 ? most_warm_ups : most_warm_ups_of_stage;
  for (const DuetSide side : item.sides) {
    attempt(stage, item, side, sessions, [&] {
      gate::Execution fastest = sessions.sample(item, side, 1);
      double spent_us = fastest.wall_us;
      for (int i = 1; i < most && spent_us < most_warm_up_us; ++i) {
        const gate::Execution execution = sessions.sample(item, side, 1);
        spent_us += execution.wall_us;
        if (execution.wall_us < fastest.wall_us) fastest = execution;
      }
      slowest_us = std::max(slowest_us, fastest.wall_us);
      first.emplace_back(side, fastest);
    });
  }
  if (item.failed) return;
  if (stage == 0) {
    item.execution_us = slowest_us;
    item.rounds = gate::rounds_of(slowest_us, item.rounds, true);
  }
  // Writes leave dead rows behind, and get slower with each: small samples, and as many in a stage
  // as in the screening that baselines come from.
  item.executions = gate::executions_of_sample(item.execution_us, stage == 0 || item.query->writes);
  if (slowest_us > counted_warm_up_us) {
    item.samples = std::move(first);
    --item.rounds;
  }
}

std::unique_ptr<PinnedThread> Timing::pin() {
  if (!options_.pin) return nullptr;
  core_ = least_busy_core(core_);
  auto pin = std::make_unique<PinnedThread>(*core_);
  if (!pin->pinned()) not_pinned("pgduet cannot be pinned to a core");
  return pin;
}

void Timing::not_pinned(const std::string& problem) {
  pinned_ = false;
  pin_problem_ = problem + ": " + std::strerror(errno);
}

void Timing::take_group(int stage, std::vector<Item*>& group, std::uint64_t seed) {
  const std::unique_ptr<PinnedThread> pinned = pin();
  Sessions sessions(*this, pinned && pinned->pinned() ? core_ : std::nullopt,
                    group.front()->parallel);
  std::vector<gate::TurnItem> turn_items;
  for (Item* item : group) {
    warm_up(stage, *item, sessions);
    turn_items.push_back({item->failed ? 0 : item->rounds, item->sides});
  }
  for (const DuetTurn& turn : gate::draw_turns(turn_items, seed)) {
    Item& item = *group[turn.item];
    attempt(stage, item, turn.side, sessions, [&] {
      item.samples.emplace_back(turn.side, sessions.sample(item, turn.side, item.executions));
    });
  }
  for (const Item* item : group) {
    for (auto [side, execution] : item->samples) {
      execution.stage = stage;
      execution.control = side == DuetSide::control;
      item->run(side).executions.push_back(execution);
    }
  }
}

}  // namespace pgduet::harness

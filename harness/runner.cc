#include "pgduet/harness/runner.h"

#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "changed.h"
#include "machine.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/result.h"
#include "pgduet/gate/shard.h"
#include "pgduet/harness/interrupt.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/workload_database.h"
#include "sides.h"
#include "timing.h"

#ifndef PGDUET_VERSION
#define PGDUET_VERSION "0"
#endif

namespace pgduet::harness {
namespace {

using gate::QueryRecord;
using gate::QueryRun;
using gate::WorkloadRecord;

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

bool selected(const std::vector<std::string>& globs, const std::string& name) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
         });
}

// The databases of a workload's sides; one where both are made of the same.
struct Databases {
  std::shared_ptr<WorkloadDatabase> base;
  std::shared_ptr<WorkloadDatabase> head;
};

class WorkloadRun {
 public:
  // Reads all files of both sides, so that what is wrong in them shows before anything is built.
  WorkloadRun(const RunOptions& options, Progress& progress, const std::filesystem::path& directory)
      : options_(options), progress_(progress), sides_(resolve_sides(directory, options)) {
    record_.name = sides_.head.workload.name;
    if (options.self_test) slow_down();
    record_.directory = directory.string();
    record_.notes = sides_.notes;
    if (options.changed) require_base();
    const std::filesystem::path baselines = options.baselines / record_.name;
    baselines_ = {load_baselines(baselines, baselines.string()), sides_.base_baselines};
    record_.baselines = gate::to_json(baselines_);
  }

  // The queries that --only may name.
  std::vector<std::string> query_names() const {
    std::vector<std::string> names;
    for (const Query& query : sides_.head.workload.queries) names.push_back(query.name);
    if (!sides_.base) return names;
    for (const Query& query : sides_.base->workload.queries) names.push_back(query.name);
    return names;
  }

  // What there is to split over shards.
  gate::WorkloadToPlan to_plan() const {
    gate::WorkloadToPlan workload;
    workload.name = record_.name;
    workload.baselines_hash = gate::hash_hex(record_.baselines.dump());
    for (const Query& query : sides_.head.workload.queries) {
      if (!selected(options_.only, query.name)) continue;
      const auto loaded = baselines_.head.find(query.name);
      workload.queries.push_back(
          {query.name, query.weight, query.skip_reason.has_value(),
           loaded == baselines_.head.end() ? nullptr : &loaded->second.baseline});
    }
    return workload;
  }

  // Runs only the queries that fall to the shard, and keeps their baselines and those that no query
  // of head has.
  void take_part(const gate::PlannedWorkload& plan, int shard) {
    shard_ = shard;
    for (const gate::PlannedQuery& query : plan.queries) {
      if (query.shard == shard) {
        part_[query.name] = query.share;
      } else {
        baselines_.head.erase(query.name);
        baselines_.base.erase(query.name);
      }
    }
    record_.baselines = gate::to_json(baselines_);
  }

  bool has_chosen() const {
    const std::vector<std::string> names = query_names();
    // A workload without queries may have baselines without queries: one shard tells.
    const bool without = names.empty() || (shard_ != 0 && sides_.head.workload.queries.empty());
    if (without && options_.only.empty()) return shard_ <= 1;
    return std::any_of(names.begin(), names.end(),
                       [this](const std::string& name) { return is_chosen(name); });
  }

  WorkloadRecord run(gate::MachineRecord& machine) {
    open_databases();
    describe(sides_.head, *databases_.head, record_.head);
    if (sides_.base) describe(*sides_.base, *databases_.base, record_.base.emplace());
    record_.one_cluster = databases_.base == databases_.head;
    if (options_.changed && sides_.base) leave_out_unchanged();
    replay_all();
    if (databases_.head->sampling_is_random()) collect_shapes();
    if (options_.times != Times::none && !timed_.empty()) take_times(machine);
    return std::move(record_);
  }

 private:
  bool is_chosen(const std::string& name) const {
    return selected(options_.only, name) && (shard_ == 0 || part_.contains(name));
  }

  void require_base() const {
    if (sides_.base || sides_.is_new) return;
    throw gate::Error(gate::Error::Kind::usage, {},
                      "--changed needs a base to compare with: " + sides_.notes.back(),
                      "Name one with --base or --base-dir, or leave --changed out.");
  }

  void leave_out_unchanged() {
    const ChangedSide base = {&sides_.base->workload, &*record_.base, databases_.base->database()};
    const ChangedSide head = {&sides_.head.workload, &record_.head, databases_.head->database()};
    ChangedOptions options;
    options.is_chosen = [this](const std::string& name) { return is_chosen(name); };
    // A directory holds the workload alone: its baselines are not part of the difference.
    if (options_.base.kind != BaseChoice::Kind::directory) options.baselines = &baselines_;
    ChangedQueries changed = changed_queries(base, head, options);
    record_.notes.push_back(std::move(changed.note));
    record_.not_touched.assign(changed.not_touched.begin(), changed.not_touched.end());
  }

  void slow_down() {
    const SelfTest& test = *options_.self_test;
    const auto apply = [&](Workload& workload, bool head) {
      for (Query& query : workload.queries) {
        const std::string name = workload.name + "/" + query.name;
        if (const auto ratio = test.time_ratios.find(name); ratio != test.time_ratios.end()) {
          query.policy.time_ratio = ratio->second;
        }
        const auto rows = test.extra_rows.find(name);
        if (rows != test.extra_rows.end()) slow_down(query, head ? rows->second : 0);
      }
    };
    apply(sides_.head.workload, true);
    if (sides_.base) apply(sides_.base->workload, false);
  }

  // Neither the query's plan nor its work changes with `rows`: ProjectSet keeps none of them.
  static void slow_down(Query& query, int rows) {
    query.numbered.sql = "SELECT * FROM (\n" + query.numbered.sql +
                         "\n) AS pgduet_query WHERE (SELECT count(*) FROM"
                         " (SELECT generate_series(1, " +
                         std::to_string(rows) + ")) AS pgduet_rows) >= 0";
  }

  void phase(const std::string& text) { progress_.phase(record_.name + ": " + text); }
  void detail(const std::string& text) { progress_.detail(record_.name + ": " + text); }

  static void describe(const Side& side, const WorkloadDatabase& database,
                       gate::SideRecord& record) {
    record = database.description();
    record.revision = side.revision;
    record.commit = side.commit;
  }

  void open_databases() {
    phase(sides_.base ? "building base and head" : "building head");
    const auto tell = [this](const std::string& text) { detail(text); };
    if (!options_.server_url.empty()) {
      databases_.head = open_external_database(sides_.head.workload, options_.server_url, tell);
      if (sides_.base) {
        databases_.base =
            setup_hash(sides_.base->workload) == setup_hash(sides_.head.workload)
                ? databases_.head
                : open_external_database(sides_.base->workload, options_.server_url, tell);
      }
      return;
    }
    ClusterCache::Options cache_options = options_.cache;
    cache_options.user = server_user(options_.pg_user);
    cache_options.message = [this](const std::string& text) { phase(text); };
    cache_ = std::make_unique<ClusterCache>(cache_options);
    cache_->reap();
    const Installation head = choose_installation(options_.installations, options_.head_major,
                                                  sides_.head.workload.versions);
    const auto open = [&](const Workload& workload, const Installation& installation,
                          const std::string& label) {
      return open_private_database(workload, *cache_,
                                   {installation, label, server_user(options_.pg_user), tell});
    };
    if (!sides_.base) {
      databases_.head = open(sides_.head.workload, head, "");
      return;
    }
    const Installation base = choose_installation(
        options_.installations, options_.base_major != 0 ? options_.base_major : head.major,
        sides_.base->workload.versions);
    const std::string head_key = cluster_key(sides_.head.workload, head);
    const std::string base_label =
        options_.self_test && options_.self_test->separate_clusters ? "base" : "";
    const std::string base_key = cluster_key(sides_.base->workload, base, base_label);
    // Always in the order of the keys, so that two runs that want the same two clusters cannot each
    // hold one.
    if (head_key <= base_key) databases_.head = open(sides_.head.workload, head, "");
    if (head_key == base_key) {
      databases_.base = databases_.head;
      return;
    }
    try {
      databases_.base = open(sides_.base->workload, base, base_label);
    } catch (const gate::Error& error) {
      if (error.kind() != gate::Error::Kind::input) throw;
      // The pull request is not to blame for a base that cannot be built.
      throw gate::Error(gate::Error::Kind::environment, error.position(),
                        "the base side could not be built: " + error.problem(), error.hint());
    }
    if (head_key > base_key) databases_.head = open(sides_.head.workload, head, "");
  }

  void replay_all() {
    const std::vector<Query>& queries = sides_.head.workload.queries;
    std::vector<const Query*> chosen;
    for (const Query& query : queries) {
      const bool not_touched =
          std::binary_search(record_.not_touched.begin(), record_.not_touched.end(), query.name);
      if (is_chosen(query.name) && !not_touched) chosen.push_back(&query);
    }
    const auto base_queries = sides_.base ? queries_by_name(sides_.base->workload)
                                          : std::map<std::string, const Query*>();
    phase("replaying " + std::to_string(chosen.size()) + " queries");
    std::size_t number = 0;
    for (const Query* query : chosen) {
      check_interrupt();
      detail("replaying " + std::to_string(++number) + " of " + std::to_string(chosen.size()) +
             ": " + query->name);
      const auto on_base = base_queries.find(query->name);
      record_.queries.push_back(
          replay(*query, on_base != base_queries.end() ? on_base->second : nullptr));
    }
    if (!sides_.base) return;
    const auto head_queries = queries_by_name(sides_.head.workload);
    for (const Query& query : sides_.base->workload.queries) {
      if (selected(options_.only, query.name) && !head_queries.contains(query.name)) {
        record_.notes.push_back("query \"" + query.name + "\" of base is gone from head");
      }
    }
  }

  void take_times(gate::MachineRecord& machine) {
    for (TimedQuery& timed : timed_) {
      QueryRecord& record = record_.queries.at(timed.index);
      timed.record = &record;
      timed.head.run = &*record.head;
      if (timed.base) timed.base->run = &*record.base;
    }
    TimingOptions options;
    options.pin = options_.pin;
    options.seed = gate::hash64(record_.name);
    options.for_baselines = options_.times == Times::baselines;
    options.phase = [this](const std::string& text) { phase(text); };
    Timing timing(databases_.base.get(), *databases_.head, timed_, options);
    phase("taking times");
    timing.screen();
    if (options_.times == Times::duet) timing.duet(record_, baselines_);
    machine.pinned = machine.pinned && timing.pinned();
    if (!timing.pin_problem().empty()) add_once(machine.notes, timing.pin_problem());
  }

  static void add_once(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }

  // A replay of the query on its side; a SELECT that turns out to write is replayed on the copy for
  // writers.
  struct SideReplay {
    std::unique_ptr<Replay> replay;
    QueryRun run;
    bool writes = false;
  };

  SideReplay replay_on(WorkloadDatabase& database, const std::string& label,
                       const gate::SideRecord& side, const Query& query, const Bindings& bindings) {
    const gate::IndexDefinitions indexes = gate::index_definitions(side.catalog);
    const auto on = [&](Database where, bool on_copy) {
      where.writable = where.writable || on_copy;
      SideReplay result;
      result.writes = on_copy;
      result.replay = std::make_unique<Replay>(where, query, bindings, indexes, options_.executor);
      result.run = result.replay->observe();
      result.replay->release();
      return result;
    };
    const bool writes = query.traits.writes || !query.traits.parsed;
    try {
      if (writes) return on(database.copy(label), true);
      SideReplay result = on(database.database(), false);
      const bool must_write =
          std::any_of(result.run.bindings.begin(), result.run.bindings.end(),
                      [](const gate::BindingRun& binding) {
                        return binding.failure && binding.failure->sqlstate == "25006";
                      });
      return must_write ? on(database.copy(label), true) : std::move(result);
    } catch (const gate::Error& error) {
      if (error.kind() != gate::Error::Kind::environment) throw;
      throw error_at_query(error, "replaying", query, database);
    }
  }

  // `on_base` is null where base does not have the query.
  QueryRecord replay(const Query& query, const Query* on_base) {
    QueryRecord record;
    record.name = query.name;
    record.weight = query.weight;
    record.policy = query.policy;
    record.skip_reason = query.skip_reason;
    record.shard = shard_;
    if (shard_ != 0) record.planned_share = part_.at(query.name);
    if (query.skip_reason) return record;

    if (on_base != nullptr && on_base->skip_reason) on_base = nullptr;
    // The base decides which data are tried, so that a change cannot choose its own.
    const Bindings bindings = make_bindings(
        sides_.head.workload.name, query,
        on_base != nullptr ? databases_.base->database() : databases_.head->database());

    TimedQuery timed;
    timed.index = record_.queries.size();
    timed.head = {&query, bindings, nullptr};
    std::optional<SideReplay> base;
    if (on_base != nullptr) {
      if (record_.one_cluster && !options_.self_test && same_execution(*on_base, query)) {
        record.unchanged = true;
      } else {
        timed.base = {
            on_base,
            same_parameters(*on_base, query)
                ? bindings
                : make_bindings(sides_.base->workload.name, *on_base, databases_.base->database()),
            nullptr};
        base = replay_on(*databases_.base, "base", *record_.base, *on_base, timed.base->bindings);
      }
    }
    SideReplay head = replay_on(*databases_.head, "head", record_.head, query, bindings);
    timed.writes = head.writes || (base && base->writes);
    if (base) {
      settle_determinacy(*base, head);
      record.base = std::move(base->run);
    }
    timed_.push_back(std::move(timed));
    record.head = std::move(head.run);
    return record;
  }

  static bool same_parameters(const Query& a, const Query& b) {
    return a.numbered.parameters == b.numbered.parameters;
  }

  // Where the sides differ, asks each whether its statement determines the result at all.
  static void settle_determinacy(SideReplay& base, SideReplay& head) {
    const std::size_t count = std::min(base.run.bindings.size(), head.run.bindings.size());
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<gate::ResultSummary>& of_base = base.run.bindings[i].result;
      std::optional<gate::ResultSummary>& of_head = head.run.bindings[i].result;
      if (!of_base || !of_head || gate::compare_results(*of_base, *of_head).same) continue;
      for (SideReplay* side : {&base, &head}) {
        if (side->replay->result_is_determined(i)) continue;
        gate::ResultSummary& result = *side->run.bindings[i].result;
        result.determinacy = std::max(result.determinacy, gate::Determinacy::count_only);
        result.determinacy_reason = "its rows depend on the plan";
      }
    }
  }

  void collect_shapes() {
    phase("running ANALYZE " + std::to_string(options_.analyze_repetitions) +
          " times to see which plans alternate");
    const auto by_name = queries_by_name(sides_.head.workload);
    std::vector<Query> queries;
    std::vector<Bindings> bindings;
    std::vector<QueryRun*> runs;
    for (QueryRecord& record : record_.queries) {
      if (!record.head) continue;
      Bindings values;
      for (const gate::BindingRun& binding : record.head->bindings) {
        std::vector<std::optional<std::string>> row;
        for (const gate::ParameterValue& parameter : binding.parameters) {
          row.push_back(parameter.value);
        }
        values.push_back(std::move(row));
      }
      queries.push_back(*by_name.at(record.name));
      bindings.push_back(std::move(values));
      runs.push_back(&*record.head);
    }
    collect_alternate_shapes(
        databases_.head->database(), queries, bindings,
        gate::index_definitions(record_.head.catalog), options_.analyze_repetitions,
        [this] { databases_.head->analyze(); }, runs);
  }

  const RunOptions& options_;
  Progress& progress_;
  Sides sides_;
  std::unique_ptr<ClusterCache> cache_;
  Databases databases_;
  gate::WorkloadBaselines baselines_;
  int shard_ = 0;                       // 0: the run is not split
  std::map<std::string, double> part_;  // the shard's queries, and their planned shares
  WorkloadRecord record_;
  std::vector<TimedQuery> timed_;  // in the order of the record
};

// Each glob has to select a query of some workload.
void require_matches(const std::vector<std::string>& globs,
                     const std::vector<std::unique_ptr<WorkloadRun>>& runs) {
  std::vector<std::string> names;
  for (const auto& run : runs) {
    const std::vector<std::string> more = run->query_names();
    names.insert(names.end(), more.begin(), more.end());
  }
  for (const std::string& glob : globs) {
    const bool matches = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return selected({glob}, name);
    });
    if (matches) continue;
    const auto nearest = gate::nearest_name(glob, names);
    throw gate::Error(gate::Error::Kind::usage, {}, "no query is named \"" + glob + "\"",
                      nearest ? "Did you mean \"" + *nearest + "\"?"
                              : "Names are given by \"-- name:\" in the query files.");
  }
}

// Splits what is selected, and leaves each workload its part of this shard.
gate::ShardRecord take_shard(const ShardChoice& choice,
                             const std::vector<std::unique_ptr<WorkloadRun>>& runs) {
  std::vector<gate::WorkloadToPlan> workloads;
  for (const auto& run : runs) workloads.push_back(run->to_plan());
  gate::ShardRecord shard;
  shard.index = choice.index;
  shard.count = choice.count;
  shard.plan = gate::plan_shards(workloads, choice.count);
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i]->take_part(shard.plan[i], choice.index);
  return shard;
}

}  // namespace

bool can_be_slowed(const Query& query) {
  return query.traits.parsed && !query.traits.writes && !query.skip_reason;
}

std::shared_ptr<const gate::RunRecord> run_workloads(const RunOptions& options,
                                                     Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  auto record = std::make_shared<gate::RunRecord>();
  record->pgduet_version = PGDUET_VERSION;
  record->run_id = new_run_id();
  record->started_at = utc_now();
  record->only_selected = !options.only.empty();
  std::vector<std::unique_ptr<WorkloadRun>> runs;
  for (const std::filesystem::path& directory : options.workloads) {
    runs.push_back(std::make_unique<WorkloadRun>(options, progress, directory));
  }
  require_matches(options.only, runs);
  if (options.shard) record->shard = take_shard(*options.shard, runs);
  const MachineWatch machine;
  gate::MachineRecord timed_on;
  timed_on.pinned = true;
  for (std::unique_ptr<WorkloadRun>& run : runs) {
    if (run->has_chosen()) record->workloads.push_back(run->run(timed_on));
    run.reset();  // its servers stop
  }
  record->machine = machine.record();
  record->machine.pinned = timed_on.pinned;
  record->machine.notes = timed_on.notes;
  record->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return record;
}

}  // namespace pgduet::harness

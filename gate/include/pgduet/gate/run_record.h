// The run record: everything that one run of pgduet did and saw. Every report is made from it.
//
// Stored as one JSON file, `.pgduet/runs/<run id>.json`, whose members are the members of the
// structs below, by the same names (an absent optional or empty member is left out).
// `format_version` rises when a reader of the old format would misread the new one; unknown members
// are ignored, so that an older pgduet reads a newer record of the same version. Records hold no
// credentials: connection strings never enter them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/catalog.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/policy.h"
#include "pgduet/gate/result.h"
#include "pgduet/gate/work.h"

namespace pgduet::gate {

constexpr int run_record_format_version = 1;

// One value of a binding.
struct ParameterValue {
  std::string name;                  // "customer_id"; "1" for $1
  std::optional<std::string> value;  // as text; nothing is NULL
  std::string type;                  // what the server says the parameter is: "integer"

  bool operator==(const ParameterValue&) const = default;
};

// Why a binding has no result.
struct ExecutionFailure {
  enum class Kind { error, timeout, connection_lost, not_prepared };

  Kind kind = Kind::error;
  std::string sqlstate;  // "57014"; "" when the server could not say
  std::string message;   // the server's words, first line

  bool operator==(const ExecutionFailure&) const = default;
};

// One sample: a batch of executions of one binding in a row, without EXPLAIN. Times are those of
// one execution.
struct Execution {
  double wall_us = 0;  // as the client sees it
  // CPU time of the server process, with its workers where the plan is parallel; or what else
  // SideRecord::clock names. Nothing where neither can be had.
  std::optional<double> cpu_us;
  double client_us = 0;  // CPU time of the client; within wall_us
  // For how long client and server process waited for a core; within wall_us. Nothing where the
  // kernel does not tell.
  std::optional<double> queued_us = std::nullopt;
  int executions = 1;
  int stage = 0;         // 0: the screening; from 1: the duet
  bool control = false;  // base against itself, see time.h

  bool operator==(const Execution&) const = default;
};

// An execution that failed in the duet, after others had succeeded.
struct StageFailure {
  int stage = 1;
  ExecutionFailure failure;

  bool operator==(const StageFailure&) const = default;
};

// One binding on one side.
struct BindingRun {
  int number = 1;  // from 1; the same number on both sides means the same binding
  std::vector<ParameterValue> parameters;
  std::string coverage;  // which part of the data it hits: "customer_id: most common value, 3.1 %
                         // of orders"; "" when unknown
  std::optional<ExecutionFailure> failure;
  std::optional<ResultSummary> result;  // nothing after a failure
  Json plan;  // EXPLAIN (ANALYZE, ...), the element of the server's array; null after a failure
  std::string shape;  // PlanShape::id of `plan`
  Work work;
  std::vector<Execution> executions;
  std::optional<StageFailure> stage_failure;

  bool operator==(const BindingRun&) const = default;
};

// One query on one side.
struct QueryRun {
  SourcePosition source;       // its "-- name:" line
  std::string sql;             // as it was written, without its header
  std::string normalized_sql;  // constants replaced (libpg_query)
  std::string fingerprint;  // libpg_query's; the server's query identifier, as "queryid:...", where
                            // that cannot parse it
  std::vector<std::string> relations;  // what it reads: "public.orders"
  std::vector<std::string> columns;    // "public.orders.customer_id"
  Json generic_plan;          // EXPLAIN of the generic plan; null for a query without parameters
  std::string generic_shape;  // "" for none
  std::vector<std::string>
      alternate_shapes;            // other shapes seen over repeated ANALYZE: the plan is unstable
  std::vector<std::string> notes;  // what could not be had of this query, and why
  std::vector<BindingRun> bindings;

  bool operator==(const QueryRun&) const = default;
};

// The run's binding of this number; null when there is none.
const BindingRun* find_binding(const QueryRun& run, int number);

// One query of a workload.
struct QueryRecord {
  std::string name;
  double weight = 1;  // executions per unit of time, relative to the other queries
  std::optional<std::string> skip_reason;  // from its header; such a query was not run
  Policy policy;
  // Base has the same query and both sides share one database: it was run once, as head, because
  // nothing can differ. `base` is empty then, and the query counts as compared with base.
  bool unchanged = false;
  // The shard that ran it, from 1: its times are of another machine than those of other shards. 0
  // where the run was not split.
  int shard = 0;
  // Its part of the whole workload's time by the baselines, where the run was split: limits go by
  // it, as a shard measures only its own queries. See PlannedQuery.
  std::optional<double> planned_share;
  std::optional<QueryRun> base;  // nothing: no base side, or the query is not there
  std::optional<QueryRun> head;  // nothing: the query is gone, or skipped

  bool operator==(const QueryRecord&) const = default;
};

// The commit that a side was taken from.
struct CommitRecord {
  std::string id;            // full object name
  std::string committed_at;  // ISO 8601, UTC
  std::string subject;       // the first line of its message
  std::string branch;        // that it was built for; "" when not known
  bool modified = false;     // the work tree had changes that are in no commit

  bool operator==(const CommitRecord&) const = default;
};

// What one side is and how it was made.
struct SideRecord {
  std::string revision;  // "3f2a91c (origin/main)", "work tree", "directory other/shop"
  std::optional<CommitRecord> commit;  // nothing outside git, and before the first commit
  std::string postgres_version;        // "15.18"
  int postgres_major = 0;
  bool external_server = false;  // --server: not started by pgduet
  std::string clock;             // "CPU time of the server process" or why only wall time
  std::string statistics;        // "ANALYZE with a fixed sample" or "ANALYZE repeated 8 times"
  std::map<std::string, std::string>
      settings;            // what pgduet and the workload set, beyond the server's defaults
  std::string setup_hash;  // of everything that makes the database; equal hashes share one cluster
  bool from_cache = false;
  double setup_seconds = 0;
  std::vector<StepRecord> steps;
  Catalog catalog;  // after the last step
  std::vector<std::string> notes;

  bool operator==(const SideRecord&) const = default;
};

// The machine, and what went on beside the run.
struct MachineRecord {
  int cores = 0;         // that pgduet may use
  double load = 0;       // the load average over 5 minutes at the end
  double steal = 0;      // part of the CPU time that the hypervisor gave to others, 0 to 1
  double busy = 0;       // part of the CPU time that other processes and this run used, 0 to 1
  std::string governor;  // of the CPU frequency: "performance"; "" when not readable
  bool pinned = false;   // client and backends shared one core while times were taken
  std::vector<std::string> notes;  // why not, ...

  bool operator==(const MachineRecord&) const = default;
};

// One workload of a run.
struct WorkloadRecord {
  std::string name;
  std::string directory;  // as given
  std::optional<SideRecord> base;
  SideRecord head;
  bool one_cluster = false;  // base and head ran on the same database
  // The committed baselines that the run was judged by, {"head": {query: {"file": ..., "baseline":
  // ...}}, "base": {...}}, so that a report made later says the same; null when there were none.
  // See judge.h.
  Json baselines;
  std::vector<QueryRecord> queries;  // in the order of head's files, then those only base has
  // --changed: head's queries that the difference from base cannot touch; they were not run.
  std::vector<std::string> not_touched;
  std::vector<std::string> notes;

  bool operator==(const WorkloadRecord&) const = default;
};

// One query of a run that was split, and the shard that it falls to.
struct PlannedQuery {
  std::string name;
  int shard = 1;
  double share = 0;  // of the workload's time by its baselines: executions by weight, 0 to 1

  bool operator==(const PlannedQuery&) const = default;
};

struct PlannedWorkload {
  std::string name;
  std::string baselines_hash;         // of all of the workload's committed baselines
  std::vector<PlannedQuery> queries;  // of all shards, in the order of head's files

  bool operator==(const PlannedWorkload&) const = default;
};

// Which shard of a run a record is. The plan is the same in the records of all its shards: what
// belongs together is merged, and what is missing is missed. Made by plan_shards(), see shard.h.
struct ShardRecord {
  int index = 1;  // from 1
  int count = 1;
  std::vector<PlannedWorkload> plan;

  bool operator==(const ShardRecord&) const = default;
};

// Whether the name of a setup step is that of its file. Others are called by what they do: "copy
// data/p.csv into products", "run alembic upgrade head", "restore shop.dump", "extensions".
bool names_file(std::string_view step);

// Where a place in a setup step's file, named from the workload's directory, lies from where pgduet
// ran: "workloads/shop/setup/007_cleanup.sql:3". An empty place, one in an absolute path, and the
// name of a step that is no file's, stay.
SourcePosition place_in(const std::string& directory, SourcePosition at);

struct RunRecord {
  int format_version = run_record_format_version;
  std::string pgduet_version;
  std::string run_id;      // "20261121T101500.042Z-1f3a3c"; sorts by time
  std::string started_at;  // ISO 8601, UTC
  double seconds = 0;
  bool only_selected = false;  // --only: a part of the queries was run
  // --shard: a part of the queries was run, and other records hold the rest. A workload of which no
  // query falls to the shard is not in `workloads`.
  std::optional<ShardRecord> shard;
  MachineRecord machine;                // of a merged record: the worst of `machines`
  std::vector<MachineRecord> machines;  // of a merged record: those of its shards, in their order
  std::vector<WorkloadRecord> workloads;

  bool operator==(const RunRecord&) const = default;
};

// The minima of a stage's samples.
struct MinimumTimes {
  double wall_us = 0;
  std::optional<double> cpu_us;  // nothing, too, where the clock is too coarse to see the execution
  double served_us = 0;          // wall time less the client's CPU time: what the server took
  // served_us less the time in which other processes had the core.
  std::optional<double> undisturbed_us = std::nullopt;

  bool operator==(const MinimumTimes&) const = default;
};
std::optional<MinimumTimes> minimum_times(const BindingRun& binding, int stage = 0,
                                          bool control = false);

// The smaller of each time. A clock that one of them does not have is none.
MinimumTimes smaller_of(const MinimumTimes& left, const MinimumTimes& right);

// How many executions the run has in each stage from 1 on, without those of the control.
std::map<int, int> executions_by_stage(const BindingRun& binding);

// "customer_id = 42, status = 'open'"; values longer than 40 characters are cut, NULL is NULL. ""
// without parameters.
std::string to_text(const std::vector<ParameterValue>& parameters);

// Compact (no indentation). `from_text` throws Error(input) for a text that is no run record, is
// cut short, or has another format_version (says which, and which it reads).
std::string to_text(const RunRecord& record);
RunRecord run_record_from_text(std::string_view text, const std::string& file);

}  // namespace pgduet::gate

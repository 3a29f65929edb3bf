#include "pgduet/gate/run_record.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "json_members.h"
#include "record_json.h"

namespace pgduet::gate {
namespace {

constexpr EnumeratorNames<4> failure_names = {"error", "timeout", "connection_lost",
                                              "not_prepared"};

// Values in lists of parameters are cut here, so that a line stays a line.
constexpr std::size_t longest_value = 40;

Json parameter_to_json(const ParameterValue& parameter) {
  Json json = Json::object();
  json["name"] = parameter.name;
  write_member(json, "value", parameter.value);
  write_member(json, "type", parameter.type);
  return json;
}

ParameterValue parameter_from_json(const Json& json) {
  ParameterValue parameter;
  read_member(json, "name", parameter.name);
  read_member(json, "value", parameter.value);
  read_member(json, "type", parameter.type);
  return parameter;
}

Json failure_to_json(const ExecutionFailure& failure) {
  Json json = Json::object();
  json["kind"] = name_of(failure_names, failure.kind);
  write_member(json, "sqlstate", failure.sqlstate);
  write_member(json, "message", failure.message);
  return json;
}

ExecutionFailure failure_from_json(const Json& json) {
  ExecutionFailure failure;
  read_member(json, "kind", failure.kind, failure_names);
  read_member(json, "sqlstate", failure.sqlstate);
  read_member(json, "message", failure.message);
  return failure;
}

Json execution_to_json(const Execution& execution) {
  Json json = Json::object();
  json["wall_us"] = execution.wall_us;
  write_member(json, "cpu_us", execution.cpu_us);
  if (execution.client_us != 0) json["client_us"] = execution.client_us;
  write_member(json, "queued_us", execution.queued_us);
  if (execution.executions != 1) json["executions"] = execution.executions;
  if (execution.stage != 0) json["stage"] = execution.stage;
  if (execution.control) json["control"] = true;
  return json;
}

Execution execution_from_json(const Json& json) {
  Execution execution;
  read_member(json, "wall_us", execution.wall_us);
  read_member(json, "cpu_us", execution.cpu_us);
  read_member(json, "client_us", execution.client_us);
  read_member(json, "queued_us", execution.queued_us);
  read_member(json, "executions", execution.executions);
  read_member(json, "stage", execution.stage);
  read_member(json, "control", execution.control);
  return execution;
}

Json stage_failure_to_json(const StageFailure& failed) {
  Json json = failure_to_json(failed.failure);
  json["stage"] = failed.stage;
  return json;
}

StageFailure stage_failure_from_json(const Json& json) {
  StageFailure failed;
  failed.failure = failure_from_json(json);
  read_member(json, "stage", failed.stage);
  return failed;
}

Json machine_to_json(const MachineRecord& machine) {
  Json json = Json::object();
  json["cores"] = machine.cores;
  json["load"] = machine.load;
  json["steal"] = machine.steal;
  json["busy"] = machine.busy;
  write_member(json, "governor", machine.governor);
  json["pinned"] = machine.pinned;
  write_member(json, "notes", machine.notes);
  return json;
}

MachineRecord machine_from_json(const Json& json) {
  MachineRecord machine;
  read_member(json, "cores", machine.cores);
  read_member(json, "load", machine.load);
  read_member(json, "steal", machine.steal);
  read_member(json, "busy", machine.busy);
  read_member(json, "governor", machine.governor);
  read_member(json, "pinned", machine.pinned);
  read_member(json, "notes", machine.notes);
  return machine;
}

// Takes a value out of the parsed record instead of copying it: plans are nearly all of a record.
void move_json(Json& object, const char* key, Json& target) {
  const auto found = object.find(key);
  if (found != object.end()) target = std::move(*found);
}

Json binding_to_json(const BindingRun& binding) {
  Json json = Json::object();
  json["number"] = binding.number;
  write_elements(json, "parameters", binding.parameters, parameter_to_json);
  write_member(json, "coverage", binding.coverage);
  if (binding.failure) json["failure"] = failure_to_json(*binding.failure);
  if (binding.result) json["result"] = to_json(*binding.result);
  if (!binding.plan.is_null()) json["plan"] = binding.plan;
  write_member(json, "shape", binding.shape);
  json["work"] = to_json(binding.work);
  write_elements(json, "executions", binding.executions, execution_to_json);
  if (binding.stage_failure) json["stage_failure"] = stage_failure_to_json(*binding.stage_failure);
  return json;
}

BindingRun binding_from_json(Json& json) {
  BindingRun binding;
  read_member(json, "number", binding.number);
  read_elements(json, "parameters", binding.parameters, parameter_from_json);
  read_member(json, "coverage", binding.coverage);
  if (const Json* failure = find_member(json, "failure")) {
    binding.failure = failure_from_json(*failure);
  }
  if (const Json* result = find_member(json, "result")) binding.result = result_from_json(*result);
  move_json(json, "plan", binding.plan);
  read_member(json, "shape", binding.shape);
  if (const Json* work = find_member(json, "work")) binding.work = work_from_json(*work);
  read_elements(json, "executions", binding.executions, execution_from_json);
  if (const Json* failed = find_member(json, "stage_failure")) {
    binding.stage_failure = stage_failure_from_json(*failed);
  }
  return binding;
}

Json query_run_to_json(const QueryRun& run) {
  Json json = Json::object();
  write_member(json, "source", run.source);
  write_member(json, "sql", run.sql);
  write_member(json, "normalized_sql", run.normalized_sql);
  write_member(json, "fingerprint", run.fingerprint);
  write_member(json, "relations", run.relations);
  write_member(json, "columns", run.columns);
  if (!run.generic_plan.is_null()) json["generic_plan"] = run.generic_plan;
  write_member(json, "generic_shape", run.generic_shape);
  write_member(json, "alternate_shapes", run.alternate_shapes);
  write_member(json, "notes", run.notes);
  write_elements(json, "bindings", run.bindings, binding_to_json);
  return json;
}

// As read_elements, for elements that are taken apart.
template <typename Value, typename FromJson>
void take_elements(Json& object, const char* key, std::vector<Value>& target,
                   const FromJson& from_json) {
  if (find_member(object, key) == nullptr) return;
  Json& array = object[key];
  if (!array.is_array()) {
    throw Error(Error::Kind::input, {}, "\"" + std::string(key) + "\" is not an array");
  }
  target.reserve(array.size());
  for (Json& element : array) target.push_back(from_json(element));
}

QueryRun query_run_from_json(Json& json) {
  QueryRun run;
  read_member(json, "source", run.source);
  read_member(json, "sql", run.sql);
  read_member(json, "normalized_sql", run.normalized_sql);
  read_member(json, "fingerprint", run.fingerprint);
  read_member(json, "relations", run.relations);
  read_member(json, "columns", run.columns);
  move_json(json, "generic_plan", run.generic_plan);
  read_member(json, "generic_shape", run.generic_shape);
  read_member(json, "alternate_shapes", run.alternate_shapes);
  read_member(json, "notes", run.notes);
  take_elements(json, "bindings", run.bindings, binding_from_json);
  return run;
}

Json query_to_json(const QueryRecord& query) {
  Json json = Json::object();
  json["name"] = query.name;
  json["weight"] = query.weight;
  write_member(json, "skip_reason", query.skip_reason);
  if (query.unchanged) json["unchanged"] = true;
  if (query.shard != 0) json["shard"] = query.shard;
  write_member(json, "planned_share", query.planned_share);
  json["policy"] = to_json(query.policy);
  if (query.base) json["base"] = query_run_to_json(*query.base);
  if (query.head) json["head"] = query_run_to_json(*query.head);
  return json;
}

QueryRecord query_from_json(Json& json) {
  QueryRecord query;
  read_member(json, "name", query.name);
  read_member(json, "weight", query.weight);
  read_member(json, "skip_reason", query.skip_reason);
  read_member(json, "unchanged", query.unchanged);
  read_member(json, "shard", query.shard);
  read_member(json, "planned_share", query.planned_share);
  if (const Json* policy = find_member(json, "policy")) query.policy = policy_from_json(*policy);
  if (find_member(json, "base") != nullptr) query.base = query_run_from_json(json["base"]);
  if (find_member(json, "head") != nullptr) query.head = query_run_from_json(json["head"]);
  return query;
}

Json commit_to_json(const CommitRecord& commit) {
  Json json = Json::object();
  json["id"] = commit.id;
  write_member(json, "committed_at", commit.committed_at);
  write_member(json, "subject", commit.subject);
  write_member(json, "branch", commit.branch);
  if (commit.modified) json["modified"] = true;
  return json;
}

CommitRecord commit_from_json(const Json& json) {
  CommitRecord commit;
  read_member(json, "id", commit.id);
  read_member(json, "committed_at", commit.committed_at);
  read_member(json, "subject", commit.subject);
  read_member(json, "branch", commit.branch);
  read_member(json, "modified", commit.modified);
  return commit;
}

Json side_to_json(const SideRecord& side) {
  Json json = Json::object();
  write_member(json, "revision", side.revision);
  if (side.commit) json["commit"] = commit_to_json(*side.commit);
  write_member(json, "postgres_version", side.postgres_version);
  json["postgres_major"] = side.postgres_major;
  json["external_server"] = side.external_server;
  write_member(json, "clock", side.clock);
  write_member(json, "statistics", side.statistics);
  if (!side.settings.empty()) json["settings"] = side.settings;
  write_member(json, "setup_hash", side.setup_hash);
  json["from_cache"] = side.from_cache;
  json["setup_seconds"] = side.setup_seconds;
  write_elements(json, "steps", side.steps, [](const StepRecord& step) { return to_json(step); });
  if (!side.catalog.empty()) json["catalog"] = to_json(side.catalog);
  write_member(json, "notes", side.notes);
  return json;
}

void read_settings(const Json& json, std::map<std::string, std::string>& settings) {
  const Json* object = find_member(json, "settings");
  if (object == nullptr) return;
  if (!object->is_object()) throw Error(Error::Kind::input, {}, "\"settings\" is not an object");
  for (const auto& item : object->items()) {
    read_member(*object, item.key().c_str(), settings[item.key()]);
  }
}

SideRecord side_from_json(const Json& json) {
  SideRecord side;
  read_member(json, "revision", side.revision);
  if (const Json* commit = find_member(json, "commit")) side.commit = commit_from_json(*commit);
  read_member(json, "postgres_version", side.postgres_version);
  read_member(json, "postgres_major", side.postgres_major);
  read_member(json, "external_server", side.external_server);
  read_member(json, "clock", side.clock);
  read_member(json, "statistics", side.statistics);
  read_settings(json, side.settings);
  read_member(json, "setup_hash", side.setup_hash);
  read_member(json, "from_cache", side.from_cache);
  read_member(json, "setup_seconds", side.setup_seconds);
  read_elements(json, "steps", side.steps, step_from_json);
  if (const Json* catalog = find_member(json, "catalog"))
    side.catalog = catalog_from_json(*catalog);
  read_member(json, "notes", side.notes);
  return side;
}

Json workload_to_json(const WorkloadRecord& workload) {
  Json json = Json::object();
  json["name"] = workload.name;
  write_member(json, "directory", workload.directory);
  if (workload.base) json["base"] = side_to_json(*workload.base);
  json["head"] = side_to_json(workload.head);
  json["one_cluster"] = workload.one_cluster;
  if (!workload.baselines.is_null()) json["baselines"] = workload.baselines;
  write_elements(json, "queries", workload.queries, query_to_json);
  write_member(json, "not_touched", workload.not_touched);
  write_member(json, "notes", workload.notes);
  return json;
}

WorkloadRecord workload_from_json(Json& json) {
  WorkloadRecord workload;
  read_member(json, "name", workload.name);
  read_member(json, "directory", workload.directory);
  if (const Json* base = find_member(json, "base")) workload.base = side_from_json(*base);
  if (const Json* head = find_member(json, "head")) workload.head = side_from_json(*head);
  read_member(json, "one_cluster", workload.one_cluster);
  move_json(json, "baselines", workload.baselines);
  take_elements(json, "queries", workload.queries, query_from_json);
  read_member(json, "not_touched", workload.not_touched);
  read_member(json, "notes", workload.notes);
  return workload;
}

Json planned_query_to_json(const PlannedQuery& query) {
  return {{"name", query.name}, {"shard", query.shard}, {"share", query.share}};
}

PlannedQuery planned_query_from_json(const Json& json) {
  PlannedQuery query;
  read_member(json, "name", query.name);
  read_member(json, "shard", query.shard);
  read_member(json, "share", query.share);
  return query;
}

Json planned_workload_to_json(const PlannedWorkload& workload) {
  Json json = Json::object();
  json["name"] = workload.name;
  write_member(json, "baselines_hash", workload.baselines_hash);
  write_elements(json, "queries", workload.queries, planned_query_to_json);
  return json;
}

PlannedWorkload planned_workload_from_json(const Json& json) {
  PlannedWorkload workload;
  read_member(json, "name", workload.name);
  read_member(json, "baselines_hash", workload.baselines_hash);
  read_elements(json, "queries", workload.queries, planned_query_from_json);
  return workload;
}

Json shard_to_json(const ShardRecord& shard) {
  Json json = Json::object();
  json["index"] = shard.index;
  json["count"] = shard.count;
  write_elements(json, "plan", shard.plan, planned_workload_to_json);
  return json;
}

ShardRecord shard_from_json(const Json& json) {
  ShardRecord shard;
  read_member(json, "index", shard.index);
  read_member(json, "count", shard.count);
  read_elements(json, "plan", shard.plan, planned_workload_from_json);
  return shard;
}

[[noreturn]] void throw_damaged(const std::string& file, const std::string& problem) {
  throw Error(Error::Kind::input, {file, 0, 0}, "run record is " + problem,
              "Run pgduet again to make a new one.");
}

Json parse_record(std::string_view text, const std::string& file) {
  try {
    return parse_json_quickly(text);
  } catch (const Json::parse_error& error) {
    if (error.byte > text.size()) throw_damaged(file, "cut short");
    throw_damaged(file, "damaged: no JSON at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    throw_damaged(file, "damaged: it holds a number beyond all limits");
  }
}

void require_format_version(const Json& json) {
  int version = 0;
  if (json.is_object()) read_member(json, "format_version", version);
  if (version == 0) {
    throw Error(Error::Kind::input, {}, "this is not a run record: it has no \"format_version\"");
  }
  if (version == run_record_format_version) return;
  throw Error(Error::Kind::input, {},
              "run record has format version " + std::to_string(version) +
                  ", and this pgduet reads version " + std::to_string(run_record_format_version));
}

RunRecord record_from_json(Json json) {
  require_format_version(json);
  RunRecord record;
  read_member(json, "format_version", record.format_version);
  read_member(json, "pgduet_version", record.pgduet_version);
  read_member(json, "run_id", record.run_id);
  read_member(json, "started_at", record.started_at);
  read_member(json, "seconds", record.seconds);
  read_member(json, "only_selected", record.only_selected);
  if (const Json* shard = find_member(json, "shard")) record.shard = shard_from_json(*shard);
  if (const Json* machine = find_member(json, "machine")) {
    record.machine = machine_from_json(*machine);
  }
  read_elements(json, "machines", record.machines, machine_from_json);
  take_elements(json, "workloads", record.workloads, workload_from_json);
  return record;
}

// Cuts between characters, never inside one.
std::string cut(const std::string& value) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(value[i]) & 0xC0U) != 0x80U;
    if (starts_character && ++characters > longest_value) return value.substr(0, i) + "…";
  }
  return value;
}

bool is_plain_number(const std::string& type) {
  return type == "integer" || type == "bigint" || type == "smallint" || type == "numeric" ||
         type == "real" || type == "double precision" || type == "boolean";
}

}  // namespace

MinimumTimes smaller_of(const MinimumTimes& left, const MinimumTimes& right) {
  const auto smaller = [](const std::optional<double>& a, const std::optional<double>& b) {
    return a && b ? std::optional(std::min(*a, *b)) : std::nullopt;
  };
  return {std::min(left.wall_us, right.wall_us), smaller(left.cpu_us, right.cpu_us),
          std::min(left.served_us, right.served_us),
          smaller(left.undisturbed_us, right.undisturbed_us)};
}

namespace {

// Client and server may wait for the core at the same time: what the server computed is left over
// in any case.
std::optional<double> undisturbed_us(const Execution& execution, double served_us) {
  if (!execution.queued_us) return std::nullopt;
  const double least_us = std::min(served_us, execution.cpu_us.value_or(0));
  return std::max(least_us, served_us - *execution.queued_us);
}

}  // namespace

bool names_file(std::string_view step) {
  return !step.empty() && step != "extensions" && !step.starts_with("copy ") &&
         !step.starts_with("run ") && !step.starts_with("restore ");
}

const BindingRun* find_binding(const QueryRun& run, int number) {
  for (const BindingRun& binding : run.bindings) {
    if (binding.number == number) return &binding;
  }
  return nullptr;
}

SourcePosition place_in(const std::string& directory, SourcePosition at) {
  if (!names_file(at.file)) return at;
  at.file = (std::filesystem::path(directory) / at.file).lexically_normal().generic_string();
  return at;
}

std::optional<MinimumTimes> minimum_times(const BindingRun& binding, int stage, bool control) {
  std::optional<MinimumTimes> times;
  for (const Execution& execution : binding.executions) {
    if (execution.stage != stage || execution.control != control) continue;
    MinimumTimes sample{execution.wall_us, execution.cpu_us,
                        execution.wall_us - execution.client_us};
    sample.undisturbed_us = undisturbed_us(execution, sample.served_us);
    times = times ? smaller_of(*times, sample) : sample;
  }
  if (times && times->cpu_us && *times->cpu_us <= 0) times->cpu_us.reset();
  if (times && times->undisturbed_us && *times->undisturbed_us <= 0) times->undisturbed_us.reset();
  return times;
}

std::map<int, int> executions_by_stage(const BindingRun& binding) {
  std::map<int, int> executions;
  for (const Execution& execution : binding.executions) {
    if (execution.stage > 0 && !execution.control) {
      executions[execution.stage] += execution.executions;
    }
  }
  return executions;
}

std::string to_text(const std::vector<ParameterValue>& parameters) {
  std::string text;
  for (const ParameterValue& parameter : parameters) {
    if (!text.empty()) text += ", ";
    text += parameter.name + " = ";
    if (!parameter.value) {
      text += "NULL";
    } else if (is_plain_number(parameter.type)) {
      text += cut(*parameter.value);
    } else {
      text += "'" + cut(*parameter.value) + "'";
    }
  }
  return text;
}

std::string to_text(const RunRecord& record) {
  Json json = Json::object();
  json["format_version"] = record.format_version;
  write_member(json, "pgduet_version", record.pgduet_version);
  write_member(json, "run_id", record.run_id);
  write_member(json, "started_at", record.started_at);
  json["seconds"] = record.seconds;
  if (record.only_selected) json["only_selected"] = true;
  if (record.shard) json["shard"] = shard_to_json(*record.shard);
  if (record.machine.cores > 0) json["machine"] = machine_to_json(record.machine);
  write_elements(json, "machines", record.machines, machine_to_json);
  write_elements(json, "workloads", record.workloads, workload_to_json);
  return one_line(json) + "\n";
}

RunRecord run_record_from_text(std::string_view text, const std::string& file) {
  try {
    return record_from_json(parse_record(text, file));
  } catch (const Error& error) {
    if (!error.position().file.empty()) throw;
    throw Error(error.kind(), {file, 0, 0}, error.problem(), error.hint());
  }
}

}  // namespace pgduet::gate

// The records of all shards, as one.

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/shard.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

constexpr std::size_t id_digits = 6;  // of the hash in a merged record's id

[[noreturn]] void throw_unlike(const ShardFile& first, const ShardFile& other,
                               const std::string& what, const std::string& of_first,
                               const std::string& of_other) {
  std::string problem = "is of another run than " + first.file + ": " + what;
  if (!of_first.empty() || !of_other.empty()) {
    problem += " is \"" + of_other + "\" and not \"" + of_first + "\"";
  }
  throw Error(Error::Kind::environment, {other.file, 0, 0}, problem,
              "All shards have to check the same commit against the same base, with the same "
              "options, PostgreSQL and pgduet.");
}

void require_same(const ShardFile& first, const ShardFile& other, const std::string& what,
                  const std::string& of_first, const std::string& of_other) {
  if (of_first != of_other) throw_unlike(first, other, what, of_first, of_other);
}

void require_shard(const ShardFile& shard) {
  if (shard.record.shard && shard.record.shard->index >= 1 &&
      shard.record.shard->index <= shard.record.shard->count) {
    return;
  }
  const bool merged = !shard.record.machines.empty();
  throw Error(Error::Kind::input, {shard.file, 0, 0},
              merged ? "run record is a merged one already" : "run record is not that of a shard",
              "Only the records of \"pgduet check --shard I/N\" can be merged.");
}

int index_of(const ShardFile& shard) { return shard.record.shard ? shard.record.shard->index : 0; }

// By shard; each once.
void sort_shards(std::vector<ShardFile>& shards) {
  std::sort(shards.begin(), shards.end(), [](const ShardFile& a, const ShardFile& b) {
    if (index_of(a) != index_of(b)) return index_of(a) < index_of(b);
    return std::tie(a.record.run_id, a.file) < std::tie(b.record.run_id, b.file);
  });
  const auto twice = std::adjacent_find(
      shards.begin(), shards.end(),
      [](const ShardFile& a, const ShardFile& b) { return index_of(a) == index_of(b); });
  if (twice == shards.end()) return;
  const ShardFile& again = *std::next(twice);
  throw Error(
      Error::Kind::environment, {again.file, 0, 0},
      "shard " + std::to_string(index_of(again)) + " is there twice, also in " + twice->file,
      "Name one record a shard.");
}

void require_all(const std::vector<ShardFile>& shards) {
  const int count = shards.front().record.shard->count;
  std::vector<std::string> missing;
  auto next = shards.begin();
  for (int index = 1; index <= count; ++index) {
    if (next != shards.end() && index_of(*next) == index)
      ++next;
    else
      missing.push_back(std::to_string(index));
  }
  if (missing.empty()) return;
  throw Error(Error::Kind::environment, {},
              (missing.size() == 1 ? "shard " : "shards ") + list_text(missing) + " of " +
                  std::to_string(count) + (missing.size() == 1 ? " is" : " are") + " missing",
              "Name the run records of all shards. A shard whose job failed before its end has "
              "none: run it again.");
}

void require_same_run(const ShardFile& first, const ShardFile& other) {
  const RunRecord& a = first.record;
  const RunRecord& b = other.record;
  require_same(first, other, "the number of shards", std::to_string(a.shard->count),
               std::to_string(b.shard->count));
  require_same(first, other, "the version of pgduet", a.pgduet_version, b.pgduet_version);
  if (a.only_selected != b.only_selected) {
    throw_unlike(first, other, "--only was given to one of them", "", "");
  }
  if (a.shard->plan != b.shard->plan) {
    throw_unlike(first, other, "its queries or their baselines are others", "", "");
  }
}

void require_same_side(const ShardFile& first, const ShardFile& other, const std::string& name,
                       const SideRecord& a, const SideRecord& b) {
  require_same(first, other, name + "'s revision", a.revision, b.revision);
  require_same(first, other, name + "'s PostgreSQL version", a.postgres_version,
               b.postgres_version);
  require_same(first, other, name + "'s setup", a.setup_hash, b.setup_hash);
  if (a.settings != b.settings) throw_unlike(first, other, name + "'s settings differ", "", "");
}

void require_same_workload(const ShardFile& first, const WorkloadRecord& a, const ShardFile& other,
                           const WorkloadRecord& b) {
  const std::string name = "workload \"" + a.name + "\": ";
  if (a.base.has_value() != b.base.has_value()) {
    throw_unlike(first, other, name + "only one of them has a base side", "", "");
  }
  if (a.base) require_same_side(first, other, name + "base", *a.base, *b.base);
  require_same_side(first, other, name + "head", a.head, b.head);
}

template <typename Value>
void add_new(std::vector<Value>& list, std::vector<Value> more) {
  for (Value& one : more) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
  }
}

void merge_side(SideRecord& merged, SideRecord other) {
  merged.from_cache = merged.from_cache && other.from_cache;
  merged.setup_seconds = std::max(merged.setup_seconds, other.setup_seconds);
  add_new(merged.notes, std::move(other.notes));
}

// {"head": {query: ...}, "base": {...}}
void merge_baselines(Json& merged, Json other) {
  if (other.is_null()) return;
  if (merged.is_null()) merged = Json::object();
  for (auto& side : other.items()) {
    Json& queries = merged[side.key()];
    if (queries.is_null()) queries = Json::object();
    for (auto& query : side.value().items()) queries[query.key()] = std::move(query.value());
  }
}

// Collects one workload from the shards that ran a part of it.
class WorkloadMerge {
 public:
  explicit WorkloadMerge(const PlannedWorkload& plan) : plan_(plan) {
    for (const PlannedQuery& query : plan.queries) shard_of_[query.name] = query.shard;
  }

  void add(const ShardFile& shard, WorkloadRecord&& workload) {
    for (QueryRecord& query : workload.queries) {
      require_planned(shard, query.name);
      queries_.emplace(query.name, std::move(query));
    }
    for (const std::string& name : workload.not_touched) {
      require_planned(shard, name);
      not_touched_.insert(name);
    }
    workload.queries.clear();
    if (first_ == nullptr) {
      first_ = &shard;
      merged_ = std::move(workload);
      return;
    }
    require_same_workload(*first_, merged_, shard, workload);
    if (merged_.base) merge_side(*merged_.base, std::move(*workload.base));
    merge_side(merged_.head, std::move(workload.head));
    merge_baselines(merged_.baselines, std::move(workload.baselines));
    add_new(merged_.notes, std::move(workload.notes));
  }

  // Nothing where no shard had anything to run of it.
  std::optional<WorkloadRecord> finished(const std::vector<ShardFile>& shards) && {
    merged_.not_touched.clear();
    for (const PlannedQuery& planned : plan_.queries) {
      const auto found = queries_.find(planned.name);
      if (found != queries_.end()) {
        merged_.queries.push_back(std::move(found->second));
      } else if (not_touched_.contains(planned.name)) {
        merged_.not_touched.push_back(planned.name);
      } else {
        throw_not_run(shards.at(static_cast<std::size_t>(planned.shard - 1)), planned.name);
      }
    }
    if (first_ == nullptr) return std::nullopt;
    return std::move(merged_);
  }

 private:
  void require_planned(const ShardFile& shard, const std::string& query) const {
    const auto planned = shard_of_.find(query);
    if (planned != shard_of_.end() && planned->second == index_of(shard)) return;
    throw Error(
        Error::Kind::environment, {shard.file, 0, 0},
        "query \"" + query + "\" of workload \"" + plan_.name + "\" does not fall to this shard",
        "The run record is damaged: run the shard again.");
  }

  [[noreturn]] void throw_not_run(const ShardFile& shard, const std::string& query) const {
    throw Error(Error::Kind::environment, {shard.file, 0, 0},
                "query \"" + query + "\" of workload \"" + plan_.name +
                    "\" falls to this shard, and is not in its record",
                "The run record is damaged: run the shard again.");
  }

  const PlannedWorkload& plan_;
  std::map<std::string, int> shard_of_;
  const ShardFile* first_ = nullptr;
  WorkloadRecord merged_;
  std::map<std::string, QueryRecord> queries_;
  std::set<std::string> not_touched_;
};

// What a report warns of is there when it is so on any of them.
MachineRecord worst_of(const std::vector<MachineRecord>& machines) {
  MachineRecord worst = machines.front();
  for (const MachineRecord& machine : machines) {
    worst.cores = std::min(worst.cores, machine.cores);
    worst.load = std::max(worst.load, machine.load);
    worst.steal = std::max(worst.steal, machine.steal);
    worst.busy = std::max(worst.busy, machine.busy);
    if (worst.governor != machine.governor) worst.governor.clear();
    worst.pinned = worst.pinned && machine.pinned;
    add_new(worst.notes, machine.notes);
  }
  return worst;
}

// "20261121T101500.042Z-1f3a3c_9d02aa": behind the newest shard, and another for other shards.
std::string merged_id(const std::vector<ShardFile>& shards) {
  std::string newest;
  std::string all;
  for (const ShardFile& shard : shards) {
    newest = std::max(newest, shard.record.run_id);
    all += shard.record.run_id + "\n";
  }
  return newest + "_" + hash_hex(all).substr(0, id_digits);
}

RunRecord merged_frame(const std::vector<ShardFile>& shards) {
  RunRecord merged;
  merged.pgduet_version = shards.front().record.pgduet_version;
  merged.run_id = merged_id(shards);
  merged.started_at = shards.front().record.started_at;
  merged.only_selected = shards.front().record.only_selected;
  for (const ShardFile& shard : shards) {
    merged.started_at = std::min(merged.started_at, shard.record.started_at);
    merged.seconds = std::max(merged.seconds, shard.record.seconds);
    merged.machines.push_back(shard.record.machine);
  }
  merged.machine = worst_of(merged.machines);
  return merged;
}

WorkloadRecord* find_workload(RunRecord& record, const std::string& name) {
  for (WorkloadRecord& workload : record.workloads) {
    if (workload.name == name) return &workload;
  }
  return nullptr;
}

}  // namespace

RunRecord merge_shards(std::vector<ShardFile> shards) {
  if (shards.empty()) {
    throw Error(Error::Kind::input, {}, "there is no run record to merge",
                "Name the records of all shards, or a directory that holds them.");
  }
  for (const ShardFile& shard : shards) require_shard(shard);
  sort_shards(shards);
  for (const ShardFile& shard : shards) require_same_run(shards.front(), shard);
  require_all(shards);

  RunRecord merged = merged_frame(shards);
  for (const PlannedWorkload& planned : shards.front().record.shard->plan) {
    WorkloadMerge merge(planned);
    for (ShardFile& shard : shards) {
      if (WorkloadRecord* part = find_workload(shard.record, planned.name)) {
        merge.add(shard, std::move(*part));
      }
    }
    if (auto workload = std::move(merge).finished(shards)) {
      merged.workloads.push_back(std::move(*workload));
    }
  }
  return merged;
}

}  // namespace pgduet::gate

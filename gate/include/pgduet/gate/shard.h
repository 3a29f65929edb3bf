// A run that is split over several machines: which query falls to which shard, and how the shards'
// records become one again.
//
// `pgduet check --shard I/N` runs one shard, each on a machine of its own; `pgduet merge` makes one
// record of theirs, which is judged as that of one run. Who runs what follows from the committed
// files alone, so that the shards need not talk to each other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// What a check takes for a query, in microseconds, by the times of its baseline: both sides
// observed, warmed up and screened, and what each query and binding takes whatever its times are.
// The duet is left out: nobody knows who will be nominated. Of several PostgreSQL versions the
// newest counts, whatever is installed. Whole microseconds, so that no compiler's rounding can
// split a run otherwise.
std::int64_t check_cost_us(const Baseline& baseline);

// A query that is to fall to some shard.
struct QueryToPlan {
  std::string name;
  double weight = 1;
  bool skipped = false;  // costs nothing
  // Null for none: it is taken to cost and to last what the median of the others does.
  const Baseline* baseline = nullptr;
};

struct WorkloadToPlan {
  std::string name;
  std::string baselines_hash;
  std::vector<QueryToPlan> queries;
};

// Splits the queries of all workloads over `count` shards so that all shards take about as long:
// the most costly query first, each to the shard that has least so far; the first of equals. No
// shard gets more than the mean and one query, and the longest at most 4/3 of what the best split
// has (Graham 1969, SIAM Journal on Applied Mathematics 17, 416-429). Same input, same plan.
// Requires: count >= 1.
std::vector<PlannedWorkload> plan_shards(const std::vector<WorkloadToPlan>& workloads, int count);

// The record of one shard, and the file that it came from.
struct ShardFile {
  RunRecord record;
  std::string file;
};

// The records of all shards of one run, as one record: queries in the order of the whole run, each
// with the shard that ran it. Began with the first shard and lasted as long as the longest. Its id
// follows from theirs, and sorts behind them. Records may come in any order: same shards, same
// record.
// Throws Error(input) for a record that is no shard's, and Error(environment) when a shard is
// missing or there twice, when shards do not belong to one run (other commits, databases, baselines
// or versions), or when a query of the plan is in none of them: what was not measured must not
// pass.
RunRecord merge_shards(std::vector<ShardFile> shards);

}  // namespace pgduet::gate

// Work: counters of a plan that do not depend on the machine, as EXPLAIN (ANALYZE, BUFFERS, WAL)
// reports them.
#pragma once

#include <cstdint>
#include <vector>

#include "pgduet/gate/json.h"
#include "pgduet/gate/plan.h"

namespace pgduet::gate {

// The work of one execution. A block is 8 kB.
struct Work {
  std::int64_t shared_blocks =
      0;  // shared and local, hit and read: the sum does not depend on the cache
  std::int64_t temp_blocks = 0;  // read and written: spilled sorts, hashes and materializations
  std::int64_t rows_visited =
      0;                       // rows times loops over all scans, and the rows that filters removed
  std::int64_t wal_bytes = 0;  // 0 for a statement that only reads
  std::int64_t planning_blocks =
      0;  // touched while planning; depends on what the session has planned before
  std::int64_t memory_kb =
      0;  // the sum of the peaks of sorts, hashes, aggregates and materializations

  bool operator==(const Work&) const = default;

  std::int64_t blocks() const { return shared_blocks + temp_blocks; }
};

// The work of the whole plan. Blocks of the root node (children included by the server) plus
// nothing else: blocks of triggers are not in the plan tree.
Work work_of(const Plan& plan);

// The node's own work: that of the node less that of its children.
Work exclusive_work(const PlanNode& node);

// By filters and rechecks.
double rows_removed_per_loop(const PlanNode& node);

Json to_json(const Work& work);
Work work_from_json(const Json& value);

}  // namespace pgduet::gate

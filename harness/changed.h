// Which queries `check --changed` runs: those that the difference between base and head can touch.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/harness/executor.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

// Whether both sides send the server the same, so that on one database nothing can differ.
bool same_execution(const Query& a, const Query& b);

// One side with its database built.
struct ChangedSide {
  const Workload* workload = nullptr;
  const gate::SideRecord* record = nullptr;
  Database database;
};

struct ChangedOptions {
  std::function<bool(const std::string&)> is_chosen;  // the queries to choose from
  // Null where base has no baselines of its own to compare with (a directory).
  const gate::WorkloadBaselines* baselines = nullptr;
};

struct ChangedQueries {
  std::set<std::string> not_touched;  // of head
  // "2 of 31 queries can be touched by this change (orders); the others were not run", or why all
  // were run.
  std::string note;
};

// A query is touched when its own text, header, policy or baseline differs, when base does not have
// it, or when the databases differ in what it may read or write: see gate's touched.h.
ChangedQueries changed_queries(const ChangedSide& base, const ChangedSide& head,
                               const ChangedOptions& options);

}  // namespace pgduet::harness

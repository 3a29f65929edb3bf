// One binding against both of its references.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acceptance.h"
#include "comparison.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/report.h"
#include "pgduet/gate/run_record.h"
#include "side_differences.h"
#include "workload_times.h"

namespace pgduet::gate {

// What is the same for all queries of a workload.
struct WorkloadContext {
  const WorkloadRecord* record = nullptr;
  IndexDefinitions base_indexes;
  IndexDefinitions head_indexes;
  SideDifferences from_base;  // empty without a base side
  SideDifferences of_head;    // what head's own steps dropped, for comparisons without a base
  const WorkloadTimes* times = nullptr;  // never null
  std::string today;
};

// A query that has a head side, with what it is compared with. The pointers may be null.
struct QueryContext {
  const WorkloadContext* workload = nullptr;  // never null
  const QueryRecord* query = nullptr;         // never null
  const QueryRun* base = nullptr;             // head's own where nothing can differ
  const Baseline* head_baseline = nullptr;
  const Baseline* base_baseline = nullptr;
};

struct BindingJudgement {
  const BindingRun* head = nullptr;
  Verdict verdict = Verdict::new_query;
  bool compared_with_base = false;
  bool compared_with_baseline = false;
  bool stale_baseline = false;  // base does not do what its own baseline says
  bool agreed = false;          // head does what the baseline says that the change updated
  std::vector<Finding> findings;
  std::vector<std::string> notes;
  std::optional<MinimumTimes> times_before;
  std::optional<MinimumTimes> times_after;
  std::optional<double> time_ratio;  // head / base, where it was convicted of being another
  std::optional<double> detectable;  // see QueryReport
  std::optional<Work> work_before;
};

// What the exceptions of head's baseline make of a comparison.
Acceptance acceptance_of(const QueryContext& context, const Comparison& comparison);

BindingJudgement judge_binding(const QueryContext& context, const BindingRun& head);

}  // namespace pgduet::gate

// One query: its bindings judged, the worst of them told.
#pragma once

#include <string>

#include "judge_binding.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/report.h"

namespace pgduet::gate {

struct QueryJudgement {
  QueryReport report;
  bool stale_baseline = false;
};

// For a query that has a head side.
QueryJudgement judge_query(const QueryContext& context);

// A query that was not run on head: skipped, or gone (then `baseline` is null or its leftover).
QueryReport judge_absent_query(const WorkloadRecord& workload, const QueryRecord& query,
                               const LoadedBaseline* baseline);

// A baseline of which no query is left. `renamed_to` is the name of a new query with the same text;
// "" for none.
QueryReport missing_query(const WorkloadRecord& workload, const LoadedBaseline& baseline,
                          const std::string& renamed_to);

}  // namespace pgduet::gate

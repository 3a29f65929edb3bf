// The judgement: a run record and the committed baselines in, a report out. Nothing else is
// consulted.
//
// Two references answer two questions. Base against head: what does this change do? Head against
// its baseline: is it what was agreed? A head that meets a baseline which the change itself updated
// is agreed: its plan and work are not judged against base any more, its result still is. A base
// that does not meet its own baseline is a stale baseline, and is not blamed on the change.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/report.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// A baseline and the file it came from.
struct LoadedBaseline {
  Baseline baseline;
  std::string file;
};

// The baselines of one workload, by query name.
struct WorkloadBaselines {
  std::map<std::string, LoadedBaseline> head;
  std::map<std::string, LoadedBaseline> base;  // of the base revision; empty when there is none
};

struct JudgeInput {
  std::shared_ptr<const RunRecord> record;
  std::map<std::string, WorkloadBaselines> baselines;  // by workload name
  std::string today;  // "2026-11-21": decides which accepted entries have expired
  bool only_selected =
      false;  // a part of the queries was run (--only): baselines of the others are not missing
};

// A workload's baselines as its run record keeps them.
Json to_json(const WorkloadBaselines& baselines);

// What a run record says of itself: the baselines that it keeps, and the day of the run. Throws
// Error(input) when a kept baseline cannot be read.
JudgeInput judge_input(std::shared_ptr<const RunRecord> record);

// Same input, same report.
Report judge(const JudgeInput& input);

}  // namespace pgduet::gate

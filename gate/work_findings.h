// Differences in work, judged by the policy and put into words.
#pragma once

#include <vector>

#include "pgduet/gate/policy.h"
#include "pgduet/gate/report.h"
#include "pgduet/gate/work.h"

namespace pgduet::gate {

struct WorkComparison {
  Verdict verdict = Verdict::passed;  // regressed, improved, changed or passed
  std::vector<Finding> findings;      // kind, weight, before, after, ratio and sentence are set
  bool spilled = false;               // temporary files appeared, or grew
};

WorkComparison compare_work(const Work& before, const Work& after, const Policy& policy);

// Rows visited, where they at least doubled: explains, never judges.
std::vector<Finding> visited_rows(const Work& before, const Work& after);

}  // namespace pgduet::gate

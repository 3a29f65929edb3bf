// What to do now, in a sentence or two.
#pragma once

#include <string>

#include "pgduet/gate/report.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// "" when there is nothing to do. For queries that were run; reads everything but `next_step`.
std::string next_step(const QueryReport& report, const WorkloadRecord& workload);

}  // namespace pgduet::gate

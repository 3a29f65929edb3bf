// What a change does to a workload as a whole, and how small a slowdown would have shown.
#pragma once

#include "pgduet/gate/report.h"

namespace pgduet::gate {

// Both read the report's queries and set the members of that name.
void tell_impact(WorkloadReport& report);
void tell_detection(WorkloadReport& report);

}  // namespace pgduet::gate

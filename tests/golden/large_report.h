// A report of many queries, judged by the gate from a record with real plans: for what is measured.
#pragma once

#include "pgduet/gate/report.h"

namespace pgduet::test {

// One workload "large" with base and head, the plans of tests/data/plans in turn, 10 samples a side
// in the screening; each 50th query got another plan, and three stages of the duet. The same report
// each time.
gate::Report large_report(int queries);

}  // namespace pgduet::test

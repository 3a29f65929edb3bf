// One report by hand with every verdict, for tests of what is made from reports.
#pragma once

#include <string>

#include "pgduet/gate/report.h"

namespace pgduet::test {

// Two workloads; outcome failed. The same report each time.
gate::Report sample_report();

// The sample with every text that comes from a user or a server (names, files, values, messages)
// replaced by `text`.
gate::Report hostile_report(const std::string& text);

}  // namespace pgduet::test

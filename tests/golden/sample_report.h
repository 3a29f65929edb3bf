// One report by hand with every verdict, for tests of what is made from reports.
#pragma once

#include <memory>
#include <string>

#include "pgduet/gate/report.h"

namespace pgduet::test {

// Two workloads; outcome failed. The same report each time.
gate::Report sample_report();

// The sample with every text that comes from a user or a server (names, files, values, messages)
// replaced by `text`.
gate::Report hostile_report(const std::string& text);

// Puts `record`, a changed copy of the report's, in its place.
void set_record(gate::Report& report, std::shared_ptr<const gate::RunRecord> record);

// A side as pgduet's own server makes it.
gate::SideRecord side_record(const std::string& revision);

}  // namespace pgduet::test

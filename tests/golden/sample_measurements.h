// What the sample report's run measured: statements, plans, samples, catalogue changes, baselines.
#pragma once

#include <string>

#include "pgduet/gate/run_record.h"

namespace pgduet::test {

// Fills in the queries and sides of the sample's run record, by query name.
void add_measurements(gate::RunRecord& run);

// Replaces every text in what add_measurements() added that comes from a user or a server.
void replace_measured_texts(gate::RunRecord& run, const std::string& text);

}  // namespace pgduet::test

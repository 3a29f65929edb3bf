// Why the verdict is what it is, for the page: findings, times of the stages, the setup step to
// blame, exceptions.
#pragma once

#include <vector>

#include "html_text.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters::html {

// Each sets a list, see set_list(), of items with these members.

// "findings": {"weight", "sentence", "finding_reason", "about"}.
void set_findings(Data& data, const gate::QueryReport& query);

// "timings", no section around it: for each finding about time {"timing", "limits", "timing_clock",
// "stages": [...]}.
void set_timings(Data& data, const gate::QueryReport& query);

// "culprits": the changes of the catalogue that reasons name, {"step", "place", "object", "change",
// "definition_before", "definition_after", "statement"}; with "more_culprits", where there are too
// many. `workload` has the steps.
void set_culprits(Data& data, const gate::QueryReport& query, const gate::WorkloadRecord& workload);

// "accepted": {"what", "up_to", "accepted_reason", "owner", "expires"}.
void set_accepted(Data& data, const std::vector<gate::AcceptedEntry>& accepted);

}  // namespace pgduet::reporters::html

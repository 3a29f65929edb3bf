// Why the verdict is what it is, for the page: findings, times of the stages, the setup step to
// blame, exceptions.
#pragma once

#include <vector>

#include "html_text.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters::html {

// Sets "findings": [{"kind", "weight", "sentence", "reason", "about", "before", "after"}].
void set_findings(Data& data, const gate::QueryReport& query);

// Sets "timings": for each finding about time {"timing", "summary", "stages": [...]}.
void set_timings(Data& data, const gate::QueryReport& query);

// Sets "culprits": the changes of the catalogue that reasons name, {"step", "place", "object",
// "change", "before", "after", "statement"}. `workload` has the steps.
void set_culprits(Data& data, const gate::QueryReport& query, const gate::WorkloadRecord& workload);

// Sets "accepted": [{"what", "up_to", "reason", "owner", "expires"}].
void set_accepted(Data& data, const std::vector<gate::AcceptedEntry>& accepted);

}  // namespace pgduet::reporters::html

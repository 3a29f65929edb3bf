// One query of a report as JSON: an element of "queries" in the report format "json".
#pragma once

#include "pgduet/gate/json.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters {

// Name, verdict, headline, binding, times, work and findings; reporters/json.h lists all members.
gate::Json query_json(const gate::QueryReport& query);

}  // namespace pgduet::reporters

// The order in which reports of running text tell about queries.
#pragma once

#include <string_view>
#include <vector>

#include "pgduet/gate/report.h"

namespace pgduet::reporters {

// A query and the workload that it is of. Points into the report.
struct NamedQuery {
  const gate::WorkloadReport* workload = nullptr;
  const gate::QueryReport* report = nullptr;

  std::string full_name() const { return workload->name + "/" + report->name; }
};

// All queries of the report: those that fail first, then by verdict, then in the report's order.
std::vector<NamedQuery> worst_first(const gate::Report& report);

// Told in a list of names or reasons: there is nothing to explain about it.
bool is_only_listed(const gate::QueryReport& query);

// Why a query was skipped.
std::string_view skip_reason_of(const gate::QueryReport& query);

}  // namespace pgduet::reporters

// Finds a query of a report by the name that a user types.
#pragma once

#include <string>

#include "pgduet/gate/report.h"

namespace pgduet::cli {

struct FoundQuery {
  const gate::WorkloadReport* workload = nullptr;
  const gate::QueryReport* query = nullptr;
};

// `name` is "shop/orders_of_customer", or the query's name alone where only one workload has it.
// Throws Error(usage) that names the nearest query, or the workloads that have it.
FoundQuery find_query(const gate::Report& report, const std::string& name);

}  // namespace pgduet::cli

// Which part of the data a binding hits, as far as the server's statistics tell.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lineage.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/gate/sql.h"

namespace pgduet::harness {

// One parameter that is compared with a column, and what pg_stats says of the column.
struct ComparedColumn {
  int parameter = 0;  // from 1
  std::string column;
  std::string relation;  // without its schema
  double n_distinct = 0;
  double null_fraction = 0;
  std::vector<std::string> common_values = {};
  std::vector<double> common_frequencies = {};
};

// The columns that are compared with a parameter by "=", those that have statistics.
std::vector<ComparedColumn> compared_columns(Session& session,
                                             const std::vector<ResolvedRelation>& relations,
                                             const gate::StatementTraits& traits);

// "customer_id: most common value, 3.1 % of orders; status: rare value, about 0.02 % of orders";
// "" when nothing is known.
std::string coverage_of(const std::vector<ComparedColumn>& columns,
                        const std::vector<gate::ParameterValue>& parameters);

}  // namespace pgduet::harness

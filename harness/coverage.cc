#include "coverage.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "pgduet/gate/json.h"

namespace pgduet::harness {
namespace {

std::string percent(double fraction) {
  char buffer[32];
  const double value = fraction * 100;
  std::snprintf(buffer, sizeof buffer, value >= 10 ? "%.0f %%" : "%.2g %%", value);
  return buffer;
}

// What the planner assumes of a value that is not among the most common ones (var_eq_const in
// selfuncs.c); nothing where it assumes a fixed number of rows because it knows nothing.
std::optional<double> rare_fraction(const ComparedColumn& column) {
  const double others = column.n_distinct - static_cast<double>(column.common_values.size());
  const double rest =
      1 - column.null_fraction -
      std::accumulate(column.common_frequencies.begin(), column.common_frequencies.end(), 0.0);
  if (others < 1 || rest <= 0) return std::nullopt;
  return rest / others;
}

std::string coverage_of_value(const ComparedColumn& column, const std::string& value) {
  const auto begin = column.common_values.begin();
  const auto found = std::find(begin, column.common_values.end(), value);
  if (found != column.common_values.end()) {
    const auto place = static_cast<std::size_t>(found - begin);
    return std::string(place == 0 ? "most common value, " : "common value, ") +
           percent(column.common_frequencies.at(place)) + " of " + column.relation;
  }
  if (column.n_distinct == -1) return "unique value";
  if (column.common_values.empty()) return {};
  const std::optional<double> fraction = rare_fraction(column);
  return fraction ? "rare value, about " + percent(*fraction) + " of " + column.relation
                  : "rare value";
}

}  // namespace

std::vector<ComparedColumn> compared_columns(Session& session,
                                             const std::vector<ResolvedRelation>& relations,
                                             const gate::StatementTraits& traits) {
  std::vector<ComparedColumn> columns;
  std::string values;
  for (const gate::ParameterComparison& comparison : traits.comparisons) {
    if (comparison.operator_name != "=") continue;
    const ResolvedRelation* relation =
        relation_of(relations, comparison.relation, comparison.column);
    if (relation == nullptr) continue;
    values += (values.empty() ? "(" : ", (") + std::to_string(columns.size()) + ", " +
              gate::quote_literal(relation->schema) + ", " + gate::quote_literal(relation->name) +
              ", " + gate::quote_literal(comparison.column) + ")";
    columns.push_back({.parameter = comparison.parameter,
                       .column = comparison.column,
                       .relation = relation->name});
  }
  if (columns.empty()) return columns;
  // A partitioned table has statistics of its whole tree only; a plain one with children has both.
  const pqxx::result result = session.execute(
      "SELECT DISTINCT ON (place) place, null_frac,"
      " to_json(most_common_vals::text::text[]), to_json(most_common_freqs),"
      " CASE WHEN n_distinct < 0 AND n_distinct > -1 THEN -n_distinct * reltuples ELSE n_distinct "
      "END"
      " FROM (VALUES " +
      values +
      ") AS asked(place, schema, relation, attribute)"
      " JOIN pg_catalog.pg_stats ON schemaname = schema AND tablename = relation"
      "  AND attname = attribute"
      " JOIN pg_catalog.pg_class ON oid = to_regclass(format('%I.%I', schema, relation))"
      " ORDER BY place, inherited DESC");
  std::vector<ComparedColumn> known;
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    ComparedColumn column = columns.at(row[0].as<std::size_t>());
    column.null_fraction = row[1].as<double>();
    if (!row[2].is_null())
      column.common_values = gate::Json::parse(row[2].c_str()).get<std::vector<std::string>>();
    if (!row[3].is_null())
      column.common_frequencies = gate::Json::parse(row[3].c_str()).get<std::vector<double>>();
    column.n_distinct = row[4].as<double>();
    known.push_back(std::move(column));
  }
  return known;
}

std::string coverage_of(const std::vector<ComparedColumn>& columns,
                        const std::vector<gate::ParameterValue>& parameters) {
  std::string text;
  for (const ComparedColumn& column : columns) {
    const auto index = static_cast<std::size_t>(column.parameter - 1);
    if (index >= parameters.size() || !parameters[index].value) continue;
    const std::string one = coverage_of_value(column, *parameters[index].value);
    if (!one.empty()) text += (text.empty() ? "" : "; ") + column.column + ": " + one;
  }
  return text;
}

}  // namespace pgduet::harness

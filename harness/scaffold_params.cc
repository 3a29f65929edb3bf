#include <algorithm>
#include <regex>

#include "pgduet/gate/sql.h"
#include "pgduet/harness/scaffold.h"
#include "session.h"
#include "text.h"

namespace pgduet::harness {
namespace {

// A column of the database, by its quoted names.
struct Column {
  std::string relation;
  std::string name;
};

// Finds the column that the statement calls `relation`.`column`: `relation` is an alias, or "".
std::optional<Column> find_column(Session& session, const Query& query, const std::string& relation,
                                  const std::string& column) {
  for (const gate::RelationReference& reference : query.traits.relations) {
    if (!relation.empty() && reference.alias != relation) continue;
    std::string name = gate::quote_identifier(reference.name);
    if (!reference.schema.empty()) name = gate::quote_identifier(reference.schema) + "." + name;
    const std::string found = session.text(
        "SELECT attrelid::regclass FROM pg_attribute WHERE NOT attisdropped AND attnum > 0 AND "
        "attrelid = to_regclass(" +
        gate::quote_literal(name) + ") AND attname = " + gate::quote_literal(column));
    if (!found.empty()) return Column{found, gate::quote_identifier(column)};
  }
  return std::nullopt;
}

// The most common values, the same ones wherever they are equally common.
std::string common_values(const Column& column) {
  return "SELECT " + column.name + " FROM " + column.relation + " WHERE " + column.name +
         " IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 5";
}

std::string values_for(const Column& column, const std::string& operator_name) {
  if (operator_name == "= ANY")
    return "SELECT array_agg(v) FROM (" + common_values(column) + ") AS v (v)";
  if (operator_name.find('~') != std::string::npos)  // LIKE, ILIKE and regular expressions
    return "SELECT left(v::text, 4) || '%' FROM (" + common_values(column) + ") AS v (v)";
  return common_values(column);
}

// Which column of an "INSERT INTO t (a, b) VALUES ($1, $2)" each parameter becomes.
std::map<int, Column> inserted_columns(Session& session, const Query& query) {
  static const std::regex insert(R"(INSERT\s+INTO\s+[^(]*\(([^)]*)\)\s*VALUES\s*\(([^)]*)\))",
                                 std::regex::icase);
  static const std::regex parameter(R"(\s*\$([0-9]+)(::[\w ]+)?\s*)");
  std::map<int, Column> found;
  // std::regex takes stack in proportion to what it matches.
  constexpr std::size_t longest_searched = 10000;
  std::smatch match;
  if (query.numbered.sql.size() > longest_searched ||
      !std::regex_search(query.numbered.sql, match, insert))
    return found;
  const auto names = split_outside_quotes(match.str(1), ',');
  const auto values = split_outside_quotes(match.str(2), ',');
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    std::smatch number;
    if (!std::regex_match(values[i], number, parameter)) continue;
    std::string name(trimmed(names[i]));
    std::erase(name, '"');
    if (const auto column = find_column(session, query, "", name))
      found[std::stoi(number.str(1))] = *column;
  }
  return found;
}

// The values that a foreign key may take; "" for a column without one.
std::string referenced_values(Session& session, const Column& column) {
  return session.text(
      "SELECT 'SELECT ' || quote_ident(a.attname) || ' FROM ' || k.confrelid::regclass || ' ORDER "
      "BY 1 LIMIT 5' FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.confrelid "
      "AND "
      "a.attnum = k.confkey[1] WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.conrelid "
      "= " +
      gate::quote_literal(column.relation) +
      "::regclass AND k.conkey[1] = (SELECT attnum FROM pg_attribute WHERE attrelid = k.conrelid "
      "AND quote_ident(attname) = " +
      gate::quote_literal(column.name) + ")");
}

// Values that a new row may have: what the foreign key allows; else, as they passed all checks,
// those of other rows, unless they must differ from those.
std::string insertable_values(Session& session, const Column& column) {
  const std::string referenced = referenced_values(session, column);
  if (!referenced.empty()) return referenced;
  const std::string unique = session.text(
      "SELECT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid "
      "AND a.attnum = ANY (i.indkey) WHERE i.indisunique AND i.indrelid = " +
      gate::quote_literal(column.relation) +
      "::regclass AND quote_ident(a.attname) = " + gate::quote_literal(column.name) + ")");
  return unique == "t" ? "" : common_values(column);
}

std::string enumerated_values(Session& session, const std::string& type) {
  return session.text(
      "SELECT 'SELECT unnest(enum_range(NULL::' || oid::regtype || '))' FROM pg_type "
      "WHERE typtype = 'e' AND oid = " +
      gate::quote_literal(type) + "::regtype");
}

// Where nothing is known but the type.
std::string generator_for(const std::string& type, bool limits, bool skips) {
  static const std::map<std::string, std::string> generators = {
      {"boolean", "values(true, false)"},
      {"date", "dates(2026-01-01, 2026-12-31)"},
      {"timestamp without time zone", "dates(2026-01-01, 2026-12-31)"},
      {"timestamp with time zone", "dates(2026-01-01, 2026-12-31)"},
      {"time without time zone", "values('08:00', '17:30')"},
      {"interval", "values('1 day', '1 month')"},
      {"uuid", "values('00000000-0000-4000-8000-000000000001')"},
      {"json", "values('{}')"},
      {"jsonb", "values('{}')"},
      {"bytea", "values('\\x00')"},
      {"smallint", "uniform(1, 1000)"},
      {"integer", "uniform(1, 1000)"},
      {"bigint", "uniform(1, 1000)"},
      {"numeric", "uniform(0.00, 99.99)"},
      {"real", "uniform(0.00, 99.99)"},
      {"double precision", "uniform(0.00, 99.99)"},
      {"text", "values('pgduet 1', 'pgduet 2')"},
      {"character varying", "values('pgduet 1', 'pgduet 2')"},
  };
  if (limits) return "values(20)";
  if (skips) return "values(0, 100)";
  if (type.ends_with("[]")) return "values('{}')";
  const auto found = generators.find(type);
  return found == generators.end() ? "values(NULL)" : found->second;
}

bool stands_behind(const Query& query, const std::string& keyword, int parameter) {
  return std::regex_search(
      query.numbered.sql,
      std::regex(keyword + R"(\s+\(?\$)" + std::to_string(parameter) + "([^0-9]|$)",
                 std::regex::icase));
}

// The types of the parameters, as the server takes them.
std::vector<std::string> parameter_types(Session& session, const Query& query) {
  try {
    session.prepare("pgduet_init", query.numbered.sql);
  } catch (const StatementFailure& failure) {
    if (is_environment_failure(failure)) throw;
    throw gate::Error(
        gate::Error::Kind::input, query.at,
        "the server does not accept query " + in_quotes(query.name) + ": " + failure.what(),
        failure.hint);
  }
  std::vector<std::string> types;
  const pqxx::result result = session.execute(
      "SELECT unnest(parameter_types) FROM pg_prepared_statements WHERE name = 'pgduet_init'");
  for (int i = 0; i < compat::rows(result); ++i)
    types.emplace_back(compat::row(result, i)[0].c_str());
  return types;
}

}  // namespace

std::map<std::string, std::string> suggest_params(const Database& database,
                                                  const Query& query) try {
  Session session(database.connection_string);
  const std::vector<std::string> types = parameter_types(session, query);
  const std::map<int, Column> inserted = inserted_columns(session, query);
  std::map<std::string, std::string> suggested;
  for (std::size_t i = 0; i < query.parameters.size() && i < types.size(); ++i) {
    if (query.parameters[i].generator != Generator{}) continue;
    const int number = static_cast<int>(i) + 1;
    std::string sql;
    for (const gate::ParameterComparison& comparison : query.traits.comparisons) {
      if (comparison.parameter != number || !sql.empty()) continue;
      if (const auto column = find_column(session, query, comparison.relation, comparison.column))
        sql = values_for(*column, comparison.operator_name);
    }
    if (const auto column = inserted.find(number); sql.empty() && column != inserted.end())
      sql = insertable_values(session, column->second);
    if (sql.empty()) sql = enumerated_values(session, types[i]);
    // A column without values, or one that cannot be grouped, is no source.
    try {
      if (!sql.empty() && session.text(sql).empty()) sql.clear();
    } catch (const StatementFailure& failure) {
      if (is_environment_failure(failure)) throw;
      sql.clear();
    }
    suggested[query.parameters[i].name] =
        sql.empty() ? generator_for(types[i], stands_behind(query, "LIMIT", number),
                                    stands_behind(query, "OFFSET", number))
                    : "query(" + sql + ")";
  }
  return suggested;
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

}  // namespace pgduet::harness

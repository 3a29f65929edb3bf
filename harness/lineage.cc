#include "lineage.h"

#include <algorithm>

#include "pgduet/gate/json.h"

namespace pgduet::harness {
namespace {

void append_once(std::vector<std::string>& names, std::string name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

bool has_column(const ResolvedRelation& relation, const std::string& column) {
  return std::find(relation.columns.begin(), relation.columns.end(), column) !=
         relation.columns.end();
}

std::string quoted_name(const gate::RelationReference& reference) {
  const std::string name = gate::quote_identifier(reference.name);
  return reference.schema.empty() ? name : gate::quote_identifier(reference.schema) + "." + name;
}

}  // namespace

std::vector<ResolvedRelation> resolve_relations(Session& session,
                                                const gate::StatementTraits& traits) {
  std::vector<ResolvedRelation> resolved;
  if (traits.relations.empty()) return resolved;
  std::string values;
  for (std::size_t i = 0; i < traits.relations.size(); ++i)
    values += (i == 0 ? "(" : ", (") + std::to_string(i) + ", to_regclass(" +
              gate::quote_literal(quoted_name(traits.relations[i])) + "))";
  const pqxx::result result = session.execute(
      "SELECT place, nspname, relname,"
      " (SELECT json_agg(attname ORDER BY attnum) FROM pg_catalog.pg_attribute"
      "  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)"
      " FROM (VALUES " +
      values +
      ") AS named(place, relation)"
      " JOIN pg_catalog.pg_class c ON c.oid = relation"
      " JOIN pg_catalog.pg_namespace s ON s.oid = relnamespace ORDER BY place");
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    ResolvedRelation relation;
    relation.alias = traits.relations.at(row[0].as<std::size_t>()).alias;
    relation.schema = row[1].c_str();
    relation.name = row[2].c_str();
    if (!row[3].is_null())
      relation.columns = gate::Json::parse(row[3].c_str()).get<std::vector<std::string>>();
    resolved.push_back(std::move(relation));
  }
  return resolved;
}

const ResolvedRelation* relation_of(const std::vector<ResolvedRelation>& relations,
                                    const std::string& alias, const std::string& column) {
  const ResolvedRelation* found = nullptr;
  for (const ResolvedRelation& relation : relations) {
    if (!has_column(relation, column)) continue;
    if (!alias.empty()) {
      if (relation.alias == alias || relation.name == alias) return &relation;
      continue;
    }
    if (found != nullptr && found->full_name() != relation.full_name()) return nullptr;
    found = &relation;
  }
  return found;
}

std::vector<std::string> relation_names(const std::vector<ResolvedRelation>& relations) {
  std::vector<std::string> names;
  for (const ResolvedRelation& relation : relations) append_once(names, relation.full_name());
  return names;
}

std::vector<std::string> column_names(const std::vector<ResolvedRelation>& relations,
                                      const gate::StatementTraits& traits) {
  std::vector<std::string> names;
  for (const gate::ColumnReference& reference : traits.columns) {
    if (reference.column != "*") {
      const ResolvedRelation* relation =
          relation_of(relations, reference.relation, reference.column);
      if (relation != nullptr) append_once(names, relation->full_name() + "." + reference.column);
      continue;
    }
    for (const ResolvedRelation& relation : relations) {
      if (!reference.relation.empty() && relation.alias != reference.relation &&
          relation.name != reference.relation)
        continue;
      for (const std::string& column : relation.columns)
        append_once(names, relation.full_name() + "." + column);
    }
  }
  return names;
}

}  // namespace pgduet::harness

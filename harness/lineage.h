// What a statement's names mean in a database.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/sql.h"
#include "session.h"

namespace pgduet::harness {

// A relation that a statement names, as the session's search_path resolves it.
struct ResolvedRelation {
  std::string alias;  // as the statement calls it
  std::string schema;
  std::string name;
  std::vector<std::string> columns;  // in their order

  std::string full_name() const { return schema + "." + name; }
};

// Names of `traits` that mean nothing in the database (a set-returning function's, say) are left
// out.
std::vector<ResolvedRelation> resolve_relations(Session& session,
                                                const gate::StatementTraits& traits);

// The relation that a column belongs to: by alias or name, or, for a column that stands alone, the
// only one that has it. Null when there is none or more than one.
const ResolvedRelation* relation_of(const std::vector<ResolvedRelation>& relations,
                                    const std::string& alias, const std::string& column);

// "public.orders", each once, in order of appearance.
std::vector<std::string> relation_names(const std::vector<ResolvedRelation>& relations);

// "public.orders.customer_id", each once, in order of appearance; "*" is all columns.
std::vector<std::string> column_names(const std::vector<ResolvedRelation>& relations,
                                      const gate::StatementTraits& traits);

}  // namespace pgduet::harness

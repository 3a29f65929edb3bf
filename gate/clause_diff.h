// Which conditions of a node moved, changed, came or went between two plans.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan_canonical.h"

namespace pgduet::gate {

// One condition of those that AND connects, and where it is applied.
struct Clause {
  std::string_view place;  // "Index Cond"; a literal
  std::string text;        // as in the shape: "o.id = ?"

  bool operator==(const Clause&) const = default;
};

// A clause before and what became of it: another place, another text or both. `before` is empty
// when the clause is new, `after` when it is gone.
struct ClauseChange {
  Clause before;
  Clause after;

  bool moved() const { return !before.text.empty() && !after.text.empty(); }
};

// Adds the clauses of a node's conditions, each once; keys (Sort Key, Group Key, ...) are left out.
void add_clauses(const CanonicalNode& node, std::vector<Clause>& clauses);

// Pairs what differs: first the same text in another place, then another text about the same column
// of table `name`, then, where one is left on either side, these two. Recheck conditions, which
// follow their index conditions, and conditions on subplans are left out.
std::vector<ClauseChange> compare_clauses(std::vector<Clause> before, std::vector<Clause> after,
                                          const std::string& name);

// The change as a person would say it: "email = ? is no longer an Index Cond: now a Filter on
// lower(email)".
std::string sentence_of(const ClauseChange& change, const std::string& name);

// The text with `to` in place of `from` in front of columns: "c.id = b.order_id" for "o.id =
// b.order_id". Without a qualifier where `to` is empty: "id = b.order_id".
std::string renamed(std::string_view text, const std::string& from, const std::string& to);

}  // namespace pgduet::gate

// Conditions as EXPLAIN prints them, reduced to what they compare.
//
// The text is the server's own rendering of an expression (ruleutils.c), not what a user wrote:
// fully parenthesised, casts as "::", no comments and no dollar quoting, so that tokens are enough.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgduet::gate {

// What a table is called in the plan and what it is called in the result.
using AliasNames = std::vector<std::pair<std::string, std::string>>;

// canonical_condition of plan_shape.h, with the aliases in front of columns replaced by their
// names. An alias that has none stays.
std::string canonical_condition(std::string_view condition, const AliasNames& names);

// The conditions that AND connects at the top: "((a = ?) AND (b > ?))" -> "a = ?", "b > ?".
std::vector<std::string> clauses_of(std::string_view condition);

}  // namespace pgduet::gate

// The names under which a plan's conditions speak of what it reads.
#pragma once

#include <string>
#include <vector>

#include "condition.h"
#include "pgduet/gate/plan.h"

namespace pgduet::gate {

// Alias as the server printed it -> name in the shape, for every alias of the plan.
//
// For the partitions of a table the server numbers the table's alias: "o_1", "o_2". The numbers
// move with every partition that comes, goes or is pruned, so below an Append they are cut off, and
// all partitions of "o" are "o"; their relations still tell them apart. Where that would give two
// scans of one relation the same name (a table that is read twice), the second is "o#2".
AliasNames alias_names(const PlanNode& root);

// The name without the mark of its uniqueness: "o" for "o#2".
std::string shown_alias(const std::string& name);

}  // namespace pgduet::gate

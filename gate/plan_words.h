// The words that EXPLAIN's text format has for the nodes of a plan.
#pragma once

#include <string>

#include "pgduet/gate/plan.h"

namespace pgduet::gate {

// What the node does, without what it does it to: "Index Scan", "Parallel Hash Left Join",
// "Partial HashAggregate", "Update". The direction of an index scan is left out.
std::string method_name(const PlanNode& node);

// The name as SQL would have it: quoted where it is not a plain lower-case word.
std::string quoted_name(const std::string& name);

}  // namespace pgduet::gate

// Compares a plan with the trees that a baseline keeps of the plans it expects. Those hold one line
// a node and nothing else, so this says less than diff_plans; it is for runs without a base side.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {

// The changes from `before` to `after`, top down. Never empty: trees with the same lines differ in
// their conditions, which is then the one change.
std::vector<PlanChange> diff_trees(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after);

}  // namespace pgduet::gate

#include "pgduet/gate/plan_shape.h"

#include "plan_canonical.h"

namespace pgduet::gate {

PlanShape shape_of(const Plan& plan, const IndexDefinitions& indexes) {
  const CanonicalPlan canonical = canonical_plan(plan, indexes);
  PlanShape shape;
  shape.id = canonical.id;
  shape.tree.reserve(canonical.nodes.size());
  for (const CanonicalNode& node : canonical.nodes) {
    shape.tree.push_back(std::string(static_cast<std::size_t>(node.depth) * 2, ' ') +
                         shape_line(node));
  }
  return shape;
}

}  // namespace pgduet::gate

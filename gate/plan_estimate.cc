#include <algorithm>
#include <set>
#include <utility>

#include "pgduet/gate/plan_diff.h"
#include "plan_diff_parts.h"

namespace pgduet::gate {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Reads all of its input before it returns a row, whoever stops asking.
bool reads_to_the_end(const PlanNode& node) {
  for (const std::string_view type : {"Sort", "Hash", "Aggregate", "ModifyTable", "SetOp"}) {
    if (node.node_type == type) return true;
  }
  return false;
}

// Whether a child may be stopped before its last row because its parent has seen enough: a Limit,
// a join that needs one match, a merge join whose other side has ended, EXISTS.
bool stops_early(const PlanNode& parent, const PlanNode& child) {
  if (parent.node_type == "Limit" || parent.node_type == "Merge Join") return true;
  if (child.parent_relationship == "SubPlan" || child.parent_relationship == "InitPlan") {
    return !child.subplan_name.starts_with("CTE ");
  }
  if (child.parent_relationship != "Inner") return false;
  const Json& fields = parent.fields;
  const auto unique = fields.find("Inner Unique");
  return contains(parent.join_type, "Semi") || contains(parent.join_type, "Anti") ||
         (unique != fields.end() && *unique == true);
}

// BitmapAnd and BitmapOr report no rows. The inner side of a merge join is read again for every
// duplicate of the outer side, and all of these rows are counted.
bool counts_other_rows(const PlanNode* parent, const PlanNode& node) {
  if (node.node_type == "BitmapAnd" || node.node_type == "BitmapOr") return true;
  return parent != nullptr && parent->node_type == "Merge Join" &&
         node.parent_relationship == "Inner";
}

// The node with the largest q-error; of equal ones the lowest, as errors grow from below.
class EstimateSearch {
 public:
  void visit(const PlanNode& node, const PlanNode* parent, bool may_stop) {
    const bool executed = node.actual_rows && node.actual_loops.value_or(0) > 0;
    if (executed && !counts_other_rows(parent, node)) {
      const bool cut_off = may_stop && *node.actual_rows < node.plan_rows;
      if (cut_off) cut_off_.insert(&node);
      const double error = q_error(node.plan_rows, *node.actual_rows);
      if (!cut_off && error >= largest_) {
        largest_ = error;
        worst_ = &node;
      }
    }
    const bool passes_on = may_stop && !reads_to_the_end(node);
    for (const PlanNode& child : node.children) {
      visit(child, &node, passes_on || stops_early(node, child));
    }
  }

  const PlanNode* worst() const { return worst_; }
  double largest() const { return largest_; }
  std::set<const PlanNode*> take_cut_off() { return std::move(cut_off_); }

 private:
  const PlanNode* worst_ = nullptr;
  double largest_ = 1;
  std::set<const PlanNode*> cut_off_;
};

}  // namespace

double q_error(double estimated_rows, double actual_rows) {
  const double one = std::max(estimated_rows, 1.0);
  const double other = std::max(actual_rows, 1.0);
  return std::max(one, other) / std::min(one, other);
}

std::set<const PlanNode*> cut_off_nodes(const Plan& plan) {
  EstimateSearch search;
  search.visit(plan.root, nullptr, false);
  return search.take_cut_off();
}

EstimateError worst_estimate(const Plan& plan) {
  EstimateSearch search;
  search.visit(plan.root, nullptr, false);
  EstimateError error;
  if (search.worst() == nullptr || search.largest() <= 1) return error;
  const PlanNode& node = *search.worst();
  const CanonicalPlan canonical = canonical_plan(plan, {});
  for (std::size_t i = 0; i < canonical.nodes.size(); ++i) {
    if (canonical.nodes[i].plan_node == &node) error.path = path_of(canonical, static_cast<int>(i));
  }
  error.subject = subject(node);
  error.estimated_rows = node.plan_rows;
  error.actual_rows = *node.actual_rows;
  error.q_error = search.largest();
  return error;
}

}  // namespace pgduet::gate

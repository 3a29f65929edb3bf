#include "pgduet/gate/plan_alignment.h"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "pgduet/gate/work.h"
#include "plan_diff_parts.h"

namespace pgduet::gate {
namespace {

// Pairs what diff_plans has no words for and so does not look at: children of a pair (the Hash of a
// join, the index scans of a bitmap) that are alike, the more alike the sooner.
class ChildPairing {
 public:
  explicit ChildPairing(PlanComparison& comparison) : comparison_(comparison) {}

  // Parents stand before their children, so that one pass reaches the children of new pairs, too.
  void complete() {
    for (std::size_t place = 0; place < comparison_.partners().size(); ++place) {
      const int partner = comparison_.partners()[place];
      if (partner >= 0) pair_children(static_cast<int>(place), partner);
    }
  }

 private:
  using Alike = std::function<bool(const CanonicalNode&, const CanonicalNode&)>;

  void pair_children(int before, int after) {
    pair_children(before, after,
                  [](const auto& one, const auto& other) { return one.tree == other.tree; });
    pair_children(before, after,
                  [](const auto& one, const auto& other) { return one.line == other.line; });
    pair_children(before, after, [](const auto& one, const auto& other) {
      return one.method == other.method && one.relation == other.relation && one.role == other.role;
    });
  }

  void pair_children(int before, int after, const Alike& alike) {
    for (const int child : comparison_.before.node(before).children) {
      if (comparison_.partners()[static_cast<std::size_t>(child)] >= 0) continue;
      for (const int other : comparison_.after.node(after).children) {
        const bool taken = comparison_.partners_after()[static_cast<std::size_t>(other)] >= 0;
        if (taken || !alike(comparison_.before.node(child), comparison_.after.node(other))) {
          continue;
        }
        comparison_.pair(child, other);
        break;
      }
    }
  }

  PlanComparison& comparison_;
};

// Base's nodes without a partner, by the node of base that they follow.
std::vector<PlanRow> rows_in_order(const PlanComparison& comparison) {
  const CanonicalPlan& base = *comparison.before.plan;
  const CanonicalPlan& head = *comparison.after.plan;
  std::vector<PlanRow> rows;
  const auto add_base = [&](std::size_t place) {
    const CanonicalNode& node = base.nodes[place];
    rows.push_back(
        {.mark = PlanRow::Mark::only_base, .base = node.plan_node, .base_depth = node.depth});
  };
  const auto add_unpaired_from = [&](std::size_t place) {
    for (; place < base.nodes.size() && comparison.partners()[place] < 0; ++place) add_base(place);
  };
  add_unpaired_from(0);
  for (std::size_t i = 0; i < head.nodes.size(); ++i) {
    const CanonicalNode& node = head.nodes[i];
    PlanRow row = {
        .mark = PlanRow::Mark::only_head, .head = node.plan_node, .head_depth = node.depth};
    const int partner = comparison.partners_after()[i];
    if (partner < 0) {
      rows.push_back(row);
      continue;
    }
    const auto place = static_cast<std::size_t>(partner);
    row.base = base.nodes[place].plan_node;
    row.base_depth = base.nodes[place].depth;
    row.mark = base.nodes[place].line == node.line ? PlanRow::Mark::same : PlanRow::Mark::changed;
    rows.push_back(row);
    add_unpaired_from(place + 1);
  }
  return rows;
}

void add_rows(const PlanNode& node, int depth, std::vector<PlanRow>& rows) {
  rows.push_back({.head = &node, .head_depth = depth});
  for (const PlanNode& child : node.children) add_rows(child, depth + 1, rows);
}

// The time of all loops, children included. Workers of a parallel plan run side by side, each with
// its own loops; their times add up as their loops do.
std::optional<double> total_time_ms(const PlanNode& node) {
  const auto time = node.fields.find("Actual Total Time");
  if (time == node.fields.end() || !time->is_number()) return std::nullopt;
  return time->get<double>() * node.actual_loops.value_or(0);
}

std::optional<double> own_time_ms(const PlanNode& node) {
  std::optional<double> time = total_time_ms(node);
  if (!time) return std::nullopt;
  for (const PlanNode& child : node.children) {
    // An InitPlan or a CTE may run inside another node than the one that it hangs on.
    if (child.parent_relationship != "InitPlan") *time -= total_time_ms(child).value_or(0);
  }
  return std::max(*time, 0.0);
}

}  // namespace

std::vector<PlanRow> align_plans(const Plan& base, const Plan& head,
                                 const IndexDefinitions& indexes_base,
                                 const IndexDefinitions& indexes_head) {
  const CanonicalPlan canonical_base = canonical_plan(base, indexes_base);
  const CanonicalPlan canonical_head = canonical_plan(head, indexes_head);
  LeafIds ids;
  const PlanStructure structure_base = structure_of(canonical_base, ids);
  ids.add_renamed(canonical_base, canonical_head);
  const PlanStructure structure_head = structure_of(canonical_head, ids);
  PlanComparison comparison(structure_base, structure_head, ids);
  compare_plans(comparison);
  ChildPairing(comparison).complete();
  return rows_in_order(comparison);
}

std::vector<PlanRow> rows_of(const Plan& plan) {
  std::vector<PlanRow> rows;
  add_rows(plan.root, 0, rows);
  return rows;
}

NodeNumbers numbers_of(const PlanNode& node) {
  NodeNumbers numbers;
  numbers.estimated_rows = node.plan_rows;
  numbers.loops = node.actual_loops.value_or(0);
  numbers.executed = node.actual_rows.has_value() && numbers.loops > 0;
  if (!numbers.executed) return numbers;
  numbers.rows_per_loop = *node.actual_rows;
  numbers.rows = *node.actual_rows * numbers.loops;
  numbers.q_error = q_error(node.plan_rows, *node.actual_rows);
  numbers.rows_removed = rows_removed_per_loop(node) * numbers.loops;
  const Work work = exclusive_work(node);
  numbers.blocks = work.shared_blocks;
  numbers.temp_blocks = work.temp_blocks;
  numbers.rows_visited = work.rows_visited;
  numbers.time_ms = own_time_ms(node);
  return numbers;
}

}  // namespace pgduet::gate

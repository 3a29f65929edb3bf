// Two plans of one statement side by side, node by node, and what each node did: what a page needs
// that shows both.
// Every function here depends on its arguments alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pgduet/gate/plan.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {

// One line of the two plans side by side: a node of base, a node of head, or one of each that do
// the same part of the work.
struct PlanRow {
  enum class Mark {
    same,       // both, equal but for costs, counts and constants
    changed,    // both, in another way: another scan, another condition
    only_base,  // gone
    only_head   // new
  };

  Mark mark = Mark::same;
  const PlanNode* base = nullptr;  // inside the plan; null where head alone has the node
  const PlanNode* head = nullptr;
  int base_depth = 0;  // 0 at the root
  int head_depth = 0;

  bool operator==(const PlanRow&) const = default;
};

// All nodes of both plans, each once. Head's are in head's order, parent before child; base's stand
// beside their partners, and one without a partner below the one that it follows in base. So base's
// are in base's order but for what changed sides, as the inputs of a join. Nodes are paired as
// diff_plans does it. `base` and `head` must outlive the result.
std::vector<PlanRow> align_plans(const Plan& base, const Plan& head,
                                 const IndexDefinitions& indexes_base = {},
                                 const IndexDefinitions& indexes_head = {});

// The nodes of one plan alone, parent before child, as head's, all of them `same`.
std::vector<PlanRow> rows_of(const Plan& plan);

// What one node did, children left out, as far as the server said it.
struct NodeNumbers {
  bool executed = false;            // whether it ran at all; false, too, without ANALYZE
  double loops = 0;                 // how often
  double rows = 0;                  // over all loops
  double estimated_rows = 0;        // per loop
  double rows_per_loop = 0;         //
  double q_error = 1;               // see EstimateError; 1 for a node that did not run
  double rows_removed = 0;          // by filters and rechecks, over all loops
  std::int64_t blocks = 0;          // shared and local, touched by this node alone
  std::int64_t temp_blocks = 0;     // read and written by this node alone
  std::int64_t rows_visited = 0;    // see Work
  std::optional<double> time_ms{};  // of this node alone; nothing where TIMING was off

  bool operator==(const NodeNumbers&) const = default;
};
NodeNumbers numbers_of(const PlanNode& node);

}  // namespace pgduet::gate

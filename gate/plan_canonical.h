// A plan reduced to its shape, node by node: what shape_of hashes and diff_plans compares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "condition.h"
#include "pgduet/gate/plan.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {

// The trait of an Append some of whose partitions were pruned before the first row.
constexpr const char* pruned_at_start = "partitions pruned at start";

// One condition of a node, reduced by canonical_condition.
struct CanonicalCondition {
  std::string_view place;  // "Index Cond", "Sort Key", ...: a literal
  std::string text;

  bool operator==(const CanonicalCondition&) const = default;
};

// One node. Others are named by their place in CanonicalPlan::nodes.
struct CanonicalNode {
  const PlanNode* plan_node = nullptr;
  int parent = -1;  // -1 at the root
  int depth = 0;
  std::vector<int> children;
  std::string role;    // "InitPlan", "SubPlan", "CTE recent"; "" for the main tree
  std::string method;  // "Index Scan", "Hash Left Join"; without "Parallel"
  bool parallel_aware = false;
  std::string relation;        // "public.orders"; "" where the node reads no relation
  std::string source;          // what else it reads: function, CTE, worktable
  std::string name;            // the alias as conditions have it, unique in the plan; "" for none
  std::string shown_name;      // the alias for people
  std::string index;           // "public.orders_pkey"
  std::string index_identity;  // its definition where that is known, else as `index`
  std::vector<CanonicalCondition> conditions;  // sorted by place
  std::vector<std::string> traits;             // whatever else belongs to the shape, sorted
  std::string line;        // all of the above; without depth, children and the index's name
  std::uint64_t tree = 0;  // hash of the line and of everything below
};

struct CanonicalPlan {
  std::vector<CanonicalNode> nodes;  // parents before children, the root first
  std::string id;                    // PlanShape::id
};

// `plan` must outlive the result.
CanonicalPlan canonical_plan(const Plan& plan, const IndexDefinitions& indexes);

// Whether the plans are the same but for the names that the statement gives to what it reads.
bool differ_in_aliases_only(const Plan& before, const IndexDefinitions& indexes_before,
                            const Plan& after, const IndexDefinitions& indexes_after);

// The node in one line for people, without what is not part of the shape:
// "CTE recent: Index Scan using orders_pkey on orders o".
std::string shape_line(const CanonicalNode& node);

}  // namespace pgduet::gate

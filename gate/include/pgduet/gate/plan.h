// One EXPLAIN (FORMAT JSON) plan, kept whole.
//
// The fields that pgduet compares have members; every field, known or not, stays in `fields`, so
// that nothing which a present or future server says is lost. Names are the server's own (see
// "Using EXPLAIN" in its manual). Reads what PostgreSQL 14 to 18 write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/json.h"

namespace pgduet::gate {

// One node of a plan tree. Counts are the server's: rows are per loop, blocks are totals over all
// loops and include those of the children.
struct PlanNode {
  std::string node_type;            // "Index Scan"
  std::string parent_relationship;  // "Outer", "Inner", "Member", "InitPlan", "SubPlan",
                                    // "Subquery"; "" at the root
  std::string subplan_name;         // "CTE recent", "SubPlan 1"; "" when it has none
  std::string schema;               // of the scanned or modified relation; "" when there is none
  std::string relation_name;        // table, partition, materialized view, foreign table
  std::string alias;  // the alias in the statement; what tells two scans of one relation apart
  std::string index_name;
  std::string join_type;    // "Inner", "Left", "Semi", ...
  double startup_cost = 0;  // planner cost units
  double total_cost = 0;    // planner cost units, startup included
  double plan_rows = 0;     // estimate, per loop
  // Per loop, as the server says it (a fraction from PostgreSQL 18 on). Empty without ANALYZE.
  std::optional<double> actual_rows;
  std::optional<double> actual_loops;  // 0 when the node was never executed

  Json fields;  // everything the server said of this node except "Plans" (an empty one is kept)
  std::vector<PlanNode> children;

  bool operator==(const PlanNode&) const = default;

  // The text value of field `key` ("Index Cond", "Filter", ...), "" when absent.
  std::string text(const char* key) const;
  // The numeric value of field `key`, 0 when absent.
  double number(const char* key) const;
  // Rows over all loops: actual_rows * actual_loops; nothing without ANALYZE.
  std::optional<double> total_rows() const;
};

// A whole EXPLAIN result: the tree and what stands beside it ("Settings", "Planning", "Triggers",
// "JIT", ...).
struct Plan {
  PlanNode root;
  Json beside;  // every top-level member except "Plan"

  bool operator==(const Plan&) const = default;
};

// Reads one EXPLAIN (FORMAT JSON) result: the array that the server returns, or its one element.
// Throws Error(input) when it is not one, naming what is missing.
Plan read_plan(const Json& explain);

// The inverse of read_plan: the element of the server's array, members in the server's order.
Json to_json(const Plan& plan);

// The plan as EXPLAIN's text format shows it, without costs and times, conditions under their node:
//   Limit
//     ->  Index Scan using orders_pkey on orders o
//           Index Cond: (id = 5)
// With `with_counts`, "(rows=20 of 18 estimated, loops=1, blocks=24)" follows each node. No
// trailing newline.
std::string to_text(const Plan& plan, bool with_counts = false);

// The node in one line, as EXPLAIN's text format words it: "Index Scan using orders_pkey on orders
// o", "Parallel Hash Left Join", "Partial HashAggregate", "Update on orders".
std::string headline(const PlanNode& node);

// What EXPLAIN's text format shows under the node: "Index Cond: (id = 5)", "Sort Key: o.id". With
// `with_counts` also what was only known when it had run: "Sort Method: quicksort".
std::vector<std::string> details(const PlanNode& node, bool with_counts = false);

// How people call what the node reads: "orders o", "orders" when alias and name agree; the headline
// where it reads nothing.
std::string subject(const PlanNode& node);

}  // namespace pgduet::gate

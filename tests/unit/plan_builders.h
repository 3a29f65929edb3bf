// Plans for tests, written as the plan reads:
//
//   plan(limit(with_actual(index_scan("orders", "o", "orders_pkey", "(o.id = 5)"), 20, 1)))
//
// Nodes carry what EXPLAIN (VERBOSE, FORMAT JSON) prints of them, in schema "public".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/plan.h"

namespace pgduet::gate::testing {

// Reads the node anew, so that its members agree with its fields.
inline PlanNode reread(const PlanNode& node) { return read_plan(to_json(Plan{node, {}})).root; }

inline PlanNode make_node(Json fields, const std::vector<PlanNode>& children = {}) {
  for (const PlanNode& child : children) {
    fields["Plans"].push_back(to_json(Plan{child, {}})["Plan"]);
  }
  Json explain = Json::object();
  explain["Plan"] = std::move(fields);
  return read_plan(explain).root;
}

inline Plan plan(const PlanNode& root, Json beside = Json::object()) {
  return Plan{root, std::move(beside)};
}

// Any node type: node("Materialize", {child}), node("Result").
inline PlanNode node(const std::string& type, const std::vector<PlanNode>& children = {}) {
  return make_node({{"Node Type", type}, {"Parallel Aware", false}}, children);
}

// Changes of a node, each a copy.

inline PlanNode with_field(PlanNode node, const std::string& key, const Json& value) {
  node.fields[key] = value;
  return reread(node);
}

// Rows per loop and loops, as the server says them.
inline PlanNode with_actual(const PlanNode& node, double rows, double loops) {
  return with_field(with_field(node, "Actual Rows", rows), "Actual Loops", loops);
}

inline PlanNode with_estimate(const PlanNode& node, double rows) {
  return with_field(node, "Plan Rows", rows);
}

// Blocks of the node and everything below it, as the server counts them.
inline PlanNode with_blocks(const PlanNode& node, int shared_hit, int shared_read = 0) {
  return with_field(with_field(node, "Shared Hit Blocks", shared_hit), "Shared Read Blocks",
                    shared_read);
}

inline PlanNode with_temp_blocks(const PlanNode& node, int read, int written) {
  return with_field(with_field(node, "Temp Read Blocks", read), "Temp Written Blocks", written);
}

// A filter, and how many rows a loop it removed; none with ANALYZE off.
inline PlanNode with_filter(const PlanNode& node, const std::string& filter) {
  return with_field(node, "Filter", filter);
}

inline PlanNode with_filter(const PlanNode& node, const std::string& filter, double removed) {
  return with_field(with_filter(node, filter), "Rows Removed by Filter", removed);
}

inline PlanNode parallel(const PlanNode& node) { return with_field(node, "Parallel Aware", true); }

inline PlanNode in_schema(const PlanNode& node, const std::string& schema) {
  return with_field(node, "Schema", schema);
}

// "Outer", "Inner", "Member", ...; name is the subplan's.
inline PlanNode as(const PlanNode& node, const std::string& relationship,
                   const std::string& name = "") {
  const PlanNode related = with_field(node, "Parent Relationship", relationship);
  return name.empty() ? related : with_field(related, "Subplan Name", name);
}

// `child` as a subplan of `parent`: init_plan(outer, child, "CTE recent").
inline PlanNode with_subplan(PlanNode parent, const PlanNode& child,
                             const std::string& relationship, const std::string& name) {
  parent.children.push_back(as(child, relationship, name));
  return parent;
}

// Scans.

inline PlanNode seq_scan(const std::string& relation, const std::string& alias) {
  return make_node({{"Node Type", "Seq Scan"},
                    {"Parallel Aware", false},
                    {"Relation Name", relation},
                    {"Schema", "public"},
                    {"Alias", alias}});
}

inline PlanNode seq_scan(const std::string& relation) { return seq_scan(relation, relation); }

inline PlanNode seq_scan(const std::string& relation, const std::string& alias,
                         const std::string& filter) {
  return with_filter(seq_scan(relation, alias), filter);
}

inline PlanNode index_scan(const std::string& relation, const std::string& alias,
                           const std::string& index, const std::string& cond = "") {
  const PlanNode scan = make_node({{"Node Type", "Index Scan"},
                                   {"Parallel Aware", false},
                                   {"Scan Direction", "Forward"},
                                   {"Index Name", index},
                                   {"Relation Name", relation},
                                   {"Schema", "public"},
                                   {"Alias", alias}});
  return cond.empty() ? scan : with_field(scan, "Index Cond", cond);
}

inline PlanNode index_only_scan(const std::string& relation, const std::string& alias,
                                const std::string& index, const std::string& cond = "") {
  return with_field(index_scan(relation, alias, index, cond), "Node Type", "Index Only Scan");
}

inline PlanNode bitmap_scan(const std::string& relation, const std::string& alias,
                            const std::string& index, const std::string& cond) {
  const PlanNode of_index = make_node({{"Node Type", "Bitmap Index Scan"},
                                       {"Parent Relationship", "Outer"},
                                       {"Parallel Aware", false},
                                       {"Index Name", index},
                                       {"Index Cond", cond}});
  return make_node({{"Node Type", "Bitmap Heap Scan"},
                    {"Parallel Aware", false},
                    {"Relation Name", relation},
                    {"Schema", "public"},
                    {"Alias", alias},
                    {"Recheck Cond", cond}},
                   {of_index});
}

// Joins. `method` is "Nested Loop", "Hash Join" or "Merge Join"; a hash join gets its Hash node.
inline PlanNode join(const std::string& method, const std::string& join_type,
                     const std::string& cond, const PlanNode& outer, const PlanNode& inner) {
  const bool hashed = method == "Hash Join";
  const PlanNode inside = hashed ? node("Hash", {as(inner, "Outer")}) : inner;
  const PlanNode joined =
      make_node({{"Node Type", method}, {"Parallel Aware", false}, {"Join Type", join_type}},
                {as(outer, "Outer"), as(inside, "Inner")});
  if (cond.empty()) return joined;
  return with_field(joined,
                    hashed                   ? "Hash Cond"
                    : method == "Merge Join" ? "Merge Cond"
                                             : "Join Filter",
                    cond);
}

inline PlanNode nested_loop(const PlanNode& outer, const PlanNode& inner) {
  return join("Nested Loop", "Inner", "", outer, inner);
}

inline PlanNode hash_join(const std::string& cond, const PlanNode& outer, const PlanNode& inner) {
  return join("Hash Join", "Inner", cond, outer, inner);
}

inline PlanNode merge_join(const std::string& cond, const PlanNode& outer, const PlanNode& inner) {
  return join("Merge Join", "Inner", cond, outer, inner);
}

// Everything else.

inline PlanNode limit(const PlanNode& child) { return node("Limit", {as(child, "Outer")}); }

inline PlanNode sort(const PlanNode& child, const std::vector<std::string>& keys) {
  return with_field(node("Sort", {as(child, "Outer")}), "Sort Key", keys);
}

// `strategy` is "Plain", "Sorted", "Hashed" or "Mixed".
inline PlanNode aggregate(const std::string& strategy, const PlanNode& child,
                          const std::vector<std::string>& keys = {},
                          const std::string& partial_mode = "Simple") {
  const PlanNode grouped = make_node({{"Node Type", "Aggregate"},
                                      {"Strategy", strategy},
                                      {"Partial Mode", partial_mode},
                                      {"Parallel Aware", false}},
                                     {as(child, "Outer")});
  return keys.empty() ? grouped : with_field(grouped, "Group Key", keys);
}

inline PlanNode gather(const PlanNode& child) {
  return with_field(node("Gather", {as(child, "Outer")}), "Workers Planned", 2);
}

inline PlanNode append(std::vector<PlanNode> members, int subplans_removed = 0) {
  for (PlanNode& member : members) member = as(member, "Member");
  return with_field(node("Append", members), "Subplans Removed", subplans_removed);
}

// `operation` is "Insert", "Update", "Delete" or "Merge".
inline PlanNode modify(const std::string& operation, const std::string& relation,
                       const PlanNode& child) {
  return make_node({{"Node Type", "ModifyTable"},
                    {"Operation", operation},
                    {"Parallel Aware", false},
                    {"Relation Name", relation},
                    {"Schema", "public"},
                    {"Alias", relation}},
                   {as(child, "Outer")});
}

}  // namespace pgduet::gate::testing

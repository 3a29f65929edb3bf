// What EXPLAIN says of one node besides its members, and the words of its text format.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgduet/gate/plan.h"

namespace pgduet::gate {

// The fields of a node that its method or its shape is made of, found in one pass: a node has some
// forty fields, and looking each up costs more than all else. Views into the node; empty when the
// field is absent.
struct NodeFacts {
  std::string_view strategy;
  std::string_view partial_mode;
  std::string_view operation;
  std::string_view command;
  std::string_view custom_plan_provider;
  std::string_view scan_direction;
  std::string_view function_name;
  std::string_view table_function_name;
  std::string_view cte_name;
  std::string_view tuplestore_name;
  std::string_view cache_mode;
  std::string_view sampling_method;
  std::string_view conflict_resolution;
  std::string_view foreign_relations;
  bool parallel_aware = false;
  bool async_capable = false;
  bool single_copy = false;
  bool subplans_removed = false;  // whether more than 0 were
  const Json* arbiter_indexes = nullptr;
  const Json* target_tables = nullptr;
  // Conditions, keys and calls in the server's order: "Index Cond", "Sort Key", ...
  std::vector<std::pair<std::string_view, const Json*>> conditions;
};

NodeFacts facts_of(const PlanNode& node);

// What the node does, without what it does it to: "Index Scan", "Hash Left Join", "Partial
// HashAggregate", "Update". Neither the direction of a scan nor "Parallel" is part of it.
std::string method_name(const PlanNode& node, const NodeFacts& facts);

// The name as SQL would have it: quoted where it is not a plain lower-case word.
std::string quoted_name(std::string_view name);

// "orders o", or "orders" where alias and object agree.
std::string object_and_alias(std::string_view object, std::string_view alias);

// "partitions (p1), (p2)" and the like: strings, arrays and objects inside one another as text,
// "Hash Keys: (a, b); Group Keys: ()".
void append_value(const Json& value, std::string& text);

}  // namespace pgduet::gate

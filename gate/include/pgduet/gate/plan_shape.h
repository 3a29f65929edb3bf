// The canonical shape of a plan: what stays equal as long as the server does the same work in the
// same way.
//
// In: node types, join types, strategies, aliases, relations with their schema, indexes (by what
// they index where the catalogue tells, else by name), conditions with their place (Index Cond,
// Filter, Join Filter, Hash Cond, Merge Cond, Recheck Cond, Order By, Sort Key, Presorted Key,
// Group Key, ...) reduced to columns, operators and functions, partitions scanned, parallel
// awareness. Out: costs, estimates, counts, times, blocks, constants and parameters, output lists,
// worker counts, names that the server chose (subplan and InitPlan numbers, numbers of partitions'
// aliases, trigger names), settings, whatever only one server version prints, and the direction of
// an index scan: a btree is read as fast backward as forward, and the order that comes out is in
// the nodes above.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pgduet/gate/plan.h"

namespace pgduet::gate {

// What an index is, apart from its name: "public.orders USING btree (customer_id, id DESC)". Key:
// "schema.index". An index that is in the map is known by its definition, so that renaming it
// changes no shape.
using IndexDefinitions = std::map<std::string, std::string>;

struct PlanShape {
  std::string id;  // 12 hexadecimal digits; equal ids mean equal canonical text
  std::vector<std::string>
      tree;  // for people: one indented line a node, "  Index Scan using orders_pkey on orders o"

  bool operator==(const PlanShape&) const = default;
};

// Same plan and definitions, same shape, on every machine. `indexes` may be empty.
PlanShape shape_of(const Plan& plan, const IndexDefinitions& indexes = {});

// A condition as the server prints it, with constants, parameters and the numbers of subplans
// replaced, so that two conditions that differ only in their values are equal: "((o.total >
// '10'::numeric) AND (o.id = $1))" -> "((o.total > ?) AND (o.id = ?))". Casts of columns stay:
// "((o.id)::text = ?)" tells why an index is not used.
std::string canonical_condition(const std::string& condition);

}  // namespace pgduet::gate

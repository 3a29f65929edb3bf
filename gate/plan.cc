#include "pgduet/gate/plan.h"

#include <string_view>
#include <utility>

namespace pgduet::gate {
namespace {

[[noreturn]] void fail(const std::string& problem) {
  throw Error(Error::Kind::input, {}, problem,
              "A plan is what EXPLAIN (FORMAT JSON) returns, from PostgreSQL 14 on.");
}

std::string string_of(const std::string& key, const Json& value) {
  if (!value.is_string()) fail("member \"" + key + "\" of a plan node is not a string");
  return value.get<std::string>();
}

double number_of(const std::string& key, const Json& value) {
  if (!value.is_number()) fail("member \"" + key + "\" of a plan node is not a number");
  return value.get<double>();
}

void set_member(PlanNode& node, const std::string& key, const Json& value) {
  if (key == "Node Type") node.node_type = string_of(key, value);
  if (key == "Parent Relationship") node.parent_relationship = string_of(key, value);
  if (key == "Subplan Name") node.subplan_name = string_of(key, value);
  if (key == "Schema") node.schema = string_of(key, value);
  if (key == "Relation Name") node.relation_name = string_of(key, value);
  if (key == "Alias") node.alias = string_of(key, value);
  if (key == "Index Name") node.index_name = string_of(key, value);
  if (key == "Join Type") node.join_type = string_of(key, value);
  if (key == "Startup Cost") node.startup_cost = number_of(key, value);
  if (key == "Total Cost") node.total_cost = number_of(key, value);
  if (key == "Plan Rows") node.plan_rows = number_of(key, value);
  if (key == "Actual Rows") node.actual_rows = number_of(key, value);
  if (key == "Actual Loops") node.actual_loops = number_of(key, value);
}

PlanNode read_node(const Json& json) {
  if (!json.is_object()) fail("plan node is not an object");
  PlanNode node;
  node.fields = Json::object();
  for (const auto& [key, value] : json.items()) {
    if (key == "Plans") {
      if (!value.is_array()) fail("member \"Plans\" of a plan node is not an array");
      for (const Json& child : value) node.children.push_back(read_node(child));
      // An Append whose partitions are all pruned at its start has an empty "Plans".
      if (!value.empty()) continue;
    }
    set_member(node, key, value);
    node.fields.push_back({key, value});
  }
  if (node.node_type.empty()) fail("plan node has no member \"Node Type\"");
  return node;
}

Json node_to_json(const PlanNode& node) {
  Json json = node.fields;
  if (node.children.empty()) return json;
  Json children = Json::array();
  for (const PlanNode& child : node.children) children.push_back(node_to_json(child));
  json["Plans"] = std::move(children);
  return json;
}

// Utility statements without a plan of their own (DECLARE and EXECUTE have one) come as a string.
const Json& only_element(const Json& explain) {
  if (!explain.is_array()) return explain;
  if (explain.size() != 1) {
    fail("EXPLAIN result has " + std::to_string(explain.size()) + " elements instead of 1");
  }
  return explain.front();
}

}  // namespace

std::string PlanNode::text(const char* key) const {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double PlanNode::number(const char* key) const {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_number() ? found->get<double>() : 0;
}

std::optional<double> PlanNode::total_rows() const {
  if (!actual_rows || !actual_loops) return std::nullopt;
  return *actual_rows * *actual_loops;
}

Plan read_plan(const Json& explain) {
  const Json& element = only_element(explain);
  if (!element.is_object()) fail("EXPLAIN result is not an object");
  Plan plan;
  plan.beside = Json::object();
  bool found = false;
  for (const auto& [key, value] : element.items()) {
    if (key == "Plan") {
      plan.root = read_node(value);
      found = true;
    } else {
      plan.beside.push_back({key, value});
    }
  }
  if (!found) fail("EXPLAIN result has no member \"Plan\"");
  return plan;
}

Json to_json(const Plan& plan) {
  Json json = Json::object();
  // auto_explain puts the statement before its plan, EXPLAIN puts nothing there.
  for (const char* first : {"Query Text", "Query Parameters"}) {
    if (plan.beside.contains(first)) json[first] = plan.beside[first];
  }
  json["Plan"] = node_to_json(plan.root);
  for (const auto& [key, value] : plan.beside.items()) json[key] = value;
  return json;
}

}  // namespace pgduet::gate

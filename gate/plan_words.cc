#include "plan_words.h"

#include <cstddef>
#include <span>
#include <variant>

namespace pgduet::gate {
namespace {

struct Condition {};
using Target = std::variant<Condition, std::string_view NodeFacts::*, bool NodeFacts::*,
                            const Json * NodeFacts::*>;

struct KnownField {
  std::string_view key;
  Target target;
};

const KnownField known_fields[] = {
    {"Strategy", &NodeFacts::strategy},
    {"Partial Mode", &NodeFacts::partial_mode},
    {"Operation", &NodeFacts::operation},
    {"Command", &NodeFacts::command},
    {"Custom Plan Provider", &NodeFacts::custom_plan_provider},
    {"Scan Direction", &NodeFacts::scan_direction},
    {"Function Name", &NodeFacts::function_name},
    {"Table Function Name", &NodeFacts::table_function_name},
    {"CTE Name", &NodeFacts::cte_name},
    {"Tuplestore Name", &NodeFacts::tuplestore_name},
    {"Cache Mode", &NodeFacts::cache_mode},
    {"Sampling Method", &NodeFacts::sampling_method},
    {"Conflict Resolution", &NodeFacts::conflict_resolution},
    {"Relations", &NodeFacts::foreign_relations},
    {"Parallel Aware", &NodeFacts::parallel_aware},
    {"Async Capable", &NodeFacts::async_capable},
    {"Single Copy", &NodeFacts::single_copy},
    {"Subplans Removed", &NodeFacts::subplans_removed},
    {"Conflict Arbiter Indexes", &NodeFacts::arbiter_indexes},
    {"Target Tables", &NodeFacts::target_tables},
    {"Index Cond", Condition{}},
    {"Recheck Cond", Condition{}},
    {"Order By", Condition{}},
    {"TID Cond", Condition{}},
    {"Filter", Condition{}},
    {"Join Filter", Condition{}},
    {"Hash Cond", Condition{}},
    {"Merge Cond", Condition{}},
    {"One-Time Filter", Condition{}},
    {"Run Condition", Condition{}},
    {"Sort Key", Condition{}},
    {"Presorted Key", Condition{}},
    {"Group Key", Condition{}},
    {"Grouping Sets", Condition{}},
    {"Cache Key", Condition{}},
    {"Conflict Filter", Condition{}},
    {"Function Call", Condition{}},
    {"Table Function Call", Condition{}},
    {"Remote SQL", Condition{}},
};

constexpr std::size_t longest_key = 24;

// The known fields by the length of their key: three at most have the same.
const std::vector<const KnownField*>& fields_of_length(std::size_t length) {
  static const auto by_length = [] {
    std::array<std::vector<const KnownField*>, longest_key + 1> table;
    for (const KnownField& field : known_fields) table.at(field.key.size()).push_back(&field);
    return table;
  }();
  static const std::vector<const KnownField*> none;
  return length <= longest_key ? by_length[length] : none;
}

void set(NodeFacts& facts, const KnownField& field, const Json& value) {
  if (std::holds_alternative<Condition>(field.target)) {
    facts.conditions.emplace_back(field.key, &value);
  } else if (const auto* text = std::get_if<std::string_view NodeFacts::*>(&field.target)) {
    if (value.is_string()) facts.*(*text) = value.get_ref<const std::string&>();
  } else if (const auto* flag = std::get_if<bool NodeFacts::*>(&field.target)) {
    facts.*(*flag) = value.is_boolean() ? value.get<bool>() : value.is_number() && value != 0;
  } else if (const auto* json = std::get_if<const Json * NodeFacts::*>(&field.target)) {
    facts.*(*json) = &value;
  }
}

std::string aggregate_name(const NodeFacts& facts) {
  std::string name = "Aggregate";
  if (facts.strategy == "Sorted") name = "GroupAggregate";
  if (facts.strategy == "Hashed") name = "HashAggregate";
  if (facts.strategy == "Mixed") name = "MixedAggregate";
  const bool simple = facts.partial_mode.empty() || facts.partial_mode == "Simple";
  return simple ? name : std::string(facts.partial_mode) + " " + name;
}

std::string join_name(const PlanNode& node) {
  if (node.join_type == "Inner" || node.join_type.empty()) return node.node_type;
  if (node.node_type == "Nested Loop") return "Nested Loop " + node.join_type + " Join";
  // "Hash Join" -> "Hash Left Join"
  return node.node_type.substr(0, node.node_type.find(' ')) + " " + node.join_type + " Join";
}

std::string name_without_prefix(const PlanNode& node, const NodeFacts& facts) {
  const std::string& type = node.node_type;
  if (type == "Aggregate") return aggregate_name(facts);
  if (!node.join_type.empty()) return join_name(node);
  if (type == "SetOp") {
    return (facts.strategy == "Hashed" ? "HashSetOp " : "SetOp ") + std::string(facts.command);
  }
  if (type == "ModifyTable" && !facts.operation.empty()) return std::string(facts.operation);
  if (type == "Foreign Scan" && !facts.operation.empty() && facts.operation != "Select") {
    return "Foreign " + std::string(facts.operation);
  }
  if (type == "Custom Scan") return type + " (" + std::string(facts.custom_plan_provider) + ")";
  return type;
}

}  // namespace

NodeFacts facts_of(const PlanNode& node) {
  NodeFacts facts;
  if (!node.fields.is_object()) return facts;
  for (const auto& [key, value] : node.fields.get_ref<const Json::object_t&>()) {
    for (const KnownField* field : fields_of_length(key.size())) {
      if (field->key.front() == key.front() && field->key == key) set(facts, *field, value);
    }
  }
  return facts;
}

std::string method_name(const PlanNode& node, const NodeFacts& facts) {
  const std::string name = name_without_prefix(node, facts);
  return facts.async_capable ? "Async " + name : name;
}

// As the server's quote_identifier, but for keywords: these lines are read, not run.
std::string quoted_name(std::string_view name) {
  bool plain = !name.empty() && (name[0] < '0' || name[0] > '9');
  for (const char c : name) {
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                      static_cast<unsigned char>(c) >= 0x80);
  }
  if (plain) return std::string(name);
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string object_and_alias(std::string_view object, std::string_view alias) {
  if (object.empty()) return alias.empty() ? "" : quoted_name(alias);
  if (alias.empty() || alias == object) return quoted_name(object);
  return quoted_name(object) + " " + quoted_name(alias);
}

void append_value(const Json& value, std::string& text) {
  if (value.is_string()) {
    text += value.get_ref<const std::string&>();
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) text += value[i].is_object() ? "; " : ", ";
      if (value[i].is_array()) text += "(";
      append_value(value[i], text);
      if (value[i].is_array()) text += ")";
    }
  } else if (value.is_object()) {
    bool first = true;
    for (const auto& [key, inner] : value.items()) {
      if (!first) text += ", ";
      first = false;
      text += key + ": ";
      append_value(inner, text);
    }
  } else {
    text += value.dump();
  }
}

}  // namespace pgduet::gate

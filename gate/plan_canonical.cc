#include "plan_canonical.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "pgduet/gate/hash.h"
#include "plan_aliases.h"
#include "plan_words.h"

namespace pgduet::gate {
namespace {

constexpr std::size_t id_digits = 12;
constexpr std::uint64_t odd_multiplier =
    0x9E3779B97F4A7C15;  // so that the order of children counts

// "SubPlan 2" and "InitPlan 1 (returns $0)" are numbered by the server; a CTE was named by the
// user.
std::string role_of(const PlanNode& node) {
  if (node.subplan_name.starts_with("CTE ")) return node.subplan_name;
  const std::string& relationship = node.parent_relationship;
  return relationship == "InitPlan" || relationship == "SubPlan" ? relationship : "";
}

std::string qualified(const std::string& schema, const std::string& name) {
  return schema.empty() ? name : schema + "." + name;
}

std::size_t count_nodes(const PlanNode& node) {
  std::size_t count = 1;
  for (const PlanNode& child : node.children) count += count_nodes(child);
  return count;
}

class Canonicalizer {
 public:
  Canonicalizer(const PlanNode& root, AliasNames names, const IndexDefinitions& indexes)
      : names_(std::move(names)), indexes_(indexes) {
    // Aliases that keep their name need no replacement in conditions.
    for (const auto& name : names_) {
      if (name.first != name.second) replaced_.push_back(name);
    }
    nodes_.reserve(count_nodes(root));
  }

  // `schema`: that of the relation nearest above, which a Bitmap Index Scan does not print.
  int add(const PlanNode& node, int parent, int depth, const std::string& schema) {
    const int place = static_cast<int>(nodes_.size());
    const std::string& own_schema = node.schema.empty() ? schema : node.schema;
    nodes_.push_back(canonical_node(node, own_schema));
    nodes_.back().parent = parent;
    nodes_.back().depth = depth;
    std::vector<int> children;
    children.reserve(node.children.size());
    for (const PlanNode& child : node.children) {
      children.push_back(add(child, place, depth + 1, own_schema));
    }
    CanonicalNode& added = nodes_[static_cast<std::size_t>(place)];
    added.children = std::move(children);
    added.tree = tree_hash(added);
    return place;
  }

  std::vector<CanonicalNode> take() { return std::move(nodes_); }

 private:
  CanonicalNode canonical_node(const PlanNode& node, const std::string& schema) {
    const NodeFacts facts = facts_of(node);
    CanonicalNode result;
    result.plan_node = &node;
    result.role = role_of(node);
    result.method = method_name(node, facts);
    result.parallel_aware = facts.parallel_aware;
    if (!node.relation_name.empty()) result.relation = qualified(node.schema, node.relation_name);
    result.source = source_of(facts);
    if (!node.alias.empty()) {
      result.name = name_of(node.alias);
      result.shown_name = shown_alias(result.name);
    }
    if (!node.index_name.empty()) {
      result.index = qualified(schema, node.index_name);
      result.index_identity = identity_of(result.index);
    }
    add_conditions(facts, result);
    add_traits(facts, schema, result);
    result.line = line_of(result);
    return result;
  }

  static std::string source_of(const NodeFacts& facts) {
    for (const std::string_view source :
         {facts.function_name, facts.table_function_name, facts.cte_name, facts.tuplestore_name}) {
      if (!source.empty()) return std::string(source);
    }
    return "";
  }

  const std::string& name_of(const std::string& alias) const {
    for (const auto& [raw, name] : names_) {
      if (raw == alias) return name;
    }
    return alias;
  }

  const std::string& identity_of(const std::string& index) const {
    const auto found = indexes_.find(index);
    return found == indexes_.end() ? index : found->second;
  }

  void add_conditions(const NodeFacts& facts, CanonicalNode& result) {
    result.conditions.reserve(facts.conditions.size());
    for (const auto& [place, value] : facts.conditions) {
      if (value->is_string()) {
        const auto& text = value->get_ref<const std::string&>();
        result.conditions.push_back({place, canonical_condition(text, replaced_)});
      } else {
        buffer_.clear();
        append_value(*value, buffer_);
        result.conditions.push_back({place, canonical_condition(buffer_, replaced_)});
      }
    }
    std::sort(result.conditions.begin(), result.conditions.end(),
              [](const auto& a, const auto& b) { return a.place < b.place; });
  }

  void add_traits(const NodeFacts& facts, const std::string& schema, CanonicalNode& result) {
    const auto add_text = [&result](const char* what, std::string_view text) {
      if (!text.empty()) result.traits.push_back(what + std::string(text));
    };
    add_text("sampling method ", facts.sampling_method);
    add_text("on conflict ", facts.conflict_resolution);
    add_text("relations ", facts.foreign_relations);
    if (facts.cache_mode == "binary") result.traits.emplace_back("binary cache");
    if (facts.single_copy) result.traits.emplace_back("single copy");
    if (facts.subplans_removed) result.traits.emplace_back(pruned_at_start);
    if (facts.arbiter_indexes != nullptr) {
      for (const Json& index : *facts.arbiter_indexes) {
        if (!index.is_string()) continue;
        result.traits.push_back(
            "arbiter " + identity_of(qualified(schema, index.get_ref<const std::string&>())));
      }
    }
    if (facts.target_tables != nullptr) {
      for (const Json& target : *facts.target_tables) {
        if (!target.is_object()) continue;
        result.traits.push_back(
            "target " + qualified(target.value("Schema", ""), target.value("Relation Name", "")));
      }
    }
    std::sort(result.traits.begin(), result.traits.end());
  }

  // The separator is a character that no name and no condition holds.
  static std::string line_of(const CanonicalNode& node) {
    constexpr char separator = '\x1f';
    std::string line;
    line.reserve(160);
    line += node.role;
    line += separator;
    if (node.parallel_aware) line += "Parallel ";
    line += node.method;
    for (const std::string* part :
         {&node.relation, &node.source, &node.name, &node.index_identity}) {
      line += separator;
      line += *part;
    }
    for (const CanonicalCondition& condition : node.conditions) {
      line += separator;
      line += condition.place;
      line += ": ";
      line += condition.text;
    }
    for (const std::string& trait : node.traits) {
      line += separator;
      line += trait;
    }
    return line;
  }

  // The planner orders the members of a Parallel Append by cost, so their order is no part of the
  // shape; that of every other node's children is.
  std::uint64_t tree_hash(const CanonicalNode& node) const {
    std::vector<std::uint64_t> below;
    below.reserve(node.children.size());
    for (const int child : node.children) {
      below.push_back(nodes_[static_cast<std::size_t>(child)].tree);
    }
    if (node.parallel_aware && node.method == "Append") std::sort(below.begin(), below.end());
    std::uint64_t seed = below.size();
    for (const std::uint64_t child : below) seed = seed * odd_multiplier + child;
    return hash64(node.line, seed);
  }

  AliasNames names_;
  AliasNames replaced_;
  const IndexDefinitions& indexes_;
  std::vector<CanonicalNode> nodes_;
  std::string buffer_;
};

std::string hexadecimal(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4U) {
    *digit = digits[value & 0xFU];
  }
  return text;
}

}  // namespace

namespace {

CanonicalPlan canonical_plan(const Plan& plan, const IndexDefinitions& indexes, AliasNames names) {
  Canonicalizer canonicalizer(plan.root, std::move(names), indexes);
  canonicalizer.add(plan.root, -1, 0, "");
  CanonicalPlan result;
  result.nodes = canonicalizer.take();
  result.id = hexadecimal(result.nodes.front().tree).substr(0, id_digits);
  return result;
}

}  // namespace

CanonicalPlan canonical_plan(const Plan& plan, const IndexDefinitions& indexes) {
  return canonical_plan(plan, indexes, alias_names(plan.root));
}

bool differ_in_aliases_only(const Plan& before, const IndexDefinitions& indexes_before,
                            const Plan& after, const IndexDefinitions& indexes_after) {
  const AliasNames names_before = alias_names(before.root);
  AliasNames names_after = alias_names(after.root);
  if (names_before.size() != names_after.size()) return false;
  // Both are in the order in which the plan reads: where the plans are the same, that tells which
  // alias became which.
  for (std::size_t i = 0; i < names_after.size(); ++i) {
    names_after[i].second = names_before[i].second;
  }
  return canonical_plan(before, indexes_before, names_before).id ==
         canonical_plan(after, indexes_after, names_after).id;
}

std::string shape_line(const CanonicalNode& node) {
  std::string line = node.role.empty() ? "" : node.role + ": ";
  if (node.parallel_aware) line += "Parallel ";
  line += node.method;
  const PlanNode& plan_node = *node.plan_node;
  if (!plan_node.index_name.empty()) {
    line += node.name.empty() ? " on " : " using ";
    line += quoted_name(plan_node.index_name);
  }
  const std::string read = object_and_alias(
      plan_node.relation_name.empty() ? node.source : plan_node.relation_name, node.shown_name);
  return read.empty() ? line : line + " on " + read;
}

}  // namespace pgduet::gate

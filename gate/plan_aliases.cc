#include "plan_aliases.h"

#include <algorithm>
#include <cstddef>

namespace pgduet::gate {
namespace {

constexpr char uniqueness_mark = '#';

// "o_12" -> "o", "*SELECT* 2" -> "*SELECT*", "o" -> "o".
std::string without_number(const std::string& alias) {
  std::size_t end = alias.size();
  while (end > 0 && alias[end - 1] >= '0' && alias[end - 1] <= '9') --end;
  const bool numbered =
      end > 1 && end < alias.size() && (alias[end - 1] == '_' || alias[end - 1] == ' ');
  return numbered ? alias.substr(0, end - 1) : alias;
}

bool splits_into_partitions(const PlanNode& node) {
  return node.node_type == "Append" || node.node_type == "Merge Append" ||
         (node.node_type == "ModifyTable" && node.fields.contains("Target Tables"));
}

class AliasNamer {
 public:
  void visit(const PlanNode& node, const PlanNode* append) {
    const bool subplan =
        node.parent_relationship == "InitPlan" || node.parent_relationship == "SubPlan";
    if (subplan) append = nullptr;
    if (append == nullptr && splits_into_partitions(node)) append = &node;
    if (!node.alias.empty()) add(node.alias, node.relation_name, append);
    if (node.node_type == "ModifyTable") add_targets(node, append);
    for (const PlanNode& child : node.children) visit(child, append);
  }

  AliasNames take() { return std::move(names_); }

 private:
  struct Use {
    std::string name;
    std::string relation;
    const PlanNode* append = nullptr;
  };

  void add_targets(const PlanNode& node, const PlanNode* append) {
    const auto targets = node.fields.find("Target Tables");
    if (targets == node.fields.end() || !targets->is_array()) return;
    for (const Json& target : *targets) {
      if (!target.is_object()) continue;
      add(target.value("Alias", ""), target.value("Relation Name", ""), append);
    }
  }

  void add(const std::string& alias, const std::string& relation, const PlanNode* append) {
    for (const auto& [known, name] : names_) {
      if (known == alias) return;
    }
    const std::string base = append == nullptr ? alias : without_number(alias);
    std::string name = base;
    for (int number = 2; is_taken(name, relation, append); ++number) {
      name = base + uniqueness_mark + std::to_string(number);
    }
    uses_.push_back({name, relation, append});
    names_.emplace_back(alias, name);
  }

  // A name is shared by the different relations below one Append, and by nothing else.
  bool is_taken(const std::string& name, const std::string& relation,
                const PlanNode* append) const {
    return std::any_of(uses_.begin(), uses_.end(), [&](const Use& use) {
      return use.name == name &&
             (append == nullptr || use.append != append || use.relation == relation);
    });
  }

  AliasNames names_;
  std::vector<Use> uses_;
};

}  // namespace

AliasNames alias_names(const PlanNode& root) {
  AliasNamer namer;
  namer.visit(root, nullptr);
  return namer.take();
}

std::string shown_alias(const std::string& name) {
  const std::size_t mark = name.rfind(uniqueness_mark);
  const bool marked = mark != std::string::npos && mark > 0 && mark + 1 < name.size() &&
                      name.find_first_not_of("0123456789", mark + 1) == std::string::npos;
  return marked ? name.substr(0, mark) : name;
}

}  // namespace pgduet::gate

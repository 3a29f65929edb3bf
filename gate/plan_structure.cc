#include "plan_structure.h"

#include <algorithm>
#include <iterator>

namespace pgduet::gate {
namespace {

bool is_append(const CanonicalNode& node) {
  return node.plan_node->node_type == "Append" || node.plan_node->node_type == "Merge Append";
}

// A foreign scan may have a plan for rechecks below it, which is not run in order to read.
bool hides_its_children(const CanonicalNode& node) {
  return node.plan_node->node_type == "Bitmap Heap Scan" ||
         node.plan_node->node_type == "Foreign Scan";
}

class StructureBuilder {
 public:
  StructureBuilder(const CanonicalPlan& plan, LeafIds& ids) : ids_(ids) {
    structure_.plan = &plan;
    structure_.nodes.resize(plan.nodes.size());
  }

  PlanStructure build() {
    // From the last to the first, as children stand behind their parents.
    for (std::size_t i = structure_.nodes.size(); i > 0; --i) build_node(static_cast<int>(i - 1));
    std::reverse(structure_.subplans.begin(), structure_.subplans.end());
    structure_.readers.resize(ids_.size());
    for (const int place : structure_.readers_below(0)) add_reader(place);
    for (const int subplan : structure_.subplans) {
      for (const int place : structure_.readers_below(subplan)) add_reader(place);
    }
    return std::move(structure_);
  }

 private:
  void build_node(int place) {
    const CanonicalNode& node = structure_.node(place);
    StructureNode& built = structure_.nodes[static_cast<std::size_t>(place)];
    if (!node.role.empty()) structure_.subplans.push_back(place);
    const bool joins = !node.plan_node->join_type.empty();
    for (const int child : node.children) {
      if (!structure_.node(child).role.empty() || hides_its_children(node)) continue;
      const bool hash = joins && structure_.node(child).plan_node->node_type == "Hash" &&
                        structure_.at(child).inputs.size() == 1;
      built.inputs.push_back(hash ? structure_.at(child).inputs.front() : child);
    }
    if (is_append(node) && reads_one_table(built)) {
      built.form = Form::partitions;
      built.leaf = structure_.at(built.inputs.front()).leaf;
      built.leaves = {built.leaf};
    } else if (built.inputs.empty()) {
      built.form = Form::leaf;
      built.leaf = ids_.id_of(node.name.empty() ? node.method : node.name);
      built.leaves = {built.leaf};
    } else {
      built.form = built.inputs.size() == 1            ? Form::step
                   : joins && built.inputs.size() == 2 ? Form::join
                                                       : Form::branch;
      for (const int input : built.inputs) merge(structure_.at(input).leaves, built.leaves);
    }
  }

  bool reads_one_table(const StructureNode& append) const {
    const auto leaf = [this](int input) { return structure_.at(input).leaf; };
    return !append.inputs.empty() && leaf(append.inputs.front()) >= 0 &&
           std::all_of(append.inputs.begin(), append.inputs.end(),
                       [&](int input) { return leaf(input) == leaf(append.inputs.front()); });
  }

  static void merge(const std::vector<int>& from, std::vector<int>& into) {
    std::vector<int> merged;
    merged.reserve(from.size() + into.size());
    std::set_union(from.begin(), from.end(), into.begin(), into.end(), std::back_inserter(merged));
    into = std::move(merged);
  }

  void add_reader(int place) {
    structure_.readers[static_cast<std::size_t>(structure_.at(place).leaf)].push_back(place);
  }

  PlanStructure structure_;
  LeafIds& ids_;
};

}  // namespace

int LeafIds::id_of(const std::string& alias) {
  const auto renamed = std::find_if(renamed_.begin(), renamed_.end(),
                                    [&](const auto& names) { return names.first == alias; });
  const std::string& name = renamed == renamed_.end() ? alias : renamed->second;
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<int>(found - names_.begin());
  names_.push_back(name);
  return static_cast<int>(names_.size() - 1);
}

void LeafIds::add_renamed(const CanonicalPlan& before, const CanonicalPlan& after) {
  const auto has_name = [](const CanonicalPlan& plan, const std::string& name) {
    return std::any_of(plan.nodes.begin(), plan.nodes.end(),
                       [&](const CanonicalNode& node) { return node.name == name; });
  };
  const auto is_taken = [this](const std::string& name) {
    return std::any_of(renamed_.begin(), renamed_.end(), [&](const auto& names) {
      return names.first == name || names.second == name;
    });
  };
  for (const CanonicalNode& node : after.nodes) {
    if (node.relation.empty() || has_name(before, node.name) || is_taken(node.name)) continue;
    for (const CanonicalNode& old : before.nodes) {
      if (old.relation != node.relation || has_name(after, old.name) || is_taken(old.name))
        continue;
      renamed_.emplace_back(node.name, old.name);
      break;
    }
  }
}

std::vector<int> PlanStructure::readers_below(int place) const {
  std::vector<int> readers_found;
  std::vector<int> open = {place};
  while (!open.empty()) {
    const int current = open.back();
    open.pop_back();
    const StructureNode& structure = at(current);
    if (structure.form == Form::leaf) readers_found.push_back(current);
    open.insert(open.end(), structure.inputs.rbegin(), structure.inputs.rend());
  }
  return readers_found;
}

PlanStructure structure_of(const CanonicalPlan& plan, LeafIds& ids) {
  return StructureBuilder(plan, ids).build();
}

}  // namespace pgduet::gate

// What a canonical plan reads and how that flows together: the form in which two plans can be
// aligned.
#pragma once

#include <string>
#include <vector>

#include "plan_canonical.h"

namespace pgduet::gate {

// How a node stands in the flow of rows.
enum class Form {
  leaf,        // reads something, or makes rows from nothing; a bitmap heap scan with its indexes
  partitions,  // an Append of nothing but the partitions of one table
  join,        // joins two inputs
  branch,      // puts several inputs together otherwise: UNION ALL, a recursive union
  step,        // passes one input on: Sort, Limit, Aggregate, Gather, ...
};

struct StructureNode {
  Form form = Form::leaf;
  int leaf = -1;            // id of what it reads, where the form is leaf or partitions
  std::vector<int> inputs;  // nodes that feed it: no subplans; of a join without its Hash
  std::vector<int> leaves;  // ids of all that is read below, sorted; subplans left out
};

// Ids for the names of leaves, shared by the two plans that are compared. The partitions of one
// table have one id.
class LeafIds {
 public:
  int id_of(const std::string& name);
  // A relation that `after` reads under a name which `before` does not have gets the id of the name
  // that only `before` has for it: the alias was changed.
  void add_renamed(const CanonicalPlan& before, const CanonicalPlan& after);
  // Name after -> name before, of the aliases that were changed.
  const AliasNames& renamed() const { return renamed_; }
  std::size_t size() const { return names_.size(); }
  const std::string& name(int id) const { return names_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<std::string> names_;
  AliasNames renamed_;
};

struct PlanStructure {
  const CanonicalPlan* plan = nullptr;
  std::vector<StructureNode> nodes;       // as CanonicalPlan::nodes
  std::vector<int> subplans;              // roots of InitPlans, SubPlans and CTEs
  std::vector<std::vector<int>> readers;  // leaf id -> its nodes of form leaf

  const CanonicalNode& node(int place) const {
    return plan->nodes[static_cast<std::size_t>(place)];
  }
  const StructureNode& at(int place) const { return nodes[static_cast<std::size_t>(place)]; }
  bool reads(int leaf) const {
    return static_cast<std::size_t>(leaf) < readers.size() &&
           !readers[static_cast<std::size_t>(leaf)].empty();
  }
  // The nodes of form leaf at or below `place`, subplans left out.
  std::vector<int> readers_below(int place) const;
};

// `plan` must outlive the result.
PlanStructure structure_of(const CanonicalPlan& plan, LeafIds& ids);

}  // namespace pgduet::gate

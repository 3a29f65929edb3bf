// The parts of diff_plans: each looks at one kind of difference between two aligned places.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clause_diff.h"
#include "pgduet/gate/plan_diff.h"
#include "plan_structure.h"

namespace pgduet::gate {

// Two plans, and what was found so far.
class PlanComparison {
 public:
  PlanComparison(const PlanStructure& plan_before, const PlanStructure& plan_after,
                 const LeafIds& leaf_ids)
      : before(plan_before),
        after(plan_after),
        ids(leaf_ids),
        partners_(plan_before.nodes.size(), -1),
        partners_after_(plan_after.nodes.size(), -1) {}

  const PlanStructure& before;
  const PlanStructure& after;
  const LeafIds& ids;

  // `place` is where in `after` the change is listed, and `change.path` is set to it unless it is
  // set already.
  void add(int place, PlanChange change);

  // Notes that a node before and a node after do the same part of the work: what is compared with
  // what. Each node is in at most one pair; a second one is ignored.
  void pair(int place_before, int place_after);
  // Before -> after, and -1 for a node in no pair.
  const std::vector<int>& partners() const { return partners_; }
  // After -> before.
  const std::vector<int>& partners_after() const { return partners_after_; }

  // Parent before child, the most telling first among equals.
  std::vector<PlanChange> take();
  bool empty() const { return found_.empty(); }

  // A condition or a key of the plan after, with the aliases that the plan before has for the same
  // tables.
  std::string as_before(std::string text) const;

  // What people call a leaf: "orders o", or "orders" for all partitions of orders together.
  std::string leaf_subject(int leaf) const;
  // "customers c, lines l and orders o"; of more than four the first three and a count.
  std::string leaf_subjects(const std::vector<int>& leaves) const;

 private:
  struct Found {
    int place = 0;
    PlanChange change;
  };

  std::vector<Found> found_;
  std::vector<int> partners_;
  std::vector<int> partners_after_;
};

// Walks both plans from their roots down, and adds all changes and all pairs.
void compare_plans(PlanComparison& comparison);

// "Limit > Sort > Seq Scan on orders o": the place of a node in its plan.
std::string path_of(const CanonicalPlan& plan, int place);

// How the relations of leaf `leaf` are read: other access paths, conditions, partitions.
// `readers_*` are nodes of form leaf.
void compare_reads(PlanComparison& comparison, int leaf, const std::vector<int>& readers_before,
                   const std::vector<int>& readers_after);

// The steps between two aligned places, topmost first: Sort, Aggregate, Gather, Limit, ...
// `anchor_after` is the node below them.
void compare_steps(PlanComparison& comparison, std::vector<int> steps_before,
                   std::vector<int> steps_after, int anchor_after);

// Conditions of two nodes that do the same.
void compare_conditions(PlanComparison& comparison, int before, int after,
                        const std::string& subject);

// A change of one condition of the table that the plan before calls `name`; the subject is left to
// the caller.
PlanChange condition_change(const ClauseChange& clause, const std::string& name);

// The first difference in two shapes that no other comparison has words for.
void compare_line_by_line(PlanComparison& comparison);

}  // namespace pgduet::gate

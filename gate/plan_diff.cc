#include "pgduet/gate/plan_diff.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>

#include "pgduet/gate/wording.h"
#include "plan_diff_parts.h"

namespace pgduet::gate {
namespace {

// Walks two plans at once, from the root down, and hands what stands at the same place to the
// comparison that knows it.
class PlanAligner {
 public:
  explicit PlanAligner(PlanComparison& comparison)
      : comparison_(comparison), before_(comparison.before), after_(comparison.after) {}

  void compare() {
    align(0, 0);
    align_subplans();
    compare_remaining_reads();
  }

 private:
  // The steps from a place down to the first node that is none, which is the anchor.
  struct Chain {
    std::vector<int> steps;
    int anchor = 0;
  };

  static Chain chain_from(const PlanStructure& structure, int place) {
    Chain chain;
    while (structure.at(place).form == Form::step) {
      chain.steps.push_back(place);
      place = structure.at(place).inputs.front();
    }
    chain.anchor = place;
    return chain;
  }

  void align(int before, int after) {
    if (before_.node(before).tree == after_.node(after).tree) {
      pair_trees(before, after);
      for (const int leaf : after_.at(after).leaves) compared_.insert(leaf);
      return;
    }
    Chain chain_before = chain_from(before_, before);
    Chain chain_after = chain_from(after_, after);
    compare_steps(comparison_, std::move(chain_before.steps), std::move(chain_after.steps),
                  chain_after.anchor);
    align_anchors(chain_before.anchor, chain_after.anchor);
  }

  void pair_trees(int before, int after) {
    comparison_.pair(before, after);
    const std::vector<int>& one = before_.node(before).children;
    const std::vector<int>& other = after_.node(after).children;
    for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
      pair_trees(one[i], other[i]);
    }
  }

  static bool reads_one_thing(const StructureNode& node) {
    return node.form == Form::leaf || node.form == Form::partitions;
  }

  void align_anchors(int before, int after) {
    const StructureNode& one = before_.at(before);
    const StructureNode& other = after_.at(after);
    if (one.leaves != other.leaves) {
      align_different_reads(before, after);
    } else if (reads_one_thing(one) && reads_one_thing(other)) {
      compared_.insert(other.leaf);
      comparison_.pair(before, after);
      compare_pruning(before, after);
      compare_reads(comparison_, other.leaf, before_.readers_below(before),
                    after_.readers_below(after));
    } else if (one.form == Form::join && other.form == Form::join) {
      align_joins(before, after);
    } else if (one.form == Form::branch && other.form == Form::branch) {
      align_branches(before, after);
    } else {
      add_replacement(before, after);
    }
  }

  // Which partitions are left is compared by compare_reads; when that is decided shows only where
  // the same ones are left.
  void compare_pruning(int before, int after) {
    const auto at_start = [](const CanonicalNode& node) {
      return std::find(node.traits.begin(), node.traits.end(), pruned_at_start) !=
             node.traits.end();
    };
    const bool was_at_start = at_start(before_.node(before));
    const bool is_at_start = at_start(after_.node(after));
    if (was_at_start == is_at_start ||
        before_.readers_below(before).size() != after_.readers_below(after).size()) {
      return;
    }
    PlanChange change;
    change.kind = PlanChange::Kind::partitions;
    change.subject = after_.node(after_.readers_below(after).front()).shown_name;
    change.before = was_at_start ? "pruned at the start" : "pruned while planning";
    change.after = is_at_start ? "pruned at the start" : "pruned while planning";
    change.sentence = change.subject + ": partitions are now " + change.after +
                      (is_at_start ? " of each execution" : "") + ", before they were " +
                      change.before;
    comparison_.add(after, std::move(change));
  }

  // One side reads more here, because a subplan became a join or a join was taken out: go on where
  // both read the same again.
  void align_different_reads(int before, int after) {
    if (const int place = place_reading(after_, after, before_.at(before).leaves); place >= 0) {
      align(before, place);
    } else if (const int other = place_reading(before_, before, after_.at(after).leaves);
               other >= 0) {
      align(other, after);
    } else if (before_.at(before).form != Form::leaf && after_.at(after).form != Form::leaf) {
      add_replacement(before, after);
    }
  }

  // The first place below `from` that reads exactly `leaves`; -1 when there is none.
  static int place_reading(const PlanStructure& structure, int from,
                           const std::vector<int>& leaves) {
    for (const int input : structure.at(from).inputs) {
      if (structure.at(input).leaves == leaves) return input;
      if (const int place = place_reading(structure, input, leaves); place >= 0) return place;
    }
    return -1;
  }

  void align_joins(int before, int after) {
    comparison_.pair(before, after);
    const std::vector<int>& one = before_.at(before).inputs;
    const std::vector<int>& other = after_.at(after).inputs;
    const auto same = [&](std::size_t i, std::size_t j) {
      return before_.at(one[i]).leaves == after_.at(other[j]).leaves;
    };
    if (same(0, 0) && same(1, 1)) {
      add_join_change(before, after, false);
      align(one[0], other[0]);
      align(one[1], other[1]);
    } else if (same(0, 1) && same(1, 0)) {
      add_join_change(before, after, true);
      align(one[0], other[1]);
      align(one[1], other[0]);
    } else {
      add_join_order(before, after);
    }
  }

  void align_branches(int before, int after) {
    comparison_.pair(before, after);
    const std::vector<int>& one = before_.at(before).inputs;
    std::vector<int> other = after_.at(after).inputs;
    if (before_.node(before).method != after_.node(after).method) add_replacement(before, after);
    for (const int input : one) {
      const auto match = std::find_if(other.begin(), other.end(), [&](int candidate) {
        return first_relation(before_, input) == first_relation(after_, candidate);
      });
      if (match == other.end()) continue;
      align(input, *match);
      other.erase(match);
    }
  }

  static const std::string& first_relation(const PlanStructure& structure, int place) {
    while (!structure.at(place).inputs.empty()) place = structure.at(place).inputs.front();
    return structure.node(place).relation;
  }

  void add_join_change(int before, int after, bool swapped) {
    const CanonicalNode& one = before_.node(before);
    const CanonicalNode& other = after_.node(after);
    const std::string subject = comparison_.leaf_subjects(after_.at(after).leaves);
    if (one.method == other.method && !swapped) {
      compare_conditions(comparison_, before, after, subject);
      return;
    }
    PlanChange change;
    change.kind = PlanChange::Kind::join;
    change.subject = subject;
    change.before = one.method;
    change.after = other.method;
    change.sentence = subject + ": ";
    if (one.method != other.method) {
      change.sentence += change.before + " → " + change.after;
      if (swapped) change.sentence += ", sides swapped";
    } else {
      const auto inner = [this](const PlanStructure& structure, int join) {
        return comparison_.leaf_subjects(structure.at(structure.at(join).inputs[1]).leaves);
      };
      change.before += " with " + inner(before_, before) + " inside";
      change.after += " with " + inner(after_, after) + " inside";
      change.sentence += change.before + " → " + change.after;
    }
    change.sentence += loops_evidence(after);
    comparison_.add(after, std::move(change));
  }

  // ", inner side runs 1,000 times", of a nested loop with ANALYZE.
  std::string loops_evidence(int join) const {
    if (after_.node(join).plan_node->node_type != "Nested Loop") return "";
    const PlanNode& inner = *after_.node(after_.at(join).inputs[1]).plan_node;
    const std::int64_t loops = std::llround(inner.actual_loops.value_or(0));
    return loops > 1 ? ", inner side runs " + counted(loops, "time") : "";
  }

  void add_join_order(int before, int after) {
    PlanChange change;
    change.kind = PlanChange::Kind::join_order;
    change.subject = comparison_.leaf_subjects(after_.at(after).leaves);
    change.before = order_text(before_, before);
    change.after = order_text(after_, after);
    change.sentence =
        change.subject + ": joined in another order, " + change.before + " → " + change.after;
    comparison_.add(after, std::move(change));
  }

  // "((o, c), l)": outer side first.
  static std::string order_text(const PlanStructure& structure, int place) {
    while (structure.at(place).form == Form::step) place = structure.at(place).inputs.front();
    const StructureNode& node = structure.at(place);
    if (reads_one_thing(node)) {
      const CanonicalNode& reader = structure.node(structure.readers_below(place).front());
      return reader.name.empty() ? reader.method : reader.shown_name;
    }
    std::string text = node.form == Form::join ? "(" : structure.node(place).method + "(";
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (i > 0) text += ", ";
      text += order_text(structure, node.inputs[i]);
    }
    return text + ")";
  }

  // Another construction altogether, such as an Append of joins for a join of Appends.
  void add_replacement(int before, int after) {
    comparison_.pair(before, after);
    PlanChange change;
    change.subject = comparison_.leaf_subjects(after_.at(after).leaves);
    change.before = shape_line(before_.node(before));
    change.after = shape_line(after_.node(after));
    if (change.before == change.after) return;
    change.sentence = change.subject + ": " + change.before + " → " + change.after;
    comparison_.add(after, std::move(change));
  }

  // CTEs by name, other subplans by what they read, the rest in the plan's order.
  void align_subplans() {
    std::vector<int> rest_before = before_.subplans;
    std::vector<int> rest_after = after_.subplans;
    const auto match = [&](const auto& same) {
      for (auto place = rest_before.begin(); place != rest_before.end();) {
        const auto found = std::find_if(rest_after.begin(), rest_after.end(),
                                        [&](int other) { return same(*place, other); });
        if (found == rest_after.end()) {
          ++place;
          continue;
        }
        align(*place, *found);
        rest_after.erase(found);
        place = rest_before.erase(place);
      }
    };
    match([this](int one, int other) { return before_.node(one).tree == after_.node(other).tree; });
    match([this](int one, int other) {
      return before_.node(one).role == after_.node(other).role &&
             (before_.node(one).role.starts_with("CTE ") ||
              before_.at(one).leaves == after_.at(other).leaves);
    });
    match([this](int one, int other) { return before_.at(one).leaves == after_.at(other).leaves; });
    for (const int place : rest_before) add_subplan_gone(place);
    for (const int place : rest_after) add_subplan_new(place);
  }

  // "SubPlan reading lines l"; a CTE has a name.
  std::string subplan_text(const PlanStructure& structure, int place) const {
    const std::string& role = structure.node(place).role;
    if (role.starts_with("CTE ")) return role;
    for (const int reader : structure.readers_below(place)) {
      if (structure.node(reader).name.empty()) continue;
      return role + " reading " + comparison_.leaf_subjects(structure.at(place).leaves);
    }
    return role;
  }

  // The join of the main tree in which what a subplan reads now takes part; -1 when there is none.
  static int join_of(const PlanStructure& structure, const std::vector<int>& leaves) {
    int lowest = -1;
    for (std::size_t i = 0; i < structure.nodes.size(); ++i) {
      const StructureNode& node = structure.nodes[i];
      if (node.form != Form::join || node.leaves.size() <= leaves.size()) continue;
      if (!std::includes(node.leaves.begin(), node.leaves.end(), leaves.begin(), leaves.end())) {
        continue;
      }
      if (lowest < 0 || node.leaves.size() < structure.at(lowest).leaves.size()) {
        lowest = static_cast<int>(i);
      }
    }
    return lowest;
  }

  void add_subplan_gone(int place) {
    PlanChange change;
    change.kind = PlanChange::Kind::subplan;
    change.subject = subplan_text(before_, place);
    change.before = shape_line(before_.node(place));
    const int join = join_of(after_, before_.at(place).leaves);
    if (join >= 0) {
      change.after = after_.node(join).method;
      change.sentence = change.subject + " became a " + change.after;
    } else {
      change.path = path_of(*before_.plan, place);
      change.sentence = change.subject + " is gone";
      for (const int leaf : before_.at(place).leaves) {
        if (!after_.reads(leaf)) compared_.insert(leaf);
      }
    }
    comparison_.add(std::max(join, 0), std::move(change));
  }

  void add_subplan_new(int place) {
    PlanChange change;
    change.kind = PlanChange::Kind::subplan;
    change.subject = subplan_text(after_, place);
    change.after = shape_line(after_.node(place));
    const int join = join_of(before_, after_.at(place).leaves);
    if (join >= 0) {
      change.before = before_.node(join).method;
      const bool vowel = change.subject.starts_with('I');
      change.sentence = change.before + " became " + (vowel ? "an " : "a ") + change.subject;
    } else {
      change.sentence = "new " + change.subject;
      for (const int leaf : after_.at(place).leaves) {
        if (!before_.reads(leaf)) compared_.insert(leaf);
      }
    }
    const std::int64_t loops = std::llround(after_.node(place).plan_node->actual_loops.value_or(0));
    if (loops > 1) change.sentence += ", run " + counted(loops, "time");
    comparison_.add(place, std::move(change));
  }

  // What stands elsewhere in the two plans, or in one of them only.
  void compare_remaining_reads() {
    for (std::size_t i = 0; i < comparison_.ids.size(); ++i) {
      const int leaf = static_cast<int>(i);
      if (compared_.contains(leaf)) continue;
      if (before_.reads(leaf) && after_.reads(leaf)) {
        // Row sources without a name have nothing to be told apart by.
        if (!after_.node(after_.readers[i].front()).name.empty())
          compare_reads(comparison_, leaf, before_.readers[i], after_.readers[i]);
      } else if (after_.reads(leaf)) {
        add_read(after_, leaf, true);
      } else if (before_.reads(leaf)) {
        add_read(before_, leaf, false);
      }
    }
  }

  void add_read(const PlanStructure& side, int leaf, bool is_new) {
    const int place = side.readers[static_cast<std::size_t>(leaf)].front();
    const CanonicalNode& node = side.node(place);
    // A CTE that came or went is a change of its own.
    if (node.plan_node->node_type == "CTE Scan") return;
    PlanChange change;
    change.subject = comparison_.leaf_subject(leaf);
    change.relation = node.relation;
    (is_new ? change.after : change.before) = shape_line(node);
    if (!is_new) {
      change.path = path_of(*side.plan, place);
      change.index_before = node.index;
    }
    if (node.name.empty()) {
      change.sentence = is_new ? "new " + change.subject : change.subject + " is gone";
    } else {
      change.sentence = is_new ? "now also reads " + change.subject + ": " + change.after
                               : "no longer reads " + change.subject;
    }
    comparison_.add(is_new ? place : 0, std::move(change));
  }

  PlanComparison& comparison_;
  const PlanStructure& before_;
  const PlanStructure& after_;
  std::set<int> compared_;  // leaves that were compared at their place
};

}  // namespace

void compare_plans(PlanComparison& comparison) { PlanAligner(comparison).compare(); }

std::vector<PlanChange> diff_plans(const Plan& before, const Plan& after,
                                   const IndexDefinitions& indexes_before,
                                   const IndexDefinitions& indexes_after) {
  const CanonicalPlan canonical_before = canonical_plan(before, indexes_before);
  const CanonicalPlan canonical_after = canonical_plan(after, indexes_after);
  if (canonical_before.id == canonical_after.id) return {};
  LeafIds ids;
  const PlanStructure structure_before = structure_of(canonical_before, ids);
  ids.add_renamed(canonical_before, canonical_after);
  const PlanStructure structure_after = structure_of(canonical_after, ids);
  PlanComparison comparison(structure_before, structure_after, ids);
  compare_plans(comparison);
  if (comparison.empty()) compare_line_by_line(comparison);
  return comparison.take();
}

}  // namespace pgduet::gate

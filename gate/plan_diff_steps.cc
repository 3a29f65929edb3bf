#include <algorithm>
#include <cstddef>
#include <utility>

#include "plan_diff_parts.h"

namespace pgduet::gate {
namespace {

// Steps of one family do the same for their plan and are aligned with one another.
enum class Family { sort, group, gather, other };

Family family_of(const CanonicalNode& node) {
  const std::string& type = node.plan_node->node_type;
  if (type == "Sort" || type == "Incremental Sort") return Family::sort;
  if (type == "Aggregate" || type == "Group" || type == "Unique") return Family::group;
  if (type == "Gather" || type == "Gather Merge") return Family::gather;
  return Family::other;
}

bool same_family(const CanonicalNode& before, const CanonicalNode& after) {
  const Family family = family_of(before);
  if (family != family_of(after)) return false;
  return family != Family::other || before.plan_node->node_type == after.plan_node->node_type;
}

std::string condition_at(const CanonicalNode& node, std::string_view place) {
  for (const CanonicalCondition& condition : node.conditions) {
    if (condition.place == place) return condition.text;
  }
  return "";
}

std::string keys_of(const CanonicalNode& node) {
  for (const std::string_view place : {"Sort Key", "Group Key", "Grouping Sets"}) {
    if (std::string keys = condition_at(node, place); !keys.empty()) return keys;
  }
  return "";
}

// "Sort by o.total DESC", "HashAggregate by o.customer_id", "Limit".
std::string with_keys(const std::string& method, const CanonicalNode& node) {
  const std::string keys = keys_of(node);
  return keys.empty() ? method : method + " by " + keys;
}

PlanChange::Kind kind_of(const CanonicalNode& node) {
  switch (family_of(node)) {
    case Family::sort:
      return PlanChange::Kind::sort;
    case Family::group:
      return PlanChange::Kind::aggregate;
    case Family::gather:
      return PlanChange::Kind::parallel;
    case Family::other:
      return PlanChange::Kind::node;
  }
  return PlanChange::Kind::node;
}

class StepComparison {
 public:
  StepComparison(PlanComparison& comparison, std::vector<int> before, std::vector<int> after,
                 int anchor)
      : comparison_(comparison),
        before_(std::move(before)),
        after_(std::move(after)),
        anchor_(anchor) {
    remove_plain_subquery_scans(comparison.before, before_);
    remove_plain_subquery_scans(comparison.after, after_);
    const bool gathered_before = gathers(comparison.before, before_);
    const bool gathered_after = gathers(comparison.after, after_);
    becomes_parallel_ = gathered_before != gathered_after;
    if (becomes_parallel_ && gathered_after) {
      drop_what_gathering_brings(comparison_.after, after_, comparison_.before, before_);
    } else if (becomes_parallel_) {
      drop_what_gathering_brings(comparison_.before, before_, comparison_.after, after_);
    }
  }

  void compare() {
    align();
    for (const auto& [step_before, step_after] : pairs_) {
      if (step_before < 0) {
        add_new(step_after);
      } else if (step_after < 0) {
        add_gone(step_before);
      } else {
        comparison_.pair(step_before, step_after);
        add_changed(step_before, step_after);
      }
    }
  }

 private:
  const CanonicalNode& before(int place) const { return comparison_.before.node(place); }
  const CanonicalNode& after(int place) const { return comparison_.after.node(place); }

  static bool gathers(const PlanStructure& structure, const std::vector<int>& steps) {
    return std::any_of(steps.begin(), steps.end(),
                       [&](int step) { return family_of(structure.node(step)) == Family::gather; });
  }

  // They pass rows on as they are.
  static void remove_plain_subquery_scans(const PlanStructure& structure, std::vector<int>& steps) {
    steps.erase(std::remove_if(steps.begin(), steps.end(),
                               [&](int step) {
                                 const CanonicalNode& node = structure.node(step);
                                 return node.plan_node->node_type == "Subquery Scan" &&
                                        node.conditions.empty();
                               }),
                steps.end());
  }

  // A plan that runs in parallel also aggregates in two parts and sorts in between, where the other
  // plan may sort above; that is one change, not four. `steps` are those with the Gather.
  void drop_what_gathering_brings(const PlanStructure& structure, std::vector<int>& steps,
                                  const PlanStructure& other_structure,
                                  std::vector<int>& other_steps) {
    const auto starts_with = [&](std::string_view prefix) {
      return std::find_if(steps.begin(), steps.end(), [&](int step) {
        return structure.node(step).method.starts_with(prefix);
      });
    };
    const auto finalize = starts_with("Finalize ");
    const auto partial = starts_with("Partial ");
    if (partial == steps.end() || partial < finalize) return;
    partial_method_ = structure.node(*partial).method.substr(std::string_view("Partial ").size());
    std::vector<int> kept(steps.begin(), finalize + 1);
    for (auto step = finalize + 1; step != partial; ++step) {
      if (family_of(structure.node(*step)) != Family::sort) {
        kept.push_back(*step);
        continue;
      }
      const std::string keys = keys_of(structure.node(*step));
      other_steps.erase(std::remove_if(other_steps.begin(), other_steps.end(),
                                       [&](int other) {
                                         const CanonicalNode& node = other_structure.node(other);
                                         return family_of(node) == Family::sort &&
                                                keys_of(node) == keys;
                                       }),
                        other_steps.end());
    }
    kept.insert(kept.end(), partial + 1, steps.end());
    steps = std::move(kept);
  }

  std::string method_of(const CanonicalNode& node) const {
    constexpr std::string_view finalize = "Finalize ";
    return becomes_parallel_ && node.method.starts_with(finalize)
               ? node.method.substr(finalize.size())
               : node.method;
  }

  std::string description(const CanonicalNode& node) const {
    return with_keys(method_of(node), node);
  }

  // Longest common subsequence by family, in which equal lines count more than equal families.
  void align() {
    const std::size_t rows = before_.size();
    const std::size_t columns = after_.size();
    std::vector<std::vector<int>> best(rows + 1, std::vector<int>(columns + 1, 0));
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        best[i][j] = std::max({best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + gain(i, j)});
      }
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows && j < columns) {
      const int matched = gain(i, j);
      if (matched > 0 && best[i][j] == best[i + 1][j + 1] + matched) {
        pairs_.emplace_back(before_[i++], after_[j++]);
      } else if (best[i][j] == best[i + 1][j]) {
        pairs_.emplace_back(before_[i++], -1);
      } else {
        pairs_.emplace_back(-1, after_[j++]);
      }
    }
    while (i < rows) pairs_.emplace_back(before_[i++], -1);
    while (j < columns) pairs_.emplace_back(-1, after_[j++]);
  }

  int gain(std::size_t i, std::size_t j) const {
    const CanonicalNode& one = before(before_[i]);
    const CanonicalNode& other = after(after_[j]);
    if (one.line == other.line) return 3;
    return same_family(one, other) ? 2 : 0;
  }

  // What the steps stand above: what a person takes a step to belong to.
  std::string above() const {
    return comparison_.leaf_subjects(comparison_.after.at(anchor_).leaves);
  }

  void add_new(int step) {
    const CanonicalNode& node = after(step);
    PlanChange change;
    change.kind = kind_of(node);
    change.subject = method_of(node);
    change.after = description(node);
    change.sentence = change.kind == PlanChange::Kind::parallel
                          ? above() + ": now read in parallel (new " + change.after + ")"
                          : "new " + change.after + " above " + above();
    comparison_.add(step, std::move(change));
  }

  void add_gone(int step) {
    const CanonicalNode& node = before(step);
    PlanChange change;
    change.kind = kind_of(node);
    change.subject = method_of(node);
    change.before = description(node);
    change.path = path_of(*comparison_.before.plan, step);
    change.sentence =
        change.kind == PlanChange::Kind::parallel
            ? above() + ": no longer read in parallel (the " + change.before + " is gone)"
            : change.before + " above " + above() + " is gone";
    // Listed where the step would stand, in front of what it stood above.
    comparison_.add(anchor_, std::move(change));
  }

  void add_changed(int step_before, int step_after) {
    const CanonicalNode& one = before(step_before);
    const CanonicalNode& other = after(step_after);
    if (one.line == other.line) return;
    const bool same_method = method_of(one) == method_of(other) ||
                             (becomes_parallel_ && family_of(one) == Family::group &&
                              (one.method == partial_method_ || other.method == partial_method_));
    const bool same_keys = keys_of(one) == comparison_.as_before(keys_of(other));
    if (!same_method || !same_keys) {
      PlanChange change;
      change.kind = kind_of(other);
      change.subject = method_of(other);
      change.before = same_keys ? method_of(one) : description(one);
      change.after = same_keys ? method_of(other) : description(other);
      change.sentence = "above " + above() + ": " + change.before + " → " + change.after;
      const std::string presorted = condition_at(other, "Presorted Key");
      if (!presorted.empty() && !same_method) change.sentence += ", presorted by " + presorted;
      comparison_.add(step_after, std::move(change));
    }
    const std::string reads = other.relation.empty() ? other.method : subject(*other.plan_node);
    compare_conditions(comparison_, step_before, step_after, reads);
  }

  PlanComparison& comparison_;
  std::vector<int> before_;
  std::vector<int> after_;
  int anchor_;
  bool becomes_parallel_ = false;           // or no longer is
  std::string partial_method_;              // how the workers then aggregate: "HashAggregate"
  std::vector<std::pair<int, int>> pairs_;  // aligned steps; -1 where there is none
};

}  // namespace

void compare_steps(PlanComparison& comparison, std::vector<int> steps_before,
                   std::vector<int> steps_after, int anchor_after) {
  StepComparison(comparison, std::move(steps_before), std::move(steps_after), anchor_after)
      .compare();
}

}  // namespace pgduet::gate

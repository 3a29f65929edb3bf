#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "pgduet/gate/wording.h"
#include "plan_diff_parts.h"
#include "plan_words.h"

namespace pgduet::gate {
namespace {

// How one relation is read: a scan, of a bitmap heap scan with its bitmap index scans.
struct Access {
  const CanonicalNode* node = nullptr;
  int place = 0;
  std::vector<const CanonicalNode*> indexes;  // nodes that use an index, in the plan's order
  std::vector<Clause> clauses;
};

void add_indexes(const CanonicalPlan& plan, int place, Access& access) {
  const CanonicalNode& node = plan.nodes[static_cast<std::size_t>(place)];
  if (!node.index.empty()) access.indexes.push_back(&node);
  add_clauses(node, access.clauses);
  if (node.plan_node->node_type == "Foreign Scan") return;
  for (const int child : node.children) {
    if (plan.nodes[static_cast<std::size_t>(child)].role.empty()) add_indexes(plan, child, access);
  }
}

Access access_at(const PlanStructure& structure, int place) {
  Access access;
  access.node = &structure.node(place);
  access.place = place;
  add_indexes(*structure.plan, place, access);
  return access;
}

std::vector<std::string> index_identities(const Access& access) {
  std::vector<std::string> identities;
  for (const CanonicalNode* node : access.indexes) identities.push_back(node->index_identity);
  std::sort(identities.begin(), identities.end());
  identities.erase(std::unique(identities.begin(), identities.end()), identities.end());
  return identities;
}

// "Index Scan using orders_pkey", "Bitmap Heap Scan using a_g_idx and a_j_idx", "Seq Scan".
std::string description(const Access& access) {
  std::vector<std::string> names;
  for (const CanonicalNode* node : access.indexes) {
    const std::string name = quoted_name(node->plan_node->index_name);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names.empty() ? access.node->method : access.node->method + " using " + list_text(names);
}

std::string definitions(const Access& access) { return list_text(index_identities(access)); }

// ", filter removes 99,980 of 100,000 rows" of all these nodes, where ANALYZE says so.
std::string filter_evidence(const std::vector<const PlanNode*>& nodes) {
  double removed = 0;
  double kept = 0;
  for (const PlanNode* node : nodes) {
    removed += node->number("Rows Removed by Filter") * node->actual_loops.value_or(0);
    kept += node->total_rows().value_or(0);
  }
  if (std::llround(removed) <= 0) return "";
  return ", filter removes " + count_text(std::llround(removed)) + " of " +
         counted(std::llround(removed + kept), "row");
}

// The first index that `before` used and `after` does not.
std::string index_no_longer_used(const Access& before, const Access& after) {
  const auto used = index_identities(after);
  for (const CanonicalNode* node : before.indexes) {
    if (!std::binary_search(used.begin(), used.end(), node->index_identity)) return node->index;
  }
  return "";
}

std::optional<PlanChange> access_change(const Access& before, const Access& after) {
  const bool same_method = before.node->method == after.node->method;
  if (same_method && index_identities(before) == index_identities(after)) return std::nullopt;
  PlanChange change;
  change.kind = PlanChange::Kind::access;
  change.before = description(before);
  change.after = description(after);
  change.index_before = index_no_longer_used(before, after);
  change.relation = after.node->relation.empty() ? before.node->relation : after.node->relation;
  if (change.before == change.after) {
    // An index that was made anew under its old name.
    change.before += " on " + definitions(before);
    change.after += " on " + definitions(after);
  }
  change.sentence = change.before + " → " + change.after;
  return change;
}

// With another access path most clauses move as they must; only one that lost its index because
// something was put around its column says more than the access path does.
bool explains_another_access(const ClauseChange& clause) {
  return clause.moved() && clause.before.place == "Index Cond" && clause.after.place == "Filter" &&
         clause.before.text != clause.after.text;
}

std::vector<PlanChange> compare_access(const Access& before, const Access& after) {
  std::vector<PlanChange> changes;
  std::optional<PlanChange> access = access_change(before, after);
  const bool other_access = access.has_value();
  if (access) changes.push_back(std::move(*access));
  const std::string& name = before.node->name;
  for (const ClauseChange& clause : compare_clauses(before.clauses, after.clauses, name)) {
    if (other_access && !explains_another_access(clause)) continue;
    PlanChange change = condition_change(clause, name);
    change.relation = after.node->relation;
    if (clause.before.place == "Index Cond" && clause.after.place != "Index Cond" &&
        before.indexes.size() == 1) {
      change.index_before = index_no_longer_used(before, after);
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string partition_names(const std::vector<const CanonicalNode*>& partitions) {
  constexpr std::size_t most = 3;
  if (partitions.size() > most) return "";
  std::vector<std::string> names;
  for (const CanonicalNode* node : partitions) {
    names.push_back(quoted_name(node->plan_node->relation_name));
  }
  return list_text(names);
}

// Partitions of one leaf on both sides, aligned by relation.
class PartitionComparison {
 public:
  PartitionComparison(PlanComparison& comparison, int leaf, const std::vector<int>& before,
                      const std::vector<int>& after)
      : comparison_(comparison), subject_(comparison.leaf_subject(leaf)) {
    for (const int place : before) before_.push_back(access_at(comparison.before, place));
    for (const int place : after) {
      after_.push_back(access_at(comparison.after, place));
      for (Clause& clause : after_.back().clauses) clause.text = comparison.as_before(clause.text);
    }
  }

  void compare() {
    const bool aligned = align();
    if (!only_before_.empty() || !only_after_.empty()) add_partitions_change();
    if (!aligned) compare_pair(before_.front(), after_.front());
    report_pairs();
  }

 private:
  // Several partitions that changed in the same way are one change.
  struct Same {
    PlanChange change;
    int place = 0;
    std::vector<const PlanNode*> nodes;  // after the change
    bool with_evidence = true;           // not beside a change of access, which has it already
  };

  // Whether at least one relation is read on both sides; these are compared.
  bool align() {
    std::vector<bool> taken(after_.size(), false);
    bool any = false;
    for (const Access& access : before_) {
      std::size_t match = 0;
      while (match < after_.size() &&
             (taken[match] || after_[match].node->relation != access.node->relation)) {
        ++match;
      }
      if (match == after_.size()) {
        only_before_.push_back(access.node);
        continue;
      }
      taken[match] = true;
      any = true;
      compare_pair(access, after_[match]);
    }
    for (std::size_t i = 0; i < after_.size(); ++i) {
      if (!taken[i]) only_after_.push_back(after_[i].node);
    }
    return any;
  }

  void compare_pair(const Access& before, const Access& after) {
    comparison_.pair(before.place, after.place);
    bool first = true;
    for (PlanChange& change : compare_access(before, after)) {
      Same& same = same_[key_of(change)];
      same.with_evidence = first;
      first = false;
      same.nodes.push_back(after.node->plan_node);
      if (same.nodes.size() > 1) continue;
      same.change = std::move(change);
      same.place = after.place;
    }
  }

  // Indexes of partitions differ in name: what is compared is the way, not the name.
  static std::string key_of(const PlanChange& change) {
    if (change.kind != PlanChange::Kind::access) return change.before + " → " + change.after;
    const auto method = [](const std::string& text) {
      return text.substr(0, text.find(" using "));
    };
    return method(change.before) + " → " + method(change.after);
  }

  void add_partitions_change() {
    PlanChange change;
    change.kind = PlanChange::Kind::partitions;
    change.subject = subject_;
    change.relation = after_.front().node->relation;
    if (before_.size() == 1 && after_.size() == 1 && !is_member(before_) && !is_member(after_)) {
      // Another table under the same alias, or the only partition left.
      change.kind = PlanChange::Kind::node;
      change.before = only_before_.front()->relation;
      change.after = only_after_.front()->relation;
      change.sentence = subject_ + ": reads " + change.after + " instead of " + change.before;
      comparison_.add(after_.front().place, std::move(change));
      return;
    }
    change.before = counted(before_.size(), "partition");
    change.after = counted(after_.size(), "partition");
    change.sentence = subject_ + ": scans " + change.after;
    if (before_.size() != after_.size()) {
      change.sentence += " instead of " + std::to_string(before_.size());
      const std::string more = partition_names(only_after_);
      const std::string fewer = partition_names(only_before_);
      if (!more.empty()) change.sentence += ", " + more + " too";
      if (!fewer.empty()) change.sentence += ", " + fewer + " no longer";
    } else {
      change.before = partition_names(only_before_);
      change.after = partition_names(only_after_);
      if (change.before.empty()) change.before = "other partitions";
      if (change.after.empty()) change.after = "other partitions";
      change.sentence = subject_ + ": scans " + change.after + " instead of " + change.before;
    }
    comparison_.add(after_.front().place, std::move(change));
  }

  static bool is_member(const std::vector<Access>& accesses) {
    return accesses.front().node->plan_node->parent_relationship == "Member";
  }

  void report_pairs() {
    const std::size_t partitions = std::max(before_.size(), after_.size());
    for (auto& [key, same] : same_) {
      PlanChange& change = same.change;
      const std::size_t count = same.nodes.size();
      if (count > 1 && change.kind == PlanChange::Kind::access) {
        // Each partition has an index of its own, under its own name.
        const std::string more = " and " + std::to_string(count - 1) + " more";
        if (change.before.find(" using ") != std::string::npos) change.before += more;
        if (change.after.find(" using ") != std::string::npos) change.after += more;
        change.sentence = change.before + " → " + change.after;
      }
      const std::string which = partitions == 1 ? ""
                                                : " (in " + std::to_string(count) + " of " +
                                                      counted(partitions, "partition") + ")";
      change.subject = subject_;
      change.sentence = subject_ + which + ": " + change.sentence;
      if (same.with_evidence) change.sentence += filter_evidence(same.nodes);
      comparison_.add(same.place, std::move(change));
    }
  }

  PlanComparison& comparison_;
  std::string subject_;
  std::vector<Access> before_;
  std::vector<Access> after_;
  std::vector<const CanonicalNode*> only_before_;
  std::vector<const CanonicalNode*> only_after_;
  std::map<std::string, Same> same_;
};

}  // namespace

void compare_reads(PlanComparison& comparison, int leaf, const std::vector<int>& readers_before,
                   const std::vector<int>& readers_after) {
  PartitionComparison(comparison, leaf, readers_before, readers_after).compare();
}

}  // namespace pgduet::gate

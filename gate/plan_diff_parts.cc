#include "plan_diff_parts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "pgduet/gate/wording.h"
#include "plan_words.h"

namespace pgduet::gate {
namespace {

constexpr std::size_t most_subjects = 4;

// What belongs to the shape of a node and is in no other words: its conditions and traits.
std::vector<std::string> details_of(const CanonicalNode& node) {
  std::vector<std::string> details;
  for (const CanonicalCondition& condition : node.conditions) {
    details.push_back(std::string(condition.place) + " " + condition.text);
  }
  details.insert(details.end(), node.traits.begin(), node.traits.end());
  if (!node.index.empty()) details.push_back("index " + node.index_identity);
  if (!node.relation.empty()) details.push_back("relation " + node.relation);
  return details;
}

std::string only_in(const std::vector<std::string>& details,
                    const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  for (const std::string& detail : details) {
    if (std::find(others.begin(), others.end(), detail) == others.end()) rest.push_back(detail);
  }
  return list_text(rest);
}

std::string subject_of(const CanonicalNode& node) {
  if (node.name.empty()) return node.method;
  const std::string& relation = node.plan_node->relation_name;
  return object_and_alias(relation.empty() ? node.source : relation, node.shown_name);
}

PlanChange line_change(const CanonicalNode* before, const CanonicalNode* after) {
  PlanChange change;
  const CanonicalNode& node = after != nullptr ? *after : *before;
  change.subject = subject_of(node);
  change.relation = node.relation;
  if (before != nullptr) change.before = shape_line(*before);
  if (after != nullptr) change.after = shape_line(*after);
  if (change.before == change.after) {
    const auto details_before = details_of(*before);
    const auto details_after = details_of(*after);
    change.before = only_in(details_before, details_after);
    change.after = only_in(details_after, details_before);
  } else if (before != nullptr && after != nullptr &&
             before->parallel_aware != after->parallel_aware && before->method == after->method) {
    change.kind = PlanChange::Kind::parallel;
  }
  if (change.before.empty() && change.after.empty()) {
    change.before = "these inputs";
    change.after = "the same in another order";
  }
  const std::string what = change.before.empty()  ? "new: " + change.after
                           : change.after.empty() ? change.before + " is gone"
                                                  : change.before + " → " + change.after;
  change.sentence = change.subject + ": " + what;
  return change;
}

}  // namespace

void PlanComparison::add(int place, PlanChange change) {
  if (change.path.empty()) change.path = path_of(*after.plan, place);
  found_.push_back({place, std::move(change)});
}

void PlanComparison::pair(int place_before, int place_after) {
  int& partner = partners_[static_cast<std::size_t>(place_before)];
  int& partner_after = partners_after_[static_cast<std::size_t>(place_after)];
  if (partner >= 0 || partner_after >= 0) return;
  partner = place_after;
  partner_after = place_before;
}

std::vector<PlanChange> PlanComparison::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
    return std::pair(a.place, a.change.kind) < std::pair(b.place, b.change.kind);
  });
  std::vector<PlanChange> changes;
  changes.reserve(found_.size());
  for (Found& found : found_) changes.push_back(std::move(found.change));
  return changes;
}

std::string PlanComparison::as_before(std::string text) const {
  for (const auto& [name_after, name_before] : ids.renamed()) {
    text = renamed(text, name_after, name_before);
  }
  return text;
}

std::string PlanComparison::leaf_subject(int leaf) const {
  const auto place = static_cast<std::size_t>(leaf);
  const CanonicalNode* reader = nullptr;
  for (const PlanStructure* side : {&before, &after}) {
    if (!side->reads(leaf)) continue;
    const std::vector<int>& readers = side->readers[place];
    const CanonicalNode& first = side->node(readers.front());
    const bool partitions =
        readers.size() > 1 || (reader != nullptr && reader->relation != first.relation);
    if (partitions && !first.name.empty()) return quoted_name(first.shown_name);
    reader = &first;
  }
  if (reader == nullptr) return ids.name(leaf);
  return subject_of(*reader);
}

std::string PlanComparison::leaf_subjects(const std::vector<int>& leaves) const {
  std::vector<std::string> subjects;
  for (const int leaf : leaves) subjects.push_back(leaf_subject(leaf));
  std::sort(subjects.begin(), subjects.end());
  if (subjects.size() > most_subjects) {
    const std::size_t more = subjects.size() - (most_subjects - 1);
    subjects.resize(most_subjects - 1);
    subjects.push_back(count_text(more) + " more");
  }
  return list_text(subjects);
}

std::string path_of(const CanonicalPlan& plan, int place) {
  std::string path;
  while (place >= 0) {
    const CanonicalNode& node = plan.nodes[static_cast<std::size_t>(place)];
    path = path.empty() ? shape_line(node) : shape_line(node) + " > " + path;
    place = node.parent;
  }
  return path;
}

void compare_conditions(PlanComparison& comparison, int before, int after,
                        const std::string& subject) {
  const CanonicalNode& node_before = comparison.before.node(before);
  const CanonicalNode& node_after = comparison.after.node(after);
  std::vector<Clause> clauses_before;
  std::vector<Clause> clauses_after;
  add_clauses(node_before, clauses_before);
  add_clauses(node_after, clauses_after);
  for (Clause& clause : clauses_after) clause.text = comparison.as_before(clause.text);
  for (const ClauseChange& clause :
       compare_clauses(std::move(clauses_before), std::move(clauses_after), node_before.name)) {
    PlanChange change = condition_change(clause, node_before.name);
    change.subject = subject;
    change.relation = node_after.relation;
    change.sentence = subject + ": " + change.sentence;
    comparison.add(after, std::move(change));
  }
}

PlanChange condition_change(const ClauseChange& clause, const std::string& name) {
  const auto described = [&name](const Clause& one) {
    return one.text.empty() ? "" : std::string(one.place) + " " + renamed(one.text, name, "");
  };
  PlanChange change;
  change.kind = PlanChange::Kind::condition;
  change.before = described(clause.before);
  change.after = described(clause.after);
  change.sentence = sentence_of(clause, name);
  return change;
}

void compare_line_by_line(PlanComparison& comparison) {
  const auto& before = comparison.before.plan->nodes;
  const auto& after = comparison.after.plan->nodes;
  const std::size_t common = std::min(before.size(), after.size());
  std::size_t i = 0;
  while (i < common && before[i].line == after[i].line && before[i].depth == after[i].depth) ++i;
  if (i == before.size() && i == after.size()) i = 0;
  const CanonicalNode* node_before = i < before.size() ? &before[i] : nullptr;
  const CanonicalNode* node_after = i < after.size() ? &after[i] : nullptr;
  PlanChange change = line_change(node_before, node_after);
  if (node_after == nullptr) change.path = path_of(*comparison.before.plan, static_cast<int>(i));
  comparison.add(static_cast<int>(i), std::move(change));
}

}  // namespace pgduet::gate

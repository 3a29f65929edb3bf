#include "tree_diff.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace pgduet::gate {
namespace {

// One line of a tree.
struct Line {
  std::string node;     // "Index Scan using orders_pkey"
  std::string subject;  // "orders o"; "" where nothing is read
  std::string path;     // "Limit > Index Scan using orders_pkey on orders o"
  bool matched = false;
};

std::vector<Line> lines_of(const std::vector<std::string>& tree) {
  std::vector<Line> lines;
  std::vector<std::pair<std::size_t, std::string>> ancestors;  // indentation and path
  for (const std::string& text : tree) {
    const std::size_t indentation = std::min(text.find_first_not_of(' '), text.size());
    while (!ancestors.empty() && ancestors.back().first >= indentation) ancestors.pop_back();
    const std::string whole = text.substr(indentation);
    Line line;
    line.path = ancestors.empty() ? whole : ancestors.back().second + " > " + whole;
    const std::size_t on = whole.find(" on ");
    line.node = whole.substr(0, on);
    if (on != std::string::npos) line.subject = whole.substr(on + 4);
    ancestors.emplace_back(indentation, line.path);
    lines.push_back(std::move(line));
  }
  return lines;
}

template <typename Same>
Line* find_unmatched(std::vector<Line>& lines, const Same& same) {
  const auto found = std::find_if(lines.begin(), lines.end(),
                                  [&](const Line& line) { return !line.matched && same(line); });
  return found == lines.end() ? nullptr : &*found;
}

void match_equal_lines(std::vector<Line>& before, std::vector<Line>& after) {
  for (Line& line : after) {
    Line* same = find_unmatched(before, [&](const Line& old) {
      return old.node == line.node && old.subject == line.subject;
    });
    if (same != nullptr) same->matched = line.matched = true;
  }
}

PlanChange change_of(const Line& old, const Line& now) {
  PlanChange change;
  change.kind = PlanChange::Kind::access;
  change.path = now.path;
  change.subject = now.subject;
  change.before = old.node;
  change.after = now.node;
  change.sentence = now.subject + ": " + old.node + " → " + now.node;
  return change;
}

PlanChange appeared(const Line& line) {
  PlanChange change;
  change.path = line.path;
  change.subject = line.subject.empty() ? line.node : line.subject;
  change.after = line.node;
  change.sentence = line.subject.empty() ? line.node + " appeared"
                                         : line.subject + ": " + line.node + " appeared";
  return change;
}

PlanChange went(const Line& line) {
  PlanChange change;
  change.path = line.path;
  change.subject = line.subject.empty() ? line.node : line.subject;
  change.before = line.node;
  change.sentence =
      line.subject.empty() ? line.node + " went" : line.subject + ": " + line.node + " went";
  return change;
}

// The same lines: what differs is not in them.
PlanChange unseen_change(bool same_order) {
  PlanChange change;
  change.kind = same_order ? PlanChange::Kind::condition : PlanChange::Kind::join_order;
  change.sentence = same_order ? "same nodes as in the baseline, with other conditions"
                               : "same nodes as in the baseline, in another order";
  return change;
}

}  // namespace

std::vector<PlanChange> diff_trees(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after) {
  std::vector<Line> old_lines = lines_of(before);
  std::vector<Line> new_lines = lines_of(after);
  match_equal_lines(old_lines, new_lines);

  std::vector<PlanChange> changes;
  for (Line& line : new_lines) {
    if (line.matched || line.subject.empty()) continue;
    Line* old =
        find_unmatched(old_lines, [&](const Line& one) { return one.subject == line.subject; });
    if (old == nullptr) continue;
    old->matched = line.matched = true;
    changes.push_back(change_of(*old, line));
  }
  for (const Line& line : new_lines) {
    if (!line.matched) changes.push_back(appeared(line));
  }
  for (const Line& line : old_lines) {
    if (!line.matched) changes.push_back(went(line));
  }
  if (changes.empty()) changes.push_back(unseen_change(before == after));
  return changes;
}

}  // namespace pgduet::gate

#include "version_features.h"

#include <algorithm>
#include <map>

namespace pgduet::gate {
namespace {

bool has_child(const PlanNode& node, bool (*wanted)(const PlanNode&)) {
  return std::any_of(node.children.begin(), node.children.end(), wanted);
}

bool is_sort(const PlanNode& node) {
  return node.node_type == "Sort" || node.node_type == "Incremental Sort";
}

bool has_any(const std::string& condition) {
  return condition.find("= ANY (") != std::string::npos;
}

bool is_index_scan(const PlanNode& node) { return !node.text("Index Cond").empty(); }

// One array apart, every search of an index beyond the first of a loop skips to another value of a
// leading column.
bool skips(const PlanNode& node) {
  return is_index_scan(node) && !has_any(node.text("Index Cond")) &&
         node.number("Index Searches") > std::max(1.0, node.actual_loops.value_or(1));
}

bool is_or(const PlanNode& node) {
  return node.node_type == "BitmapOr" || node.text("Filter").find(" OR ") != std::string::npos;
}

// Something that only newer plans have, and what it stands for in older ones, where that tells.
struct Sign {
  int since;
  const char* name;
  bool (*is_in)(const PlanNode&);
  bool (*replaces)(const PlanNode&) = nullptr;
};

constexpr Sign signs[] = {
    {15, "a window that stops early (Run Condition)",
     [](const PlanNode& node) { return !node.text("Run Condition").empty(); }},
    {16, "right anti join", [](const PlanNode& node) { return node.join_type == "Right Anti"; }},
    {16, "parallel full hash join",
     [](const PlanNode& node) {
       return node.join_type == "Full" && node.fields.value("Parallel Aware", false);
     }},
    {16, "DISTINCT by incremental sort",
     [](const PlanNode& node) {
       return node.node_type == "Unique" && has_child(node, [](const PlanNode& child) {
                return child.node_type == "Incremental Sort";
              });
     }},
    {16, "ORDER BY of an aggregate by a sort below it",
     [](const PlanNode& node) {
       return node.text("Strategy") == "Plain" && has_child(node, is_sort);
     }},
    {17, "UNION by merge append",
     [](const PlanNode& node) {
       return node.node_type == "Unique" && has_child(node, [](const PlanNode& child) {
                return child.node_type == "Merge Append";
              });
     }},
    {18, "right semi join", [](const PlanNode& node) { return node.join_type == "Right Semi"; }},
    {18, "OR as one index condition",
     [](const PlanNode& node) { return is_index_scan(node) && has_any(node.text("Index Cond")); },
     is_or},
    {18, "index skip scan", skips},
};

int count(const PlanNode& node, bool (*wanted)(const PlanNode&)) {
  int found = wanted(node) ? 1 : 0;
  for (const PlanNode& child : node.children) found += count(child, wanted);
  return found;
}

bool shows(const Sign& sign, const Plan& older, const Plan& newer) {
  return count(newer.root, sign.is_in) > count(older.root, sign.is_in) &&
         (sign.replaces == nullptr ||
          count(newer.root, sign.replaces) < count(older.root, sign.replaces));
}

void count_scans(const PlanNode& node, std::map<std::string, int>& scans) {
  if (!node.relation_name.empty()) ++scans[node.schema + "." + node.relation_name];
  for (const PlanNode& child : node.children) count_scans(child, scans);
}

// A relation that is still read, but not as often.
bool eliminates_self_join(const Plan& older, const Plan& newer) {
  std::map<std::string, int> before;
  std::map<std::string, int> after;
  count_scans(older.root, before);
  count_scans(newer.root, after);
  return std::any_of(after.begin(), after.end(),
                     [&](const auto& scan) { return before[scan.first] > scan.second; });
}

}  // namespace

std::vector<VersionFeature> features_between(const Plan& older, int older_major, const Plan& newer,
                                             int newer_major) {
  constexpr int self_join_elimination_since = 18;
  std::vector<VersionFeature> features;
  const auto is_between = [&](int since) { return older_major < since && since <= newer_major; };
  for (const Sign& sign : signs) {
    if (is_between(sign.since) && shows(sign, older, newer)) {
      features.push_back({sign.since, sign.name});
    }
  }
  if (is_between(self_join_elimination_since) && eliminates_self_join(older, newer)) {
    features.push_back({self_join_elimination_since, "self-join elimination"});
  }
  return features;
}

}  // namespace pgduet::gate

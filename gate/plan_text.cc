#include <array>
#include <cmath>

#include "pgduet/gate/plan.h"
#include "pgduet/gate/wording.h"
#include "plan_words.h"

namespace pgduet::gate {
namespace {

std::string subject_or_nothing(const PlanNode& node, const NodeFacts& facts) {
  std::string_view object = node.relation_name;
  for (const std::string_view name :
       {facts.cte_name, facts.tuplestore_name, facts.function_name, facts.table_function_name}) {
    if (object.empty()) object = name;
  }
  return object_and_alias(object, node.alias);
}

// What stands under a node, in the order in which EXPLAIN's text format has it.
constexpr std::array<const char*, 28> detail_keys = {"Sort Key",
                                                     "Presorted Key",
                                                     "Group Key",
                                                     "Grouping Sets",
                                                     "Cache Key",
                                                     "Cache Mode",
                                                     "Function Call",
                                                     "Table Function Call",
                                                     "Index Cond",
                                                     "Recheck Cond",
                                                     "Order By",
                                                     "TID Cond",
                                                     "Merge Cond",
                                                     "Hash Cond",
                                                     "Join Filter",
                                                     "One-Time Filter",
                                                     "Run Condition",
                                                     "Filter",
                                                     "Sampling Method",
                                                     "Sampling Parameters",
                                                     "Conflict Resolution",
                                                     "Conflict Arbiter Indexes",
                                                     "Conflict Filter",
                                                     "Remote SQL",
                                                     "Subplans Removed",
                                                     "Sort Method",
                                                     "Workers Planned",
                                                     "Workers Launched"};

bool worth_saying(std::string_view key, const Json& value, bool with_counts) {
  if (key == "Subplans Removed") return value != 0;
  if (key == "Cache Mode") return value != "logical";
  if (key == "Sort Method" || key == "Workers Launched") return with_counts;
  return true;
}

std::string counts_text(const PlanNode& node) {
  const std::string estimated = count_text(std::llround(node.plan_rows)) + " estimated";
  if (!node.actual_loops) return " (rows=" + estimated + ")";
  if (*node.actual_loops == 0) return " (never executed)";
  const double blocks = node.number("Shared Hit Blocks") + node.number("Shared Read Blocks") +
                        node.number("Local Hit Blocks") + node.number("Local Read Blocks");
  return " (rows=" + count_text(std::llround(node.actual_rows.value_or(0))) + " of " + estimated +
         ", loops=" + count_text(std::llround(*node.actual_loops)) +
         ", blocks=" + count_text(std::llround(blocks)) + ")";
}

class TextWriter {
 public:
  explicit TextWriter(bool with_counts) : with_counts_(with_counts) {}

  // `indent` counts characters.
  void write(const PlanNode& node, std::size_t indent) {
    const bool root = text_.empty();
    if (!node.subplan_name.empty()) {
      line(indent, node.subplan_name);
      indent += 2;
    }
    line(indent, (root ? "" : "->  ") + headline(node) + (with_counts_ ? counts_text(node) : ""));
    const std::size_t inside = indent + (root ? 2 : 6);
    for (const std::string& detail : details(node, with_counts_)) line(inside, detail);
    for (const PlanNode& child : node.children) write(child, inside);
  }

  std::string take() { return std::move(text_); }

 private:
  void line(std::size_t indent, const std::string& text) {
    if (!text_.empty()) text_ += '\n';
    text_.append(indent, ' ');
    text_ += text;
  }

  bool with_counts_;
  std::string text_;
};

}  // namespace

std::string headline(const PlanNode& node) {
  const NodeFacts facts = facts_of(node);
  std::string text = facts.parallel_aware ? "Parallel " : "";
  text += method_name(node, facts);
  if (facts.scan_direction == "Backward") text += " Backward";
  if (node.node_type == "Bitmap Index Scan") return text + " on " + quoted_name(node.index_name);
  if (!node.index_name.empty()) text += " using " + quoted_name(node.index_name);
  const std::string read = subject_or_nothing(node, facts);
  return read.empty() ? text : text + " on " + read;
}

std::string subject(const PlanNode& node) {
  const std::string read = subject_or_nothing(node, facts_of(node));
  return read.empty() ? headline(node) : read;
}

std::vector<std::string> details(const PlanNode& node, bool with_counts) {
  std::vector<std::string> lines;
  for (const char* key : detail_keys) {
    const auto found = node.fields.find(key);
    if (found == node.fields.end() || !worth_saying(key, *found, with_counts)) continue;
    lines.push_back(std::string(key) + ": ");
    append_value(*found, lines.back());
  }
  return lines;
}

std::string to_text(const Plan& plan, bool with_counts) {
  TextWriter writer(with_counts);
  writer.write(plan.root, 0);
  return writer.take();
}

}  // namespace pgduet::gate

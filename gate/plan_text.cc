#include <array>
#include <cmath>
#include <string_view>

#include "pgduet/gate/plan.h"
#include "plan_words.h"
#include "wording.h"

namespace pgduet::gate {
namespace {

std::string aggregate_name(const PlanNode& node) {
  const std::string mode = node.text("Partial Mode");
  const std::string strategy = node.text("Strategy");
  std::string name = "Aggregate";
  if (strategy == "Sorted") name = "GroupAggregate";
  if (strategy == "Hashed") name = "HashAggregate";
  if (strategy == "Mixed") name = "MixedAggregate";
  return mode == "Partial" || mode == "Finalize" ? mode + " " + name : name;
}

std::string join_name(const PlanNode& node) {
  if (node.join_type == "Inner" || node.join_type.empty()) return node.node_type;
  if (node.node_type == "Nested Loop") return "Nested Loop " + node.join_type + " Join";
  // "Hash Join" -> "Hash Left Join"
  return node.node_type.substr(0, node.node_type.find(' ')) + " " + node.join_type + " Join";
}

std::string set_operation_name(const PlanNode& node) {
  const std::string name = node.text("Strategy") == "Hashed" ? "HashSetOp" : "SetOp";
  return name + " " + node.text("Command");
}

std::string object_read(const PlanNode& node) {
  if (!node.relation_name.empty()) return node.relation_name;
  for (const char* key : {"CTE Name", "Tuplestore Name"}) {
    if (std::string name = node.text(key); !name.empty()) return name;
  }
  return "";
}

// A rescan of a partition or of a row source that has no name of its own is known by its alias.
std::string subject_or_nothing(const PlanNode& node) {
  const std::string object = object_read(node);
  if (object.empty()) return node.alias.empty() ? "" : quoted_name(node.alias);
  if (node.alias.empty() || node.alias == object) return quoted_name(object);
  return quoted_name(object) + " " + quoted_name(node.alias);
}

bool flag(const PlanNode& node, const char* key) {
  const auto found = node.fields.find(key);
  return found != node.fields.end() && found->is_boolean() && found->get<bool>();
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

// Objects and arrays inside one another ("Grouping Sets") as "Group Keys: a, b; Hash Keys: c".
void append_value(const Json& value, std::string& text) {
  if (value.is_string()) {
    text += value.get<std::string>();
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) text += value[i].is_object() ? "; " : ", ";
      if (value[i].is_array()) text += "(";
      append_value(value[i], text);
      if (value[i].is_array()) text += ")";
    }
  } else if (value.is_object()) {
    bool first = true;
    for (const auto& [key, inner] : value.items()) {
      if (!first) text += ", ";
      first = false;
      text += key + ": ";
      append_value(inner, text);
    }
  } else {
    text += value.dump();
  }
}

bool worth_saying(const std::string& key, const Json& value, bool with_counts) {
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

  // `indent` counts characters, as the server's text does.
  void write(const PlanNode& node, std::size_t indent) {
    if (!node.subplan_name.empty()) {
      line(indent, node.subplan_name);
      indent += 2;
    }
    const bool root = text_.empty();
    line(indent, (root ? "" : "->  ") + headline(node) + (with_counts_ ? counts_text(node) : ""));
    const std::size_t inside = indent + (root ? 2 : 6);
    for (const char* key : detail_keys) {
      const auto found = node.fields.find(key);
      if (found == node.fields.end() || !worth_saying(key, *found, with_counts_)) continue;
      std::string detail = std::string(key) + ": ";
      append_value(*found, detail);
      line(inside, detail);
    }
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

// As the server's quote_identifier, but for keywords, which are words here and no SQL.
std::string quoted_name(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  bool safe = !name.empty() && (name[0] < '0' || name[0] > '9');
  for (const char c : name) safe = safe && plain(c);
  if (safe) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string method_name(const PlanNode& node) {
  const std::string& type = node.node_type;
  const std::string operation = node.text("Operation");
  std::string name = type;
  if (type == "Aggregate") name = aggregate_name(node);
  if (type == "Nested Loop" || type == "Hash Join" || type == "Merge Join") name = join_name(node);
  if (type == "SetOp") name = set_operation_name(node);
  if (type == "ModifyTable" && !operation.empty()) name = operation;
  if (type == "Foreign Scan" && !operation.empty() && operation != "Select") {
    name = "Foreign " + operation;
  }
  if (type == "Custom Scan") name += " (" + node.text("Custom Plan Provider") + ")";
  if (flag(node, "Async Capable")) name = "Async " + name;
  return flag(node, "Parallel Aware") ? "Parallel " + name : name;
}

std::string headline(const PlanNode& node) {
  std::string text = method_name(node);
  if (node.text("Scan Direction") == "Backward") text += " Backward";
  if (node.node_type == "Bitmap Index Scan") return text + " on " + quoted_name(node.index_name);
  if (!node.index_name.empty()) text += " using " + quoted_name(node.index_name);
  std::string read = subject_or_nothing(node);
  for (const char* key : {"Function Name", "Table Function Name"}) {
    const std::string function = node.text(key);
    if (!function.empty() && function != node.alias) read = quoted_name(function) + " " + read;
  }
  return read.empty() ? text : text + " on " + read;
}

std::string subject(const PlanNode& node) {
  const std::string read = subject_or_nothing(node);
  return read.empty() ? headline(node) : read;
}

std::string to_text(const Plan& plan, bool with_counts) {
  TextWriter writer(with_counts);
  writer.write(plan.root, 0);
  return writer.take();
}

}  // namespace pgduet::gate

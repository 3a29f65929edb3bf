#include <algorithm>

#include "pgduet/gate/sql.h"
#include "sql_parser.h"

namespace pgduet::gate {
namespace {

// The tree without what depends on the layout of the text: equal trees are the same expression.
Json without_locations(const Json& tree) {
  if (tree.is_array()) {
    Json copy = Json::array();
    for (const Json& element : tree) copy.push_back(without_locations(element));
    return copy;
  }
  if (!tree.is_object()) return tree;
  Json copy = Json::object();
  for (const auto& item : tree.items()) {
    const std::string& key = item.key();
    if (key == "location" || key == "stmt_location" || key == "stmt_len") continue;
    copy[key] = without_locations(item.value());
  }
  return copy;
}

bool is_star(const Json& target) {
  const Json& value = target["ResTarget"].value("val", Json::object());
  if (!value.contains("ColumnRef")) return false;
  const Json& fields = value["ColumnRef"]["fields"];
  return !fields.empty() && fields.back().contains("A_Star");
}

std::string last_string(const Json& list) {
  if (list.empty() || !list.back().contains("String")) return "";
  return list.back()["String"].value("sval", "");
}

// The name that the server gives to an output column without an alias (FigureColname in
// parse_target.c), for the expressions that people sort by; "" for the others.
std::string default_name(const Json& value) {
  if (value.contains("ColumnRef")) return last_string(value["ColumnRef"]["fields"]);
  if (value.contains("FuncCall")) return last_string(value["FuncCall"]["funcname"]);
  if (value.contains("CoalesceExpr")) return "coalesce";
  if (value.contains("CaseExpr")) {
    const Json& expression = value["CaseExpr"];
    const std::string inner =
        expression.contains("defresult") ? default_name(expression["defresult"]) : "";
    return inner.empty() ? "case" : inner;
  }
  if (value.contains("TypeCast")) {
    const Json& cast = value["TypeCast"];
    const std::string inner = default_name(cast["arg"]);
    return inner.empty() ? last_string(cast["typeName"]["names"]) : inner;
  }
  return "";
}

std::string output_name(const Json& target) {
  const Json& column = target["ResTarget"];
  if (column.contains("name")) return column.value("name", "");
  return column.contains("val") ? default_name(column["val"]) : "";
}

// The name of an unqualified column; "" for any other expression.
std::string bare_name(const Json& expression) {
  if (!expression.contains("ColumnRef")) return "";
  const Json& fields = expression["ColumnRef"]["fields"];
  return fields.size() == 1 ? last_string(fields) : "";
}

// The output column that an integer in ORDER BY names, from 1; 0 for any other expression.
int output_number(const Json& expression) {
  if (!expression.contains("A_Const") || !expression["A_Const"].contains("ival")) return 0;
  return expression["A_Const"]["ival"].value("ival", 0);
}

// The first SELECT of a set operation names its columns.
const Json& leftmost(const Json& select) {
  const Json* first = &select;
  while (first->contains("larg")) first = &(*first)["larg"];
  return *first;
}

// Finds ORDER BY items among the output columns, by the rules of findTargetlistEntrySQL92 in
// parse_clause.c: a bare name is an output name first, an integer is a place, and anything else has
// to be the same expression.
class OutputColumns {
 public:
  explicit OutputColumns(const Json& targets) : targets_(without_locations(targets)) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (!is_star(targets_[i])) continue;
      first_star_ = std::min(first_star_, i);
      last_star_ = i;
    }
  }

  bool has_star() const { return first_star_ < targets_.size(); }
  std::size_t size() const { return targets_.size(); }

  // The place of the item as the key columns give it, when `added` columns follow; nothing when it
  // is none of the columns, or its place cannot be told for stars around it.
  std::optional<int> find(const Json& expression, int added) const {
    if (const int number = output_number(expression); number > 0) return number - 1;
    const std::string name = bare_name(expression);
    const Json wanted = without_locations(expression);
    std::optional<std::size_t> same;
    for (std::size_t i = targets_.size(); i-- > 0;) {
      const Json& column = targets_[i]["ResTarget"];
      if (column.contains("val") && column["val"] == wanted) same = i;
    }
    for (std::size_t i = targets_.size(); i-- > 0 && !name.empty();) {
      if (output_name(targets_[i]) == name) same = i;
    }
    return same ? place_of(*same, added) : std::nullopt;
  }

  // Whether the item is the alias of an output column: as an expression of its own it would mean
  // an input column.
  bool is_alias(const Json& expression) const {
    const std::string name = bare_name(expression);
    return !name.empty() && std::any_of(targets_.begin(), targets_.end(), [&](const Json& target) {
      return target["ResTarget"].value("name", "") == name;
    });
  }

 private:
  std::optional<int> place_of(std::size_t index, int added) const {
    if (index < first_star_) return static_cast<int>(index);
    if (index > last_star_) return -static_cast<int>(targets_.size() - index) - added;
    return std::nullopt;
  }

  Json targets_;
  std::size_t first_star_ = std::string::npos;
  std::size_t last_star_ = 0;
};

// Where in the text the parts of a simple SELECT stand.
struct SelectLayout {
  std::size_t end_of_list = 0;          // behind the last output column
  std::vector<std::string> sort_items;  // the texts of the ORDER BY expressions
};

class LayoutReader {
 public:
  explicit LayoutReader(const std::string& sql) : sql_(sql) {
    int depth = 0;
    SqlToken previous;
    for (const SqlToken& token : scan_sql(sql).tokens) {
      if (token.is_comment()) continue;
      if (token.is(')') || token.is(']')) --depth;
      if (depth == 0) outer_.push_back({token, keyword(token, previous)});
      if (token.is('(') || token.is('[')) ++depth;
      previous = token;
    }
  }

  // Nothing when the text is not laid out as expected (all of it in parentheses, say).
  std::optional<SelectLayout> read() const {
    const std::size_t select = find({"select"}, 0);
    const std::size_t list_end =
        find({"from", "where", "group", "having", "window", "order"}, select + 1);
    const std::size_t order = find({"order"}, list_end);
    if (select >= list_end || order + 2 >= outer_.size()) return std::nullopt;
    const std::size_t end = find({"limit", "offset", "fetch", "for", ";"}, order + 2);
    SelectLayout layout;
    layout.end_of_list = outer_[list_end - 1].token.end;
    std::size_t begin = order + 2;
    for (std::size_t i = begin; i <= end; ++i) {
      if (i < end && !outer_[i].token.is(',')) continue;
      layout.sort_items.push_back(expression_text(begin, i));
      begin = i + 1;
    }
    return layout;
  }

 private:
  struct Outer {
    SqlToken token;
    std::string keyword;  // "" for what is no keyword of the statement's structure
  };

  // A keyword behind "." or AS is a name, and the FROM of IS DISTINCT FROM begins no clause.
  std::string keyword(const SqlToken& token, const SqlToken& previous) const {
    if (token.is(';')) return ";";
    if (!token.is_keyword()) return "";
    const std::string before = previous.is_keyword() ? lower_text(sql_, previous) : "";
    const std::string text = lower_text(sql_, token);
    const bool is_name = previous.is('.') || before == "as";
    return is_name || (text == "from" && before == "distinct") ? "" : text;
  }

  std::size_t find(std::initializer_list<std::string_view> keywords, std::size_t from) const {
    for (std::size_t i = from; i < outer_.size(); ++i) {
      if (std::find(keywords.begin(), keywords.end(), outer_[i].keyword) != keywords.end())
        return i;
    }
    return outer_.size();
  }

  // The item without ASC, DESC, USING operator and NULLS FIRST or LAST.
  std::string expression_text(std::size_t begin, std::size_t end) const {
    std::size_t last = begin;
    for (; last < end; ++last) {
      const std::string& word = outer_[last].keyword;
      const bool is_nulls = word == "nulls" && last > begin && last + 2 == end;
      if (word == "asc" || word == "desc" || word == "using" || is_nulls) break;
    }
    if (last == begin) return "";
    const std::size_t first_byte = outer_[begin].token.begin;
    return sql_.substr(first_byte, outer_[last - 1].token.end - first_byte);
  }

  const std::string& sql_;
  std::vector<Outer> outer_;
};

const Json* select_of(const SqlParse& parse) {
  if (parse.error || !parse.tree.contains("stmts") || parse.tree["stmts"].size() != 1)
    return nullptr;
  const Json& statement = parse.tree["stmts"][0]["stmt"];
  return statement.contains("SelectStmt") ? &statement["SelectStmt"] : nullptr;
}

// Whether `probe` is `select` with `keys` as last output columns and nothing else changed.
bool adds_only(const Json& select, const Json& probe, const std::vector<const Json*>& keys) {
  Json expected = without_locations(select);
  Json actual = without_locations(probe);
  Json& targets = actual["targetList"];
  const std::size_t before = expected["targetList"].size();
  if (targets.size() != before + keys.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (targets[before + i]["ResTarget"]["val"] != without_locations(*keys[i])) return false;
  }
  while (targets.size() > before) targets.erase(targets.size() - 1);
  return expected == actual;
}

// DISTINCT forbids other sort keys than output columns, set operations and VALUES too; SELECT INTO
// would make a table of them.
bool may_add_columns(const Json& select) {
  const bool is_distinct = select.contains("distinctClause") && select["distinctClause"][0].empty();
  return select.contains("targetList") && !is_distinct && !select.contains("intoClause");
}

const Json& item_expression(const Json& item) { return item["SortBy"]["node"]; }

}  // namespace

std::optional<SortKeyProbe> with_sort_keys(const std::string& sql) {
  const SqlParse parse = parse_sql(sql);
  const Json* select = select_of(parse);
  if (select == nullptr || !select->contains("sortClause")) return std::nullopt;
  const Json& first = leftmost(*select);
  const OutputColumns columns(first.contains("targetList") ? first["targetList"] : Json::array());
  const Json& items = (*select)["sortClause"];

  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!columns.find(item_expression(items[i]), 0)) missing.push_back(i);
  }
  const int added = static_cast<int>(missing.size());
  SortKeyProbe probe{sql, {}, added};
  std::vector<const Json*> keys;
  for (const Json& item : items) {
    if (const auto place = columns.find(item_expression(item), added)) {
      probe.key_columns.push_back(*place);
      continue;
    }
    if (columns.is_alias(item_expression(item))) return std::nullopt;
    const int index = static_cast<int>(keys.size());
    probe.key_columns.push_back(columns.has_star() ? index - added
                                                   : static_cast<int>(columns.size()) + index);
    keys.push_back(&item_expression(item));
  }
  if (missing.empty()) return probe;

  const auto layout = may_add_columns(*select) ? LayoutReader(sql).read() : std::nullopt;
  if (!layout || layout->sort_items.size() != items.size()) return std::nullopt;
  std::string list;
  for (std::size_t i = 0; i < missing.size(); ++i)
    list += ", " + layout->sort_items[missing[i]] + " AS pgduet_key_" + std::to_string(i + 1);
  probe.sql.insert(layout->end_of_list, list);
  const SqlParse changed = parse_sql(probe.sql);
  const Json* changed_select = select_of(changed);
  if (changed_select == nullptr || !adds_only(*select, *changed_select, keys)) return std::nullopt;
  return probe;
}

}  // namespace pgduet::gate

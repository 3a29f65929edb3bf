#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "pgduet/gate/sql.h"
#include "sql_parser.h"

namespace pgduet::gate {
namespace {

// Functions that read the clock.
bool reads_clock(const std::string& function) {
  static const std::set<std::string> names = {"clock_timestamp", "now", "statement_timestamp",
                                              "timeofday", "transaction_timestamp"};
  return names.count(function) > 0;
}

// Other functions whose result is another one at the next call, in the next transaction, or in the
// other side's database.
bool changes_each_time(const std::string& function) {
  static const std::set<std::string> names = {"currval",
                                              "current_database",
                                              "gen_random_bytes",
                                              "gen_random_uuid",
                                              "gen_salt",
                                              "lastval",
                                              "nextval",
                                              "pg_backend_pid",
                                              "pg_conf_load_time",
                                              "pg_current_snapshot",
                                              "pg_current_wal_insert_lsn",
                                              "pg_current_wal_lsn",
                                              "pg_current_xact_id",
                                              "pg_current_xact_id_if_assigned",
                                              "pg_database_size",
                                              "pg_indexes_size",
                                              "pg_postmaster_start_time",
                                              "pg_relation_filenode",
                                              "pg_relation_filepath",
                                              "pg_relation_size",
                                              "pg_table_size",
                                              "pg_total_relation_size",
                                              "random",
                                              "random_normal",
                                              "txid_current",
                                              "txid_current_if_assigned",
                                              "txid_current_snapshot",
                                              "uuid_generate_v1",
                                              "uuid_generate_v1mc",
                                              "uuid_generate_v4",
                                              "uuidv4",
                                              "uuidv7",
                                              "version"};
  return names.count(function) > 0;
}

// Operators that compute a value instead of comparing.
bool is_comparison(const std::string& name) {
  static const std::set<std::string> computing = {"+",  "-",   "*",  "/",   "%",   "^",  "&",
                                                  "|",  "#",   "||", "<<",  ">>",  "->", "->>",
                                                  "#>", "#>>", "#-", "<->", "<=>", "<#>"};
  return computing.count(name) == 0;
}

// The operator after exchanging its sides; "" when it has none.
std::string commuted(const std::string& name) {
  static const std::map<std::string, std::string> pairs = {
      {"=", "="},   {"<>", "<>"}, {"&&", "&&"}, {"<", ">"},  {">", "<"},
      {"<=", ">="}, {">=", "<="}, {"@>", "<@"}, {"<@", "@>"}};
  const auto found = pairs.find(name);
  return found == pairs.end() ? "" : found->second;
}

// The strings of a list of String nodes ({"String": {"sval": "x"}}).
std::vector<std::string> strings_of(const Json& list) {
  std::vector<std::string> strings;
  for (const Json& item : list) {
    if (item.contains("String")) strings.push_back(item["String"].value("sval", ""));
  }
  return strings;
}

bool is_node(const Json& value, const char* type) {
  return value.is_object() && value.contains(type);
}

// Looks through casts and COLLATE.
const Json& without_casts(const Json& expression) {
  const Json* inner = &expression;
  for (;;) {
    if (is_node(*inner, "TypeCast"))
      inner = &member((*inner)["TypeCast"], "arg");
    else if (is_node(*inner, "CollateClause"))
      inner = &member((*inner)["CollateClause"], "arg");
    else
      return *inner;
  }
}

// $n behind casts; 0 for everything else.
int parameter_number(const Json& expression) {
  const Json& inner = without_casts(expression);
  return is_node(inner, "ParamRef") ? inner["ParamRef"].value("number", 0) : 0;
}

std::optional<ColumnReference> column_of(const Json& expression) {
  if (!is_node(expression, "ColumnRef")) return std::nullopt;
  const Json& fields = member(expression["ColumnRef"], "fields");
  if (!fields.is_array() || fields.empty()) return std::nullopt;
  std::vector<std::string> names = strings_of(fields);
  if (is_node(fields.back(), "A_Star")) names.push_back("*");
  return ColumnReference{names.size() > 1 ? names[names.size() - 2] : "", names.back()};
}

std::vector<const Json*> elements_of(const Json& expression) {
  const Json* list = nullptr;
  if (is_node(expression, "List")) list = &member(expression["List"], "items");
  if (is_node(expression, "RowExpr")) list = &member(expression["RowExpr"], "args");
  if (is_node(expression, "A_ArrayExpr")) list = &member(expression["A_ArrayExpr"], "elements");
  std::vector<const Json*> elements;
  if (list == nullptr) return elements;
  for (const Json& element : *list) elements.push_back(&element);
  return elements;
}

bool is_time_type(const Json& type_name) {
  static const std::set<std::string> types = {"date", "time", "timetz", "timestamp", "timestamptz"};
  const std::vector<std::string> names = strings_of(member(type_name, "names"));
  return !names.empty() && types.count(names.back()) > 0;
}

// What was found, with its place in the text: the tree is not in the order of the text.
template <typename Value>
class Found {
 public:
  void add(int location, Value value) { items_.push_back({location, std::move(value)}); }

  // In order of appearance, each once.
  std::vector<Value> in_order() {
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.location < b.location; });
    std::vector<Value> values;
    for (Item& item : items_) {
      if (std::find(values.begin(), values.end(), item.value) == values.end())
        values.push_back(std::move(item.value));
    }
    return values;
  }

 private:
  struct Item {
    int location = 0;
    Value value = {};
  };
  std::vector<Item> items_;
};

class TraitsReader {
 public:
  void read(const Json& statements, StatementTraits& traits) {
    for (const Json& statement : statements) mark_output(member(statement, "stmt"));
    for (const Json& statement : statements) visit(member(statement, "stmt"), {});
    traits.writes = writes_;
    traits.undetermined_by = undetermined_by_.in_order();
    traits.rows_by_clock = rows_by_clock_;
    traits.rows_by_chance = rows_by_chance_;
    traits.relations = relations_.in_order();
    traits.columns = columns_.in_order();
    traits.comparisons = comparisons_.in_order();
    traits.functions = functions_.in_order();
  }

 private:
  using Names = std::set<std::string>;  // of the CTEs in scope

  void visit(const Json& value, const Names& ctes) {
    if (value.is_array()) {
      for (const Json& element : value) visit(element, ctes);
      return;
    }
    if (!value.is_object()) return;
    note_location(value);
    if (value.contains("relname")) return add_relation(value, ctes);
    if (value.contains("withClause")) return visit_members(value, with_ctes(value, ctes));
    visit_members(value, ctes);
  }

  // -1 is "not known"; typed literals (date 'today') have it.
  void note_location(const Json& node) {
    const int location = node.value("location", -1);
    if (location >= 0) location_ = location;
  }

  void visit_members(const Json& node, const Names& ctes) {
    for (const auto& item : node.items()) {
      const std::string& key = item.key();
      const Json& inner = item.value();
      if (key == "withClause") continue;  // with_ctes has been there
      if (key == "lockingClause" || key == "intoClause") writes_ = true;
      if (key == "lockingClause") continue;  // names aliases, not relations
      if (inner.is_object()) note_location(inner);
      note(key, inner);
      const bool outside = !in_output_ && outputs_.count(&inner) > 0;
      if (outside) in_output_ = true;
      visit(inner, ctes);
      if (outside) in_output_ = false;
      if (key == "usingClause") add_using_columns(inner);
    }
  }

  // A CTE sees those before it, with RECURSIVE all of its list.
  Names with_ctes(const Json& node, const Names& outer) {
    const Json& with = node["withClause"];
    const Json& list = member(with, "ctes");
    Names visible = outer;
    const auto name_of = [](const Json& cte) {
      return member(cte, "CommonTableExpr").value("ctename", "");
    };
    if (with.value("recursive", false)) {
      for (const Json& cte : list) visible.insert(name_of(cte));
    }
    for (const Json& cte : list) {
      visit(cte, visible);
      visible.insert(name_of(cte));
    }
    return visible;
  }

  // What a statement returns or writes for each row, and in which order: it does not decide which
  // rows there are.
  void mark_output(const Json& statement) {
    for (const auto& item : statement.items()) {
      const Json& node = item.value();
      for (const char* key :
           {"targetList", "sortClause", "valuesLists", "returningList", "onConflictClause"}) {
        if (node.contains(key)) outputs_.insert(&node[key]);
      }
      if (node.contains("selectStmt")) mark_output(node["selectStmt"]);
    }
  }

  enum class ChangedBy { clock, chance };

  void add_undetermined(const std::string& text, ChangedBy by) {
    undetermined_by_.add(location_, text);
    if (in_output_) return;
    (by == ChangedBy::clock ? rows_by_clock_ : rows_by_chance_) = true;
  }

  void note(const std::string& type, const Json& node) {
    if (type == "InsertStmt" || type == "UpdateStmt" || type == "DeleteStmt" || type == "MergeStmt")
      writes_ = true;
    if (type == "FuncCall") note_function(node);
    if (type == "SQLValueFunction") note_value_function(node.value("op", ""));
    if (type == "RangeTableSample" && !node.contains("repeatable"))
      add_undetermined("TABLESAMPLE", ChangedBy::chance);
    if (type == "TypeCast") note_cast(node);
    if (type == "ColumnRef") note_column(node);
    if (type == "A_Expr") note_expression(node);
  }

  void note_function(const Json& call) {
    const std::vector<std::string> names = strings_of(member(call, "funcname"));
    if (names.empty()) return;
    const std::string& name = names.back();
    const bool system = names.size() == 1 || names.front() == "pg_catalog";
    functions_.add(location_, system ? name : names[names.size() - 2] + "." + name);
    // age(x) counts from today, age(x, y) does not.
    const bool age_of_today = name == "age" && member(call, "args").size() == 1;
    if (age_of_today || reads_clock(name)) add_undetermined(name + "()", ChangedBy::clock);
    if (changes_each_time(name)) add_undetermined(name + "()", ChangedBy::chance);
    // A sequence is not rolled back, but its row is changed.
    if (name == "nextval" || name == "setval") writes_ = true;
  }

  // SVFOP_CURRENT_TIMESTAMP_N is current_timestamp(n). Roles and schemas do not change.
  void note_value_function(const std::string& operation) {
    static constexpr std::string_view prefix = "SVFOP_";
    if (operation.size() <= prefix.size()) return;
    std::string name = operation.substr(prefix.size());
    if (name.size() > 2 && name.substr(name.size() - 2) == "_N") name.resize(name.size() - 2);
    static const std::set<std::string> stable = {"CURRENT_ROLE", "CURRENT_USER", "USER",
                                                 "SESSION_USER", "CURRENT_SCHEMA"};
    if (stable.count(name) > 0) return;
    add_undetermined(name, name == "CURRENT_CATALOG" ? ChangedBy::chance : ChangedBy::clock);
  }

  // 'now'::timestamp and its kin are read at run time.
  void note_cast(const Json& cast) {
    const Json& constant = member(member(cast, "arg"), "A_Const");
    const std::string text = member(constant, "sval").value("sval", "");
    const bool special =
        text == "now" || text == "today" || text == "tomorrow" || text == "yesterday";
    if (special && is_time_type(member(cast, "typeName")))
      add_undetermined("'" + text + "'", ChangedBy::clock);
  }

  void note_column(const Json& reference) {
    if (auto column = column_of({{"ColumnRef", reference}})) columns_.add(location_, *column);
  }

  void add_using_columns(const Json& list) {
    for (const std::string& name : strings_of(list)) columns_.add(location_, {"", name});
  }

  void add_relation(const Json& relation, const Names& ctes) {
    const std::string schema = relation.value("schemaname", "");
    const std::string name = relation.value("relname", "");
    if (schema.empty() && ctes.count(name) > 0) return;
    const std::string alias = member(relation, "alias").value("aliasname", name);
    relations_.add(location_, {schema, name, alias});
  }

  void note_expression(const Json& expression) {
    const std::string kind = expression.value("kind", "");
    const std::vector<std::string> names = strings_of(member(expression, "name"));
    if (names.empty()) return;
    const Json& left = member(expression, "lexpr");
    const Json& right = member(expression, "rexpr");
    const std::string& name = names.back();
    if (kind == "AEXPR_OP") note_comparison(left, name, right);
    if (kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE") compare(left, name, right);
    if (kind == "AEXPR_DISTINCT") compare_both(left, "IS DISTINCT FROM", right);
    if (kind == "AEXPR_NOT_DISTINCT") compare_both(left, "IS NOT DISTINCT FROM", right);
    if (kind == "AEXPR_OP_ANY") note_array(left, name, " ANY", right);
    if (kind == "AEXPR_OP_ALL") note_array(left, name, " ALL", right);
    if (kind == "AEXPR_IN") {
      for (const Json* item : elements_of(right)) compare(left, name, *item);
    }
    const auto bounds = elements_of(right);
    if (kind.find("BETWEEN") == std::string::npos || bounds.size() != 2) return;
    const bool inside = kind.find("NOT") == std::string::npos;
    compare(left, inside ? ">=" : "<", *bounds[0]);
    compare(left, inside ? "<=" : ">", *bounds[1]);
  }

  void note_comparison(const Json& left, const std::string& name, const Json& right) {
    if (!is_comparison(name)) return;
    const auto lefts = elements_of(left);
    const auto rights = elements_of(right);
    if (!is_node(left, "RowExpr") || lefts.size() != rights.size() || lefts.empty())
      return compare_both(left, name, right);
    if (name == "=") {
      for (std::size_t i = 0; i < lefts.size(); ++i) compare_both(*lefts[i], name, *rights[i]);
      return;
    }
    // Rows are compared from the left: (a, b) < ($1, $2) promises a <= $1 and nothing about b.
    if (name == "<" || name == "<=") compare_both(*lefts[0], "<=", *rights[0]);
    if (name == ">" || name == ">=") compare_both(*lefts[0], ">=", *rights[0]);
  }

  void note_array(const Json& left, const std::string& name, const std::string& quantifier,
                  const Json& right) {
    compare(left, name + quantifier, right);
    for (const Json* element : elements_of(without_casts(right))) compare(left, name, *element);
  }

  void compare_both(const Json& left, const std::string& name, const Json& right) {
    compare(left, name, right);
    const bool symmetric = name.find("DISTINCT") != std::string::npos;
    const std::string other_way = symmetric ? name : commuted(name);
    if (!other_way.empty()) compare(right, other_way, left);
  }

  void compare(const Json& left, const std::string& name, const Json& right) {
    const auto column = column_of(left);
    const int parameter = parameter_number(right);
    if (!column || parameter == 0) return;
    const int location = without_casts(right)["ParamRef"].value("location", 0);
    comparisons_.add(location, {parameter, column->relation, column->column, name});
  }

  int location_ = 0;  // of the node being read: the nearest that says its own
  bool writes_ = false;
  std::set<const Json*> outputs_;  // the parts of the tree that mark_output() found
  bool in_output_ = false;         // the node being read is in one of them
  bool rows_by_clock_ = false;
  bool rows_by_chance_ = false;
  Found<std::string> undetermined_by_;
  Found<RelationReference> relations_;
  Found<ColumnReference> columns_;
  Found<ParameterComparison> comparisons_;
  Found<std::string> functions_;
};

std::string kind_of(const std::string& node_type) {
  static const std::map<std::string, std::string> kinds = {{"SelectStmt", "SELECT"},
                                                           {"InsertStmt", "INSERT"},
                                                           {"UpdateStmt", "UPDATE"},
                                                           {"DeleteStmt", "DELETE"},
                                                           {"MergeStmt", "MERGE"}};
  const auto found = kinds.find(node_type);
  return found == kinds.end() ? node_type : found->second;
}

// Statements other than SELECT that change no data by themselves. EXPLAIN is judged by what it
// explains.
bool only_reads(const std::string& node_type, const Json& statement) {
  if (node_type == "CopyStmt") return !statement.value("is_from", false);
  static const std::set<std::string> reading = {
      "SelectStmt",  "ExplainStmt",       "VariableShowStmt", "VariableSetStmt",
      "PrepareStmt", "DeclareCursorStmt", "FetchStmt",        "TransactionStmt"};
  return reading.count(node_type) > 0;
}

bool has_limit_count(const Json& select) {
  // LIMIT ALL is a null constant.
  return select.contains("limitCount") &&
         !member(select["limitCount"], "A_Const").contains("isnull");
}

// LIMIT 20, LIMIT $1, LIMIT $1::integer; nothing for what has to be computed.
void read_limit(const Json& select, StatementTraits& traits) {
  traits.has_limit = has_limit_count(select);
  if (!traits.has_limit) return;
  const Json& count = select["limitCount"];
  traits.limit_parameter = parameter_number(count);
  const Json& constant = member(without_casts(count), "A_Const");
  // protobuf's JSON leaves a member out that is 0.
  if (constant.contains("ival")) traits.limit = constant["ival"].value("ival", std::int64_t{0});
}

}  // namespace

StatementTraits traits_of(const std::string& sql) {
  StatementTraits traits;
  const SqlParse parse = parse_sql(sql);
  if (parse.error) return traits;
  traits.parsed = true;
  const Json& statements = member(parse.tree, "stmts");
  if (!statements.is_array() || statements.empty()) return traits;
  traits.several_statements = statements.size() > 1;
  TraitsReader().read(statements, traits);
  for (const Json& statement : statements) {
    const auto top = member(statement, "stmt").items().begin();
    if (!only_reads(top.key(), top.value())) traits.writes = true;
  }
  const auto top = member(statements.front(), "stmt").items().begin();
  traits.kind = kind_of(top.key());
  if (traits.kind != "SELECT") return traits;
  traits.has_order_by = top.value().contains("sortClause");
  read_limit(top.value(), traits);
  traits.has_offset = top.value().contains("limitOffset");
  return traits;
}

}  // namespace pgduet::gate

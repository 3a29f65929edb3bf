#include "setup_effects.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>
#include <vector>

#include "pgduet/gate/json.h"
#include "sql_parser.h"

namespace pgduet::gate {
namespace {

// Where in a statement's node the relations stand that it changes.
const std::map<std::string, std::vector<const char*>>& changing_statements() {
  static const std::map<std::string, std::vector<const char*>> statements = {
      {"AlterPolicyStmt", {"table"}},
      {"AlterSeqStmt", {"sequence"}},
      {"AlterTableStmt", {"relation", "cmds"}},
      {"ClusterStmt", {"relation"}},
      {"CompositeTypeStmt", {"typevar"}},
      {"CopyStmt", {"relation"}},
      {"CreatePolicyStmt", {"table"}},
      {"CreateSeqStmt", {"sequence"}},
      {"CreateStatsStmt", {"relations"}},
      {"CreateStmt", {"relation", "inhRelations"}},
      {"CreateTableAsStmt", {"into"}},
      {"CreateTrigStmt", {"relation"}},
      {"DeleteStmt", {"relation"}},
      {"IndexStmt", {"relation"}},
      {"InsertStmt", {"relation"}},
      {"MergeStmt", {"relation"}},
      {"RefreshMatViewStmt", {"relation"}},
      {"ReindexStmt", {"relation"}},
      {"RenameStmt", {"relation"}},
      {"TruncateStmt", {"relations"}},
      {"UpdateStmt", {"relation"}},
      {"VacuumStmt", {"rels"}},
      {"ViewStmt", {"view"}},
  };
  return statements;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string text_member(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : "";
}

// The names of all relations below `node`. That which a foreign key refers to is left out: the
// constraint itself tells.
void add_relations(const Json& node, std::set<std::string>& names) {
  if (node.is_object()) {
    const std::string name = text_member(node, "relname");
    if (!name.empty()) names.insert(lower(name));
    for (const auto& item : node.items()) {
      if (item.key() != "pktable") add_relations(item.value(), names);
    }
  }
  if (node.is_array()) {
    for (const Json& element : node) add_relations(element, names);
  }
}

// The parts of a qualified name, a list of String nodes.
std::vector<std::string> name_parts(const Json& list) {
  std::vector<std::string> parts;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    parts.push_back(lower(text_member(member(item, "String"), "sval")));
  }
  return parts;
}

bool contains_node(const Json& node, const std::set<std::string>& types) {
  if (node.is_object()) {
    return std::any_of(node.items().begin(), node.items().end(), [&](const auto& item) {
      return types.contains(item.key()) || contains_node(item.value(), types);
    });
  }
  return node.is_array() && std::any_of(node.begin(), node.end(), [&](const Json& element) {
           return contains_node(element, types);
         });
}

StatementEffect dropped(const Json& node) {
  static const std::set<std::string> named = {
      "OBJECT_TABLE",         "OBJECT_VIEW",    "OBJECT_MATVIEW",  "OBJECT_SEQUENCE",
      "OBJECT_FOREIGN_TABLE", "OBJECT_INDEX",   "OBJECT_FUNCTION", "OBJECT_PROCEDURE",
      "OBJECT_STATISTIC_EXT", "OBJECT_TRIGGER", "OBJECT_POLICY"};
  StatementEffect effect;
  const std::string type = text_member(node, "removeType");
  effect.unknown = !named.contains(type);
  for (const Json& object : member(node, "objects")) {
    std::vector<std::string> parts = object.contains("ObjectWithArgs")
                                         ? name_parts(member(object["ObjectWithArgs"], "objname"))
                                         : name_parts(member(member(object, "List"), "items"));
    // "orders.trigger_name"
    const bool of_relation = type == "OBJECT_TRIGGER" || type == "OBJECT_POLICY";
    if (of_relation && !parts.empty()) parts.pop_back();
    if (parts.empty()) {
      effect.unknown = true;
    } else if (type == "OBJECT_INDEX" || type == "OBJECT_STATISTIC_EXT") {
      effect.indexes.insert(parts.back());
    } else {
      effect.names.insert(parts.back());
    }
  }
  return effect;
}

// Of those that name their object by a list of strings.
StatementEffect named_by(const Json& list) {
  StatementEffect effect;
  const std::vector<std::string> parts = name_parts(list);
  if (parts.empty())
    effect.unknown = true;
  else
    effect.names.insert(parts.back());
  return effect;
}

bool is_of_index(const std::string& type, const Json& node) {
  return text_member(node, "objtype") == "OBJECT_INDEX" ||
         text_member(node, "renameType") == "OBJECT_INDEX" ||
         (type == "ReindexStmt" && text_member(node, "kind") == "REINDEX_OBJECT_INDEX");
}

bool goes_beyond_its_relations(const std::string& type, const Json& node) {
  static const std::set<std::string> renamed = {
      "OBJECT_TABLE",    "OBJECT_COLUMN",        "OBJECT_VIEW",    "OBJECT_MATVIEW",
      "OBJECT_INDEX",    "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY",
      "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"};
  if (type == "RenameStmt") return !renamed.contains(text_member(node, "renameType"));
  if (type == "TruncateStmt") return text_member(node, "behavior") == "DROP_CASCADE";
  if (type == "CopyStmt") return !node.value("is_from", false) || node.value("is_program", false);
  return false;
}

// The statements that fire triggers.
const std::set<std::string>& row_changes() {
  static const std::set<std::string> statements = {"InsertStmt", "UpdateStmt", "DeleteStmt",
                                                   "MergeStmt",  "CopyStmt",   "TruncateStmt"};
  return statements;
}

StatementEffect effect_of_node(const std::string& type, const Json& node) {
  static const std::set<std::string> reading = {"InsertStmt",        "UpdateStmt",
                                                "DeleteStmt",        "MergeStmt",
                                                "CreateTableAsStmt", "RefreshMatViewStmt"};
  StatementEffect effect;
  if (type == "CommentStmt") return effect;
  if (type == "TransactionStmt") {
    const std::string kind = text_member(node, "kind");
    effect.unknown =
        kind != "TRANS_STMT_BEGIN" && kind != "TRANS_STMT_START" && kind != "TRANS_STMT_COMMIT";
    return effect;
  }
  if (type == "DropStmt") return dropped(node);
  if (type == "CreateFunctionStmt") return named_by(member(node, "funcname"));
  if (type == "CreateEnumStmt") return named_by(member(node, "typeName"));
  if (type == "CreateDomainStmt") return named_by(member(node, "domainname"));
  if (type == "GrantStmt") {
    add_relations(member(node, "objects"), effect.names);
    effect.unknown = text_member(node, "targtype") != "ACL_TARGET_OBJECT" ||
                     text_member(node, "objtype") != "OBJECT_TABLE" || effect.names.empty();
    return effect;
  }
  if (type == "AlterStatsStmt") {
    effect = named_by(member(node, "defnames"));
    std::swap(effect.names, effect.indexes);
    return effect;
  }
  const auto known = changing_statements().find(type);
  if (known == changing_statements().end()) {
    effect.unknown = true;
    return effect;
  }
  for (const char* key : known->second) add_relations(member(node, key), effect.names);
  effect.unknown = effect.names.empty() || goes_beyond_its_relations(type, node);
  if (is_of_index(type, node)) std::swap(effect.names, effect.indexes);
  const std::string new_name = text_member(node, "newname");
  if (!new_name.empty() && text_member(node, "renameType") != "OBJECT_COLUMN") {
    effect.names.insert(lower(new_name));
  }
  effect.writes_rows = row_changes().contains(type);
  effect.reads_rows = reading.contains(type);
  // A CTE may write elsewhere.
  if (contains_node(member(node, "withClause"), row_changes()) ||
      contains_node(member(member(node, "query"), "SelectStmt"), row_changes())) {
    effect.unknown = true;
  }
  return effect;
}

// SELECT setval('orders_id_seq', (SELECT max(id) FROM orders)), as it follows a load.
StatementEffect effect_of_select(const std::string& sql, const Json& node) {
  static const std::set<std::string> followed = {
      "coalesce", "count", "currval", "greatest", "max", "min", "nextval", "pg_get_serial_sequence",
      "setval"};
  StatementEffect effect;
  const StatementTraits traits = traits_of(sql);
  effect.names_in_words = true;
  effect.unknown = !traits.parsed || contains_node(node, row_changes()) ||
                   node.contains("intoClause") ||
                   std::any_of(traits.functions.begin(), traits.functions.end(),
                               [](const std::string& name) { return !followed.contains(name); });
  return effect;
}

bool is_word_character(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; }

}  // namespace

StatementEffect effect_of(const std::string& sql) {
  StatementEffect effect;
  effect.unknown = true;
  const SqlParse parse = parse_sql(sql);
  if (parse.error) return effect;
  const Json& statements = member(parse.tree, "stmts");
  if (!statements.is_array() || statements.size() != 1) return effect;
  const Json& statement = member(statements.front(), "stmt");
  if (!statement.is_object() || statement.size() != 1) return effect;
  if (statement.begin().key() == "SelectStmt") {
    return effect_of_select(sql, statement.begin().value());
  }
  return effect_of_node(statement.begin().key(), statement.begin().value());
}

std::string command_of(const std::string& sql) {
  constexpr int shown_words = 2;
  std::string command;
  int words = 0;
  for (const SqlToken& token : scan_sql(sql).tokens) {
    if (token.is_comment()) continue;
    if (!token.is_keyword() || words++ == shown_words) break;
    command += (command.empty() ? "" : " ") + sql.substr(token.begin, token.end - token.begin);
  }
  std::transform(command.begin(), command.end(), command.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return command;
}

bool reads_catalog(const std::set<std::string>& words) {
  static const std::set<std::string> harmless = {
      "pg_catalog", "pg_column_size", "pg_get_serial_sequence", "pg_sleep", "pg_temp", "pg_typeof"};
  return words.contains("information_schema") ||
         std::any_of(words.begin(), words.end(), [](const std::string& word) {
           return word.starts_with("pg_") && !word.starts_with("pg_advisory") &&
                  !word.starts_with("pg_try_advisory") && !harmless.contains(word);
         });
}

bool shares_word(const std::set<std::string>& words, const std::set<std::string>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&words](const std::string& word) { return words.contains(word); });
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (is_word_character(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

}  // namespace pgduet::gate

#include "pgduet/gate/catalog.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "json_members.h"

namespace pgduet::gate {
namespace {

auto sort_key(const CatalogObject& object) { return std::tie(object.kind, object.name); }

CatalogChange created(const CatalogObject& object) {
  return {object, std::nullopt, object.definition, {}};
}

CatalogChange dropped(const CatalogObject& object) {
  return {object, object.definition, std::nullopt, {}};
}

Json object_to_json(const CatalogObject& object) {
  Json json = Json::object();
  write_member(json, "kind", object.kind);
  write_member(json, "name", object.name);
  write_member(json, "relation", object.relation);
  write_member(json, "definition", object.definition);
  return json;
}

CatalogObject object_from_json(const Json& json) {
  CatalogObject object;
  read_member(json, "kind", object.kind);
  read_member(json, "name", object.name);
  read_member(json, "relation", object.relation);
  read_member(json, "definition", object.definition);
  return object;
}

Json change_to_json(const CatalogChange& change) {
  Json json = Json::object();
  json["object"] = object_to_json(change.object);
  write_member(json, "before", change.before);
  write_member(json, "after", change.after);
  write_member(json, "at", change.at);
  return json;
}

CatalogChange change_from_json(const Json& json) {
  CatalogChange change;
  if (const Json* object = find_member(json, "object")) change.object = object_from_json(*object);
  read_member(json, "before", change.before);
  read_member(json, "after", change.after);
  read_member(json, "at", change.at);
  return change;
}

Json statement_to_json(const StepStatement& statement) {
  Json json = Json::object();
  json["line"] = statement.line;
  write_member(json, "text", statement.text);
  return json;
}

StepStatement statement_from_json(const Json& json) {
  StepStatement statement;
  read_member(json, "line", statement.line);
  read_member(json, "text", statement.text);
  return statement;
}

}  // namespace

std::string bare_name(const std::string& name) {
  std::string bare = name.substr(0, name.find('('));
  const std::size_t dot = bare.rfind('.');
  if (dot != std::string::npos) bare = bare.substr(dot + 1);
  std::transform(bare.begin(), bare.end(), bare.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return bare;
}

std::vector<CatalogChange> compare_catalogs(const Catalog& before, const Catalog& after) {
  std::vector<CatalogChange> changes;
  auto old_object = before.begin();
  auto new_object = after.begin();
  while (old_object != before.end() || new_object != after.end()) {
    const bool only_old =
        new_object == after.end() ||
        (old_object != before.end() && sort_key(*old_object) < sort_key(*new_object));
    const bool only_new =
        old_object == before.end() ||
        (new_object != after.end() && sort_key(*new_object) < sort_key(*old_object));
    if (only_old) {
      changes.push_back(dropped(*old_object++));
    } else if (only_new) {
      changes.push_back(created(*new_object++));
    } else {
      if (old_object->definition != new_object->definition ||
          old_object->relation != new_object->relation) {
        changes.push_back({*new_object, old_object->definition, new_object->definition, {}});
      }
      ++old_object;
      ++new_object;
    }
  }
  return changes;
}

IndexDefinitions index_definitions(const Catalog& catalog) {
  IndexDefinitions definitions;
  for (const CatalogObject& object : catalog) {
    if (object.kind == "index") definitions.emplace(object.name, object.definition);
  }
  return definitions;
}

Json to_json(const Catalog& catalog) {
  Json json = Json::array();
  for (const CatalogObject& object : catalog) json.push_back(object_to_json(object));
  return json;
}

Catalog catalog_from_json(const Json& value) {
  if (!value.is_array()) throw Error(Error::Kind::input, {}, "\"catalog\" is not an array");
  Catalog catalog;
  catalog.reserve(value.size());
  for (const Json& object : value) catalog.push_back(object_from_json(object));
  return catalog;
}

Json to_json(const StepRecord& step) {
  Json json = Json::object();
  write_member(json, "name", step.name);
  write_member(json, "content_hash", step.content_hash);
  json["seconds"] = step.seconds;
  write_elements(json, "changes", step.changes, change_to_json);
  write_elements(json, "statements", step.statements, statement_to_json);
  return json;
}

StepRecord step_from_json(const Json& value) {
  StepRecord step;
  read_member(value, "name", step.name);
  read_member(value, "content_hash", step.content_hash);
  read_member(value, "seconds", step.seconds);
  read_elements(value, "changes", step.changes, change_from_json);
  read_elements(value, "statements", step.statements, statement_from_json);
  return step;
}

}  // namespace pgduet::gate

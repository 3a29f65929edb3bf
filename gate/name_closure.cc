#include "name_closure.h"

#include <algorithm>
#include <vector>

#include "setup_effects.h"

namespace pgduet::gate {
namespace {

// Statements that are put together at run time name nothing.
bool runs_anything(const std::set<std::string>& definition) {
  const bool readable = definition.contains("sql") || definition.contains("plpgsql");
  return !definition.contains("language") || !readable || definition.contains("execute");
}

}  // namespace

NameClosure::NameClosure(const Catalog& base, const Catalog& head) {
  for (const Catalog* catalog : {&base, &head}) {
    for (const CatalogObject& object : *catalog) add(object);
  }
  connect_both_ways();
  for (const auto& [name, object] : objects_) {
    for (const std::string& word : object.reads) by_reading_[word].insert(name);
    for (const std::string& word : object.triggers) by_trigger_[word].insert(name);
    for (const std::string& word : object.foreign_keys) by_foreign_key_[word].insert(name);
    for (const std::string& word : object.parents) by_parent_[word].insert(name);
    for (const std::string& word : object.cascades_from) by_cascade_[word].insert(name);
  }
}

void NameClosure::add(const CatalogObject& object) {
  const std::string name = bare_name(object.relation.empty() ? object.name : object.relation);
  const std::set<std::string> words = words_of(object.definition);
  if (object.kind == "setting" || object.kind == "extension") return;
  Object& known = objects_[name];
  known.name = words_of(name);
  if (object.kind == "trigger") {
    known.triggers.insert(words.begin(), words.end());
    return;
  }
  if (object.kind == "constraint" && object.definition.starts_with("FOREIGN KEY")) {
    known.foreign_keys.insert(words.begin(), words.end());
    const bool acts =
        words.contains("cascade") || object.definition.find(" SET ") != std::string::npos;
    if (acts) known.cascades_from.insert(words.begin(), words.end());
    return;
  }
  known.reads.insert(words.begin(), words.end());
  if (object.kind == "column") known.columns.insert(words.begin(), words.end());
  if (object.kind == "table") known.parents.insert(words.begin(), words.end());
  if (object.kind == "view") known.view = true;
  if (object.kind == "sequence") known.sequence = true;
  if (object.kind == "index" || object.kind == "statistics object") {
    index_relations_[bare_name(object.name)].insert(name);
  }
  if (object.kind == "function") {
    known.function = true;
    known.runs_anything = known.runs_anything || runs_anything(words);
  }
}

// Partitions and their parents, and both ends of a foreign key.
void NameClosure::connect_both_ways() {
  std::map<std::string, std::vector<std::string>> named;  // by a word of their names
  for (const auto& [name, object] : objects_) {
    for (const std::string& word : object.name) named[word].push_back(name);
  }
  const auto connect = [&](const Object& object, const std::set<std::string>& mentioned,
                           std::set<std::string> Object::*back) {
    for (const std::string& word : mentioned) {
      const auto found = named.find(word);
      if (found == named.end()) continue;
      for (const std::string& name : found->second) {
        (objects_.at(name).*back).insert(object.name.begin(), object.name.end());
      }
    }
  };
  for (const auto& [name, object] : objects_) {
    connect(object, object.parents, &Object::reads);
    connect(object, std::set<std::string>(object.foreign_keys), &Object::foreign_keys);
  }
}

std::set<std::string> NameClosure::depending_on(const std::set<std::string>& names,
                                                Reach reach) const {
  std::set<std::string> words;
  std::vector<std::string> open;
  const auto touch = [&](const std::set<std::string>& more) {
    for (const std::string& word : more) {
      if (words.insert(word).second) open.push_back(word);
    }
  };
  if (names.empty()) return words;
  for (const std::string& name : names) touch(words_of(name));
  for (const auto& [name, object] : objects_) {
    if (object.runs_anything) touch(object.name);
  }
  if (reach == Reach::reading) {
    // A function that is called from a SELECT may write.
    const std::set<std::string> written = depending_on(names, Reach::writing);
    for (const auto& [name, object] : objects_) {
      if (object.function && shares_word(written, object.name)) touch(object.name);
    }
  }
  const auto follow = [&](const Mentions& mentions, const std::string& word) {
    const auto found = mentions.find(word);
    if (found == mentions.end()) return;
    for (const std::string& name : found->second) touch(objects_.at(name).name);
  };
  while (!open.empty()) {
    const std::string word = std::move(open.back());
    open.pop_back();
    follow(by_reading_, word);
    if (reach != Reach::reading) follow(by_trigger_, word);
    if (reach == Reach::writing) follow(by_foreign_key_, word);
  }
  return words;
}

std::set<std::string> NameClosure::relations_of_index(const std::string& name) const {
  const auto found = index_relations_.find(name);
  return found == index_relations_.end() ? std::set<std::string>{} : found->second;
}

const NameClosure::Object* NameClosure::find(const std::string& name) const {
  const auto found = objects_.find(bare_name(name));
  return found == objects_.end() ? nullptr : &found->second;
}

bool NameClosure::is_known(const std::string& name) const { return find(name) != nullptr; }

bool NameClosure::is_function(const std::string& name) const {
  const Object* object = find(name);
  return object != nullptr && object->function;
}

bool NameClosure::is_view(const std::string& name) const {
  const Object* object = find(name);
  return object != nullptr && object->view;
}

bool NameClosure::has_trigger(const std::string& relation) const {
  const Object* object = find(relation);
  return object != nullptr && !object->triggers.empty();
}

std::set<std::string> NameClosure::others_that_mention(const std::string& relation,
                                                       const Mentions& mentions) {
  std::set<std::string> names;
  for (const std::string& word : words_of(bare_name(relation))) {
    const auto found = mentions.find(word);
    if (found != mentions.end()) names.insert(found->second.begin(), found->second.end());
  }
  names.erase(relation);
  return names;
}

std::set<std::string> NameClosure::partitions_of(const std::string& relation) const {
  return others_that_mention(relation, by_parent_);
}

std::set<std::string> NameClosure::named_by_defaults(const std::string& relation) const {
  std::set<std::string> names;
  const Object* defaults_of = find(relation);
  if (defaults_of == nullptr) return names;
  for (const auto& [name, object] : objects_) {
    const bool candidate = object.function || object.sequence;
    if (candidate && shares_word(defaults_of->columns, object.name)) names.insert(name);
  }
  return names;
}

std::set<std::string> NameClosure::cascades_from(const std::string& relation) const {
  return others_that_mention(relation, by_cascade_);
}

}  // namespace pgduet::gate

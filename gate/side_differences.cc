#include "side_differences.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace pgduet::gate {
namespace {

// Longer definitions (views, functions) would bury the sentence.
constexpr std::size_t longest_definition = 80;

bool same_object(const CatalogObject& left, const CatalogObject& right) {
  return left.kind == right.kind && left.name == right.name;
}

// What the last step that touched the object did to it.
const CatalogChange* last_change(const SideRecord& side, const CatalogObject& object) {
  for (auto step = side.steps.rbegin(); step != side.steps.rend(); ++step) {
    const auto change =
        std::find_if(step->changes.rbegin(), step->changes.rend(),
                     [&](const CatalogChange& one) { return same_object(one.object, object); });
    if (change != step->changes.rend()) return &*change;
  }
  return nullptr;
}

bool runs_file(const SideRecord& side, const std::string& file) {
  return std::any_of(side.steps.begin(), side.steps.end(),
                     [&](const StepRecord& step) { return step.name == file; });
}

std::string object_text(const CatalogObject& object) {
  return object.kind + " " + short_name(object);
}

// What is compared, and the directory that the files of the setup are named from.
struct Sides {
  const SideRecord* base = nullptr;
  const SideRecord& head;
  const std::string& directory;

  SourcePosition place(const SourcePosition& at) const { return place_in(directory, at); }
};

Reason dropped(const Sides& sides, const CatalogObject& object) {
  const std::string name = object_text(object);
  const CatalogChange* change = last_change(sides.head, object);
  if (change != nullptr && !change->after && !change->at.file.empty()) {
    const SourcePosition at = sides.place(change->at);
    return {name + " was dropped by " + to_text(at), at};
  }
  const CatalogChange* creation =
      sides.base == nullptr ? nullptr : last_change(*sides.base, object);
  if (creation == nullptr || creation->at.file.empty()) return {name + " is not on head", {}};
  const SourcePosition at = sides.place(creation->at);
  if (runs_file(sides.head, creation->at.file)) {
    return {name + " is no longer created by " + at.file, {at.file, 0, 0}};
  }
  return {name + " is created by base's " + to_text(at) + ", which head does not run", {}};
}

Reason created(const Sides& sides, const CatalogObject& object) {
  const CatalogChange* change = last_change(sides.head, object);
  if (change == nullptr || change->at.file.empty()) return {object_text(object) + " is new", {}};
  const SourcePosition at = sides.place(change->at);
  return {object_text(object) + " was created by " + to_text(at), at};
}

bool is_short(const std::string& definition) {
  return !definition.empty() && definition.size() <= longest_definition &&
         definition.find('\n') == std::string::npos;
}

Reason altered(const Sides& sides, const CatalogObject& object, const std::string& before,
               const std::string& after) {
  const CatalogChange* change = last_change(sides.head, object);
  const SourcePosition at = change == nullptr ? SourcePosition{} : sides.place(change->at);
  const std::string name = object_text(object);
  if (is_short(before) && is_short(after) && before != after) {
    const std::string text = name + " is " + after + " instead of " + before;
    return {at.file.empty() ? text : text + " (" + to_text(at) + ")", at};
  }
  return {at.file.empty() ? name + " is another" : name + " was changed by " + to_text(at), at};
}

// It costs the writes to another table.
bool is_foreign_key(const CatalogObject& object) {
  return object.kind == "constraint" && object.definition.starts_with("FOREIGN KEY");
}

// Of a table that was dropped or made, its columns, constraints and the like go without saying.
bool goes_with_its_relation(const CatalogObject& object, const std::vector<CatalogChange>& changes,
                            bool dropped_with) {
  return std::any_of(changes.begin(), changes.end(), [&](const CatalogChange& change) {
    return change.object.name == object.relation && !same_object(change.object, object) &&
           (dropped_with ? !change.after : !change.before);
  });
}

std::vector<ObjectDifference> differences_of(const Sides& sides) {
  std::vector<ObjectDifference> differences;
  const std::vector<CatalogChange> changes =
      compare_catalogs(sides.base->catalog, sides.head.catalog);
  for (const CatalogChange& change : changes) {
    Reason reason;
    if (!change.after) {
      reason = dropped(sides, change.object);
    } else if (!change.before) {
      if (!is_foreign_key(change.object) && goes_with_its_relation(change.object, changes, false)) {
        continue;
      }
      reason = created(sides, change.object);
    } else {
      reason = altered(sides, change.object, *change.before, *change.after);
    }
    differences.push_back({change.object, change.before, change.after, std::move(reason)});
  }
  return differences;
}

// What the steps of head dropped for good, where no base tells what there was.
std::vector<ObjectDifference> dropped_by_steps(const Sides& sides) {
  std::map<std::pair<std::string, std::string>, ObjectDifference> differences;
  for (const StepRecord& step : sides.head.steps) {
    for (const CatalogChange& change : step.changes) {
      const auto key = std::make_pair(change.object.kind, change.object.name);
      if (change.after) {
        differences.erase(key);
      } else {
        differences[key] = {change.object, change.before, std::nullopt,
                            dropped(sides, change.object)};
      }
    }
  }
  std::vector<ObjectDifference> list;
  for (auto& [key, difference] : differences) list.push_back(std::move(difference));
  return list;
}

std::string setting_of(const std::map<std::string, std::string>& settings,
                       const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "the server's default" : found->second;
}

// What pgduet sets where the server has it, and the major version that brought it: on two versions
// no difference between the sides.
constexpr std::pair<std::string_view, int> settings_since[] = {{"io_method", 18}};

bool exists_on_both(const std::string& setting, const SideRecord& base, const SideRecord& head) {
  const int older = std::min(base.postgres_major, head.postgres_major);
  return std::none_of(std::begin(settings_since), std::end(settings_since),
                      [&](const auto& one) { return one.first == setting && one.second > older; });
}

std::vector<Reason> setting_differences(const SideRecord& base, const SideRecord& head) {
  std::map<std::string, std::string> all = base.settings;
  all.insert(head.settings.begin(), head.settings.end());
  std::vector<Reason> differences;
  for (const auto& [name, value] : all) {
    const std::string before = setting_of(base.settings, name);
    const std::string after = setting_of(head.settings, name);
    if (before != after && exists_on_both(name, base, head))
      differences.push_back({name + " is " + after + " instead of " + before, {}});
  }
  return differences;
}

bool same_changes(const StepRecord& left, const StepRecord& right) {
  return std::equal(left.changes.begin(), left.changes.end(), right.changes.begin(),
                    right.changes.end(), [](const CatalogChange& a, const CatalogChange& b) {
                      return same_object(a.object, b.object) && a.before == b.before &&
                             a.after == b.after;
                    });
}

std::optional<Reason> data_difference(const Sides& sides) {
  const std::vector<StepRecord>& before = sides.base->steps;
  for (const StepRecord& step : sides.head.steps) {
    const auto counterpart = std::find_if(
        before.begin(), before.end(), [&](const StepRecord& one) { return one.name == step.name; });
    const SourcePosition at =
        names_file(step.name) ? sides.place({step.name, 0, 0}) : SourcePosition{};
    if (counterpart == before.end()) {
      if (step.changes.empty()) return Reason{"setup step " + step.name + " is new", at};
    } else if (counterpart->content_hash != step.content_hash && same_changes(*counterpart, step)) {
      return Reason{"setup step " + step.name + " differs from base's", at};
    }
  }
  return std::nullopt;
}

}  // namespace

std::string short_name(const CatalogObject& object) {
  std::string name = object.name;
  if (object.kind == "function") name = name.substr(0, name.find('('));
  return name.starts_with("public.") ? name.substr(7) : name;
}

SideDifferences compare_sides(const SideRecord* base, const SideRecord& head,
                              const std::string& directory) {
  const Sides sides{base, head, directory};
  SideDifferences differences;
  if (base == nullptr) {
    differences.objects = dropped_by_steps(sides);
    return differences;
  }
  differences.objects = differences_of(sides);
  differences.settings = setting_differences(*base, head);
  differences.data = data_difference(sides);
  if (base->postgres_major != head.postgres_major) {
    differences.version = Reason{"the server is PostgreSQL " + std::to_string(head.postgres_major) +
                                     " instead of " + std::to_string(base->postgres_major),
                                 {}};
    differences.base_major = base->postgres_major;
  }
  return differences;
}

}  // namespace pgduet::gate

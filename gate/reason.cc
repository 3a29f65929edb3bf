#include "reason.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "pgduet/gate/sql.h"
#include "pgduet/gate/wording.h"
#include "version_features.h"

namespace pgduet::gate {
namespace {

using Candidate = std::optional<Reason>;

std::string without_schema(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

const ObjectDifference* find_difference(const ReasonContext& context, std::string_view kind,
                                        const std::string& name) {
  for (const ObjectDifference& difference : context.differences->objects) {
    if (difference.object.kind != kind) continue;
    // Plans that baselines keep as text name indexes without their schema.
    const bool qualified = name.find('.') != std::string::npos;
    const std::string& full = difference.object.name;
    if (qualified ? full == name : without_schema(full) == name) return &difference;
  }
  return nullptr;
}

// "Index Scan using orders_pkey" and "Index Only Scan Backward using orders_pkey on orders o".
std::string used_index(const std::string& node) {
  constexpr std::string_view using_word = " using ";
  const std::size_t at = node.find(using_word);
  if (at == std::string::npos) return "";
  const std::string name = node.substr(at + using_word.size());
  return name.substr(0, name.find_first_of(" ,"));
}

// Renamed: another index of head does the same.
bool exists_under_another_name(const ReasonContext& context, const ObjectDifference& index) {
  return std::any_of(context.head_side->catalog.begin(), context.head_side->catalog.end(),
                     [&](const CatalogObject& object) {
                       return object.kind == "index" && object.definition == index.before;
                     });
}

Candidate index_lost(const ReasonContext& context, const PlanChange& change) {
  const std::string name =
      change.index_before.empty() ? used_index(change.before) : change.index_before;
  if (name.empty()) return std::nullopt;
  const ObjectDifference* index = find_difference(context, "index", name);
  if (index == nullptr || (!index->after && exists_under_another_name(context, *index))) {
    return std::nullopt;
  }
  return index->reason;
}

Candidate index_gained(const ReasonContext& context, const PlanChange& change) {
  const std::string name = used_index(change.after);
  if (name.empty()) return std::nullopt;
  const ObjectDifference* index = find_difference(context, "index", name);
  if (index == nullptr || !index->after) return std::nullopt;
  return index->reason;
}

std::set<std::string> functions_of(const QueryRun& run) {
  const StatementTraits traits = traits_of(run.normalized_sql);
  return {traits.functions.begin(), traits.functions.end()};
}

std::string new_functions(const ReasonContext& context) {
  if (context.base_run == nullptr) return "";
  const std::set<std::string> before = functions_of(*context.base_run);
  std::vector<std::string> added;
  for (const std::string& function : functions_of(*context.head_run)) {
    if (!before.contains(function)) added.push_back(function + "()");
  }
  return added.empty() ? "" : " and now calls " + list_text(added);
}

Candidate text_changed(const ReasonContext& context) {
  const bool against_base = context.base_run != nullptr;
  const std::string& before =
      against_base ? context.base_run->fingerprint : context.baseline_fingerprint;
  if (before.empty() || before == context.head_run->fingerprint) return std::nullopt;
  const std::string since = against_base ? "" : " since the baseline was recorded";
  return Reason{"the query's text changed" + since + new_functions(context),
                context.head_run->source};
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  return text;
}

Candidate constants_changed(const ReasonContext& context) {
  if (context.base_run == nullptr ||
      without_blanks(context.base_run->sql) == without_blanks(context.head_run->sql)) {
    return std::nullopt;
  }
  return Reason{"a constant in the query's text changed", context.head_run->source};
}

Candidate parameter_type_changed(const ReasonContext& context) {
  if (context.base == nullptr) return std::nullopt;
  for (const ParameterValue& now : context.head->parameters) {
    for (const ParameterValue& before : context.base->parameters) {
      if (now.name != before.name || now.type == before.type || now.type.empty() ||
          before.type.empty()) {
        continue;
      }
      return Reason{"parameter " + now.name + " is " + now.type + " instead of " + before.type,
                    context.head_run->source};
    }
  }
  return std::nullopt;
}

std::set<std::string> relations_of(const ReasonContext& context, const PlanChange* change) {
  std::set<std::string> relations(context.head_run->relations.begin(),
                                  context.head_run->relations.end());
  if (context.base_run != nullptr) {
    relations.insert(context.base_run->relations.begin(), context.base_run->relations.end());
  }
  if (change != nullptr && !change->relation.empty()) relations.insert(change->relation);
  return relations;
}

// What of a relation can change the plan or the result of a query that does not name it, the most
// telling first. New tables and columns are read by nobody yet.
constexpr std::array<std::string_view, 8> telling_kinds = {
    "column", "policy", "view", "materialized view", "trigger", "constraint", "statistics object",
    "index"};

Candidate object_of_relation_changed(const ReasonContext& context, std::string_view kind,
                                     const std::set<std::string>& relations) {
  for (const ObjectDifference& difference : context.differences->objects) {
    if (difference.object.kind != kind) continue;
    if (kind == "column" && !difference.before) continue;
    if (kind == "index" && !difference.after) continue;
    if (relations.contains(difference.object.relation) ||
        relations.contains(difference.object.name)) {
      return difference.reason;
    }
  }
  return std::nullopt;
}

Candidate function_changed(const ReasonContext& context) {
  const std::set<std::string> called = functions_of(*context.head_run);
  for (const ObjectDifference& difference : context.differences->objects) {
    if (difference.object.kind != "function") continue;
    const std::string name = short_name(difference.object);
    if (called.contains(name) || called.contains(without_schema(name))) return difference.reason;
  }
  return std::nullopt;
}

Candidate relations_changed(const ReasonContext& context, const PlanChange* change) {
  const std::set<std::string> relations = relations_of(context, change);
  for (const std::string_view kind : telling_kinds) {
    if (auto reason = object_of_relation_changed(context, kind, relations)) return reason;
  }
  return function_changed(context);
}

std::map<std::string, std::string> plan_settings(const BindingRun* binding) {
  std::map<std::string, std::string> settings;
  if (binding == nullptr || !binding->plan.is_object()) return settings;
  const auto found = binding->plan.find("Settings");
  if (found == binding->plan.end() || !found->is_object()) return settings;
  for (const auto& item : found->items()) {
    if (item.value().is_string()) settings[item.key()] = item.value().get<std::string>();
  }
  return settings;
}

// Settings of the query itself ("-- settings:") show only in its plan.
Candidate query_setting_changed(const ReasonContext& context) {
  if (context.base == nullptr) return std::nullopt;
  const std::map<std::string, std::string> before = plan_settings(context.base);
  for (const auto& [name, value] : plan_settings(context.head)) {
    const auto old = before.find(name);
    const std::string old_value = old == before.end() ? "the default" : old->second;
    if (old_value != value) {
      return Reason{name + " is " + value + " instead of " + old_value, context.head_run->source};
    }
  }
  return std::nullopt;
}

bool names_memory(const std::string& text) {
  return text.find("work_mem") != std::string::npos ||
         text.find("hash_mem_multiplier") != std::string::npos;
}

Candidate setting_changed(const ReasonContext& context, bool only_memory) {
  for (const Reason& setting : context.differences->settings) {
    if (!only_memory || names_memory(setting.text)) return setting;
  }
  for (const ObjectDifference& difference : context.differences->objects) {
    if (difference.object.kind != "setting") continue;
    if (!only_memory || names_memory(difference.object.name)) return difference.reason;
  }
  const Candidate of_query = query_setting_changed(context);
  if (of_query && (!only_memory || names_memory(of_query->text))) return of_query;
  return std::nullopt;
}

std::string work_mem(const ReasonContext& context) {
  const std::map<std::string, std::string> of_plan = plan_settings(context.head);
  if (const auto found = of_plan.find("work_mem"); found != of_plan.end()) return found->second;
  const auto& of_side = context.head_side->settings;
  if (const auto found = of_side.find("work_mem"); found != of_side.end()) return found->second;
  return "4MB";  // the server's default since PostgreSQL 9.4
}

// Which kind of node of the plan uses temporary files: "sort", "hash", ...; "" when none says so.
std::string spilling_operation(const Json& plan) {
  if (plan.is_object()) {
    if (plan.value("Sort Space Type", "") == "Disk") return "sort";
    const bool aggregate = plan.value("Node Type", "") == "Aggregate";
    if (aggregate && plan.contains("Disk Usage")) return "aggregate";
    if (plan.value("Hash Batches", 1) > 1) return "hash";
  }
  if (!plan.is_structured()) return "";
  for (const Json& child : plan) {
    if (!child.is_structured()) continue;
    if (std::string found = spilling_operation(child); !found.empty()) return found;
  }
  return "";
}

Candidate no_longer_fits(const ReasonContext& context) {
  const std::string operation = spilling_operation(context.head->plan);
  if (operation.empty()) return std::nullopt;
  return Reason{"the " + operation + " does not fit work_mem (" + work_mem(context) + ")", {}};
}

// With what the newer version can do and the older cannot, as far as the plans show it.
Candidate version_changed(const ReasonContext& context) {
  Candidate reason = context.differences->version;
  if (!reason || context.base == nullptr || context.base->plan.is_null() ||
      context.head->plan.is_null()) {
    return reason;
  }
  const Plan before = read_plan(context.base->plan);
  const Plan after = read_plan(context.head->plan);
  const int base = context.differences->base_major;
  const int head = context.head_side->postgres_major;
  const bool newer = head > base;
  std::vector<std::string> names;
  for (const VersionFeature& feature : newer ? features_between(before, base, after, head)
                                             : features_between(after, head, before, base)) {
    names.push_back(feature.name + ", since " + std::to_string(feature.since));
  }
  if (!names.empty())
    reason->text += (newer ? " (new: " : " (not there yet: ") + list_text(names) + ")";
  return reason;
}

Reason first_of(std::initializer_list<Candidate> candidates) {
  for (const Candidate& candidate : candidates) {
    if (candidate) return *candidate;
  }
  return {};
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool names(const std::string& message, const std::string& word) {
  for (std::size_t at = message.find(word); at != std::string::npos;
       at = message.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !is_word_character(message[at - 1]);
    if (starts && (end == message.size() || !is_word_character(message[end]))) return true;
  }
  return false;
}

// An object that the message names and that is gone, or is another than before.
Candidate named_object_changed(const ReasonContext& context, const std::string& message) {
  for (const bool gone : {true, false}) {
    for (const ObjectDifference& difference : context.differences->objects) {
      if (gone == difference.after.has_value() || !difference.before) continue;
      if (names(message, without_schema(short_name(difference.object)))) return difference.reason;
    }
  }
  return std::nullopt;
}

// A foreign key of another table that what this query deletes or updates has to be looked up for.
Candidate foreign_key_gained(const ReasonContext& context) {
  const Json& plan = context.head->plan;
  const bool writes = plan.is_object() && plan.contains("Plan") &&
                      plan["Plan"].value("Node Type", "") == "ModifyTable";
  if (!writes) return std::nullopt;
  const std::set<std::string> relations = relations_of(context, nullptr);
  for (const ObjectDifference& difference : context.differences->objects) {
    if (difference.object.kind != "constraint" || difference.before || !difference.after) continue;
    const std::size_t at = difference.after->find("REFERENCES ");
    if (at == std::string::npos) continue;
    const std::string referenced = difference.after->substr(at);
    for (const std::string& relation : relations) {
      if (names(referenced, without_schema(relation))) return difference.reason;
    }
  }
  return std::nullopt;
}

// The first index of base's plan that head does not have: why a time-out, which says nothing
// itself.
Candidate index_of_base_plan_lost(const ReasonContext& context, const Json& plan) {
  if (plan.is_object()) {
    const std::string index = plan.value("Index Name", "");
    PlanChange change;
    change.before = index.empty() ? "" : "Index Scan using " + index;
    if (auto lost = index_lost(context, change)) return lost;
  }
  if (!plan.is_structured()) return std::nullopt;
  for (const Json& child : plan) {
    if (!child.is_structured()) continue;
    if (auto lost = index_of_base_plan_lost(context, child)) return lost;
  }
  return std::nullopt;
}

}  // namespace

Reason why_plan_changed(const ReasonContext& context, const PlanChange& change) {
  return first_of({index_lost(context, change), index_gained(context, change),
                   text_changed(context), relations_changed(context, &change),
                   parameter_type_changed(context), setting_changed(context, false),
                   constants_changed(context), version_changed(context),
                   context.differences->data});
}

Reason why_work_changed(const ReasonContext& context, bool spilled) {
  if (spilled) {
    return first_of(
        {setting_changed(context, true), text_changed(context), no_longer_fits(context)});
  }
  return first_of({text_changed(context), relations_changed(context, nullptr),
                   setting_changed(context, false), constants_changed(context),
                   version_changed(context), context.differences->data});
}

Reason why_time_changed(const ReasonContext& context) {
  if (auto key = foreign_key_gained(context)) return *key;
  return why_work_changed(context, false);
}

Reason why_result_changed(const ReasonContext& context) {
  return first_of({text_changed(context), relations_changed(context, nullptr),
                   parameter_type_changed(context), constants_changed(context),
                   context.differences->data, context.differences->version});
}

Reason why_it_fails(const ReasonContext& context, const std::string& message) {
  const Candidate index =
      context.base == nullptr ? std::nullopt : index_of_base_plan_lost(context, context.base->plan);
  return first_of({named_object_changed(context, message), index, text_changed(context),
                   relations_changed(context, nullptr), setting_changed(context, false),
                   constants_changed(context), context.differences->version});
}

}  // namespace pgduet::gate

// The baselines that a run record keeps.

#include <utility>

#include "baseline_json.h"
#include "json_members.h"
#include "pgduet/gate/judge.h"

namespace pgduet::gate {
namespace {

using Baselines = std::map<std::string, LoadedBaseline>;

Json baselines_to_json(const Baselines& baselines) {
  Json json = Json::object();
  for (const auto& [query, loaded] : baselines) {
    Json& entry = json[query] = Json::object();
    write_member(entry, "file", loaded.file);
    entry["baseline"] = baseline_to_json(loaded.baseline);
  }
  return json;
}

Baselines baselines_from_json(const Json& json, const char* side) {
  Baselines baselines;
  const Json* object = find_member(json, side);
  if (object == nullptr) return baselines;
  for (const auto& item : object->items()) {
    LoadedBaseline loaded;
    read_member(item.value(), "file", loaded.file);
    JsonDocument document;
    document.file = loaded.file;
    if (const Json* baseline = find_member(item.value(), "baseline")) document.root = *baseline;
    loaded.baseline = baseline_from_document(document);
    baselines.emplace(item.key(), std::move(loaded));
  }
  return baselines;
}

}  // namespace

Json to_json(const WorkloadBaselines& baselines) {
  Json json = Json::object();
  if (!baselines.head.empty()) json["head"] = baselines_to_json(baselines.head);
  if (!baselines.base.empty()) json["base"] = baselines_to_json(baselines.base);
  return json.empty() ? Json(nullptr) : json;
}

JudgeInput judge_input(std::shared_ptr<const RunRecord> record) {
  JudgeInput input;
  for (const WorkloadRecord& workload : record->workloads) {
    if (workload.baselines.is_null()) continue;
    input.baselines[workload.name] = {baselines_from_json(workload.baselines, "head"),
                                      baselines_from_json(workload.baselines, "base")};
  }
  input.today = record->started_at.substr(0, 10);
  input.only_selected = record->only_selected;
  input.record = std::move(record);
  return input;
}

}  // namespace pgduet::gate

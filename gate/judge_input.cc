// The baselines that a run record keeps.

#include <utility>

#include "baseline_json.h"
#include "json_members.h"
#include "pgduet/gate/judge.h"

namespace pgduet::gate {
namespace {

using Baselines = std::map<std::string, LoadedBaseline>;

// A baseline that is also head's is only named: nearly all of base's are.
Json baselines_to_json(const Baselines& baselines, const Baselines& known) {
  Json json = Json::object();
  for (const auto& [query, loaded] : baselines) {
    Json& entry = json[query] = Json::object();
    write_member(entry, "file", loaded.file);
    const auto same = known.find(query);
    if (same == known.end() || same->second.baseline != loaded.baseline) {
      entry["baseline"] = baseline_to_json(loaded.baseline);
    }
  }
  return json;
}

Baselines baselines_from_json(const Json& json, const char* side, const Baselines& known) {
  Baselines baselines;
  const Json* object = find_member(json, side);
  if (object == nullptr) return baselines;
  for (const auto& item : object->items()) {
    LoadedBaseline loaded;
    read_member(item.value(), "file", loaded.file);
    const Json* baseline = find_member(item.value(), "baseline");
    const auto same = known.find(item.key());
    if (baseline == nullptr && same != known.end()) {
      loaded.baseline = same->second.baseline;
    } else {
      JsonDocument document;
      document.file = loaded.file;
      if (baseline != nullptr) document.root = *baseline;
      loaded.baseline = baseline_from_document(document);
    }
    baselines.emplace(item.key(), std::move(loaded));
  }
  return baselines;
}

}  // namespace

Json to_json(const WorkloadBaselines& baselines) {
  Json json = Json::object();
  if (!baselines.head.empty()) json["head"] = baselines_to_json(baselines.head, {});
  if (!baselines.base.empty()) json["base"] = baselines_to_json(baselines.base, baselines.head);
  return json.empty() ? Json(nullptr) : json;
}

JudgeInput judge_input(std::shared_ptr<const RunRecord> record) {
  JudgeInput input;
  for (const WorkloadRecord& workload : record->workloads) {
    if (workload.baselines.is_null()) continue;
    WorkloadBaselines& baselines = input.baselines[workload.name];
    baselines.head = baselines_from_json(workload.baselines, "head", {});
    baselines.base = baselines_from_json(workload.baselines, "base", baselines.head);
  }
  input.today = record->started_at.substr(0, 10);
  input.only_selected = record->only_selected;
  input.record = std::move(record);
  return input;
}

}  // namespace pgduet::gate

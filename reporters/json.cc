#include "json.h"

#include <cmath>
#include <map>

#include "details.h"
#include "pgduet/gate/json.h"
#include "pgduet/reporters/query_json.h"

namespace pgduet::reporters {
namespace {

using gate::Json;

constexpr int report_format_version = 1;

std::string name_of(gate::Finding::Kind kind) {
  using Kind = gate::Finding::Kind;
  switch (kind) {
    case Kind::result:
      return "result";
    case Kind::failure:
      return "failure";
    case Kind::plan:
      return "plan";
    case Kind::work:
      return "work";
    case Kind::estimate:
      return "estimate";
    case Kind::time:
      return "time";
    case Kind::stability:
      return "stability";
    case Kind::baseline:
      return "baseline";
  }
  return "";
}

std::string name_of(gate::Finding::Weight weight) {
  using Weight = gate::Finding::Weight;
  if (weight == Weight::convicts) return "convicts";
  return weight == Weight::explains ? "explains" : "informs";
}

std::string name_of(gate::Report::Outcome outcome) {
  using Outcome = gate::Report::Outcome;
  if (outcome == Outcome::passed) return "passed";
  return outcome == Outcome::failed ? "failed" : "not measured";
}

template <typename Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json position_json(const gate::SourcePosition& position) {
  if (position.file.empty()) return nullptr;
  return {{"file", position.file}, {"line", position.line}};
}

Json times_json(const std::optional<gate::MinimumTimes>& times) {
  if (!times) return nullptr;
  return {{"cpu_us", optional_json(times->cpu_us)},
          {"wall_us", times->wall_us},
          {"served_us", times->served_us},
          {"undisturbed_us", optional_json(times->undisturbed_us)}};
}

std::string name_of(gate::TimeOutcome outcome) {
  switch (outcome) {
    case gate::TimeOutcome::slower:
      return "slower";
    case gate::TimeOutcome::faster:
      return "faster";
    case gate::TimeOutcome::same:
      return "same";
    case gate::TimeOutcome::noisy:
      return "noisy";
    case gate::TimeOutcome::open:
      break;
  }
  return "open";
}

Json evidence_json(const gate::TimeEvidence& evidence) {
  Json stages = Json::array();
  for (const gate::StageTimes& stage : evidence.stages) {
    const gate::StageJudgement judgement = gate::judge_stage(stage, evidence.limits.report);
    stages.push_back({{"stage", stage.stage},
                      {"base", times_json(stage.base)},
                      {"head", times_json(stage.head)},
                      {"control", times_json(stage.control)},
                      {"executions", stage.executions},
                      {"machine_ratio", stage.machine},
                      {"ratio", std::exp(judgement.score)},
                      {"paired_ratio", stage.paired ? Json(std::exp(*stage.paired)) : Json()}});
  }
  return {{"outcome", name_of(evidence.outcome)},
          {"clock", evidence.clock},
          {"ratio", evidence.ratio},
          {"waits", evidence.waits},
          {"report_from", evidence.limits.report},
          {"fail_from", evidence.limits.fail},
          {"stages_agreeing", evidence.agreeing},
          {"executions", evidence.executions},
          {"detectable_ratio", evidence.detectable},
          {"stages", std::move(stages)}};
}

Json finding_json(const gate::Finding& finding) {
  Json json;
  json["kind"] = name_of(finding.kind);
  json["weight"] = name_of(finding.weight);
  json["reference"] = finding.reference == gate::Finding::Reference::base ? "base" : "baseline";
  json["binding"] = finding.binding;
  json["path"] = finding.path;
  json["before"] = finding.before;
  json["after"] = finding.after;
  json["ratio"] = optional_json(finding.ratio);
  json["sentence"] = finding.sentence;
  json["reason"] = finding.reason;
  json["culprit"] = position_json(finding.culprit);
  if (finding.time) json["time"] = evidence_json(*finding.time);
  return json;
}

Json binding_json(const gate::QueryReport& query) {
  const gate::BindingRun* binding = worst_binding(query);
  if (binding == nullptr) return nullptr;
  Json parameters = Json::array();
  for (const gate::ParameterValue& parameter : binding->parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"value", optional_json(parameter.value)},
                          {"type", parameter.type}});
  }
  return {{"number", binding->number},
          {"coverage", binding->coverage},
          {"parameters", std::move(parameters)}};
}

// Unlike in a run record, counters of 0 are written: a script should not have to know defaults.
Json work_json(const std::optional<gate::Work>& work) {
  if (!work) return nullptr;
  return {{"shared_blocks", work->shared_blocks},     {"temp_blocks", work->temp_blocks},
          {"rows_visited", work->rows_visited},       {"wal_bytes", work->wal_bytes},
          {"planning_blocks", work->planning_blocks}, {"memory_kb", work->memory_kb}};
}

}  // namespace

Json query_json(const gate::QueryReport& query) {
  Json json;
  json["name"] = query.name;
  json["file"] = query.source.file;
  json["line"] = query.source.line;
  json["verdict"] = gate::to_text(query.verdict);
  json["fails"] = query.fails;
  json["headline"] = query.headline;
  json["next_step"] = query.next_step;
  json["notes"] = query.notes;
  json["binding"] = binding_json(query);
  json["times"] = {{"before", times_json(query.times.before)},
                   {"after", times_json(query.times.after)}};
  json["detectable_ratio"] = optional_json(query.detectable);
  json["share"] = query.share;
  json["work"] = {{"before", work_json(query.work_before)}, {"after", work_json(query.work_after)}};
  json["findings"] = Json::array();
  for (const gate::Finding& finding : query.findings) {
    json["findings"].push_back(finding_json(finding));
  }
  return json;
}

namespace {

Json machine_json(const gate::MachineRecord& machine) {
  return {{"cores", machine.cores}, {"load", machine.load},         {"steal", machine.steal},
          {"busy", machine.busy},   {"governor", machine.governor}, {"pinned", machine.pinned},
          {"notes", machine.notes}};
}

Json side_json(const gate::SideRecord& side) {
  return {{"revision", side.revision},
          {"postgres_version", side.postgres_version},
          {"clock", side.clock},
          {"statistics", side.statistics},
          {"notes", side.notes}};
}

Json workload_json(const gate::WorkloadReport& workload) {
  std::map<gate::Verdict, int> counts;
  Json queries = Json::array();
  for (const gate::QueryReport& query : workload.queries) {
    ++counts[query.verdict];
    queries.push_back(query_json(query));
  }
  Json json;
  json["name"] = workload.name;
  if (const gate::WorkloadRecord* record = workload.record) {
    json["directory"] = record->directory;
    json["one_cluster"] = record->one_cluster;
    json["base"] = record->base ? side_json(*record->base) : Json(nullptr);
    json["head"] = side_json(record->head);
  }
  json["compared_with"] = workload.compared_with;
  json["impact"] = workload.impact;
  json["impact_ratio"] = optional_json(workload.impact_ratio);
  json["detection"] = workload.detection;
  json["notes"] = workload.notes;
  json["counts"] = Json::object();
  for (const auto& [verdict, count] : counts) json["counts"][gate::to_text(verdict)] = count;
  json["queries"] = std::move(queries);
  return json;
}

class JsonReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    Json json;
    json["format_version"] = report_format_version;
    if (report.record) {
      json["pgduet_version"] = report.record->pgduet_version;
      json["run_id"] = report.record->run_id;
      json["started_at"] = report.record->started_at;
      json["seconds"] = report.record->seconds;
      json["machine"] = machine_json(report.record->machine);
    }
    json["outcome"] = name_of(report.outcome);
    json["exit_status"] = gate::exit_status(report.outcome);
    json["summary"] = report.summary;
    json["workloads"] = Json::array();
    for (const gate::WorkloadReport& workload : report.workloads) {
      json["workloads"].push_back(workload_json(workload));
    }
    out << gate::to_pretty_text(json);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_json_reporter(const ReportOptions&) {
  return std::make_unique<JsonReporter>();
}

}  // namespace pgduet::reporters

#include <map>
#include <variant>

#include "history_formats.h"
#include "pgduet/gate/json.h"

namespace pgduet::reporters {
namespace {

using gate::Json;

constexpr int history_format_version = 1;

template <typename Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json steadiness_json(const gate::Steadiness& steadiness) {
  const bool known = steadiness.state != gate::Steadiness::State::unknown;
  return {{"state", gate::to_text(steadiness.state)},
          {"ratio", known ? Json(steadiness.ratio) : Json(nullptr)},
          {"longest_ratio", steadiness.samples > 0 ? Json(steadiness.longest) : Json(nullptr)},
          {"samples", steadiness.samples},
          {"runs", steadiness.runs},
          {"sentence", steadiness.sentence}};
}

Json change_json(const gate::HistoryChange& change) {
  return {{"kind", gate::to_text(change.kind)},
          {"sentence", change.sentence},
          {"binding", change.binding},
          {"bindings", change.bindings},
          {"before", optional_json(change.before)},
          {"after", optional_json(change.after)},
          {"p_value", optional_json(change.p_value)},
          {"plan_before", change.plan_before},
          {"plan_after", change.plan_after}};
}

Json event_json(const gate::HistoryEvent& event, const gate::QueryHistory& history) {
  Json json = {{"run", event.run + 1},
               {"run_id", history.runs[event.run].point.run_id},
               {"commits", event.commits},
               {"sentence", event.sentence}};
  json["changes"] = Json::array();
  for (const gate::HistoryChange& change : event.changes) {
    json["changes"].push_back(change_json(change));
  }
  return json;
}

Json commit_json(const std::optional<gate::CommitRecord>& commit) {
  if (!commit) return nullptr;
  return {{"id", commit->id},
          {"committed_at", commit->committed_at},
          {"subject", commit->subject},
          {"branch", commit->branch},
          {"modified", commit->modified}};
}

Json binding_json(const gate::HistoryBinding& binding) {
  return {{"number", binding.number},
          {"parameters", binding.parameters},
          {"shape", binding.shape},
          {"failure", binding.failure},
          {"executions", binding.executions},
          {"samples", binding.samples},
          {"cpu_min_us", optional_json(binding.cpu_min_us)},
          {"wall_min_us", optional_json(binding.wall_min_us)},
          {"wall_median_us", optional_json(binding.wall_median_us)},
          {"wall_p95_us", optional_json(binding.wall_p95_us)},
          {"wall_max_us", optional_json(binding.wall_max_us)},
          {"blocks", binding.blocks},
          {"rows_visited", binding.rows_visited}};
}

Json run_json(const gate::HistoryRun& run, std::size_t number) {
  const gate::HistoryPoint& point = run.point;
  Json json = {{"run", number},
               {"run_id", point.run_id},
               {"started_at", point.started_at},
               {"partial", point.partial},
               {"base", optional_json(point.base)},
               {"revision", point.revision},
               {"commit", commit_json(point.commit)},
               {"query", point.query},
               {"fingerprint", point.fingerprint},
               {"postgres_major", point.postgres_major},
               {"setup_hash", point.setup_hash},
               {"weight", point.weight},
               {"slow_ms", point.slow_ms},
               {"verdict", gate::to_text(point.verdict)},
               {"fails", point.fails},
               {"headline", point.headline},
               {"machine", optional_json(run.machine)},
               {"time_us", optional_json(run.time_us)},
               {"adjusted_us", optional_json(run.adjusted_us)},
               {"blocks", optional_json(run.blocks)},
               {"plan", run.plan}};
  json["bindings"] = Json::array();
  for (const gate::HistoryBinding& binding : point.bindings) {
    json["bindings"].push_back(binding_json(binding));
  }
  return json;
}

struct FiguresJson {
  Json& row;

  void operator()(const gate::TopFigures& top) const {
    row["share"] = top.share;
    row["weight"] = top.weight;
    row["trend"] = optional_json(top.trend);
  }
  void operator()(const gate::SlowFigures& slow) const {
    row["state"] = gate::to_text(slow.state);
    row["longest_us"] = slow.longest_us;
    row["parameters"] = slow.parameters;
    row["since_run"] = slow.since + 1;
    row["since_run_id"] = slow.since_run_id;
    row["since_commit"] = slow.since_commit;
    row["slow_runs"] = slow.slow_runs;
    row["runs"] = slow.runs;
  }
  void operator()(const gate::FlakyFigures& flaky) const {
    row["plan_returns"] = flaky.plan_returns;
    row["other_verdicts"] = flaky.other_verdicts;
    row["inconclusive"] = flaky.inconclusive;
    row["odd_runs"] = flaky.odd_runs;
    row["runs"] = flaky.runs;
  }
};

}  // namespace

void write_json_history(const gate::QueryHistory& history, const ReportOptions&,
                        std::ostream& out) {
  Json json = {{"format_version", history_format_version},
               {"workload", history.workload},
               {"query", history.query},
               {"summary", history.summary},
               {"clock", history.clock},
               {"notes", history.notes},
               {"steadiness", steadiness_json(history.steadiness)}};
  for (const char* list : {"events", "levels", "plans", "runs"}) json[list] = Json::array();
  for (const gate::HistoryEvent& event : history.events) {
    json["events"].push_back(event_json(event, history));
  }
  for (const gate::HistoryLevel& level : history.levels) {
    json["levels"].push_back({{"first_run", level.first + 1},
                              {"last_run", level.last + 1},
                              {"adjusted_us", level.adjusted_us},
                              {"comparable", level.comparable}});
  }
  for (const gate::PlanLetter& plan : history.plans) {
    json["plans"].push_back({{"letter", plan.letter},
                             {"shape", plan.shape},
                             {"first_run", plan.first + 1},
                             {"last_run", plan.last + 1},
                             {"runs", plan.runs}});
  }
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    json["runs"].push_back(run_json(history.runs[i], i + 1));
  }
  out << gate::to_pretty_text(json);
}

void write_json_overview(const gate::HistoryOverview& overview, const ReportOptions&,
                         std::ostream& out) {
  Json json = {{"format_version", history_format_version},
               {"overview", gate::to_text(overview.kind)},
               {"summary", overview.summary}};
  json["rows"] = Json::array();
  for (const gate::OverviewRow& row : overview.rows) {
    Json one = {{"workload", row.workload}, {"query", row.query},
                {"measure", row.measure},   {"sentence", row.sentence},
                {"clock", row.clock},       {"time_us", optional_json(row.time_us)}};
    one["times_us"] = Json::array();
    for (const std::optional<double>& time : row.times_us) {
      one["times_us"].push_back(optional_json(time));
    }
    std::visit(FiguresJson{one}, row.figures);
    json["rows"].push_back(std::move(one));
  }
  out << gate::to_pretty_text(json);
}

}  // namespace pgduet::reporters

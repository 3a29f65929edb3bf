#include "html_evidence.h"

#include <algorithm>
#include <string>

#include "details.h"
#include "html_sql.h"
#include "pgduet/gate/time.h"
#include "pgduet/gate/wording.h"

namespace pgduet::reporters::html {
namespace {

using gate::Finding;

// A place without a line is that of a whole step, which may have made a whole schema.
constexpr std::size_t most_culprits = 8;

const char* words_of(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::convicts:
      return "decides";
    case Finding::Weight::explains:
      return "explains";
    case Finding::Weight::informs:
      return "informs";
  }
  return "";
}

std::string about_text(const Finding& finding) {
  std::string text;
  if (finding.binding > 0) text = "binding " + std::to_string(finding.binding);
  if (finding.reference == Finding::Reference::baseline) {
    text += (text.empty() ? "" : ", ") + std::string("against the baseline");
  }
  if (!finding.path.empty()) text += (text.empty() ? "at " : ", at ") + finding.path;
  return text;
}

std::string minima_text(const gate::MinimumTimes& times, const std::string& clock) {
  const std::string wall = "wall " + gate::duration_text(times.wall_us);
  return times.cpu_us ? clock + " " + gate::duration_text(*times.cpu_us) + ", " + wall : wall;
}

std::string cpu_ratio(const gate::StageTimes& stage) {
  if (!stage.base.cpu_us || !stage.head.cpu_us || !(*stage.base.cpu_us > 0)) return "–";
  return gate::factor_text(*stage.head.cpu_us / *stage.base.cpu_us);
}

std::string wall_ratio(const gate::StageTimes& stage) {
  if (!(stage.base.wall_us > 0)) return "–";
  return gate::factor_text(stage.head.wall_us / stage.base.wall_us);
}

Data stage_data(const gate::StageTimes& stage, const std::string& clock) {
  Data data;
  data["stage"] = Data(std::to_string(stage.stage));
  data["stage_base"] = Data(minima_text(stage.base, clock));
  data["stage_head"] = Data(minima_text(stage.head, clock));
  data["cpu_ratio"] = Data(cpu_ratio(stage));
  data["wall_ratio"] = Data(wall_ratio(stage));
  data["again"] = Data(stage.control ? minima_text(*stage.control, clock) : "–");
  data["executions"] = Data(gate::count_text(stage.executions));
  return data;
}

std::string limits_text(const gate::TimeEvidence& evidence) {
  std::string text =
      std::to_string(evidence.agreeing) + " of " + gate::counted(evidence.stages.size(), "stage") +
      " agree. Slower counts from " + gate::factor_text(evidence.limits.report) +
      " on and fails from " + gate::factor_text(evidence.limits.fail) +
      " on; these stages would have shown " + gate::factor_text(evidence.detectable) + ".";
  if (!evidence.stages.empty() && evidence.stages.front().against_baseline) {
    text += " Base is the baseline; this machine is taken to be " +
            gate::factor_text(evidence.machine) + " as slow as the one that recorded it.";
  }
  return text;
}

// A change of the catalogue that findings blame.
struct Culprit {
  const gate::StepRecord* step = nullptr;
  const gate::CatalogChange* change = nullptr;
  const gate::SourcePosition* place = nullptr;  // one of those that are blamed
};

std::vector<Culprit> culprits_in(const gate::SideRecord& side, const std::string& directory,
                                 const std::vector<gate::SourcePosition>& places) {
  std::vector<Culprit> culprits;
  for (const gate::StepRecord& step : side.steps) {
    for (const gate::CatalogChange& change : step.changes) {
      const auto place = std::find_if(places.begin(), places.end(), [&](const auto& blamed) {
        return blamed.line == change.at.line && blamed == gate::place_in(directory, change.at);
      });
      if (place != places.end()) culprits.push_back({&step, &change, &*place});
    }
  }
  return culprits;
}

// What happened to the object, and by which statement.
Data culprit_data(const Culprit& culprit) {
  const gate::StepRecord& step = *culprit.step;
  const gate::CatalogChange& change = *culprit.change;
  Data data;
  data["step"] = Data(step.name);
  data["place"] = Data(gate::to_text(*culprit.place));
  data["object"] = Data(change.object.kind + " " + change.object.name);
  data["change"] = Data(!change.before ? "created" : !change.after ? "dropped" : "changed");
  set_text(data, "definition_before", change.before.value_or(""));
  set_text(data, "definition_after", change.after.value_or(""));
  for (const gate::StepStatement& statement : step.statements) {
    if (statement.line == change.at.line) data["statement"] = sql_data(statement.text);
  }
  return data;
}

}  // namespace

void set_findings(Data& data, const gate::QueryReport& query) {
  List findings;
  for (const Finding& finding : query.findings) {
    Data item;
    item["weight"] = Data(words_of(finding.weight));
    item["sentence"] = Data(finding.sentence);
    set_text(item, "finding_reason", finding.reason);
    set_text(item, "about", about_text(finding));
    findings.push_back(std::move(item));
  }
  set_list(data, "findings", findings);
}

void set_timings(Data& data, const gate::QueryReport& query) {
  List timings;
  for (const Finding& finding : query.findings) {
    if (!finding.time || finding.time->stages.empty()) continue;
    const gate::TimeEvidence& evidence = *finding.time;
    Data timing;
    timing["timing"] = Data(finding.binding > 0 ? "binding " + std::to_string(finding.binding)
                                                : std::string("all bindings"));
    timing["limits"] = Data(limits_text(evidence));
    timing["timing_clock"] = Data(evidence.clock);
    List stages;
    for (const gate::StageTimes& stage : evidence.stages) {
      stages.push_back(stage_data(stage, evidence.clock));
    }
    timing["stages"] = Data(stages);
    timings.push_back(std::move(timing));
  }
  if (!timings.empty()) data["timings"] = Data(timings);
}

void set_culprits(Data& data, const gate::QueryReport& query,
                  const gate::WorkloadRecord& workload) {
  const std::vector<gate::SourcePosition> places = culprits_of(query);
  if (places.empty()) return;
  std::vector<Culprit> culprits = culprits_in(workload.head, workload.directory, places);
  // What head does not have any more was made by a step of base.
  if (culprits.empty() && workload.base) {
    culprits = culprits_in(*workload.base, workload.directory, places);
  }
  List shown;
  for (std::size_t i = 0; i < std::min(culprits.size(), most_culprits); ++i) {
    shown.push_back(culprit_data(culprits[i]));
  }
  set_list(data, "culprits", shown);
  if (culprits.size() > most_culprits) {
    data["culprits"]["more_culprits"] =
        Data(gate::counted(culprits.size() - most_culprits, "change") + " more of the same lines.");
  }
}

void set_accepted(Data& data, const std::vector<gate::AcceptedEntry>& accepted) {
  constexpr const char* names[] = {"plan", "work", "time", "result"};
  List entries;
  for (const gate::AcceptedEntry& entry : accepted) {
    Data item;
    item["what"] = Data(names[static_cast<std::size_t>(entry.what)]);
    item["up_to"] = Data(entry.up_to_ratio ? gate::factor_text(*entry.up_to_ratio) : "–");
    item["accepted_reason"] = Data(entry.reason);
    item["owner"] = Data(entry.owner);
    item["expires"] = Data(entry.expires);
    entries.push_back(std::move(item));
  }
  set_list(data, "accepted", entries);
}

}  // namespace pgduet::reporters::html

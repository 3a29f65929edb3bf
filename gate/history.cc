#include "pgduet/gate/history.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "history_parts.h"
#include "pgduet/gate/time.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

constexpr std::size_t longest_subject = 72;  // bytes; what git advises is shorter

// `text`, cut where a code point ends.
std::string cut(const std::string& text) {
  if (text.size() <= longest_subject) return text;
  std::size_t end = longest_subject;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string commit_name(const HistoryPoint& point) {
  if (!point.commit) return point.revision;
  return point.commit->id.substr(0, commit_digits) + (point.commit->modified ? "+" : "");
}

std::string origin_of(const HistoryPoint& point) {
  if (!point.commit) return point.revision;
  const CommitRecord& commit = *point.commit;
  std::string text = commit.modified ? "changes on top of commit " : "commit ";
  text += commit.id.substr(0, commit_digits);
  if (!commit.subject.empty()) text += " \"" + cut(commit.subject) + "\"";
  if (!commit.branch.empty()) text += " (branch " + commit.branch + ")";
  return text;
}

std::string failure_of(const HistoryPoint& point) {
  for (const HistoryBinding& binding : point.bindings) {
    if (!binding.failure.empty()) return binding.failure;
  }
  return "";
}

bool every_binding_has(const HistoryPoint& point, std::optional<double> HistoryBinding::*time) {
  return std::all_of(point.bindings.begin(), point.bindings.end(),
                     [&](const HistoryBinding& binding) { return (binding.*time).has_value(); });
}

void set_figures(HistoryRun& run, const std::string& clock) {
  if (!was_run(run.point) || failed(run.point)) return;
  double sum = 0;
  bool timed = !clock.empty();
  std::int64_t blocks = 0;
  for (const HistoryBinding& binding : run.point.bindings) {
    blocks += binding.blocks;
    const std::optional<double> time = least_time_us(binding, clock);
    timed = timed && time;
    if (time) sum += *time;
  }
  run.blocks = blocks;
  if (!timed) return;
  run.measured = true;
  run.time_us = sum / static_cast<double>(run.point.bindings.size());
  run.adjusted_us = *run.time_us / run.machine.value_or(1);
}

std::string letter_of(std::size_t index) {
  std::string letters;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return letters;
}

// Names the shapes, and says which of them each run has.
std::vector<PlanLetter> set_plans(std::vector<HistoryRun>& runs) {
  std::vector<PlanLetter> plans;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::set<std::size_t> present;
    for (const HistoryBinding& binding : runs[i].point.bindings) {
      if (binding.shape.empty()) continue;
      auto found = std::find_if(plans.begin(), plans.end(), [&](const PlanLetter& plan) {
        return plan.shape == binding.shape;
      });
      if (found == plans.end()) {
        found = plans.insert(found, {letter_of(plans.size()), binding.shape, i, i, 0});
      }
      present.insert(static_cast<std::size_t>(found - plans.begin()));
    }
    for (const std::size_t plan : present) {
      plans[plan].last = i;
      ++plans[plan].runs;
      runs[i].plan += (runs[i].plan.empty() ? "" : "+") + plans[plan].letter;
    }
  }
  return plans;
}

bool has_kind(const HistoryEvent& event, std::initializer_list<HistoryChange::Kind> kinds) {
  return std::any_of(event.changes.begin(), event.changes.end(), [&](const HistoryChange& change) {
    return std::find(kinds.begin(), kinds.end(), change.kind) != kinds.end();
  });
}

std::vector<HistoryLevel> levels_of(const QueryHistory& history) {
  using Kind = HistoryChange::Kind;
  std::vector<HistoryLevel> levels;
  std::vector<double> times;
  auto event = history.events.begin();
  bool begins = true;
  bool comparable = true;
  const auto finish = [&] {
    if (!times.empty()) levels.back().adjusted_us = median(times);
    times.clear();
  };
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    for (; event != history.events.end() && event->run <= i; ++event) {
      begins = begins || has_kind(*event, {Kind::slower, Kind::faster, Kind::bindings});
      comparable = comparable && !has_kind(*event, {Kind::bindings});
    }
    if (!history.runs[i].adjusted_us) continue;
    if (begins) {
      finish();
      levels.push_back({i, i, 0, comparable});
      begins = false;
      comparable = true;
    }
    levels.back().last = i;
    times.push_back(*history.runs[i].adjusted_us);
  }
  finish();
  return levels;
}

struct Essence {
  std::size_t run = 0;
  const HistoryChange* change = nullptr;  // none: there is none
};

Essence last_change(const std::vector<HistoryEvent>& events,
                    std::initializer_list<HistoryChange::Kind> kinds) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    for (const HistoryChange& change : event->changes) {
      if (std::find(kinds.begin(), kinds.end(), change.kind) != kinds.end()) {
        return {event->run, &change};
      }
    }
  }
  return {};
}

// Of the newest run in which the query was run; "" where it works.
std::string standing_failure_of(const QueryHistory& history) {
  const auto newest = std::find_if(history.runs.rbegin(), history.runs.rend(),
                                   [](const HistoryRun& run) { return was_run(run.point); });
  return newest == history.runs.rend() ? "" : newest->failure;
}

// What is most worth knowing: since when it fails, else the last change of time, else the last
// change.
Essence essence_of(const QueryHistory& history) {
  using Kind = HistoryChange::Kind;
  if (!standing_failure_of(history).empty()) {
    const Essence fails = last_change(history.events, {Kind::fails, Kind::works});
    if (fails.change != nullptr) return fails;
  }
  const Essence time = last_change(history.events, {Kind::slower, Kind::faster});
  if (time.change != nullptr) return time;
  return {history.events.back().run, &history.events.back().changes.front()};
}

std::string essence_text(const QueryHistory& history) {
  const Essence essence = essence_of(history);
  const HistoryChange& change = *essence.change;
  const HistoryRun& run = history.runs[essence.run];
  const bool of_time = change.p_value.has_value();
  std::string text = of_time ? speed_text(*change.before, *change.after) : change.sentence;
  text += " since " + (run.point.commit ? run.commit : "run " + std::to_string(essence.run + 1));
  // There and back, perhaps.
  if (of_time && history.levels.size() > 2) text += ", now " + trend_text(history);
  return text;
}

std::string summary_of(const QueryHistory& history) {
  const std::string runs = counted(history.runs.size(), "run");
  std::string text;
  if (history.events.empty()) {
    text = "no change in " + runs;
  } else if (history.events.size() == 1) {
    text = "1 change in " + runs + ": " + essence_text(history);
  } else {
    text = counted(history.events.size(), "change") + " in " + runs +
           ", above all: " + essence_text(history);
  }
  const std::string failure = standing_failure_of(history);
  if (!failure.empty() && text.find(failure) == std::string::npos) {
    text += "; fails in the newest run: " + failure;
  }
  switch (history.steadiness.state) {
    case Steadiness::State::unknown:
      return text;
    case Steadiness::State::steady:
      return text + "; steady";
    case Steadiness::State::spiky:
      return text + "; spiky";
  }
  return text;
}

std::vector<std::string> notes_of(const QueryHistory& history, std::size_t unknown_machines) {
  std::vector<std::string> notes;
  if (history.clock.empty()) return notes;
  const std::string others = counted(least_other_queries_known, "other query");
  if (!history.adjusted) {
    notes.push_back("times are as measured: fewer than " + others +
                    " tell how fast the machines of the runs were");
    return notes;
  }
  std::vector<double> machines;
  for (const HistoryRun& run : history.runs) {
    if (run.machine) machines.push_back(*run.machine);
  }
  const auto [least, most] = std::minmax_element(machines.begin(), machines.end());
  notes.push_back(
      "times are compared at equal machine speed: each run's are divided by how much "
      "slower its machine was by the other queries, " +
      factor_text(*least) + " to " + factor_text(*most));
  if (unknown_machines > 0) {
    notes.push_back("as measured in " + counted(unknown_machines, "run") + ": fewer than " +
                    others + " were timed");
  }
  return notes;
}

}  // namespace

std::string to_text(HistoryChange::Kind kind) {
  using Kind = HistoryChange::Kind;
  switch (kind) {
    case Kind::fails:
      return "fails";
    case Kind::works:
      return "works";
    case Kind::slower:
      return "slower";
    case Kind::faster:
      return "faster";
    case Kind::more_work:
      return "more work";
    case Kind::less_work:
      return "less work";
    case Kind::plan:
      return "plan";
    case Kind::rewritten:
      return "rewritten";
    case Kind::renamed:
      return "renamed";
    case Kind::server:
      return "server";
    case Kind::bindings:
      return "bindings";
  }
  return "";
}

std::string to_text(Steadiness::State state) {
  if (state == Steadiness::State::unknown) return "unknown";
  return state == Steadiness::State::steady ? "steady" : "spiky";
}

bool was_run(const HistoryPoint& point) { return !point.bindings.empty(); }

bool failed(const HistoryPoint& point) {
  return std::any_of(point.bindings.begin(), point.bindings.end(),
                     [](const HistoryBinding& binding) { return !binding.failure.empty(); });
}

std::string clock_of(const std::vector<HistoryPoint>& points) {
  std::string clock;
  for (const HistoryPoint& point : points) {
    if (!was_run(point) || failed(point)) continue;
    if (!every_binding_has(point, &HistoryBinding::wall_min_us) &&
        !every_binding_has(point, &HistoryBinding::cpu_min_us)) {
      continue;
    }
    if (!every_binding_has(point, &HistoryBinding::cpu_min_us)) return "wall";
    clock = "CPU";
  }
  return clock;
}

std::optional<double> least_time_us(const HistoryBinding& binding, const std::string& clock) {
  const std::optional<double>& time = clock == "CPU" ? binding.cpu_min_us : binding.wall_min_us;
  return time && *time > 0 ? time : std::nullopt;
}

BindingKey key_of(const HistoryBinding& binding) { return {binding.number, binding.parameters}; }

namespace {

// That the newest can be compared with. Requires: levels.
const HistoryLevel& first_level(const QueryHistory& history) {
  auto first = history.levels.rbegin();
  while (first->comparable && std::next(first) != history.levels.rend()) ++first;
  return *first;
}

}  // namespace

std::optional<double> trend_of(const QueryHistory& history) {
  if (history.levels.empty()) return std::nullopt;
  return history.levels.back().adjusted_us / first_level(history).adjusted_us;
}

std::string trend_text(const QueryHistory& history) {
  const std::optional<double> trend = trend_of(history);
  const std::size_t run = first_level(history).first;
  const std::string first = run == 0 ? "the first run" : "run " + std::to_string(run + 1);
  if (std::abs(*trend - 1) < 0.005) return "as fast as in " + first;
  return speed_text(1, *trend) + " than in " + first;
}

std::string run_text(const QueryHistory& history, std::size_t run) {
  const std::string& origin = history.runs[run].origin;
  return "run " + std::to_string(run + 1) + (origin.empty() ? "" : ", " + origin);
}

QueryHistory examine_history(QuerySeries series) {
  const std::string clock = clock_of(series.points);
  const Machines machines(std::move(series.others), clock);
  return examine_history(std::move(series), machines, clock, "");
}

QueryHistory examine_history(QuerySeries series, const Machines& machines, const std::string& clock,
                             const std::string& own) {
  QueryHistory history;
  history.clock = clock_of(series.points).empty() ? "" : clock;
  for (HistoryPoint& point : series.points) {
    HistoryRun run;
    run.commit = commit_name(point);
    run.origin = origin_of(point);
    run.failure = failure_of(point);
    run.point = std::move(point);
    history.runs.push_back(std::move(run));
  }
  const std::size_t unknown_machines = machines.set(own, history.runs);
  history.adjusted = unknown_machines < history.runs.size();
  for (HistoryRun& run : history.runs) set_figures(run, history.clock);
  history.plans = set_plans(history.runs);
  history.events = find_events(history);
  history.levels = levels_of(history);
  history.steadiness = steadiness_of(history.runs);
  history.summary = summary_of(history);
  history.notes = notes_of(history, unknown_machines);
  history.workload = std::move(series.workload);
  history.query = std::move(series.query);
  return history;
}

}  // namespace pgduet::gate

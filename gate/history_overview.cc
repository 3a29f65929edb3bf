#include "pgduet/gate/history_overview.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "history_parts.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

// Enough to tell the machine's speed.
constexpr std::size_t most_others = 100;

OverviewRow row_of(const QueryHistory& history) {
  OverviewRow row;
  row.workload = history.workload;
  row.query = history.query;
  row.clock = history.clock;
  for (const HistoryRun& run : history.runs) {
    row.times_us.push_back(run.adjusted_us);
    if (run.time_us) row.time_us = run.time_us;
  }
  return row;
}

const HistoryRun* newest_measured(const QueryHistory& history) {
  const auto found = std::find_if(history.runs.rbegin(), history.runs.rend(),
                                  [](const HistoryRun& run) { return run.measured; });
  return found == history.runs.rend() ? nullptr : &*found;
}

// "0.04 %", "3.4 %", "34 %".
std::string percent_text(double part) {
  const double percent = part * 100;
  const double unit = percent < 0.995 ? 0.01 : percent < 9.95 ? 0.1 : 1;
  return number_text(std::round(percent / unit) * unit) + " %";
}

// One clock for all queries of a workload: their times are added up.
std::string clock_of_all(const std::vector<const QuerySeries*>& workload) {
  std::string clock;
  for (const QuerySeries* series : workload) {
    const std::string own = clock_of(series->points);
    if (own == "wall") return own;
    if (!own.empty()) clock = own;
  }
  return clock;
}

std::map<std::string, OtherTime> times_of(const QuerySeries& series) {
  std::map<std::string, OtherTime> times;
  for (const HistoryPoint& point : series.points) {
    if (!was_run(point) || failed(point)) continue;
    OtherTime sum = {0, 0};
    for (const HistoryBinding& binding : point.bindings) {
      const auto cpu = least_time_us(binding, "CPU");
      const auto wall = least_time_us(binding, "wall");
      sum.cpu_us = sum.cpu_us && cpu ? std::optional(*sum.cpu_us + *cpu) : std::nullopt;
      sum.wall_us = sum.wall_us && wall ? std::optional(*sum.wall_us + *wall) : std::nullopt;
    }
    times[point.run_id] = sum;
  }
  return times;
}

// The queries that were run most often.
OtherTimes others_of(std::vector<const QuerySeries*> workload) {
  std::sort(workload.begin(), workload.end(),
            [](const QuerySeries* left, const QuerySeries* right) {
              return std::tuple(right->points.size(), left->query) <
                     std::tuple(left->points.size(), right->query);
            });
  if (workload.size() > most_others) workload.resize(most_others);
  OtherTimes others;
  for (const QuerySeries* series : workload) others[series->query] = times_of(*series);
  return others;
}

std::vector<QueryHistory> examine_each(std::vector<QuerySeries> all) {
  std::map<std::string, std::vector<const QuerySeries*>> workloads;
  for (const QuerySeries& series : all) workloads[series.workload].push_back(&series);
  struct Shared {
    std::string clock;
    Machines machines;
  };
  std::map<std::string, Shared> shared;
  for (const auto& [workload, queries] : workloads) {
    const std::string clock = clock_of_all(queries);
    shared.emplace(workload, Shared{clock, Machines(others_of(queries), clock)});
  }
  std::vector<QueryHistory> histories;
  for (QuerySeries& series : all) {
    const Shared& one = shared.at(series.workload);
    const std::string own = series.query;
    histories.push_back(examine_history(std::move(series), one.machines, one.clock, own));
  }
  return histories;
}

// Without those that are gone: they are in no run from the newest on in which all queries of their
// workload were run.
std::vector<const QueryHistory*> present(const std::vector<QueryHistory>& histories) {
  std::map<std::string, std::string> newest_whole;  // by workload
  for (const QueryHistory& history : histories) {
    std::string& newest = newest_whole[history.workload];
    for (const HistoryRun& run : history.runs) {
      if (!run.point.partial) newest = std::max(newest, run.point.run_id);
    }
  }
  std::vector<const QueryHistory*> result;
  for (const QueryHistory& history : histories) {
    if (!history.runs.empty() &&
        history.runs.back().point.run_id >= newest_whole[history.workload]) {
      result.push_back(&history);
    }
  }
  return result;
}

// Top

double weighted_us(const HistoryRun& run) { return run.point.weight * *run.adjusted_us; }

std::vector<OverviewRow> top_rows(const std::vector<QueryHistory>& histories) {
  std::map<std::string, double> all_us;
  const std::vector<const QueryHistory*> all_present = present(histories);
  for (const QueryHistory* history : all_present) {
    if (const HistoryRun* run = newest_measured(*history)) {
      all_us[history->workload] += weighted_us(*run);
    }
  }
  std::vector<OverviewRow> rows;
  for (const QueryHistory* one : all_present) {
    const QueryHistory& history = *one;
    const HistoryRun* run = newest_measured(history);
    if (run == nullptr) continue;
    OverviewRow row = row_of(history);
    TopFigures figures;
    const double all = all_us[history.workload];
    figures.share = all > 0 ? weighted_us(*run) / all : 0;
    figures.weight = run->point.weight;
    figures.trend = trend_of(history);
    row.measure = percent_text(figures.share);
    row.sentence = history.clock + " " + duration_text(*run->time_us) + " at weight " +
                   number_text(figures.weight) + ", " + trend_text(history);
    row.figures = figures;
    rows.push_back(std::move(row));
  }
  return rows;
}

// Slow

struct SlowRun {
  std::size_t run = 0;
  double median_us = 0;  // of the binding that has the longest
  double longest_us = 0;
  std::string median_binding;  // its parameters
  std::string longest_binding;
  bool always = false;
  bool slow = false;
};

void take_longer(double& most, std::string& parameters, double time_us,
                 const HistoryBinding& binding) {
  if (time_us <= most) return;
  most = time_us;
  parameters = binding.parameters;
}

std::vector<SlowRun> slow_runs_of(const QueryHistory& history) {
  std::vector<SlowRun> runs;
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    const HistoryPoint& point = history.runs[i].point;
    SlowRun slow;
    slow.run = i;
    for (const HistoryBinding& binding : point.bindings) {
      if (!binding.failure.empty() || !binding.wall_median_us) continue;
      const double median = *binding.wall_median_us;
      take_longer(slow.median_us, slow.median_binding, median, binding);
      take_longer(
          slow.longest_us, slow.longest_binding,
          std::max({median, binding.wall_p95_us.value_or(0), binding.wall_max_us.value_or(0)}),
          binding);
    }
    if (!(slow.median_us > 0)) continue;
    if (point.bindings.size() == 1) slow.median_binding = slow.longest_binding = "";
    slow.always = slow.median_us >= point.slow_ms * 1e3;
    slow.slow = slow.longest_us >= point.slow_ms * 1e3;
    runs.push_back(slow);
  }
  return runs;
}

// Nothing for a query that never was slow. Spikes are those after it last was slow always.
std::optional<SlowFigures> slow_figures(const std::vector<SlowRun>& runs) {
  SlowFigures figures;
  figures.runs = static_cast<int>(runs.size());
  figures.slow_runs = static_cast<int>(
      std::count_if(runs.begin(), runs.end(), [](const SlowRun& run) { return run.slow; }));
  if (figures.slow_runs == 0) return std::nullopt;
  const auto is_always = [](const SlowRun& run) { return run.always; };
  const auto after_always = std::find_if(runs.rbegin(), runs.rend(), is_always).base();
  const auto first_spike =
      std::find_if(after_always, runs.end(), [](const SlowRun& run) { return run.slow; });
  if (after_always == runs.end()) {
    figures.state = SlowFigures::State::always;
    figures.longest_us = runs.back().median_us;
    figures.parameters = runs.back().median_binding;
    const auto not_always =
        std::find_if(runs.rbegin(), runs.rend(), [](const SlowRun& run) { return !run.always; });
    figures.since = not_always.base()->run;
  } else if (first_spike != runs.end()) {
    figures.state = SlowFigures::State::in_spikes;
    figures.since = first_spike->run;
    for (auto run = first_spike; run != runs.end(); ++run) {
      if (run->longest_us <= figures.longest_us) continue;
      figures.longest_us = run->longest_us;
      figures.parameters = run->longest_binding;
    }
  } else {
    figures.state = SlowFigures::State::no_longer;
    figures.longest_us = std::prev(after_always)->median_us;
    figures.parameters = std::prev(after_always)->median_binding;
    figures.since = after_always->run;
  }
  return figures;
}

std::string slow_sentence(const QueryHistory& history, const SlowFigures& figures) {
  const std::string with = figures.parameters.empty() ? "" : " with " + figures.parameters;
  const std::string longest = duration_text(figures.longest_us);
  const std::string limit =
      duration_text(history.runs[figures.since].point.slow_ms * 1e3) + " or more";
  const std::string since = " since " + run_text(history, figures.since) + "; slow in " +
                            count_text(std::int64_t{figures.slow_runs}) + " of " +
                            counted(std::int64_t{figures.runs}, "run");
  switch (figures.state) {
    case SlowFigures::State::always:
      return "half of the executions" + with + " take " + longest + " or more" + since;
    case SlowFigures::State::in_spikes:
      return "single executions" + with + " take " + limit + ", up to " + longest + "," + since;
    case SlowFigures::State::no_longer:
      return "half of the executions" + with + " took " + longest + " or more, none takes " +
             limit + since;
  }
  return "";
}

std::vector<OverviewRow> slow_rows(const std::vector<QueryHistory>& histories) {
  std::vector<OverviewRow> rows;
  for (const QueryHistory* one : present(histories)) {
    const QueryHistory& history = *one;
    std::optional<SlowFigures> figures = slow_figures(slow_runs_of(history));
    if (!figures) continue;
    figures->since_run_id = history.runs[figures->since].point.run_id;
    figures->since_commit = history.runs[figures->since].commit;
    OverviewRow row = row_of(history);
    row.measure = to_text(figures->state);
    row.sentence = slow_sentence(history, *figures);
    row.figures = *figures;
    rows.push_back(std::move(row));
  }
  return rows;
}

// Flaky

// Runs in which the plan of some binding is one that it had before its last one, among the runs
// that have statement, data and server in common, whatever ran between them.
std::set<std::size_t> plan_returns_of(const QueryHistory& history) {
  struct Plans {
    std::set<std::string> seen;
    std::string last;
  };
  std::map<std::tuple<BindingKey, std::string, std::string, int>, Plans> same;
  std::set<std::size_t> returns;
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    const HistoryPoint& point = history.runs[i].point;
    for (const HistoryBinding& binding : point.bindings) {
      if (binding.shape.empty()) continue;
      Plans& plans =
          same[{key_of(binding), point.fingerprint, point.setup_hash, point.postgres_major}];
      if (!plans.seen.insert(binding.shape).second && plans.last != binding.shape) {
        returns.insert(i);
      }
      plans.last = binding.shape;
    }
  }
  return returns;
}

// A commit is run by several versions of the server at once.
std::set<std::size_t> other_verdicts_of(const QueryHistory& history) {
  std::map<std::tuple<std::string, std::string, int>, Verdict> verdicts;
  std::set<std::size_t> others;
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    const HistoryPoint& point = history.runs[i].point;
    if (!was_run(point) || !point.commit || point.commit->modified || !point.base) continue;
    const auto [before, is_first] =
        verdicts.try_emplace({point.commit->id, *point.base, point.postgres_major}, point.verdict);
    if (!is_first && before->second != point.verdict) others.insert(i);
    before->second = point.verdict;
  }
  return others;
}

std::string flaky_sentence(const FlakyFigures& figures) {
  std::vector<std::string> parts;
  const auto say = [&](int count, const std::string& what) {
    if (count > 0) parts.push_back(what + " in " + counted(std::int64_t{count}, "run"));
  };
  say(figures.plan_returns, "plan back at an earlier one");
  say(figures.other_verdicts, "another verdict for the same commit");
  say(figures.inconclusive, "inconclusive");
  return list_text(parts);
}

std::vector<OverviewRow> flaky_rows(const std::vector<QueryHistory>& histories) {
  std::vector<OverviewRow> rows;
  for (const QueryHistory& history : histories) {
    const std::set<std::size_t> returns = plan_returns_of(history);
    const std::set<std::size_t> others = other_verdicts_of(history);
    std::set<std::size_t> odd = returns;
    odd.insert(others.begin(), others.end());
    FlakyFigures figures;
    for (std::size_t i = 0; i < history.runs.size(); ++i) {
      if (history.runs[i].point.verdict != Verdict::inconclusive) continue;
      ++figures.inconclusive;
      odd.insert(i);
    }
    if (odd.empty()) continue;
    figures.plan_returns = static_cast<int>(returns.size());
    figures.other_verdicts = static_cast<int>(others.size());
    figures.odd_runs = static_cast<int>(odd.size());
    figures.runs = static_cast<int>(history.runs.size());
    OverviewRow row = row_of(history);
    row.measure = count_text(std::int64_t{figures.odd_runs}) + " of " +
                  counted(std::int64_t{figures.runs}, "run");
    row.sentence = flaky_sentence(figures);
    row.figures = figures;
    rows.push_back(std::move(row));
  }
  return rows;
}

// Order and summary

// The smaller, the earlier. Weights of one workload mean nothing in another.
std::tuple<std::string, double, double> rank_of(const OverviewRow& row) {
  if (const auto* top = std::get_if<TopFigures>(&row.figures))
    return {row.workload, -top->share, 0};
  if (const auto* slow = std::get_if<SlowFigures>(&row.figures)) {
    return {"", static_cast<double>(slow->state), -slow->longest_us};
  }
  const auto& flaky = std::get<FlakyFigures>(row.figures);
  return {"", -flaky.odd_runs, flaky.runs};
}

// "100 ms"; "100 ms to 2.0 s" where queries differ.
std::string limits_text(const std::vector<QueryHistory>& histories) {
  std::set<double> limits;
  for (const QueryHistory& history : histories) {
    for (const HistoryRun& run : history.runs) limits.insert(run.point.slow_ms);
  }
  if (limits.empty()) return "";
  const std::string least = duration_text(*limits.begin() * 1e3);
  return limits.size() == 1 ? least : least + " to " + duration_text(*limits.rbegin() * 1e3);
}

std::size_t runs_of(const std::vector<QueryHistory>& histories) {
  std::set<std::string> runs;
  for (const QueryHistory& history : histories) {
    for (const HistoryRun& run : history.runs) runs.insert(run.point.run_id);
  }
  return runs.size();
}

std::string slow_summary(const std::vector<OverviewRow>& rows) {
  std::map<SlowFigures::State, std::size_t> counts;
  for (const OverviewRow& row : rows) ++counts[std::get<SlowFigures>(row.figures).state];
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts)
    parts.push_back(count_text(count) + " " + to_text(state));
  return list_text(parts);
}

std::string summary_of(HistoryOverview::Kind kind, const std::vector<QueryHistory>& histories,
                       const std::vector<OverviewRow>& rows) {
  const std::string all = counted(histories.size(), "query");
  const std::string runs = counted(runs_of(histories), "run");
  if (histories.empty()) return "no query has a history";
  if (kind == HistoryOverview::Kind::top) {
    if (rows.empty())
      return "no query of " + count_text(histories.size()) + " was timed in " + runs;
    const bool every = rows.size() == histories.size();
    return (every ? "" : count_text(rows.size()) + " of ") + all +
           " by their part of the workload's time, in " + runs +
           (every ? "" : "; the others were not timed");
  }
  if (kind == HistoryOverview::Kind::slow) {
    const std::string limit = limits_text(histories);
    if (rows.empty()) {
      return "no query of " + count_text(histories.size()) + " is slow: none took " + limit +
             " or more in " + runs;
    }
    return count_text(rows.size()) + " of " + all + " slow, " + limit + " or more, in " + runs +
           ": " + slow_summary(rows);
  }
  if (rows.empty()) {
    return "no query of " + count_text(histories.size()) +
           " is flaky: the same commit had the same verdict, and the same statement on the same "
           "data kept its plan, in " +
           runs;
  }
  return count_text(rows.size()) + " of " + all + " flaky in " + runs;
}

}  // namespace

std::string to_text(HistoryOverview::Kind kind) {
  if (kind == HistoryOverview::Kind::top) return "top";
  return kind == HistoryOverview::Kind::slow ? "slow" : "flaky";
}

std::string to_text(SlowFigures::State state) {
  if (state == SlowFigures::State::always) return "always";
  return state == SlowFigures::State::in_spikes ? "in spikes" : "no longer";
}

HistoryOverview examine_all(HistoryOverview::Kind kind, std::vector<QuerySeries> series) {
  const std::vector<QueryHistory> histories = examine_each(std::move(series));
  HistoryOverview overview;
  overview.kind = kind;
  overview.rows = kind == HistoryOverview::Kind::top    ? top_rows(histories)
                  : kind == HistoryOverview::Kind::slow ? slow_rows(histories)
                                                        : flaky_rows(histories);
  std::sort(overview.rows.begin(), overview.rows.end(),
            [](const OverviewRow& left, const OverviewRow& right) {
              return std::tuple(rank_of(left), left.workload, left.query) <
                     std::tuple(rank_of(right), right.workload, right.query);
            });
  overview.summary = summary_of(kind, histories, overview.rows);
  return overview;
}

}  // namespace pgduet::gate

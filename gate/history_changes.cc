#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "history_parts.h"
#include "pgduet/gate/change_points.h"
#include "pgduet/gate/policy.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

using Kind = HistoryChange::Kind;

// Below, a p value tells nothing but that it is small.
constexpr double least_p_value = 1e-15;

// One binding in one run in which it did not fail.
struct Place {
  std::size_t run = 0;
  const HistoryBinding* binding = nullptr;
};

// A change of one binding's time or work.
struct Observation {
  const HistoryBinding* binding = nullptr;
  std::size_t compared = 0;  // the last earlier run that has a value
  double before = 0;
  double after = 0;
  std::optional<double> p_value;  // of time

  // Work, but not time, may be none at all.
  double size() const {
    const double least = p_value ? 0 : 1;
    return std::abs(std::log((after + least) / (before + least)));
  }
};

// "p = 1e-9", "p = 0.0004".
std::string p_text(double p_value) {
  const bool least = p_value < least_p_value;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1g", least ? least_p_value : p_value);
  std::string digits = buffer.data();
  const std::size_t exponent = digits.find("e-0");
  if (exponent != std::string::npos) digits.erase(exponent + 2, 1);
  return (least ? "p < " : "p = ") + digits;
}

// " in 2 of 3 bindings"; "" where there is only one.
std::string of_bindings(std::size_t count, std::size_t all) {
  if (all == 1) return "";
  if (count == all) return all == 2 ? " in both bindings" : " in all " + counted(all, "binding");
  return " in " + count_text(count) + " of " + counted(all, "binding");
}

class EventFinder {
 public:
  explicit EventFinder(const QueryHistory& history) : history_(history) {
    for (std::size_t i = 0; i < history.runs.size(); ++i) {
      for (const HistoryBinding& binding : history.runs[i].point.bindings) {
        if (binding.failure.empty()) tracks_[key_of(binding)].push_back({i, &binding});
      }
    }
  }

  std::vector<HistoryEvent> find() {
    for (const auto& [key, places] : tracks_) {
      observe_time(places);
      observe_work(places);
    }
    for (const auto& [where, observations] : observed_)
      add(where.first, where.second, observations);
    find_plans();
    compare_neighbours();
    return events();
  }

 private:
  std::size_t bindings_of(std::size_t run) const {
    return history_.runs[run].point.bindings.size();
  }

  void observe_time(const std::vector<Place>& places) {
    std::vector<double> values;
    std::vector<Place> timed;
    for (const Place& place : places) {
      const std::optional<double> time = least_time_us(*place.binding, history_.clock);
      if (!time || failed(history_.runs[place.run].point)) continue;
      values.push_back(*time / history_.runs[place.run].machine.value_or(1));
      timed.push_back(place);
    }
    for (const ChangePoint& change : find_change_points(values)) {
      const Place& place = timed[change.index];
      const Kind kind = change.after > change.before ? Kind::slower : Kind::faster;
      observed_[{place.run, kind}].push_back({place.binding, timed[change.index - 1].run,
                                              change.before, change.after, change.p_value});
    }
  }

  // Blocks are counted, not measured, so that one run is enough. Compared with the first run since
  // the last change: growth by little at a time shows, too.
  void observe_work(const std::vector<Place>& places) {
    const auto is_more = [](std::int64_t less, std::int64_t more) {
      return more - less >= noted_blocks &&
             static_cast<double>(more) >= noted_blocks_ratio * static_cast<double>(less);
    };
    std::int64_t level = places.front().binding->blocks;
    std::size_t before = places.front().run;
    for (const Place& place : places) {
      const std::int64_t blocks = place.binding->blocks;
      const bool more = is_more(level, blocks);
      if (more || is_more(blocks, level)) {
        observed_[{place.run, more ? Kind::more_work : Kind::less_work}].push_back(
            {place.binding, before, static_cast<double>(level), static_cast<double>(blocks),
             std::nullopt});
        level = blocks;
      }
      before = place.run;
    }
  }

  void add(std::size_t run, Kind kind, const std::vector<Observation>& observations) {
    const Observation& worst = *std::max_element(
        observations.begin(), observations.end(),
        [](const auto& left, const auto& right) { return left.size() < right.size(); });
    const std::size_t all = bindings_of(run);
    const std::string of = of_bindings(observations.size(), all);
    std::string with;
    if (all > 1 && !worst.binding->parameters.empty()) {
      with = (observations.size() > 1 ? "worst with " : "with ") + worst.binding->parameters;
    }
    HistoryChange change;
    change.kind = kind;
    change.binding = worst.binding->number;
    change.bindings = static_cast<int>(observations.size());
    change.before = worst.before;
    change.after = worst.after;
    change.p_value = worst.p_value;
    if (worst.p_value) {
      change.sentence = speed_text(worst.before, worst.after) + of + " (" +
                        (with.empty() ? "" : with + ": ") + history_.clock + " " +
                        duration_text(worst.before) + " → " + duration_text(worst.after) +
                        (history_.adjusted ? " at equal machine speed" : "") + ", " +
                        p_text(*worst.p_value) + ")";
    } else {
      change.sentence = "touches " + counted(static_cast<std::int64_t>(worst.after), "block") +
                        " instead of " + count_text(static_cast<std::int64_t>(worst.before)) + of +
                        (with.empty() ? "" : " (" + with + ")");
    }
    std::size_t compared = worst.compared;
    for (const Observation& one : observations) compared = std::min(compared, one.compared);
    push(run, compared, std::move(change));
  }

  void push(std::size_t run, std::size_t compared, HistoryChange change) {
    changes_[run].push_back(std::move(change));
    const auto [first, is_new] = compared_.try_emplace(run, compared);
    first->second = std::min(first->second, compared);
  }

  const std::string& letter_of(const std::string& shape) const {
    return std::find_if(history_.plans.begin(), history_.plans.end(),
                        [&](const PlanLetter& plan) { return plan.shape == shape; })
        ->letter;
  }

  // Flips of the bindings between the same two plans are one change.
  void find_plans() {
    struct Flip {
      const HistoryBinding* first = nullptr;
      std::size_t bindings = 0;
      std::size_t compared = 0;
      std::optional<std::size_t> had_before;  // the last run with the plan that came back
    };
    std::map<std::tuple<std::size_t, std::string, std::string>, Flip> flips;
    for (const auto& [key, places] : tracks_) {
      std::map<std::string, std::size_t> seen;  // shape -> its last run
      std::string shape;
      std::size_t before = 0;
      for (const Place& place : places) {
        const std::string& next = place.binding->shape;
        if (next.empty()) continue;
        if (!shape.empty() && shape != next) {
          Flip& flip = flips[{place.run, letter_of(shape), letter_of(next)}];
          flip.compared = flip.bindings == 0 ? before : std::min(flip.compared, before);
          if (flip.bindings++ == 0) flip.first = place.binding;
          const auto found = seen.find(next);
          if (found != seen.end()) {
            flip.had_before = std::max(flip.had_before.value_or(0), found->second);
          }
        }
        shape = next;
        seen[shape] = place.run;
        before = place.run;
      }
    }
    for (const auto& [where, flip] : flips) {
      const std::size_t run = std::get<0>(where);
      HistoryChange change;
      change.kind = Kind::plan;
      change.binding = flip.first->number;
      change.bindings = static_cast<int>(flip.bindings);
      change.plan_before = std::get<1>(where);
      change.plan_after = std::get<2>(where);
      change.sentence = "plan " + change.plan_before + " → " + change.plan_after +
                        of_bindings(flip.bindings, bindings_of(run));
      if (flip.had_before) {
        change.sentence += ", as in run " + std::to_string(*flip.had_before + 1);
      }
      push(run, flip.compared, std::move(change));
    }
  }

  // Of a run that is compared with the one before it in which the query was run.
  void say(std::size_t run, Kind kind, const std::string& sentence, std::size_t bindings) {
    HistoryChange change;
    change.kind = kind;
    change.sentence = sentence;
    change.bindings = static_cast<int>(bindings);
    push(run, before_, std::move(change));
  }

  // What is known without any measurement.
  void compare_neighbours() {
    std::optional<std::size_t> before;
    std::string fingerprint;
    std::size_t failed_runs = 0;
    for (std::size_t i = 0; i < history_.runs.size(); ++i) {
      const HistoryPoint& point = history_.runs[i].point;
      if (!was_run(point)) continue;
      if (before) {
        before_ = *before;
        compare(history_.runs[*before].point, point, i);
        if (!failed(point) && failed_runs > 0) {
          say(i, Kind::works, "works again after " + counted(failed_runs, "failed run"),
              point.bindings.size());
        }
        if (!fingerprint.empty() && !point.fingerprint.empty() &&
            fingerprint != point.fingerprint) {
          say(i, Kind::rewritten, "statement rewritten", point.bindings.size());
        }
      }
      if (!point.fingerprint.empty()) fingerprint = point.fingerprint;
      failed_runs = failed(point) ? failed_runs + 1 : 0;
      before = i;
    }
  }

  void compare(const HistoryPoint& before, const HistoryPoint& point, std::size_t run) {
    const std::size_t all = point.bindings.size();
    if (failed(point) && !failed(before)) {
      const auto is_failed = [](const HistoryBinding& binding) { return !binding.failure.empty(); };
      const auto first = std::find_if(point.bindings.begin(), point.bindings.end(), is_failed);
      const auto count = static_cast<std::size_t>(
          std::count_if(point.bindings.begin(), point.bindings.end(), is_failed));
      say(run, Kind::fails, "fails" + of_bindings(count, all) + ": " + first->failure, count);
    }
    if (before.query != point.query) {
      say(run, Kind::renamed, "renamed from " + before.query + " to " + point.query, all);
    }
    if (before.postgres_major != point.postgres_major) {
      say(run, Kind::server,
          "PostgreSQL " + std::to_string(point.postgres_major) + " instead of " +
              std::to_string(before.postgres_major),
          all);
    }
    std::set<BindingKey> known;
    for (const HistoryBinding& binding : before.bindings) known.insert(key_of(binding));
    const auto added = static_cast<std::size_t>(std::count_if(
        point.bindings.begin(), point.bindings.end(),
        [&](const HistoryBinding& binding) { return !known.contains(key_of(binding)); }));
    if (added > 0 && all - added < known.size()) {
      say(run, Kind::bindings, "other parameters" + of_bindings(added, all), added);
    } else if (all != known.size()) {
      say(run, Kind::bindings, counted(all, "binding") + " instead of " + count_text(known.size()),
          all);
    }
  }

  // From the commit of the earliest run that something in `run` was compared with.
  std::string commits_of(std::size_t run) const {
    const HistoryPoint& point = history_.runs[run].point;
    if (!point.commit) return "";
    const std::optional<CommitRecord>& before = history_.runs[compared_.at(run)].point.commit;
    if (!before || before->id == point.commit->id) return "";
    return before->id.substr(0, commit_digits) + ".." + point.commit->id.substr(0, commit_digits);
  }

  std::vector<HistoryEvent> events() {
    std::vector<HistoryEvent> events;
    for (auto& [run, changes] : changes_) {
      std::stable_sort(changes.begin(), changes.end(),
                       [](const auto& left, const auto& right) { return left.kind < right.kind; });
      HistoryEvent event;
      event.run = run;
      event.commits = commits_of(run);
      event.sentence = "since " + run_text(history_, run) + ": ";
      for (const HistoryChange& change : changes) {
        event.sentence += (&change == &changes.front() ? "" : ", ") + change.sentence;
      }
      event.changes = std::move(changes);
      events.push_back(std::move(event));
    }
    return events;
  }

  const QueryHistory& history_;
  std::map<BindingKey, std::vector<Place>> tracks_;
  std::map<std::pair<std::size_t, Kind>, std::vector<Observation>> observed_;
  std::map<std::size_t, std::vector<HistoryChange>> changes_;
  std::map<std::size_t, std::size_t> compared_;  // run -> the earliest that it was compared with
  std::size_t before_ = 0;                       // of what say() tells
};

}  // namespace

std::vector<HistoryEvent> find_events(const QueryHistory& history) {
  return EventFinder(history).find();
}

std::string times_text(double ratio) {
  return ratio < 9.95 ? factor_text(ratio) : ratio_text(ratio);
}

std::string speed_text(double before_us, double after_us) {
  return after_us > before_us ? times_text(after_us / before_us) + " slower"
                              : times_text(before_us / after_us) + " faster";
}

}  // namespace pgduet::gate

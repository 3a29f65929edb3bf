// All queries of a store at once: which of them take the most time, are slow, or answer differently
// for no reason. Made from the same points as the history of one query, see history.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pgduet/gate/history.h"

namespace pgduet::gate {

// Of a query's part of the workload's time.
struct TopFigures {
  double share = 0;   // of its workload: weight times time, each query's newest, 0 to 1
  double weight = 1;  // newest
  // The newest level of time over the first that it can be compared with, see HistoryLevel.
  std::optional<double> trend;

  bool operator==(const TopFigures&) const = default;
};

// Of a query that has taken slow_ms or more, by elapsed time as measured: who waits does not wait
// for an adjusted time.
struct SlowFigures {
  enum class State {
    always,     // half of the executions of some binding, in the newest run with times
    in_spikes,  // single executions of late
    no_longer   // half of them, until a run after which none did
  };

  State state = State::always;
  double longest_us =
      0;  // the median (always), or the longest execution, of the runs it is said of
  std::string parameters;  // of the binding that takes so long; "" where there is only one
  std::size_t since = 0;   // the first of those runs (always: without a break); index into `runs`
  std::string since_run_id;
  std::string since_commit;  // as HistoryRun::commit
  int slow_runs = 0;         // in how many of its runs it was slow, always or in spikes
  int runs = 0;              // of those with times

  bool operator==(const SlowFigures&) const = default;
};

// Of a query that gives different answers for the same thing. A run counts once for each.
struct FlakyFigures {
  // Runs in which a binding's plan went back to an earlier one, with the same statement on the same
  // data and server version.
  int plan_returns = 0;
  // Runs with another verdict than the one before of the same unmodified commit, compared with the
  // same base.
  int other_verdicts = 0;
  int inconclusive = 0;  // runs that could not be judged
  int odd_runs = 0;      // runs of any of these kinds
  int runs = 0;

  bool operator==(const FlakyFigures&) const = default;
};

struct OverviewRow {
  std::string workload;
  std::string query;
  std::string measure;            // what it is sorted by: "34 %", "always", "5 of 20 runs"
  std::string sentence;           // "CPU 704 µs at weight 10, 18× slower than in the first run"
  std::string clock;              // of the times below, as QueryHistory::clock
  std::optional<double> time_us;  // newest, as measured
  // Adjusted, of each run; nothing where it was not measured.
  std::vector<std::optional<double>> times_us;
  std::variant<TopFigures, SlowFigures, FlakyFigures> figures;

  bool operator==(const OverviewRow&) const = default;
};

struct HistoryOverview {
  enum class Kind { top, slow, flaky };

  Kind kind = Kind::top;
  std::string summary;  // "no query of 87 is slow: none took 100 ms or more in 20 runs"
  std::vector<OverviewRow> rows;

  bool operator==(const HistoryOverview&) const = default;
};

// "top", "slow", "flaky".
std::string to_text(HistoryOverview::Kind kind);
// "always", "in spikes", "no longer".
std::string to_text(SlowFigures::State state);

// Rows in the order in which they deserve attention, ties by workload and name:
//   top    by workload, in each the largest share first; queries without a time are left out
//   slow   always, in spikes, no longer; within each the longest first
//          From both queries are left out that are gone: not in the newest run that ran all
//          queries of their workload (without --only), and in none after it.
//   flaky  the most odd runs first, then the largest part of odd runs
// The queries of a workload tell how fast the machines were, in place of QuerySeries::others, and
// have one clock, as their times are added up.
HistoryOverview examine_all(HistoryOverview::Kind kind, std::vector<QuerySeries> series);

}  // namespace pgduet::gate

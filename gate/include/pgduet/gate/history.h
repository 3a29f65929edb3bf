// A query over many runs: what was measured, and what that says: since when it is slower, with
// which commit its plan changed, whether it is steady or spiky. Pure: the store (or a test) hands
// in the points.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/report.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// One binding of a query in one run, on the head side.
struct HistoryBinding {
  int number = 1;
  std::string parameters;  // "customer_id = 42"
  std::string shape;       // of its plan; "" after a failure
  std::string failure;     // the server's words; "" when it ran
  int executions = 0;      // that the times below rest on
  int samples = 0;         // that these are in: a sample of a short query is the mean of a batch
  // Nothing where no times were taken. CPU time also where the clock cannot be read.
  std::optional<double> cpu_min_us;
  std::optional<double> wall_min_us;
  std::optional<double> wall_median_us;
  std::optional<double> wall_p95_us;
  std::optional<double> wall_max_us;
  std::int64_t blocks = 0;  // Work::blocks()
  std::int64_t rows_visited = 0;

  bool operator==(const HistoryBinding&) const = default;
};

// The query in one run.
struct HistoryPoint {
  std::string run_id;
  std::string started_at;  // ISO 8601, UTC
  bool partial = false;    // a part of the queries was run, see --only
  // Commit of base; its revision where it has none, "" without base. Nothing where it may be
  // another each time: a work tree with changes.
  std::optional<std::string> base = "";
  std::string revision;                // SideRecord::revision of head
  std::optional<CommitRecord> commit;  // of head
  std::string query;                   // its name in this run
  std::string fingerprint;
  int postgres_major = 0;
  std::string setup_hash;
  double weight = 1;
  double slow_ms = 100;  // Policy::slow_ms in this run
  Verdict verdict = Verdict::passed;
  bool fails = false;
  std::string headline;
  std::vector<HistoryBinding> bindings;  // by number

  bool operator==(const HistoryPoint&) const = default;
};

// What another query took in one run: the sum of its bindings' fastest times, microseconds. Nothing
// where one of them has none.
struct OtherTime {
  std::optional<double> cpu_us;
  std::optional<double> wall_us;

  bool operator==(const OtherTime&) const = default;
};

// [other query][run_id]
using OtherTimes = std::map<std::string, std::map<std::string, OtherTime>>;

// All that a history is made of.
struct QuerySeries {
  std::string workload;
  std::string query;                 // its name now (in the newest point)
  std::vector<HistoryPoint> points;  // the oldest first
  // Of other queries of the workload, for telling a slower machine from a slower query.
  OtherTimes others;

  bool operator==(const QuerySeries&) const = default;
};

// What the model makes of one point.
struct HistoryRun {
  HistoryPoint point;
  std::string commit;   // "3f2a91c0d0"; "3f2a91c0d0+" where the work tree had changes; the revision
                        // where there is no commit
  std::string origin;   // "commit 3f2a91c0d0 "Drop unused index" (branch main)"
  std::string failure;  // of the first binding that failed, in the server's words; "" for none
  bool measured = false;  // every binding ran, and times were taken
  // How much slower this run's machine was than that of the middle run, by the other queries;
  // nothing where fewer than least_other_queries_known of them tell.
  std::optional<double> machine;
  // Microseconds: the mean over the bindings of the fastest execution. Nothing where not measured.
  std::optional<double> time_us;       // as measured
  std::optional<double> adjusted_us;   // divided by `machine`, if known: what runs are compared by
  std::optional<std::int64_t> blocks;  // over the bindings; nothing where not every binding ran
  std::string plan;  // the letters of its bindings' plans: "A", "A+C"; "" for none

  bool operator==(const HistoryRun&) const = default;
};

// A shape of plan that the query had, by order of first appearance.
struct PlanLetter {
  std::string letter;     // "A", "B", ..., "Z", "AA"
  std::string shape;      // PlanShape::id
  std::size_t first = 0;  // runs, as indices of QueryHistory::runs
  std::size_t last = 0;
  int runs = 0;  // in how many

  bool operator==(const PlanLetter&) const = default;
};

// One thing that differs from what was before.
struct HistoryChange {
  // In the order in which a reader wants to know.
  enum class Kind {
    fails,   // the server began to refuse it
    works,   // and ceased to
    slower,  // of adjusted time, see change_points.h
    faster,
    more_work,  // blocks
    less_work,
    plan,       // of a binding's plan, there and back
    rewritten,  // the statement is another one
    renamed,
    server,   // another major version of PostgreSQL
    bindings  // runs with other parameters: those bindings cannot be compared with earlier ones
  };

  Kind kind = Kind::plan;
  std::string sentence;  // "18× slower (CPU 40 µs → 704 µs at equal machine speed, p = 1e-9)"
  int binding = 0;       // the worst one's number; 0: the query as a whole
  int bindings = 0;      // how many of them it is true of
  std::optional<double> before;  // of time (adjusted microseconds) and work (blocks), of the worst
  std::optional<double> after;
  std::optional<double> p_value;  // of time
  std::string plan_before = {};   // letters, of a plan
  std::string plan_after = {};

  bool operator==(const HistoryChange&) const = default;
};

// All that changed with one run: a changed plan explains a slowdown.
struct HistoryEvent {
  std::size_t run = 0;                 // index of QueryHistory::runs
  std::vector<HistoryChange> changes;  // by kind; never empty
  // What to look through for the cause: "81aa2f0b1c..3f2a91c0d0", from the commit of the run that
  // this one was compared with (for time, work and plan the last one that has them; the earliest,
  // where changes differ in it) to this one's. "" where they are the same, or one is not known.
  std::string commits;
  // "since run 12, commit 3f2a91c0d0 "Drop unused index" (branch main): 18× slower (...), touches
  // 507 blocks instead of 9, plan A → B"
  std::string sentence;

  bool operator==(const HistoryEvent&) const = default;
};

// Runs from one change of time to the next.
struct HistoryLevel {
  std::size_t first = 0;  // index of QueryHistory::runs
  std::size_t last = 0;
  double adjusted_us = 0;  // the median of theirs
  bool comparable = true;  // with the level before: false where it has other bindings

  bool operator==(const HistoryLevel&) const = default;
};

// How the samples of one run, of one binding, differ among each other.
struct Steadiness {
  enum class State { unknown, steady, spiky };

  State state = State::unknown;
  // 95 % of the samples took at most so many times the median of their run; 1 while unknown.
  double ratio = 1;
  double longest = 1;  // the longest of all
  std::int64_t samples = 0;
  int runs = 0;          // that they are of
  std::string sentence;  // "steady: 95 % of samples within 1.20× of the median of their run (600
                         // samples in 20 runs), the longest 1.90×"

  bool operator==(const Steadiness&) const = default;
};

struct QueryHistory {
  std::string workload;
  std::string query;
  std::string clock;  // of the times: "CPU"; "wall" where a run has no CPU time; "" without times
  bool adjusted = false;         // of some runs it is known how fast their machine was
  std::vector<HistoryRun> runs;  // the oldest first
  std::vector<PlanLetter> plans;
  std::vector<HistoryEvent> events;  // in order of time
  std::vector<HistoryLevel> levels;
  Steadiness steadiness;
  std::string summary;             // "1 change in 20 runs: 18× slower since 3f2a91c0d0; steady"
  std::vector<std::string> notes;  // how times were made comparable, or why they are not

  bool operator==(const QueryHistory&) const = default;
};

// So many other queries must have been timed in a run for telling how fast its machine was.
constexpr std::size_t least_other_queries_known = 5;

// A query is spiky where 5 % of its samples take more than this many times the median. Of 82
// queries in which nothing was spiky the worst had 3.4 beside a load that was heavy on purpose (27
// runs), and 1.7 on a quiet machine (11 runs).
constexpr double spiky_ratio = 4;
// Of fewer, one is more than 5 %.
constexpr std::int64_t least_samples_for_steadiness = 20;

// "fails", "works", "slower", ..., "more work".
std::string to_text(HistoryChange::Kind kind);

// "unknown", "steady", "spiky".
std::string to_text(Steadiness::State state);

// Requires: points in order of time, bindings in order of number. No points, no changes.
QueryHistory examine_history(QuerySeries series);

}  // namespace pgduet::gate

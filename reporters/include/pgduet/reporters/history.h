// Reports of what lies behind: the history of one query, and overviews of all. As reporter.h: the
// sentences are gate's, a format decides layout and escaping only.
//
// JSON, for scripts. Runs are numbered from 1, the oldest first; what is not known is null:
// figures, "commit", and "base" where it was a work tree with changes. Texts without anything to
// say are "", and "binding" is 0 where a change is one of the query as a whole.
//   history   {"format_version": 1, "workload", "query", "summary", "clock", "notes": [text],
//              "steadiness": {"state", "ratio", "longest_ratio", "samples", "runs", "sentence"},
//              "events": [{"run", "run_id", "commits", "sentence", "changes": [{"kind", "sentence",
//                "binding", "bindings", "before", "after", "p_value", "plan_before",
//                "plan_after"}]}],
//              "levels": [{"first_run", "last_run", "adjusted_us", "comparable"}],
//              "plans": [{"letter", "shape", "first_run", "last_run", "runs"}],
//              "runs": [{"run", "run_id", "started_at", "partial", "base", "revision",
//                "commit": {"id", "committed_at", "subject", "branch", "modified"},
//                "query", "fingerprint",
//                "postgres_major", "setup_hash", "weight", "slow_ms", "verdict", "fails",
//                "headline", "machine", "time_us", "adjusted_us", "blocks", "plan",
//                "bindings": [{"number", "parameters", "shape", "failure", "executions",
//                  "samples", "cpu_min_us", "wall_min_us", "wall_median_us", "wall_p95_us",
//                  "wall_max_us", "blocks", "rows_visited"}]}]}
//   overview  {"format_version": 1, "overview": "top", "summary", "rows": [{"workload", "query",
//              "measure", "sentence", "clock", "time_us", "times_us", ...}]}, and in each row
//                top    "share", "weight", "trend"
//                slow   "state", "longest_us", "parameters", "since_run", "since_run_id",
//                       "since_commit", "slow_runs", "runs"
//                flaky  "plan_returns", "other_verdicts", "inconclusive", "odd_runs", "runs"
// The members say what those of gate/history.h and gate/history_overview.h of the same names do.
#pragma once

#include <ostream>
#include <span>
#include <string_view>

#include "pgduet/gate/history.h"
#include "pgduet/gate/history_overview.h"
#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

// `all` of the options lists every run in the console report, not only the newest.
struct HistoryFormat {
  std::string_view name;         // "console"
  std::string_view description;  // "sparklines and tables for a terminal"
  void (*write_history)(const gate::QueryHistory& history, const ReportOptions& options,
                        std::ostream& out);
  void (*write_overview)(const gate::HistoryOverview& overview, const ReportOptions& options,
                         std::ostream& out);
};

// All formats, the default one first.
std::span<const HistoryFormat> all_history_formats();

// Null when there is none of that name.
const HistoryFormat* find_history_format(std::string_view name);

}  // namespace pgduet::reporters

// The report as JSON, for scripts.
//
//   format_version  1; rises when a script that reads the old format would misread the new one.
//                   Members may be added without that.
//   pgduet_version, run_id, started_at, seconds
//   outcome         "passed", "failed" or "not measured"
//   exit_status     0, 1 or 3
//   summary         one sentence
//   workloads       array, each:
//     name, directory, compared_with, notes
//     one_cluster   whether base and head ran on the same database
//     base, head    { revision, postgres_version, clock, statistics, notes }; base is null without
//                   a base side
//     counts        { "regressed": 1, ... }: how many queries have which verdict, the worst first
//     queries       array, in the order of the workload's files, each:
//       name
//       file, line  where the query is declared
//       verdict     "broken", "regressed", "missing", "inconclusive", "new", "changed", "accepted",
//                   "improved", "passed" or "skipped"
//       fails       whether it fails the gate
//       headline, next_step, notes
//       binding     the one that decided the verdict, else null: { number, coverage, parameters:
//                   [ { name, value (text or null), type } ] }
//       times       { before, after }, each null or { cpu_us (or null), wall_us }: microseconds,
//                   the fastest execution of that binding
//       work        { before, after }, each null or { shared_blocks, temp_blocks, rows_visited,
//                   wal_bytes, planning_blocks, memory_kb } of one execution; a block is 8 kB
//       findings    array, the most telling first, each:
//         kind      "result", "failure", "plan", "work", "estimate", "time", "stability" or
//                   "baseline"
//         weight    "convicts", "explains" or "informs"
//         reference "base" or "baseline": what head was compared with
//         binding   its number; 0 for the query as a whole
//         path, before, after, sentence, reason
//         ratio     after / before, or null
//         culprit   null or { file, line }: the place that the reason names
//
// Text is "" where there is nothing to say. Bytes that are not UTF-8 are replaced by U+FFFD.
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_json_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters

// Figures of one run as Prometheus' text format 0.0.4, as node_exporter's textfile collector and
// the Pushgateway read it: gauges without timestamps, in seconds, blocks and rows.
//
// - A query's figures, of each side that ran it, are means over its bindings, which are a declared
//   sample of its calls: one figure a query that means the same in each run, where "the worst
//   binding" may be another one tomorrow. A side of which a binding failed has none, as the mean of
//   the others would be the figure of another sample. pgduet_query_executions alone is a sum, over
//   all bindings and stages: it says how much was measured, not what.
// - Times are the fastest of the screening, of which every run takes as many samples: the duet
//   gives more to some queries than to others, and more samples have a smaller minimum.
// - A query has one sample of its verdict, not one for each that it could have. The next file no
//   longer has the series of the verdict before, and Prometheus takes it for stale at the next
//   scrape. What alerts are made of (whether it fails, a run's outcome, a workload's counts) is
//   there in every file, with 0 where it is not so.
// - What changes with every run (run, commit, versions) labels the *_info metrics alone, to be
//   joined on what the others have: pgduet_query_cpu_seconds * on(workload, side)
//   group_left(commit) pgduet_workload_info.
// - No sample stands twice, which both readers take for an error: of two queries of one name the
//   first counts.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and .../practices/naming/
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_prometheus_reporter(const ReportOptions& options);

// `text` as it can stand between the quotes of a label's value: in one line, with what
// terminal_text shows shown, backslashes and quotes escaped.
std::string prometheus_text(std::string_view text);

}  // namespace pgduet::reporters

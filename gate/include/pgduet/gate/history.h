// A query over many runs: what was measured, and what that says: since when it is slower, with
// which commit its plan changed, whether it is steady or spiky. Pure: the store (or a test) hands in
// the points.
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
  std::string started_at;              // ISO 8601, UTC
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

// All that a history is made of.
struct QuerySeries {
  std::string workload;
  std::string query;                 // its name now (in the newest point)
  std::vector<HistoryPoint> points;  // the oldest first
  // What the other queries of the workload took in each run, for telling a slower machine from a slower
  // query: [other query][run_id] = sum of its bindings' fastest times, microseconds.
  std::map<std::string, std::map<std::string, double>> others_us;
};

}  // namespace pgduet::gate

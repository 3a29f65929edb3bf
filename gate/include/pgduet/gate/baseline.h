// The committed baseline of one query: what it is expected to do. One file a query, read in pull
// requests. baselines/README.md specifies the format for users.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/plan_shape.h"
#include "pgduet/gate/result.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/gate/work.h"

namespace pgduet::gate {

constexpr int baseline_format_version = 1;

// What is expected of one binding on one PostgreSQL major version.
struct BindingBaseline {
  std::vector<ParameterValue> parameters;  // types left out
  std::vector<std::string>
      plans;  // ids of the accepted shapes: one, or the set seen over repeated ANALYZE
  Work work;  // only shared_blocks, temp_blocks, rows_visited and wal_bytes are kept
  std::optional<double> cpu_us;  // minimum, rounded to two significant digits
  double wall_us = 0;            // minimum, rounded to two significant digits
  std::optional<ResultSummary> result;

  bool operator==(const BindingBaseline&) const = default;
};

struct VersionBaseline {
  std::vector<PlanShape> plans;  // the plan set, by id
  std::vector<BindingBaseline> bindings;

  bool operator==(const VersionBaseline&) const = default;
};

// A deliberate exception.
struct AcceptedEntry {
  enum class What { plan, work, time, result };

  What what = What::plan;
  std::optional<double> up_to_ratio;  // for work and time
  std::string reason;
  std::string owner;
  std::string expires;  // "2027-03-31": the last day on which it holds

  bool operator==(const AcceptedEntry&) const = default;
};

struct Baseline {
  std::string query;
  std::string fingerprint;
  std::map<int, VersionBaseline> postgres;  // by major version
  std::vector<AcceptedEntry> accepted;

  bool operator==(const Baseline&) const = default;
};

// Same baseline, same bytes.
std::string to_text(const Baseline& baseline);

// Throws Error(input) with file:line for a text that is no baseline, another format_version, an
// unknown key (names the nearest), or an accepted entry without owner, reason or valid date.
Baseline baseline_from_text(std::string_view text, const std::string& file);

// What `run` would be expected to do from now on, merged into `previous` (other major versions and
// accepted entries stay). Times are divided by `machine_ratio`: those of one workload are of one
// machine, and so they are compared. They move only where they changed by more than 20 %, so that a
// refresh does not touch files for nothing. Returns nothing when a binding failed: a failing query
// gets no baseline.
std::optional<Baseline> updated_baseline(const std::optional<Baseline>& previous,
                                         const QueryRecord& query, int postgres_major,
                                         const IndexDefinitions& indexes, double machine_ratio = 1);

}  // namespace pgduet::gate

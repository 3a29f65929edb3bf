// The limits that a workload or a query sets, with their defaults and where those come from.
#pragma once

#include <cstdint>
#include <string>

#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"

namespace pgduet::gate {

struct Policy {
  enum class Action { report, fail };

  double time_ratio = 1.10;  // slower from here on, see time.h
  // Queries that take less than this part of the workload's time (weight times CPU time) have
  // minor_time_ratio in place of time_ratio, where that is larger.
  double minor_share = 0;
  double minor_time_ratio = 1.50;
  // An execution that takes this long is slow: `pgduet history --slow` lists queries by it. Never a
  // verdict.
  double slow_ms = 100;
  double work_ratio = 2.0;  // this many times the blocks ...
  std::int64_t work_blocks =
      64;  // ... and this many more: regressed (or, the other way round, improved)
  Action changed =
      Action::report;  // what a plan or work change that does not hurt does to the gate
  Action new_query = Action::report;     // a query without base and baseline; key "new"
  Action inconclusive = Action::report;  // a query that could not be measured surely enough

  bool operator==(const Policy&) const = default;
};

// Work nominates (is worth a line, never a failure) from here on: 10 % more blocks and at least 8;
// 25 % more temp blocks or any where there were none. Below, page splits and hint bits move
// counters by themselves.
constexpr double noted_blocks_ratio = 1.10;
constexpr std::int64_t noted_blocks = 8;
constexpr double noted_temp_ratio = 1.25;

// Sets one policy value: key as in workload.json ("time_ratio", "changed", ...), value as text
// ("1.3", "fail"). Throws Error(input) at `at` for a key that is not known (names the nearest) or a
// value out of range.
void set_policy(Policy& policy, const std::string& key, const std::string& value,
                const SourcePosition& at);

Json to_json(const Policy& policy);
Policy policy_from_json(const Json& value);

}  // namespace pgduet::gate

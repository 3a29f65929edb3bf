// Which bindings have to be timed in the duet, from what a run has observed so far: a pure
// function.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/duet.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// One binding that is to be timed.
struct Nominee {
  std::size_t query = 0;    // in WorkloadRecord::queries
  std::size_t binding = 0;  // in QueryRun::bindings of head
  Duet::Item item;
  double execution_us = 0;  // of the slower side, in the screening
};

struct Nominations {
  std::vector<Nominee> nominees;
  std::string everything_because;  // why all bindings are nominated; "" when they are not
};

// By plan shape, by work, or by the screening. Everything is nominated where the change may touch
// everything: other settings, another version, half of the queries nominated (in a shard:
// as many as make that likely of the whole), or fewer than few_queries to begin with. Without a
// base side the references for the comparison of machines are nominated along.
Nominations nominate(const WorkloadRecord& record, const WorkloadBaselines& baselines);
constexpr std::size_t few_queries = 8;

// The stages of each nominee: against base, or, where the workload has no base side, against the
// baseline, with the difference of the machines taken out as far as the run tells it.
std::vector<std::vector<StageTimes>> stages_of(const WorkloadRecord& record,
                                               const WorkloadBaselines& baselines,
                                               const std::vector<Nominee>& nominees);

// How much longer this machine takes for executions of about the length of `query`, one of the
// record's, than that which recorded the baselines: the median over other queries; 1 where too few
// are there to tell.
double machine_ratio(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                     const QueryRecord& query);

}  // namespace pgduet::gate

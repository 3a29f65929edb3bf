#include "pgduet/gate/shard.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "pgduet/gate/duet.h"
#include "pgduet/gate/time.h"

namespace pgduet::gate {
namespace {

// Bindings are made, statements prepared, plans explained and rows compared, on two sides.
constexpr double query_us = 30e3;
constexpr double binding_us = 15e3;
// Executions of a side beside the screening's: for the result, for the plan, to warm up.
constexpr int other_executions = 6;
constexpr int sides = 2;
// Shares are rounded, so that two builds of pgduet agree on them.
constexpr double share_steps = 1e9;

// Of the newest version; null without any.
const VersionBaseline* newest(const Baseline& baseline) {
  return baseline.postgres.empty() ? nullptr : &baseline.postgres.rbegin()->second;
}

double binding_cost_us(double execution_us) {
  const int executions =
      rounds_of(execution_us, screening_rounds, true) * executions_of_sample(execution_us, true);
  return binding_us + sides * execution_us * (executions + other_executions);
}

// One execution, the mean of the bindings.
std::optional<double> mean_us(const Baseline& baseline) {
  const VersionBaseline* version = newest(baseline);
  if (version == nullptr || version->bindings.empty()) return std::nullopt;
  double sum = 0;
  for (const BindingBaseline& binding : version->bindings) {
    sum += binding.cpu_us.value_or(binding.wall_us);
  }
  return sum / static_cast<double>(version->bindings.size());
}

// The median of what is known; 1 where nothing is.
double typical(const std::vector<std::optional<double>>& values) {
  std::vector<double> known;
  for (const std::optional<double>& value : values) {
    if (value) known.push_back(*value);
  }
  return known.empty() ? 1 : median(std::move(known));
}

std::vector<double> shares_of(const WorkloadToPlan& workload) {
  std::vector<std::optional<double>> times;
  for (const QueryToPlan& query : workload.queries) {
    const bool known = query.baseline != nullptr && !query.skipped;
    times.push_back(known ? mean_us(*query.baseline) : std::nullopt);
  }
  const double usual = typical(times);
  std::vector<double> shares;
  double sum = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const QueryToPlan& query = workload.queries[i];
    shares.push_back(query.skipped ? 0 : query.weight * times[i].value_or(usual));
    sum += shares.back();
  }
  for (double& share : shares) {
    share = sum > 0 ? std::round(share / sum * share_steps) / share_steps : 0;
  }
  return shares;
}

// Of all queries of all workloads, in their order.
std::vector<std::int64_t> costs_of(const std::vector<WorkloadToPlan>& workloads) {
  std::vector<std::optional<double>> known;
  for (const WorkloadToPlan& workload : workloads) {
    for (const QueryToPlan& query : workload.queries) {
      const bool has_times =
          query.baseline != nullptr && newest(*query.baseline) != nullptr && !query.skipped;
      known.push_back(has_times ? std::optional(double(check_cost_us(*query.baseline)))
                                : std::nullopt);
    }
  }
  const double usual = typical(known);
  std::vector<std::int64_t> costs;
  for (const WorkloadToPlan& workload : workloads) {
    for (const QueryToPlan& query : workload.queries) {
      const double cost = known[costs.size()].value_or(usual);
      costs.push_back(query.skipped ? 0 : std::llround(cost));
    }
  }
  return costs;
}

// The shard of each, from 0.
std::vector<int> split(const std::vector<std::int64_t>& costs, int count) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&costs](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
  std::vector<std::int64_t> loads(static_cast<std::size_t>(count));
  std::vector<int> shards(costs.size());
  for (const std::size_t query : order) {
    const auto least = std::min_element(loads.begin(), loads.end());
    *least += costs[query];
    shards[query] = static_cast<int>(least - loads.begin());
  }
  return shards;
}

}  // namespace

std::int64_t check_cost_us(const Baseline& baseline) {
  double cost = query_us;
  if (const VersionBaseline* version = newest(baseline)) {
    for (const BindingBaseline& binding : version->bindings)
      cost += binding_cost_us(binding.wall_us);
  }
  return std::llround(cost);
}

std::vector<PlannedWorkload> plan_shards(const std::vector<WorkloadToPlan>& workloads, int count) {
  const std::vector<int> shards = split(costs_of(workloads), count);
  std::vector<PlannedWorkload> plan;
  auto shard = shards.begin();
  for (const WorkloadToPlan& workload : workloads) {
    PlannedWorkload& planned = plan.emplace_back();
    planned.name = workload.name;
    planned.baselines_hash = workload.baselines_hash;
    const std::vector<double> shares = shares_of(workload);
    for (std::size_t i = 0; i < workload.queries.size(); ++i) {
      planned.queries.push_back({workload.queries[i].name, *shard++ + 1, shares[i]});
    }
  }
  return plan;
}

}  // namespace pgduet::gate

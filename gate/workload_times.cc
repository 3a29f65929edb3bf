#include "workload_times.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "bindings.h"

namespace pgduet::gate {
namespace {

double time_us(const MinimumTimes& times) { return times.cpu_us.value_or(times.served_us); }

// The mean over the bindings of one execution.
double mean_us(const QueryRun& run) {
  double sum = 0;
  int count = 0;
  for (const BindingRun& binding : run.bindings) {
    const auto times = minimum_times(binding);
    if (!times) continue;
    sum += time_us(*times);
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

bool has_two_clocks(const BindingRun* base, const BindingRun& head, const SideRecord& side) {
  const auto has_cpu = [](const BindingRun& run) {
    const auto times = minimum_times(run);
    return times && times->cpu_us;
  };
  return !side.external_server && has_cpu(head) && (base == nullptr || has_cpu(*base));
}

// Baselines keep wall time as the client sees it.
MinimumTimes as_in_baseline(MinimumTimes times) {
  times.served_us = times.wall_us;
  return times;
}

MinimumTimes times_of(const BindingBaseline& baseline) {
  return {baseline.wall_us, baseline.cpu_us, baseline.wall_us};
}

double length_of(const BindingBaseline& baseline) {
  return std::log(baseline.cpu_us.value_or(baseline.wall_us));
}

std::set<int> stages_in(const BindingRun& run) {
  std::set<int> stages;
  for (const Execution& execution : run.executions) stages.insert(execution.stage);
  return stages;
}

}  // namespace

WorkloadTimes::WorkloadTimes(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                             Reference reference)
    : record_(record), baselines_(baselines) {
  for (const QueryRecord& query : record.queries) {
    const QueryRun* run = query.base ? &*query.base : query.head ? &*query.head : nullptr;
    if (run == nullptr) continue;
    const double weighted_us = query.weight * mean_us(*run);
    weighted_us_[&query] = weighted_us;
    total_us_ += weighted_us;
    if (reference == Reference::baselines && query.head) observe(query);
  }
  for (auto& [stage_and_shard, observations] : against_baselines_) {
    std::sort(observations.begin(), observations.end(),
              [](const Observation& a, const Observation& b) { return a.length < b.length; });
  }
}

void WorkloadTimes::observe(const QueryRecord& query) {
  for (const BindingRun& binding : query.head->bindings) {
    for (const int stage : stages_in(binding)) {
      if (const auto logarithm = logarithm_of(query, binding, stage)) {
        against_baselines_[{stage, query.shard}].push_back(
            {length_of(*baseline_of(query, binding)), *logarithm, &query});
      }
    }
  }
}

StageRule WorkloadTimes::stage_rule() const { return record_.base ? StageRule{} : baseline_rule; }

double WorkloadTimes::share_of(const QueryRecord& query) const {
  const auto found = weighted_us_.find(&query);
  return found == weighted_us_.end() || total_us_ <= 0 ? 0 : found->second / total_us_;
}

TimeLimits WorkloadTimes::limits_of(const QueryRecord& query, const BindingRun& head,
                                    bool only_time) const {
  double ratio = query.policy.time_ratio;
  if (query.planned_share.value_or(share_of(query)) < query.policy.minor_share) {
    ratio = std::max(ratio, query.policy.minor_time_ratio);
  }
  TimeBasis basis;
  basis.only_time = only_time;
  basis.two_clocks = has_two_clocks(base_of(query, head), head, record_.head);
  basis.base_side = record_.base.has_value();
  if (const BindingBaseline* baseline = baseline_of(query, head); !basis.base_side && baseline) {
    if (const auto machine = machine_of(0, query, length_of(*baseline))) {
      basis.spread = std::exp(machine->spread);
    }
  }
  return time_limits(ratio, basis);
}

const BindingRun* WorkloadTimes::base_of(const QueryRecord& query, const BindingRun& head) {
  if (!query.base) return nullptr;
  const BindingRun* base = find_binding(*query.base, head.number);
  return base != nullptr && same_values(base->parameters, head.parameters) ? base : nullptr;
}

const BindingBaseline* WorkloadTimes::baseline_of(const QueryRecord& query,
                                                  const BindingRun& head) const {
  const auto loaded = baselines_.head.find(query.name);
  if (loaded == baselines_.head.end()) return nullptr;
  const auto& postgres = loaded->second.baseline.postgres;
  const auto version = postgres.find(record_.head.postgres_major);
  return version == postgres.end() ? nullptr : find_binding(version->second, head.parameters);
}

std::optional<double> WorkloadTimes::logarithm_of(const QueryRecord& query, const BindingRun& head,
                                                  int stage) const {
  const BindingBaseline* baseline = baseline_of(query, head);
  const auto times = minimum_times(head, stage);
  if (baseline == nullptr || baseline->wall_us <= 0 || !times) return std::nullopt;
  if (baseline->cpu_us && times->cpu_us) return std::log(*times->cpu_us / *baseline->cpu_us);
  return std::log(times->wall_us / baseline->wall_us);
}

// Leaves the query itself out.
std::optional<WorkloadTimes::Machine> WorkloadTimes::machine_of(int stage, const QueryRecord& query,
                                                                double length) const {
  const auto found = against_baselines_.find({stage, query.shard});
  if (found == against_baselines_.end()) return std::nullopt;
  const std::vector<Observation>& all = found->second;
  auto longer = std::lower_bound(
      all.begin(), all.end(), length,
      [](const Observation& observation, double wanted) { return observation.length < wanted; });
  auto shorter = longer;
  std::vector<double> ratios;
  std::set<const QueryRecord*> queries;
  while (ratios.size() < asked_bindings && (shorter != all.begin() || longer != all.end())) {
    const bool take_longer =
        shorter == all.begin() ||
        (longer != all.end() && longer->length - length < length - std::prev(shorter)->length);
    const Observation& next = take_longer ? *longer++ : *--shorter;
    if (next.query == &query) continue;
    ratios.push_back(next.ratio);
    queries.insert(next.query);
  }
  if (queries.size() < least_other_queries) return std::nullopt;
  std::sort(ratios.begin(), ratios.end());
  Machine machine;
  machine.median = median(ratios);
  machine.spread = ratios[ratios.size() * 4 / 5] - machine.median;
  return machine;
}

std::optional<double> WorkloadTimes::screening_score(const QueryRecord& query,
                                                     const BindingRun& head) const {
  if (query.unchanged) return std::nullopt;
  if (record_.base) {
    const BindingRun* base = base_of(query, head);
    return base == nullptr ? std::nullopt : gate::screening_score(*base, head);
  }
  const auto logarithm = logarithm_of(query, head, 0);
  if (!logarithm) return std::nullopt;
  const auto machine = machine_of(0, query, length_of(*baseline_of(query, head)));
  if (!machine) return std::nullopt;
  return *logarithm - machine->median;
}

std::optional<double> WorkloadTimes::machine_ratio(const QueryRecord& query) const {
  for (const BindingRun& binding : query.head->bindings) {
    const auto times = minimum_times(binding);
    if (!times) continue;
    if (const auto machine = machine_of(0, query, std::log(time_us(*times)))) {
      return std::exp(machine->median);
    }
  }
  return std::nullopt;
}

std::vector<StageTimes> WorkloadTimes::stages_of(const QueryRecord& query,
                                                 const BindingRun& head) const {
  if (record_.base) {
    const BindingRun* base = base_of(query, head);
    return base == nullptr ? std::vector<StageTimes>{} : stage_times(*base, head);
  }
  std::vector<StageTimes> stages;
  const BindingBaseline* baseline = baseline_of(query, head);
  if (baseline == nullptr || baseline->wall_us <= 0) return stages;
  for (const auto& [stage, count] : executions_by_stage(head)) {
    const auto machine = machine_of(stage, query, length_of(*baseline));
    if (!machine) continue;
    StageTimes times;
    times.stage = stage;
    times.base = times_of(*baseline);
    times.head = as_in_baseline(*minimum_times(head, stage));
    times.executions = count;
    times.against_baseline = true;
    times.machine = std::exp(machine->median);
    stages.push_back(times);
  }
  return stages;
}

}  // namespace pgduet::gate

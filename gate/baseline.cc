#include "pgduet/gate/baseline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bindings.h"

namespace pgduet::gate {
namespace {

// Smaller moves are the machine's, not the query's: a refresh leaves them alone.
constexpr double kept_up_to_ratio = 1.20;

double rounded(double value, int significant_digits) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*e", significant_digits - 1, value);
  return std::strtod(buffer.data(), nullptr);
}

double refreshed(double previous, double current) {
  const bool near = previous > 0 && current > 0 && current <= previous * kept_up_to_ratio &&
                    previous <= current * kept_up_to_ratio;
  return near ? previous : rounded(current, 2);
}

// Of a result, only what the statement determines: the rest would change with every refresh.
ResultSummary determined(ResultSummary result) {
  if (result.determinacy != Determinacy::full) {
    result.checksum.clear();
    result.float_columns.clear();
  }
  if (result.determinacy == Determinacy::count_today) result.determinacy = Determinacy::none;
  if (result.determinacy == Determinacy::count_only || result.determinacy == Determinacy::none) {
    result.order_checksums.clear();
    result.inner_checksums.clear();
  }
  if (result.determinacy == Determinacy::none) result.rows = 0;
  // compare_results tolerates 1e-9; 12 digits stay well below that and can be read.
  for (FloatColumnSum& column : result.float_columns) {
    column.sum = rounded(column.sum, 12);
    column.absolute_sum = rounded(column.absolute_sum, 12);
  }
  return result;
}

ResultSummary refreshed_result(const BindingBaseline* previous, const ResultSummary& current) {
  ResultSummary result = determined(current);
  if (previous == nullptr || !previous->result) return result;
  // The last digits of floating-point sums differ from run to run: keep those that agree.
  ResultSummary same_floats = result;
  same_floats.float_columns = previous->result->float_columns;
  const bool same =
      same_floats == *previous->result && compare_results(*previous->result, result).same;
  return same ? *previous->result : result;
}

void set_times(BindingBaseline& baseline, const BindingBaseline* previous,
               const MinimumTimes& times, double machine_ratio) {
  baseline.wall_us =
      refreshed(previous == nullptr ? 0 : previous->wall_us, times.wall_us / machine_ratio);
  if (!times.cpu_us) return;
  const bool had_cpu = previous != nullptr && previous->cpu_us;
  baseline.cpu_us = refreshed(had_cpu ? *previous->cpu_us : 0, *times.cpu_us / machine_ratio);
}

// Full-page images after a checkpoint move the WAL of one statement like a time.
std::int64_t refreshed_wal(const BindingBaseline* previous, std::int64_t wal_bytes) {
  return std::llround(
      refreshed(previous == nullptr ? 0 : static_cast<double>(previous->work.wal_bytes),
                static_cast<double>(wal_bytes)));
}

// Before PostgreSQL 18 the rows of a node are rounded to whole ones a worker, and the workers do
// not share them alike twice.
std::int64_t refreshed_rows(const BindingBaseline* previous, std::int64_t rows_visited) {
  constexpr std::int64_t rounding = 16;
  const bool near = previous != nullptr &&
                    std::abs(previous->work.rows_visited - rows_visited) <= rounding &&
                    rows_visited > 1000 * rounding;
  return near ? previous->work.rows_visited : rows_visited;
}

BindingBaseline updated_binding(const BindingBaseline* previous, const QueryRun& run,
                                const BindingRun& binding, double machine_ratio) {
  BindingBaseline baseline;
  for (const ParameterValue& parameter : binding.parameters) {
    baseline.parameters.push_back({parameter.name, parameter.value, ""});
  }
  if (!binding.shape.empty()) baseline.plans.push_back(binding.shape);
  for (const std::string& shape : run.alternate_shapes) {
    if (shape != binding.shape) baseline.plans.push_back(shape);
  }
  std::sort(baseline.plans.begin(), baseline.plans.end());
  baseline.work.shared_blocks = binding.work.shared_blocks;
  baseline.work.temp_blocks = binding.work.temp_blocks;
  baseline.work.rows_visited = refreshed_rows(previous, binding.work.rows_visited);
  baseline.work.wal_bytes = refreshed_wal(previous, binding.work.wal_bytes);
  if (const auto times = minimum_times(binding))
    set_times(baseline, previous, *times, machine_ratio);
  if (binding.result) baseline.result = refreshed_result(previous, *binding.result);
  return baseline;
}

// The tree of a shape that only repeated ANALYZE showed is not in the run; the previous baseline
// may know it.
PlanShape shape_with_tree(const std::string& id, const QueryRun& run,
                          const VersionBaseline& previous, const IndexDefinitions& indexes) {
  for (const BindingRun& binding : run.bindings) {
    if (binding.shape == id) return {id, shape_of(read_plan(binding.plan), indexes).tree};
  }
  for (const PlanShape& plan : previous.plans) {
    if (plan.id == id) return plan;
  }
  return {id, {}};
}

VersionBaseline updated_version(const VersionBaseline& previous, const QueryRun& run,
                                const IndexDefinitions& indexes, double machine_ratio) {
  VersionBaseline version;
  std::vector<std::string> shapes;
  for (const BindingRun& binding : run.bindings) {
    const BindingBaseline* before = find_binding(previous, binding.parameters);
    version.bindings.push_back(updated_binding(before, run, binding, machine_ratio));
    const std::vector<std::string>& plans = version.bindings.back().plans;
    shapes.insert(shapes.end(), plans.begin(), plans.end());
  }
  std::sort(shapes.begin(), shapes.end());
  shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());
  for (const std::string& shape : shapes) {
    version.plans.push_back(shape_with_tree(shape, run, previous, indexes));
  }
  return version;
}

}  // namespace

std::optional<Baseline> updated_baseline(const std::optional<Baseline>& previous,
                                         const QueryRecord& query, int postgres_major,
                                         const IndexDefinitions& indexes, double machine_ratio) {
  if (!query.head || query.head->bindings.empty()) return std::nullopt;
  for (const BindingRun& binding : query.head->bindings) {
    if (binding.failure) return std::nullopt;
  }
  Baseline baseline = previous.value_or(Baseline{});
  baseline.query = query.name;
  baseline.fingerprint = query.head->fingerprint;
  VersionBaseline& version = baseline.postgres[postgres_major];
  version = updated_version(version, *query.head, indexes, machine_ratio);
  return baseline;
}

}  // namespace pgduet::gate

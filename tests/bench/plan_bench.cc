// What it costs to reduce plans to their shapes and to compare them.
//
// The plan has 30 nodes, put together from real plans, with all the fields that EXPLAIN (ANALYZE,
// BUFFERS, VERBOSE, WAL) prints. Goal: shape and diff in 100 µs.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "../unit/plan_builders.h"
#include "../unit/zoo_plans.h"
#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // NOLINT: builders only

std::size_t count_nodes(const PlanNode& node) {
  std::size_t count = 1;
  for (const PlanNode& child : node.children) count += count_nodes(child);
  return count;
}

// A real join, its inputs replaced.
PlanNode joined(const std::string& query, const PlanNode& outer, const PlanNode& inner) {
  PlanNode join = zoo_plan("17", query).root.children.at(0);
  join.children.at(0) = as(outer, "Outer");
  PlanNode& inside = join.children.at(1);
  (inside.node_type == "Hash" ? inside.children.at(0) : inside) = as(inner, "Inner");
  return join;
}

// The real plan of a query, under aliases of its own.
PlanNode piece(const std::string& query, const std::string& suffix) {
  PlanNode root = zoo_plan("17", query).root;
  struct Renamer {
    const std::string& suffix;
    void visit(PlanNode& node) const {
      if (!node.alias.empty()) node = with_field(node, "Alias", node.alias + suffix);
      for (PlanNode& child : node.children) visit(child);
    }
  };
  Renamer{suffix}.visit(root);
  return root;
}

Plan plan_of_30_nodes(const std::string& lookup) {
  const PlanNode partitions = piece("merge_append", "w").children.at(0);  // 6 nodes
  const PlanNode bitmaps = piece("bitmap_and_or", "x").children.at(0);    // 6
  const PlanNode cte = piece("cte_materialized", "y");                    // 6
  const PlanNode sorted = piece("sort_quick", "z");                       // 3
  const PlanNode looked_up = piece(lookup, "u");                          // 1
  const PlanNode inner = joined("hash_join", bitmaps, partitions);        // 2 more
  const PlanNode outer = joined("hash_join", sorted, cte);                // 2 more
  const PlanNode top = joined("hash_join", joined("hash_join", outer, inner), looked_up);  // 4 more
  Plan whole = plan(top);
  while (count_nodes(whole.root) < 30) whole.root = limit(whole.root);
  if (count_nodes(whole.root) != 30) {
    throw std::logic_error("the plan has " + std::to_string(count_nodes(whole.root)) + " nodes");
  }
  return whole;
}

void shape_of_30_nodes(benchmark::State& state) {
  const Plan before = plan_of_30_nodes("index_scan");
  for (auto _ : state) benchmark::DoNotOptimize(shape_of(before));
}
BENCHMARK(shape_of_30_nodes)->Unit(benchmark::kMicrosecond);

void diff_of_30_nodes(benchmark::State& state) {
  const Plan before = plan_of_30_nodes("index_scan");
  const Plan after = plan_of_30_nodes("seq_filter");
  if (diff_plans(before, after).empty()) throw std::logic_error("the plans are equal");
  for (auto _ : state) benchmark::DoNotOptimize(diff_plans(before, after));
}
BENCHMARK(diff_of_30_nodes)->Unit(benchmark::kMicrosecond);

void shape_and_diff_of_30_nodes(benchmark::State& state) {
  const Plan before = plan_of_30_nodes("index_scan");
  const Plan after = plan_of_30_nodes("seq_filter");
  for (auto _ : state) {
    benchmark::DoNotOptimize(shape_of(after));
    benchmark::DoNotOptimize(diff_plans(before, after));
  }
}
BENCHMARK(shape_and_diff_of_30_nodes)->Unit(benchmark::kMicrosecond);

// What judging an unchanged query costs.
void diff_of_equal_plans(benchmark::State& state) {
  const Plan before = plan_of_30_nodes("index_scan");
  for (auto _ : state) benchmark::DoNotOptimize(diff_plans(before, before));
}
BENCHMARK(diff_of_equal_plans)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pgduet::gate

BENCHMARK_MAIN();

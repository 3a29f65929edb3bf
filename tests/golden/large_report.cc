#include "large_report.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/judge.h"
#include "pgduet/gate/plan_shape.h"
#include "sample_report.h"
#include "zoo_plans.h"

namespace pgduet::test {
namespace {

constexpr int one_in_changed = 50;
constexpr int stages = 3;

void add_samples(gate::BindingRun& run, int stage, int rounds, int seed, double slower) {
  for (int i = 0; i < rounds; ++i) {
    const double noise = (i * 7 + seed * 3) % 11;
    run.executions.push_back({.wall_us = (63.25 + noise) * slower,
                              .cpu_us = (41.5 + noise) * slower,
                              .client_us = 9,
                              .executions = 40,
                              .stage = stage});
  }
}

gate::QueryRun query_run(const gate::Json& explain) {
  gate::BindingRun binding;
  binding.parameters = {{"customer_id", "42", "bigint"}};
  binding.coverage = "customer_id: most common value, 3.1 % of orders";
  binding.result = gate::ResultSummary{.rows = 20, .checksum = "9e0f4c21b7aa03d5"};
  binding.plan = explain.at(0);
  const gate::Plan plan = gate::read_plan(binding.plan);
  binding.shape = gate::shape_of(plan).id;
  binding.work = gate::work_of(plan);
  gate::QueryRun run;
  run.source = {"queries/orders.sql", 12, 0};
  run.sql =
      "SELECT o.id, o.total, count(*) AS lines\n"
      "FROM orders AS o\n"
      "JOIN order_lines AS l ON l.order_id = o.id\n"
      "WHERE o.customer_id = :customer_id AND o.status <> 'cancelled'\n"
      "GROUP BY o.id, o.total\n"
      "ORDER BY o.created_at DESC\n"
      "LIMIT 20";
  run.normalized_sql = run.sql;
  run.fingerprint = "a0e963d0d0b34f6b";
  run.relations = {"public.orders"};
  run.bindings = {std::move(binding)};
  return run;
}

}  // namespace

gate::Report large_report(int queries) {
  std::vector<gate::QueryRun> runs;
  for (const gate::Json& explain : gate::testing::zoo("15")) runs.push_back(query_run(explain));
  gate::WorkloadRecord workload;
  workload.name = "large";
  workload.base = side_record("3f2a91c (origin/main)");
  workload.head = side_record("work tree");
  for (int i = 0; i < queries; ++i) {
    const auto at = static_cast<std::size_t>(i) % runs.size();
    const bool changed = i % one_in_changed == 0;
    gate::QueryRecord query;
    query.name = "query_" + std::to_string(i);
    query.head = runs[at];
    query.base = runs[changed ? (at + 1) % runs.size() : at];
    for (int stage = 0; stage <= (changed ? stages : 0); ++stage) {
      add_samples(query.base->bindings[0], stage, stage == 0 ? 10 : 8, i + stage, 1);
      add_samples(query.head->bindings[0], stage, stage == 0 ? 10 : 8, i, changed ? 3 : 1);
    }
    workload.queries.push_back(std::move(query));
  }
  auto record = std::make_shared<gate::RunRecord>();
  record->pgduet_version = "0.1.0";
  record->run_id = "20261121T101500.042Z-1f3a3c";
  record->started_at = "2026-11-21T10:15:00Z";
  record->workloads.push_back(std::move(workload));
  return gate::judge(gate::judge_input(std::move(record)));
}

}  // namespace pgduet::test

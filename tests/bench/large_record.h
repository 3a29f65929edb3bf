// A run record of 10,000 queries with the plans of tests/data/plans, so that sizes are real ones.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/plan_shape.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::bench {

constexpr int query_count = 10000;
constexpr int one_in_changed = 50;  // of the queries got another plan

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

inline std::vector<gate::Json> real_plans() {
  const gate::Json zoo =
      gate::Json::parse(read_text(PGDUET_SOURCE_DIR "/tests/data/plans/plans-15.json"));
  std::vector<gate::Json> plans;
  for (const auto& item : zoo.items()) plans.push_back(item.value().at(0));
  return plans;
}

inline gate::QueryRun query_run(const gate::Json& plan, int executions) {
  gate::BindingRun binding;
  binding.parameters = {{"customer_id", "42", "bigint"}};
  binding.result = gate::ResultSummary{.rows = 20, .checksum = "9e0f4c21b7aa03d5"};
  binding.plan = plan;
  const gate::Plan read = gate::read_plan(plan);
  binding.shape = gate::shape_of(read).id;
  binding.work = gate::work_of(read);
  for (int i = 0; i < executions; ++i) binding.executions.push_back({63.25 + i, 41.5 + i});
  gate::QueryRun run;
  run.source = {"queries/orders.sql", 12, 0};
  run.sql = "SELECT o.id, o.total FROM orders AS o WHERE o.customer_id = :customer_id";
  run.normalized_sql = "SELECT o.id, o.total FROM orders AS o WHERE o.customer_id = $1";
  run.fingerprint = "a0e963d0d0b34f6b";
  run.relations = {"public.orders"};
  run.columns = {"public.orders.customer_id", "public.orders.id", "public.orders.total"};
  run.bindings = {std::move(binding)};
  return run;
}

struct LargeRecord {
  int executions = 10;  // samples of a query on each side
  std::string run_id = "";
  std::string started_at = "2026-11-21T10:15:00Z";
};

inline gate::RunRecord large_record(const LargeRecord& options) {
  std::vector<gate::QueryRun> runs;
  for (const gate::Json& plan : real_plans()) runs.push_back(query_run(plan, options.executions));
  gate::WorkloadRecord workload;
  workload.name = "large";
  workload.base.emplace().postgres_major = 15;
  workload.head.postgres_major = 15;
  gate::WorkloadBaselines baselines;
  for (int i = 0; i < query_count; ++i) {
    const auto at = static_cast<std::size_t>(i) % runs.size();
    gate::QueryRecord query;
    query.name = "query_" + std::to_string(i);
    query.head = runs[at];
    query.head->fingerprint = gate::hash_hex(query.name).substr(0, 16);
    gate::LoadedBaseline baseline = {gate::updated_baseline(std::nullopt, query, 15, {}).value(),
                                     "baselines/large/" + query.name + ".json"};
    baselines.head[query.name] = baselines.base[query.name] = std::move(baseline);
    query.base = runs[i % one_in_changed == 0 ? (at + 1) % runs.size() : at];
    query.base->fingerprint = query.head->fingerprint;
    workload.queries.push_back(std::move(query));
  }
  workload.baselines = gate::to_json(baselines);
  gate::RunRecord record;
  record.run_id = options.run_id;
  record.started_at = options.started_at;
  record.workloads.push_back(std::move(workload));
  return record;
}

}  // namespace pgduet::bench

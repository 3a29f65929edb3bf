// Run records for tests of the judgement: a workload "shop" whose query orders_of_customer reads
// table orders by an index, or without it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/plan_shape.h"
#include "pgduet/gate/run_record.h"
#include "plan_builders.h"

namespace pgduet::gate::testing {

inline CatalogObject orders_index() {
  return {"index", "public.orders_customer_id_idx", "public.orders",
          "public.orders USING btree (customer_id)"};
}

inline CatalogObject orders_column(const std::string& type = "bigint") {
  return {"column", "public.orders.customer_id", "public.orders", type};
}

inline CatalogChange created(const CatalogObject& object, const SourcePosition& at) {
  return {object, std::nullopt, object.definition, at};
}

inline CatalogChange dropped(const CatalogObject& object, const SourcePosition& at) {
  return {object, object.definition, std::nullopt, at};
}

inline SideRecord side(const std::string& revision, int major = 15) {
  SideRecord record;
  record.revision = revision;
  record.postgres_major = major;
  record.postgres_version = std::to_string(major) + ".4";
  record.settings = {{"work_mem", "4MB"}};
  record.steps = {{"setup/001_schema.sql",
                   "aa",
                   0,
                   {created(orders_column(), {"setup/001_schema.sql", 2, 0}),
                    created(orders_index(), {"setup/001_schema.sql", 7, 0})}}};
  record.catalog = {orders_column(), orders_index()};
  return record;
}

// Sides as above with one more setup step, which drops the index.
inline SideRecord side_without_index(const std::string& revision) {
  SideRecord record = side(revision);
  record.steps.push_back({"setup/007_cleanup.sql",
                          "bb",
                          0,
                          {dropped(orders_index(), {"setup/007_cleanup.sql", 3, 0})}});
  record.catalog = {orders_column()};
  return record;
}

inline PlanNode by_index() {
  return with_estimate(with_actual(index_scan("orders", "o", "orders_customer_id_idx",
                                              "(o.customer_id = '42'::bigint)"),
                                   20, 1),
                       20);
}

inline PlanNode without_index() {
  return with_estimate(
      with_actual(with_filter(seq_scan("orders", "o"), "(o.customer_id = '42'::bigint)", 99980), 20,
                  1),
      20);
}

// A binding that returned 20 rows.
inline BindingRun binding(const PlanNode& root, std::int64_t shared_blocks,
                          const std::string& customer_id = "42", int number = 1) {
  BindingRun run;
  run.number = number;
  run.parameters = {{"customer_id", customer_id, "bigint"}};
  run.result = ResultSummary{.rows = 20, .checksum = "aaaaaaaaaaaaaaaa"};
  run.plan = to_json(plan(root));
  run.shape = shape_of(plan(root)).id;
  run.work.shared_blocks = shared_blocks;
  run.work.rows_visited = 20;
  run.executions = {{60, 40, 0}};
  return run;
}

inline BindingRun failing(BindingRun run, const std::string& sqlstate, const std::string& message) {
  run.failure = ExecutionFailure{ExecutionFailure::Kind::error, sqlstate, message};
  run.result.reset();
  run.plan = nullptr;
  run.shape.clear();
  run.work = {};
  run.executions.clear();
  return run;
}

inline QueryRun query_run(std::vector<BindingRun> bindings) {
  QueryRun run;
  run.source = {"queries/orders.sql", 12, 0};
  run.sql = "SELECT * FROM orders AS o WHERE o.customer_id = :customer_id";
  run.normalized_sql = "SELECT * FROM orders AS o WHERE o.customer_id = $1";
  run.fingerprint = "a0e963d0d0b34f6b";
  run.relations = {"public.orders"};
  run.bindings = std::move(bindings);
  return run;
}

inline QueryRun with_text(QueryRun run, const std::string& sql) {
  run.sql = sql;
  run.normalized_sql = sql;
  run.fingerprint = "of " + sql;
  return run;
}

inline QueryRecord query(const std::string& name, std::optional<QueryRun> base,
                         std::optional<QueryRun> head) {
  QueryRecord record;
  record.name = name;
  record.base = std::move(base);
  record.head = std::move(head);
  return record;
}

// What the runs of `run` would be committed as.
inline LoadedBaseline baseline_of(const std::string& name, const QueryRun& run, int major = 15) {
  const auto baseline =
      updated_baseline(std::nullopt, query(name, std::nullopt, run), major, IndexDefinitions{});
  return {baseline.value(), "baselines/shop/" + name + ".json"};
}

// A run of workload "shop" that base and head took part in, without queries yet.
struct ShopRun {
  WorkloadRecord workload;
  WorkloadBaselines baselines;
  std::string today = "2026-11-21";
  bool only_selected = false;

  ShopRun() {
    workload.name = "shop";
    workload.base = side("3f2a91c");
    workload.head = side("work tree");
  }

  Report judge() const {
    auto record = std::make_shared<RunRecord>();
    record->workloads = {workload};
    JudgeInput input;
    input.record = record;
    input.baselines["shop"] = baselines;
    input.today = today;
    input.only_selected = only_selected;
    return gate::judge(input);
  }

  // The report on the first query.
  QueryReport judge_first() const { return judge().workloads.at(0).queries.at(0); }
};

}  // namespace pgduet::gate::testing

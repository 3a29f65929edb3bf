#include "sample_measurements.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/plan_shape.h"
#include "plan_builders.h"

namespace pgduet::test {
namespace {

using namespace gate::testing;  // the builders of plans

constexpr const char* orders_by_customer =
    "SELECT o.id, o.total, o.created_at\n"
    "FROM orders AS o  -- the page \"my orders\"\n"
    "WHERE o.customer_id = :customer_id\n"
    "ORDER BY o.created_at DESC\n"
    "LIMIT 20";

constexpr const char* totals_with_left_join =
    "SELECT c.id, sum(o.total) AS total\n"
    "FROM orders AS o\n"
    "LEFT JOIN customers AS c ON c.id = o.customer_id\n"
    "WHERE o.status = 'paid'\n"
    "GROUP BY c.id";

constexpr const char* totals_with_join =
    "SELECT c.id, sum(o.total) AS total\n"
    "FROM orders AS o\n"
    "JOIN customers AS c ON c.id = o.customer_id\n"
    "WHERE o.status = 'paid'\n"
    "GROUP BY c.id";

gate::CatalogObject orders_index() {
  return {"index", "public.orders_customer_id_created_at_idx", "public.orders",
          "public.orders USING btree (customer_id, created_at DESC)"};
}

gate::PlanNode counted(const gate::PlanNode& node, double estimated, double rows, int blocks) {
  return with_blocks(with_estimate(with_actual(node, rows, 1), estimated), blocks);
}

gate::Plan by_index(const std::string& index) {
  return plan(
      counted(limit(counted(index_scan("orders", "o", index, "(o.customer_id = '42'::bigint)"), 22,
                            20, 24)),
              20, 20, 24));
}

gate::Plan without_index() {
  const gate::PlanNode scan =
      counted(with_filter(seq_scan("orders", "o"), "(o.customer_id = '42'::bigint)", 99'980), 22,
              20, 8'334);
  const gate::PlanNode sorted =
      counted(with_temp_blocks(sort(scan, {"o.created_at DESC"}), 3, 3), 22, 20, 8'334);
  return plan(counted(with_temp_blocks(limit(sorted), 3, 3), 20, 20, 8'334));
}

gate::Plan bitmap() {
  return plan(counted(bitmap_scan("orders", "o", "orders_status_idx", "(o.status = 'open'::text)"),
                      5, 20'000, 26));
}

gate::Plan by_status() {
  return plan(counted(index_scan("orders", "o", "orders_status_idx", "(o.status = 'open'::text)"),
                      5, 20'000, 26));
}

gate::Plan joined(const std::string& join_type) {
  const gate::PlanNode orders =
      counted(with_filter(seq_scan("orders", "o"), "(o.status = 'paid'::text)", 80'000), 19'500,
              20'000, 834);
  const gate::PlanNode customers = counted(seq_scan("customers", "c"), 1'000, 1'000, 20);
  const gate::PlanNode both =
      counted(join("Hash Join", join_type, "(o.customer_id = c.id)", orders, customers), 19'500,
              20'000, 854);
  return plan(counted(aggregate("Hashed", both, {"c.id"}), 1'000, 20, 854));
}

// Minima of `cpu_us` and `wall_us` with what machines add to them; no randomness.
void add_samples(gate::BindingRun& run, int stage, int rounds, double cpu_us, double wall_us,
                 bool control = false) {
  for (int i = 0; i < rounds; ++i) {
    const double noise = 1 + 0.01 * ((i * 7 + stage * 3) % 10) + (i == 5 ? 0.4 : 0);
    run.executions.push_back({.wall_us = wall_us * noise,
                              .cpu_us = cpu_us * noise,
                              .client_us = 9,
                              .executions = 40,
                              .stage = stage,
                              .control = control});
  }
}

void set_plan(gate::QueryRun& run, const gate::Plan& plan) {
  for (gate::BindingRun& binding : run.bindings) {
    binding.plan = gate::to_json(plan);
    binding.shape = gate::shape_of(plan).id;
    binding.work = gate::work_of(plan);
    binding.result = gate::ResultSummary{.rows = 20, .checksum = "9e0f4c21b7aa03d5"};
  }
}

void set_run(gate::QueryRun& run, const std::string& sql, const gate::Plan& plan, double cpu_us,
             double wall_us) {
  run.sql = sql;
  set_plan(run, plan);
  for (gate::BindingRun& binding : run.bindings) {
    binding.executions.clear();
    add_samples(binding, 0, 10, cpu_us, wall_us);
  }
}

void measure_regressed(gate::QueryRecord& query) {
  set_run(*query.base, orders_by_customer, by_index("orders_customer_id_created_at_idx"), 31.4,
          60.2);
  set_run(*query.head, orders_by_customer, without_index(), 75'100, 76'300);
  for (int stage = 1; stage <= 3; ++stage) {
    add_samples(query.base->bindings[0], stage, 8, 31.4, 60.2);
    add_samples(query.base->bindings[0], stage, 8, 31.5, 61, true);
    add_samples(query.head->bindings[0], stage, 8, 75'100, 76'300);
  }
}

void measure_timed_out(gate::QueryRecord& query) {
  for (gate::BindingRun& binding : query.head->bindings) {
    binding.failure = gate::ExecutionFailure{gate::ExecutionFailure::Kind::timeout, "57014",
                                             "canceling statement due to statement timeout"};
    binding.result.reset();
    binding.plan = nullptr;
    binding.shape.clear();
    binding.work = {};
    binding.executions.clear();
  }
}

void measure(gate::QueryRecord& query) {
  if (!query.head) return;
  set_run(*query.head, orders_by_customer, by_index("orders_customer_id_idx"), 40, 62);
  if (query.base)
    set_run(*query.base, orders_by_customer, by_index("orders_customer_id_idx"), 41, 63);
  if (query.name == "orders_of_customer") measure_regressed(query);
  if (query.name == "order_export") measure_timed_out(query);
  if (query.name == "order_totals") {
    query.base->sql = totals_with_left_join;
    query.head->sql = totals_with_join;
    set_plan(*query.base, joined("Left"));
    set_plan(*query.head, joined("Inner"));
  }
  if (query.name == "open_orders") {
    set_plan(*query.base, bitmap());
    set_plan(*query.head, by_status());
  }
}

void add_steps(gate::WorkloadRecord& workload) {
  const gate::CatalogObject index = orders_index();
  const gate::StepRecord schema = {
      "setup/001_schema.sql",
      "a1",
      0.25,
      {{index, std::nullopt, index.definition, {"workloads/shop/setup/001_schema.sql", 9, 0}}}};
  const gate::StepRecord cleanup = {
      "setup/007_cleanup.sql",
      "b2",
      0.01,
      {{index, index.definition, std::nullopt, {"setup/007_cleanup.sql", 3, 0}}},
      {{3, "DROP INDEX orders_customer_id_created_at_idx"}}};
  workload.base->steps = {schema};
  workload.base->catalog = {index};
  workload.head.steps = {schema, cleanup};
}

gate::LoadedBaseline baseline_of(const gate::QueryRecord& query, const gate::Plan& plan,
                                 const std::string& file) {
  gate::QueryRecord expected = query;
  set_plan(*expected.head, plan);
  return {gate::updated_baseline(std::nullopt, expected, 15, {}).value(), file};
}

// One query has an exception, one a baseline and no base side.
void add_baselines(gate::WorkloadRecord& workload, const std::string& name, const gate::Plan& plan,
                   std::vector<gate::AcceptedEntry> accepted) {
  for (const gate::QueryRecord& query : workload.queries) {
    if (query.name != name) continue;
    gate::WorkloadBaselines baselines;
    gate::LoadedBaseline& loaded = baselines.head[name];
    loaded = baseline_of(query, plan, "baselines/" + workload.name + "/" + name + ".json");
    loaded.baseline.accepted = std::move(accepted);
    workload.baselines = gate::to_json(baselines);
    return;
  }
}

void replace_strings(gate::Json& json, const std::string& text) {
  if (json.is_string()) json = text;
  if (!json.is_structured()) return;
  for (gate::Json& member : json) replace_strings(member, text);
}

// The plan stays one that can be read: what decides about its shape is kept.
void replace_plan_texts(gate::Json& plan, const std::string& text) {
  if (!plan.is_structured()) return;
  for (const auto& item : plan.items()) {
    const std::string& key = item.key();
    if (key == "Node Type" || key == "Join Type" || key == "Strategy" || key == "Partial Mode" ||
        key == "Parent Relationship") {
      continue;
    }
    if (key == "Plan") {
      replace_plan_texts(item.value(), text);
    } else if (key == "Plans") {
      for (gate::Json& child : item.value()) replace_plan_texts(child, text);
    } else {
      replace_strings(item.value(), text);
    }
  }
}

}  // namespace

void add_measurements(gate::RunRecord& run) {
  for (gate::WorkloadRecord& workload : run.workloads) {
    for (gate::QueryRecord& query : workload.queries) {
      if (!workload.base) query.base.reset();
      measure(query);
    }
  }
  add_steps(run.workloads[0]);
  add_baselines(run.workloads[0], "order_risk", by_index("orders_customer_id_idx"),
                {{gate::AcceptedEntry::What::work, 3.5, "fraud check joins the risk table",
                  "@payments", "2027-03-31"}});
  add_baselines(run.workloads[1], "daily_totals", without_index(), {});
}

void replace_measured_texts(gate::RunRecord& run, const std::string& text) {
  for (gate::WorkloadRecord& workload : run.workloads) {
    workload.baselines = nullptr;
    for (gate::StepRecord& step : workload.head.steps) {
      step.name = text;
      for (gate::CatalogChange& change : step.changes) {
        change.object = {text, text, text, text};
        if (change.before) change.before = text;
        if (change.after) change.after = text;
        change.at.file = text;
      }
      for (gate::StepStatement& statement : step.statements) statement.text = text;
    }
    for (gate::QueryRecord& query : workload.queries) {
      for (auto* side : {&query.base, &query.head}) {
        if (!*side) continue;
        (*side)->sql = (*side)->normalized_sql = text;
        for (gate::BindingRun& binding : (*side)->bindings) {
          replace_plan_texts(binding.plan, text);
          if (binding.failure) binding.failure->message = text;
        }
      }
    }
  }
}

}  // namespace pgduet::test

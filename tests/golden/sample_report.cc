#include "sample_report.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sample_measurements.h"

namespace pgduet::test {
namespace {

using gate::Finding;
using gate::Verdict;

gate::BindingRun binding(int number, std::vector<gate::ParameterValue> parameters,
                         std::string coverage) {
  gate::BindingRun run;
  run.number = number;
  run.parameters = std::move(parameters);
  run.coverage = std::move(coverage);
  return run;
}

gate::QueryRecord query_record(const std::string& name, const std::string& file, int line) {
  gate::QueryRecord record;
  record.name = name;
  record.head.emplace();
  record.head->source = {file, line, 0};
  record.head->bindings = {
      binding(1, {{"customer_id", "42", "integer"}},
              "customer_id: most common value, 3.1 % of orders"),
      binding(2, {{"customer_id", "9993", "integer"}}, "customer_id: rare value"),
  };
  record.base = record.head;
  return record;
}

gate::RunRecord run_record() {
  gate::WorkloadRecord shop;
  shop.name = "shop";
  shop.directory = "workloads/shop";
  shop.base = side_record("3f2a91c (origin/main)");
  shop.head = side_record("work tree");
  shop.base->commit =
      gate::CommitRecord{"3f2a91c06d0a4a3b7f1f5f6f1f0b2f3d4c5e6a7b", "2026-11-20T16:02:11Z",
                         "Count an order's lines", "main", false};
  shop.head.commit = gate::CommitRecord{"b39dc5e17a64f0c2d8f1c9e6a5b4c3d2e1f0a9b8",
                                        "2026-11-21T10:14:00Z", "Drop an index", "cleanup", true};
  for (const auto& [name, line] :
       std::vector<std::pair<std::string, int>>{{"orders_of_customer", 1},
                                                {"order_totals", 14},
                                                {"order_export", 29},
                                                {"open_orders", 41},
                                                {"order_search", 57},
                                                {"order_by_number", 70},
                                                {"order_history", 82},
                                                {"order_risk", 95},
                                                {"order_queue", 111}}) {
    shop.queries.push_back(query_record(name, "workloads/shop/queries/orders.sql", line));
  }
  shop.queries.push_back(query_record("cart_of_customer", "workloads/shop/queries/cart.sql", 1));
  shop.queries.push_back(query_record("cart_totals", "workloads/shop/queries/cart.sql", 12));

  gate::WorkloadRecord metrics;
  metrics.name = "metrics";
  metrics.directory = "workloads/metrics";
  metrics.head = side_record("work tree");
  metrics.queries.push_back(query_record("daily_totals", "workloads/metrics/queries/daily.sql", 1));
  gate::QueryRecord skipped = query_record("nightly", "workloads/metrics/queries/daily.sql", 20);
  skipped.head.reset();
  skipped.base.reset();
  skipped.skip_reason = "needs the extension dblink";
  metrics.queries.push_back(skipped);

  gate::RunRecord run;
  run.pgduet_version = "0.1.0";
  run.run_id = "20261121T101500.042Z-1f3a3c";
  run.started_at = "2026-11-21T10:15:00Z";
  run.seconds = 12.3;
  run.machine = {2, 0.75, 0.001, 0.6, "", true, {}};
  run.workloads = {shop, metrics};
  add_measurements(run);
  return run;
}

Finding finding(Finding::Kind kind, Finding::Weight weight, const std::string& sentence) {
  Finding result;
  result.kind = kind;
  result.weight = weight;
  result.sentence = sentence;
  return result;
}

gate::Work work(std::int64_t shared_blocks, std::int64_t rows_visited) {
  gate::Work result;
  result.shared_blocks = shared_blocks;
  result.rows_visited = rows_visited;
  return result;
}

gate::QueryReport query_report(const gate::QueryRecord& record, Verdict verdict,
                               const std::string& headline) {
  gate::QueryReport query;
  query.name = record.name;
  if (record.head) query.source = record.head->source;
  query.verdict = verdict;
  query.fails = verdict == Verdict::broken || verdict == Verdict::regressed;
  query.headline = headline;
  query.worst_binding = 1;
  query.times.before = gate::MinimumTimes{63, 41};
  query.times.after = gate::MinimumTimes{62, 40};
  query.work_before = work(24, 20);
  query.work_after = work(24, 20);
  query.record = &record;
  return query;
}

gate::QueryReport regressed(const gate::QueryRecord& record) {
  gate::QueryReport query = query_report(record, Verdict::regressed,
                                         "reads 8,334 blocks instead of 24 (347×): orders is read "
                                         "whole, its index on customer_id is gone");
  Finding blocks = finding(Finding::Kind::work, Finding::Weight::convicts,
                           "touches 8,334 blocks instead of 24 (347×)");
  blocks.binding = 1;
  blocks.before = "24 blocks";
  blocks.after = "8,334 blocks";
  blocks.ratio = 347.25;
  Finding scan = finding(Finding::Kind::plan, Finding::Weight::explains,
                         "orders o: Index Scan using orders_customer_id_created_at_idx → Seq Scan, "
                         "filter removes 99,980 of 100,000 rows");
  scan.binding = 1;
  scan.path = "Limit > Sort > Seq Scan on orders o";
  scan.before = "Index Scan using orders_customer_id_created_at_idx";
  scan.after = "Seq Scan";
  scan.reason =
      "index orders_customer_id_created_at_idx was dropped by "
      "workloads/shop/setup/007_cleanup.sql:3";
  scan.culprit = {"workloads/shop/setup/007_cleanup.sql", 3, 0};
  gate::TimeEvidence evidence;
  for (int stage = 1; stage <= 3; ++stage) {
    evidence.stages.push_back({.stage = stage,
                               .base = {60.2, 31.4, 32},
                               .head = {76'300, 75'100, 75'200},
                               .control = gate::MinimumTimes{61, 31.5, 32.1},
                               .executions = 320});
  }
  evidence = gate::judge_stages(evidence.stages, {1.1, 1.1});
  Finding slower =
      finding(Finding::Kind::time, Finding::Weight::convicts, gate::sentence_of(evidence));
  slower.binding = 1;
  slower.ratio = evidence.ratio;
  slower.time = evidence;
  Finding sort = finding(Finding::Kind::plan, Finding::Weight::informs,
                         "a Sort by o.created_at DESC appeared: the index gave that order");
  sort.binding = 2;
  query.findings = {blocks, slower, scan, sort};
  query.times.before = gate::MinimumTimes{60.2, 31.4};
  query.times.after = gate::MinimumTimes{76'300, 75'100};
  query.detectable = 1.1;
  query.share = 0.31;
  query.work_before = work(24, 20);
  query.work_after = work(8'334, 100'000);
  query.next_step =
      "Keep the index, or accept the new plan: pgduet accept orders_of_customer --owner YOU "
      "--reason WHY --until DATE";
  return query;
}

gate::QueryReport wrong_result(const gate::QueryRecord& record) {
  gate::QueryReport query = query_report(record, Verdict::broken, "returns 19 rows instead of 20");
  query.findings = {
      finding(Finding::Kind::result, Finding::Weight::convicts, "returns 19 rows instead of 20"),
      finding(Finding::Kind::plan, Finding::Weight::informs,
              "customers c: LEFT JOIN became an INNER JOIN")};
  query.findings.front().binding = 2;
  query.worst_binding = 2;
  query.notes = {"sums of floating-point columns are compared with a tolerance of 1e-9"};
  query.next_step = "Compare the rows of both sides: pgduet explain order_totals";
  return query;
}

gate::QueryReport timed_out(const gate::QueryRecord& record) {
  gate::QueryReport query = query_report(
      record, Verdict::broken, "canceling statement due to statement timeout (SQLSTATE 57014)");
  query.findings = {finding(Finding::Kind::failure, Finding::Weight::convicts, query.headline)};
  query.times.after.reset();
  query.work_after.reset();
  query.next_step = "Raise the limit with \"-- timeout: 30s\", or make the query faster.";
  return query;
}

gate::QueryReport missing() {
  gate::QueryReport query;
  query.name = "orders_by_status";
  query.source = {"baselines/shop/orders_by_status.json", 0, 0};
  query.verdict = Verdict::missing;
  query.fails = true;
  query.headline = "has a baseline, but no query of that name is declared";
  query.next_step = "Remove baselines/shop/orders_by_status.json, or restore the query.";
  return query;
}

gate::QueryReport inconclusive(const gate::QueryRecord& record) {
  gate::QueryReport query =
      query_report(record, Verdict::inconclusive, "its plan changes from one ANALYZE to the next");
  query.findings = {finding(Finding::Kind::stability, Finding::Weight::convicts,
                            "3 shapes were seen in 8 runs of ANALYZE")};
  query.next_step = "Raise the statistics target of the columns that it filters by.";
  return query;
}

gate::QueryReport changed(const gate::QueryRecord& record) {
  gate::QueryReport query =
      query_report(record, Verdict::changed, "another plan, at the same work");
  query.findings = {finding(Finding::Kind::plan, Finding::Weight::informs,
                            "orders o: Bitmap Heap Scan → Index Scan using orders_status_idx"),
                    finding(Finding::Kind::estimate, Finding::Weight::informs,
                            "orders o: 5 rows estimated, 20,000 found (4,000×)")};
  query.findings.front().reference = Finding::Reference::baseline;
  query.work_after = work(26, 20);
  query.next_step = "If this is meant, make it the new baseline: pgduet record open_orders";
  return query;
}

gate::QueryReport accepted(const gate::QueryRecord& record) {
  gate::QueryReport query = query_report(record, Verdict::accepted, "touches 3.0× the blocks");
  query.findings = {finding(Finding::Kind::work, Finding::Weight::convicts,
                            "touches 360 blocks instead of 120 (3.0×)")};
  query.detectable = 1.13;
  query.notes = {"accepted by @payments until 2027-03-31: fraud check joins the risk table"};
  return query;
}

gate::QueryReport improved(const gate::QueryRecord& record) {
  gate::QueryReport query =
      query_report(record, Verdict::improved, "touches 12 blocks instead of 1,204");
  query.times.before = gate::MinimumTimes{2'410, std::nullopt};
  query.times.after = gate::MinimumTimes{214, std::nullopt};
  query.work_before = work(1'204, 12'000);
  query.work_after = work(12, 20);
  query.next_step = "Make it the new baseline: pgduet record order_history";
  return query;
}

gate::QueryReport new_query(const gate::QueryRecord& record) {
  gate::QueryReport query =
      query_report(record, Verdict::new_query, "has neither a base side nor a baseline");
  query.worst_binding = 0;
  query.times = {};
  query.work_before.reset();
  query.work_after.reset();
  query.next_step = "Record what it is expected to do: pgduet record";
  return query;
}

gate::QueryReport skipped(const gate::QueryRecord& record) {
  gate::QueryReport query =
      query_report(record, Verdict::skipped, "skipped: " + record.skip_reason.value_or(""));
  query.source = {"workloads/metrics/queries/daily.sql", 20, 0};
  query.worst_binding = 0;
  query.times = {};
  query.work_before.reset();
  query.work_after.reset();
  return query;
}

void replace_texts(gate::RunRecord& run, const std::string& text) {
  replace_measured_texts(run, text);
  for (gate::WorkloadRecord& workload : run.workloads) {
    workload.name = workload.directory = text;
    workload.head.postgres_version = workload.head.revision = text;
    if (workload.head.commit) {
      workload.head.commit->id = workload.head.commit->committed_at = text;
      workload.head.commit->subject = workload.head.commit->branch = text;
    }
    for (gate::QueryRecord& query : workload.queries) {
      query.name = text;
      if (query.skip_reason) query.skip_reason = text;
      if (!query.head) continue;
      for (gate::BindingRun& binding_run : query.head->bindings) {
        binding_run.coverage = text;
        binding_run.parameters = {{text, text, text}, {text, std::nullopt, text}};
      }
    }
  }
}

void replace_texts(gate::QueryReport& query, const std::string& text) {
  query.name = query.headline = query.next_step = text;
  query.source.file = text;
  query.notes = {text};
  for (Finding& item : query.findings) {
    item.path = item.before = item.after = text;
    item.sentence = text + std::to_string(item.binding);
    item.reason = text + text;
    item.culprit = gate::place_in(text, {text, item.culprit.line, 0});
  }
}

}  // namespace

gate::Report sample_report() {
  static const auto record = std::make_shared<const gate::RunRecord>(run_record());
  gate::Report report;
  report.record = record;
  report.outcome = gate::Report::Outcome::failed;
  report.summary =
      "4 of 14 queries fail: 2 broken, 1 regressed, 1 missing; 1 inconclusive, 2 new, 1 changed, 1 "
      "accepted, 1 improved, 3 passed, 1 skipped";

  const gate::WorkloadRecord& shop = report.record->workloads[0];
  gate::WorkloadReport shop_report;
  shop_report.name = shop.name;
  shop_report.record = &shop;
  shop_report.compared_with = "base 3f2a91c (origin/main) and 12 baselines";
  shop_report.impact = "+3.2 % CPU of the weighted workload; 91 % of that from orders_of_customer";
  shop_report.impact_ratio = 1.032;
  shop_report.detection =
      "slowdowns from 1.10× on would have shown in half of the queries, from 1.13× on in 95 %";
  shop_report.queries = {
      regressed(shop.queries[0]),
      wrong_result(shop.queries[1]),
      timed_out(shop.queries[2]),
      changed(shop.queries[3]),
      inconclusive(shop.queries[4]),
      query_report(shop.queries[5], Verdict::passed, ""),
      improved(shop.queries[6]),
      accepted(shop.queries[7]),
      query_report(shop.queries[8], Verdict::passed, ""),
      new_query(shop.queries[9]),
      new_query(shop.queries[10]),
      missing(),
  };

  const gate::WorkloadRecord& metrics = report.record->workloads[1];
  gate::WorkloadReport metrics_report;
  metrics_report.name = metrics.name;
  metrics_report.record = &metrics;
  metrics_report.compared_with = "16 baselines";
  metrics_report.notes = {
      "baselines/metrics/daily_totals.json is stale: the base itself does not meet it"};
  metrics_report.queries = {query_report(metrics.queries[0], Verdict::passed, ""),
                            skipped(metrics.queries[1])};
  report.workloads = {shop_report, metrics_report};
  return report;
}

gate::Report hostile_report(const std::string& text) {
  gate::Report report = sample_report();
  auto record = std::make_shared<gate::RunRecord>(*report.record);
  replace_texts(*record, text);
  set_record(report, record);
  for (gate::WorkloadReport& workload : report.workloads) {
    workload.name = workload.compared_with = text;
    workload.notes = {text};
    for (gate::QueryReport& query : workload.queries) replace_texts(query, text);
  }
  report.summary = text;
  return report;
}

void set_record(gate::Report& report, std::shared_ptr<const gate::RunRecord> record) {
  for (std::size_t i = 0; i < report.workloads.size(); ++i) {
    gate::WorkloadReport& workload = report.workloads[i];
    workload.record = &record->workloads[i];
    for (std::size_t j = 0; j < workload.queries.size(); ++j) {
      gate::QueryReport& query = workload.queries[j];
      if (query.record != nullptr) query.record = &record->workloads[i].queries[j];
    }
  }
  report.record = std::move(record);
}

gate::SideRecord side_record(const std::string& revision) {
  gate::SideRecord record;
  record.revision = revision;
  record.postgres_version = "15.18";
  record.postgres_major = 15;
  record.clock = "CPU time of the server process";
  record.statistics = "ANALYZE with a fixed sample";
  return record;
}

}  // namespace pgduet::test

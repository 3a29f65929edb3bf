#include "pgduet/gate/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"

namespace pgduet::gate {
namespace {

BindingRun full_binding() {
  BindingRun binding;
  binding.number = 2;
  binding.parameters = {{"customer_id", "42", "integer"}, {"status", std::nullopt, "text"}};
  binding.coverage = "customer_id: most common value, 3.1 % of orders";
  binding.result = ResultSummary{.rows = 20, .checksum = "9e0f4c9e0f4c9e0f"};
  binding.plan = Json::parse(
      R"({"Plan": {"Node Type": "Result", "Unknown Field": [1, 2.5, null, {"x": "y"}]}})");
  binding.shape = "5f0c1a9be2d4";
  binding.work = {24, 1, 20, 300, 5, 25};
  binding.executions = {{63.5, 41.25, 12.5, 3.25, 40},
                        {.wall_us = 70, .cpu_us = std::nullopt, .stage = 1},
                        {.wall_us = 70, .cpu_us = std::nullopt, .stage = 1, .control = true}};
  binding.stage_failure = StageFailure{
      2,
      {.kind = ExecutionFailure::Kind::error, .sqlstate = "22012", .message = "division by zero"}};
  return binding;
}

QueryRun full_run() {
  QueryRun run;
  run.source = {"queries/orders.sql", 1, 0};
  run.sql = "SELECT 1\nWHERE x = :customer_id";
  run.normalized_sql = "SELECT $1 WHERE x = $2";
  run.fingerprint = "a0e963d0d0b34f6b";
  run.relations = {"public.orders"};
  run.columns = {"public.orders.customer_id"};
  run.generic_plan = Json::parse(R"({"Plan": {"Node Type": "Result"}})");
  run.generic_shape = "111111111111";
  run.alternate_shapes = {"222222222222"};
  run.notes = {"a note"};
  BindingRun failed;
  failed.failure = ExecutionFailure{ExecutionFailure::Kind::timeout, "57014",
                                    "canceling statement due to statement timeout"};
  run.bindings = {full_binding(), failed};
  return run;
}

SideRecord full_side() {
  SideRecord side;
  side.revision = "3f2a91c (origin/main)";
  side.commit = CommitRecord{"3f2a91c0d0b34f6b3f2a91c0d0b34f6b3f2a91c0", "2026-11-20T08:15:00Z",
                             "Add the order list", "order-list", true};
  side.postgres_version = "15.18";
  side.postgres_major = 15;
  side.external_server = true;
  side.clock = "wall time";
  side.statistics = "ANALYZE with a fixed sample";
  side.settings = {{"work_mem", "4MB"}, {"jit", "off"}};
  side.setup_hash = "abcd";
  side.from_cache = true;
  side.setup_seconds = 1.5;
  const CatalogObject table = {"table", "public.orders", "public.orders", ""};
  side.steps = {{"setup/001_schema.sql",
                 "ef",
                 0.5,
                 {{table, std::nullopt, "", {"setup/001_schema.sql", 1, 0}}}}};
  side.catalog = {table};
  side.notes = {"another note"};
  return side;
}

RunRecord full_record() {
  RunRecord record;
  record.pgduet_version = "0.1.0";
  record.run_id = "20261121T101500.042Z-1f3a3c";
  record.started_at = "2026-11-21T10:15:00Z";
  record.seconds = 12.5;
  record.only_selected = true;
  record.machine = {2, 0.5, 0.01, 0.75, "performance", true, {"a note"}};
  WorkloadRecord workload;
  workload.name = "shop";
  workload.directory = "workloads/shop";
  workload.base = full_side();
  workload.head = full_side();
  workload.one_cluster = true;
  workload.baselines = Json::parse(R"({"head": {"orders_of_customer": {"file": "b.json"}}})");
  QueryRecord query;
  query.name = "orders_of_customer";
  query.weight = 120;
  query.policy.time_ratio = 1.3;
  query.policy.slow_ms = 50;
  query.base = full_run();
  query.head = full_run();
  QueryRecord skipped;
  skipped.name = "slow_report";
  skipped.skip_reason = "needs the warehouse";
  skipped.unchanged = true;
  workload.queries = {query, skipped};
  workload.notes = {"a third note"};
  record.workloads = {workload};
  return record;
}

TEST(RunRecordText, ComesBackAsItWas) {
  const RunRecord record = full_record();
  const std::string text = to_text(record);
  EXPECT_EQ(run_record_from_text(text, "run.json"), record);
  EXPECT_EQ(to_text(run_record_from_text(text, "run.json")), text);
}

TEST(RunRecordText, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(to_text(RunRecord{}), "{\"format_version\":1,\"seconds\":0.0}\n");
}

TEST(RunRecordText, IgnoresMembersThatItDoesNotKnow) {
  const RunRecord record = run_record_from_text(
      R"({"format_version": 1, "new_member": {"a": [1]}, "workloads": [{"name": "shop",
          "queries": [{"name": "q", "later": true, "head": {"sql": "SELECT 1", "more": 2}}]}]})",
      "run.json");
  ASSERT_EQ(record.workloads.size(), 1U);
  ASSERT_EQ(record.workloads[0].queries.size(), 1U);
  EXPECT_EQ(record.workloads[0].queries[0].head->sql, "SELECT 1");
}

TEST(RunRecordText, ReplacesBytesThatAreNotUtf8) {
  RunRecord record = full_record();
  record.workloads[0].queries[0].head->sql = "SELECT '\xff'";
  EXPECT_EQ(run_record_from_text(to_text(record), "run.json").workloads[0].queries[0].head->sql,
            "SELECT '\xEF\xBF\xBD'");
}

std::string error_for(const std::string& text) {
  return error_text([&] { run_record_from_text(text, "run.json"); });
}

TEST(RunRecordText, RefusesAnotherFormatVersion) {
  EXPECT_EQ(error_for(R"({"format_version": 2, "workloads": "no longer an array"})"),
            "run.json: run record has format version 2, and this pgduet reads version 1");
}

TEST(RunRecordText, RefusesWhatIsNoRunRecord) {
  const std::string no_record = "run.json: this is not a run record: it has no \"format_version\"";
  EXPECT_EQ(error_for("{}"), no_record);
  EXPECT_EQ(error_for("[1, 2]"), no_record);
  EXPECT_EQ(error_for("\"text\""), no_record);
  EXPECT_EQ(error_for(R"({"format_version": "1"})"),
            "run.json: \"format_version\" is not an integer");
}

TEST(RunRecordText, RefusesARecordThatIsCutShortAnywhere) {
  RunRecord record = full_record();
  record.workloads[0].queries.resize(1);
  const std::string text = to_text(record);
  // The last two bytes are the closing brace and the newline.
  for (std::size_t size = 0; size < text.size() - 2; size += 7) {
    EXPECT_EQ(error_for(text.substr(0, size)),
              "run.json: run record is cut short\n  hint: Run pgduet again to make a new one.")
        << "after " << size << " bytes";
  }
}

TEST(RunRecordText, RefusesDamage) {
  EXPECT_EQ(error_for(R"({"format_version": 1, "seconds" 5})"),
            "run.json: run record is damaged: no JSON at byte 33\n  hint: Run pgduet again to make "
            "a new one.");
}

TEST(RunRecordText, RefusesNumbersBeyondAllLimits) {
  EXPECT_EQ(error_for(R"({"format_version": 1, "seconds": 1e999})"),
            "run.json: run record is damaged: it holds a number beyond all limits\n  hint: Run "
            "pgduet again to make a new one.");
}

TEST(RunRecordText, NamesTheMemberOfTheWrongType) {
  const auto with = [](const std::string& members) {
    return R"({"format_version": 1, "workloads": [{"name": "shop", )" + members + "}]}";
  };
  EXPECT_EQ(error_for(with(R"("queries": 5)")), "run.json: \"queries\" is not an array");
  EXPECT_EQ(error_for(with(R"("queries": [5])")),
            "run.json: there is number instead of an object with \"name\"");
  EXPECT_EQ(error_for(with(R"("queries": [{"weight": "1"}])")),
            "run.json: \"weight\" is not a number");
  EXPECT_EQ(error_for(with(R"("one_cluster": 1)")),
            "run.json: \"one_cluster\" is not true or false");
  EXPECT_EQ(error_for(with(R"("head": {"settings": []})")),
            "run.json: \"settings\" is not an object");
  EXPECT_EQ(error_for(with(R"("head": {"postgres_major": 15.5})")),
            "run.json: \"postgres_major\" is not an integer");
}

TEST(MinimumTimes, AreThoseOfOneStage) {
  BindingRun binding;
  EXPECT_FALSE(minimum_times(binding));
  binding.executions = {{50, 45, 10},
                        {45, 48, 2},
                        {.wall_us = 1, .cpu_us = 1, .stage = 1},
                        {.wall_us = 2, .cpu_us = 2, .stage = 1, .control = true}};
  EXPECT_EQ(minimum_times(binding), (MinimumTimes{45, 45, 40}));
  EXPECT_EQ(minimum_times(binding, 1), (MinimumTimes{1, 1, 1}));
  EXPECT_EQ(minimum_times(binding, 1, true), (MinimumTimes{2, 2, 2}));
  EXPECT_FALSE(minimum_times(binding, 2));
}

// Client and server may queue for the core together.
TEST(MinimumTimes, WithoutItsWaitingAnExecutionStillTakesItsCpuTime) {
  BindingRun binding;
  binding.executions = {{.wall_us = 100, .cpu_us = 40, .client_us = 10, .queued_us = 30}};
  EXPECT_EQ(minimum_times(binding)->undisturbed_us, 60);
  binding.executions = {{.wall_us = 100, .cpu_us = 40, .client_us = 10, .queued_us = 80}};
  EXPECT_EQ(minimum_times(binding)->undisturbed_us, 40);
  binding.executions = {{.wall_us = 100, .cpu_us = 150, .client_us = 10, .queued_us = 30}};
  EXPECT_EQ(minimum_times(binding)->undisturbed_us, 90) << "workers at the same time";
}

TEST(MinimumTimes, AClockThatMissesExecutionsIsNone) {
  BindingRun binding;
  binding.executions = {{50, 45}, {40, std::nullopt}};
  EXPECT_EQ(minimum_times(binding), (MinimumTimes{40, std::nullopt, 40}));
  binding.executions = {{50, 4000}, {40, 0}};
  EXPECT_EQ(minimum_times(binding), (MinimumTimes{40, std::nullopt, 40}))
      << "it ticks too coarsely";
}

std::string text_of(const std::vector<ParameterValue>& parameters) { return to_text(parameters); }

TEST(ParameterText, QuotesTextAndCutsLongValues) {
  EXPECT_EQ(text_of({}), "");
  EXPECT_EQ(text_of({{"customer_id", "42", "integer"},
                     {"status", "open", "text"},
                     {"note", std::nullopt, "text"}}),
            "customer_id = 42, status = 'open', note = NULL");
  const std::string cut = "ä" + std::string(39, 'x');
  EXPECT_EQ(text_of({{"a", cut, "text"}}), "a = '" + cut + "'");
  EXPECT_EQ(text_of({{"a", cut + "yz", "text"}}), "a = '" + cut + "…'");
}

}  // namespace
}  // namespace pgduet::gate

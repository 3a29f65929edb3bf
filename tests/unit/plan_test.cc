#include "pgduet/gate/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "plan_builders.h"
#include "zoo_plans.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // NOLINT: builders only

TEST(ReadPlan, EveryPlanOfEveryVersionComesBackToTheByte) {
  for (const char* version : zoo_versions) {
    const Json& plans = zoo(version);
    EXPECT_GE(plans.size(), 111U) << version;
    for (const auto& [query, explain] : plans.items()) {
      EXPECT_EQ(to_json(read_plan(explain)).dump(), explain.at(0).dump()) << version << query;
    }
  }
}

TEST(ReadPlan, FillsTheMembersThatAreCompared) {
  const Plan read = zoo_plan("16", "index_scan");
  EXPECT_EQ(read.root.node_type, "Index Scan");
  EXPECT_EQ(read.root.schema, "public");
  EXPECT_EQ(read.root.relation_name, "a");
  EXPECT_EQ(read.root.alias, "a");
  EXPECT_EQ(read.root.index_name, "a_pkey");
  EXPECT_EQ(read.root.plan_rows, 1);
  EXPECT_EQ(read.root.actual_rows, 1.0);
  EXPECT_EQ(read.root.actual_loops, 1.0);
  EXPECT_EQ(read.root.text("Index Cond"), "(a.id = 77)");
  EXPECT_EQ(read.root.text("Filter"), "");
  EXPECT_EQ(read.root.number("Shared Hit Blocks"), 3);
  EXPECT_FALSE(read.root.fields.contains("Plans"));
  EXPECT_TRUE(read.beside.contains("Settings"));
}

TEST(ReadPlan, RowsPerLoopMayBeFractionsFromVersion18On) {
  const PlanNode fraction = with_actual(seq_scan("a"), 0.25, 8);
  EXPECT_EQ(fraction.total_rows(), 2.0);
  EXPECT_EQ(seq_scan("a").total_rows(), std::nullopt);
}

TEST(ReadPlan, TakesTheElementWithoutItsArrayToo) {
  const Json& explain = zoo("17").at("hash_join");
  EXPECT_EQ(read_plan(explain), read_plan(explain.at(0)));
}

TEST(ReadPlan, KeepsAnAppendWhosePartitionsAreAllPruned) {
  const Json explain = {{"Plan", {{"Node Type", "Append"}, {"Plans", Json::array()}}}};
  EXPECT_EQ(to_json(read_plan(explain)), explain);
  EXPECT_TRUE(read_plan(explain).root.children.empty());
}

TEST(ReadPlan, KeepsTheStatementOfAutoExplainInFront) {
  const Json explain = {
      {"Query Text", "SELECT 1"}, {"Plan", {{"Node Type", "Result"}}}, {"Something New", {1, 2}}};
  EXPECT_EQ(to_json(read_plan(explain)).dump(), explain.dump());
}

TEST(ReadPlan, NamesWhatIsMissing) {
  const std::string hint =
      "\n  hint: A plan is what EXPLAIN (FORMAT JSON) returns, from PostgreSQL 14 on.";
  const auto message = [](const Json& json) {
    return error_text([&json] { (void)read_plan(json); });
  };
  EXPECT_EQ(message(Json::array()), "EXPLAIN result has 0 elements instead of 1" + hint);
  EXPECT_EQ(message("Utility"), "EXPLAIN result is not an object" + hint);
  EXPECT_EQ(message({{"Triggers", 1}}), "EXPLAIN result has no member \"Plan\"" + hint);
  EXPECT_EQ(message({{"Plan", 1}}), "plan node is not an object" + hint);
  EXPECT_EQ(message({{"Plan", {{"Alias", "a"}}}}), "plan node has no member \"Node Type\"" + hint);
  EXPECT_EQ(message({{"Plan", {{"Node Type", 3}}}}),
            "member \"Node Type\" of a plan node is not a string" + hint);
  EXPECT_EQ(message({{"Plan", {{"Node Type", "Limit"}, {"Plan Rows", "3"}}}}),
            "member \"Plan Rows\" of a plan node is not a number" + hint);
  EXPECT_EQ(message({{"Plan", {{"Node Type", "Limit"}, {"Plans", {{"a", 1}}}}}}),
            "member \"Plans\" of a plan node is not an array" + hint);
}

TEST(Headline, WordsNodesAsTheServersTextDoes) {
  const auto line = [](const char* query) { return headline(zoo_plan("17", query).root); };
  EXPECT_EQ(line("index_scan"), "Index Scan using a_pkey on a");
  EXPECT_EQ(line("hash_left"), "Hash Left Join");
  EXPECT_EQ(line("setop_except"), "HashSetOp Except");
  EXPECT_EQ(line("partitionwise_join"), "Append");
  EXPECT_EQ(line("group_agg"), "GroupAggregate");
  EXPECT_EQ(line("parallel_seq"), "Finalize Aggregate");
  EXPECT_EQ(line("multiexpr_update"), "Update on a");
  EXPECT_EQ(line("function_scan"), "Function Scan on generate_series x");
  EXPECT_EQ(line("values"), "Values Scan on \"*VALUES*\"");
  EXPECT_EQ(headline(zoo_plan("17", "index_scan_backward").root.children.at(0)),
            "Index Scan Backward using a_pkey on a");
  EXPECT_EQ(headline(parallel(hash_join("(a.id = b.id)", seq_scan("a"), seq_scan("b")))),
            "Parallel Hash Join");
  EXPECT_EQ(headline(bitmap_scan("a", "x", "a_g_idx", "(g = 3)").children.at(0)),
            "Bitmap Index Scan on a_g_idx");
  EXPECT_EQ(headline(seq_scan("Order \"s\"", "o")), "Seq Scan on \"Order \"\"s\"\"\" o");
}

TEST(Subject, IsWhatPeopleCallTheRelation) {
  EXPECT_EQ(subject(seq_scan("orders", "o")), "orders o");
  EXPECT_EQ(subject(seq_scan("orders")), "orders");
  EXPECT_EQ(subject(limit(seq_scan("orders"))), "Limit");
}

TEST(ToText, LooksLikeTheServersText) {
  EXPECT_EQ(to_text(plan(limit(index_scan("orders", "o", "orders_pkey", "(o.id = 5)")))),
            "Limit\n"
            "  ->  Index Scan using orders_pkey on orders o\n"
            "        Index Cond: (o.id = 5)");
}

TEST(ToText, NamesSubplansAndNestedKeys) {
  EXPECT_EQ(to_text(zoo_plan("16", "cte_materialized")),
            "Hash Join\n"
            "  Hash Cond: (x1.g = (x2.g + 1))\n"
            "  CTE x\n"
            "    ->  GroupAggregate\n"
            "          Group Key: a.g\n"
            "          ->  Index Only Scan using a_g_idx on a\n"
            "  ->  CTE Scan on x x1\n"
            "  ->  Hash\n"
            "        ->  CTE Scan on x x2");
  EXPECT_EQ(to_text(zoo_plan("16", "grouping_sets")),
            "MixedAggregate\n"
            "  Grouping Sets: Hash Keys: (a.g); Hash Keys: ((a.id % 3)); Group Keys: ()\n"
            "  ->  Seq Scan on a");
}

TEST(ToText, ShowsCountsWhereAsked) {
  const PlanNode scan =
      with_blocks(with_actual(with_estimate(seq_scan("orders"), 18), 1234567, 1), 3, 4321);
  EXPECT_EQ(to_text(plan(scan), true),
            "Seq Scan on orders (rows=1,234,567 of 18 estimated, loops=1, blocks=4,324)");
  EXPECT_EQ(to_text(plan(with_actual(seq_scan("orders"), 0, 0)), true),
            "Seq Scan on orders (never executed)");
  EXPECT_EQ(to_text(plan(with_estimate(seq_scan("orders"), 18)), true),
            "Seq Scan on orders (rows=18 estimated)");
}

TEST(ToText, RendersEveryPlanOfEveryVersion) {
  for (const char* version : zoo_versions) {
    for (const auto& [query, explain] : zoo(version).items()) {
      const Plan read = read_plan(explain);
      EXPECT_EQ(to_text(read).find(headline(read.root)), 0U) << version << query;
    }
  }
}

}  // namespace
}  // namespace pgduet::gate

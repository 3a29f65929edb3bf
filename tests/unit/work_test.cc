#include "pgduet/gate/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "plan_builders.h"
#include "zoo_plans.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // NOLINT: builders only

TEST(WorkOf, TakesTheBlocksOfTheRootWhichIncludeThoseBelow) {
  const PlanNode scan = with_temp_blocks(with_blocks(seq_scan("a"), 30, 12), 3, 4);
  const Work work = work_of(plan(with_temp_blocks(with_blocks(limit(scan), 30, 12), 3, 4)));
  EXPECT_EQ(work.shared_blocks, 42);
  EXPECT_EQ(work.temp_blocks, 7);
  EXPECT_EQ(work.blocks(), 49);
}

TEST(WorkOf, CountsLocalBlocksAsShared) {
  EXPECT_EQ(
      work_of(plan(with_field(with_blocks(seq_scan("a"), 3), "Local Hit Blocks", 4))).blocks(), 7);
}

TEST(WorkOf, VisitsTheRowsOfScansOverAllLoopsAndThoseThatFiltersRemove) {
  const PlanNode outer = with_actual(with_filter(seq_scan("a"), "(a.g = 3)", 90), 10, 1);
  const PlanNode inner =
      with_field(with_actual(index_scan("b", "b", "b_pkey", "(b.id = a.id)"), 2, 10),
                 "Rows Removed by Index Recheck", 1);
  const PlanNode joined =
      with_field(with_actual(nested_loop(outer, inner), 15, 1), "Rows Removed by Join Filter", 5);
  EXPECT_EQ(work_of(plan(joined)).rows_visited, 100 + 30 + 5);
}

TEST(WorkOf, CountsABitmapHeapScanOnceAndAggregatesNotAtAll) {
  // 172 rows of the heap; the two bitmap index scans below it and the aggregate above add nothing.
  const Plan read = zoo_plan("16", "bitmap_and_or");
  const PlanNode& heap = read.root.children.at(0);
  ASSERT_EQ(heap.node_type, "Bitmap Heap Scan");
  EXPECT_EQ(work_of(read).rows_visited,
            *heap.total_rows() + heap.number("Rows Removed by Index Recheck"));
}

TEST(WorkOf, MultipliesFractionsOfRowsByTheLoops) {
  EXPECT_EQ(work_of(plan(with_actual(seq_scan("a"), 0.33, 300))).rows_visited, 99);
}

TEST(WorkOf, IsNothingWithoutAnalyze) { EXPECT_EQ(work_of(plan(seq_scan("a"))), Work{}); }

TEST(WorkOf, SumsThePeaksOfMemory) {
  EXPECT_EQ(work_of(zoo_plan("16", "incremental_sort2")).memory_kb, 27 + 48);
  EXPECT_EQ(work_of(zoo_plan("18", "nl_materialize")).memory_kb, 17);
  const PlanNode spilled = with_field(
      with_field(sort(seq_scan("a"), {"a.v"}), "Sort Space Type", "Disk"), "Sort Space Used", 999);
  EXPECT_EQ(work_of(plan(spilled)).memory_kb, 0);
  EXPECT_EQ(work_of(plan(with_field(spilled, "Sort Space Type", "Memory"))).memory_kb, 999);
}

TEST(WorkOf, AddsTheMemoryOfParallelWorkers) {
  const Json workers = {
      {{"Worker Number", 0}, {"Sort Space Type", "Memory"}, {"Sort Space Used", 25}},
      {{"Worker Number", 1}, {"Sort Space Type", "Disk"}, {"Sort Space Used", 800}}};
  const PlanNode sorted =
      with_field(with_field(with_field(sort(seq_scan("a"), {"a.v"}), "Sort Space Type", "Memory"),
                            "Sort Space Used", 30),
                 "Workers", workers);
  EXPECT_EQ(work_of(plan(sorted)).memory_kb, 55);
}

TEST(WorkOf, ReadsWhatStandsBesideThePlan) {
  const Json beside = {{"Planning", {{"Shared Hit Blocks", 100}, {"Shared Read Blocks", 11}}}};
  EXPECT_EQ(work_of(plan(seq_scan("a"), beside)).planning_blocks, 111);
}

TEST(WorkOf, CountsWalOfStatementsThatWrite) {
  EXPECT_GT(work_of(zoo_plan("17", "insert")).wal_bytes, 1000);
  EXPECT_EQ(work_of(zoo_plan("17", "index_only")).wal_bytes, 0);
}

TEST(ExclusiveWork, IsTheNodeLessItsChildren) {
  const PlanNode scan = with_actual(with_blocks(seq_scan("a"), 40), 500, 1);
  const PlanNode lookup = with_actual(with_blocks(index_scan("b", "b", "b_pkey"), 5, 5), 1, 500);
  const Work work = exclusive_work(with_actual(with_blocks(nested_loop(scan, lookup), 53), 500, 1));
  EXPECT_EQ(work.shared_blocks, 3);
  EXPECT_EQ(work.rows_visited, 0);
  EXPECT_EQ(exclusive_work(scan).rows_visited, 500);
}

TEST(ExclusiveWork, DoesNotTakeAnInitPlanAwayTwice) {
  // The CTE of 20 blocks runs inside the CTE Scan, which therefore counts them too.
  const PlanNode cte_scan = with_blocks(node("CTE Scan"), 20);
  const PlanNode top = with_subplan(with_blocks(limit(cte_scan), 20),
                                    with_blocks(seq_scan("a"), 20), "InitPlan", "CTE x");
  EXPECT_EQ(exclusive_work(top).shared_blocks, 0);
}

TEST(ExclusiveWork, IsNeverNegativeInAnyRealPlan) {
  struct Check {
    static void node(const PlanNode& node) {
      const Work work = exclusive_work(node);
      EXPECT_GE(work.shared_blocks, 0);
      EXPECT_GE(work.temp_blocks, 0);
      EXPECT_GE(work.wal_bytes, 0);
      for (const PlanNode& child : node.children) Check::node(child);
    }
  };
  for (const char* version : zoo_versions) {
    ASSERT_FALSE(zoo(version).empty());
    for (const Json& explain : zoo(version)) Check::node(read_plan(explain).root);
  }
}

TEST(WorkAsJson, ComesBack) {
  const Work work{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(work_from_json(to_json(work)), work);
  EXPECT_EQ(work_from_json(to_json(Work{})), Work{});
  EXPECT_EQ(to_json(Work{24, 0, 20}).dump(),
            R"({"shared_blocks":24,"temp_blocks":0,"rows_visited":20})");
}

TEST(WorkAsJson, NamesAMemberOfTheWrongType) {
  EXPECT_EQ(error_text([] {
              (void)work_from_json({{"temp_blocks", "3"}});
            }),
            "\"temp_blocks\" is not an integer");
}

}  // namespace
}  // namespace pgduet::gate

#include "pgduet/gate/plan_alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pgduet/gate/plan_diff.h"
#include "plan_builders.h"
#include "zoo_plans.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // the builders of plans
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;

std::string cell(const PlanNode* node, int depth) {
  if (node == nullptr) return "";
  return std::string(static_cast<std::size_t>(depth), '.') + headline(*node);
}

// "= Limit | Limit", "~ .Index Scan using i on t | .Seq Scan on t", "+ | .Sort", "- .Sort |".
std::vector<std::string> shown(const Plan& base, const Plan& head) {
  std::vector<std::string> lines;
  for (const PlanRow& row : align_plans(base, head)) {
    lines.push_back(std::string(1, "=~-+"[static_cast<int>(row.mark)]) + " " +
                    cell(row.base, row.base_depth) + " | " + cell(row.head, row.head_depth));
  }
  return lines;
}

TEST(AlignPlans, EqualPlansStandSideBySide) {
  const Plan both = plan(limit(sort(seq_scan("orders", "o"), {"o.id"})));
  EXPECT_THAT(shown(both, both), ElementsAre("= Limit | Limit", "= .Sort | .Sort",
                                             "= ..Seq Scan on orders o | ..Seq Scan on orders o"));
}

TEST(AlignPlans, AddedSortStandsAloneAndWhatIsBelowStaysAligned) {
  EXPECT_THAT(shown(plan(limit(index_scan("orders", "o", "orders_idx"))),
                    plan(limit(sort(seq_scan("orders", "o"), {"o.id"})))),
              ElementsAre("= Limit | Limit", "+  | .Sort",
                          "~ .Index Scan using orders_idx on orders o | ..Seq Scan on orders o"));
}

TEST(AlignPlans, NodeThatIsGoneStandsWhereItWas) {
  EXPECT_THAT(shown(plan(limit(sort(seq_scan("orders", "o"), {"o.id"}))),
                    plan(limit(index_scan("orders", "o", "orders_idx")))),
              ElementsAre("= Limit | Limit", "- .Sort | ",
                          "~ ..Seq Scan on orders o | .Index Scan using orders_idx on orders o"));
}

TEST(AlignPlans, RootThatIsGoneComesFirst) {
  EXPECT_THAT(shown(plan(limit(seq_scan("t"))), plan(seq_scan("t"))),
              ElementsAre("- Limit | ", "= .Seq Scan on t | Seq Scan on t"));
}

TEST(AlignPlans, JoinMethodAndItsHashChange) {
  EXPECT_THAT(shown(plan(nested_loop(seq_scan("a"), index_scan("b", "b", "b_pkey"))),
                    plan(hash_join("(a.id = b.id)", seq_scan("a"), seq_scan("b")))),
              ElementsAre("~ Nested Loop | Hash Join", "= .Seq Scan on a | .Seq Scan on a",
                          "+  | .Hash", "~ .Index Scan using b_pkey on b | ..Seq Scan on b"));
}

TEST(AlignPlans, SwappedSidesOfAJoinAreAlignedByWhatTheyRead) {
  EXPECT_THAT(shown(plan(merge_join("(a.id = b.id)", seq_scan("a"), seq_scan("b"))),
                    plan(merge_join("(a.id = b.id)", seq_scan("b"), seq_scan("a")))),
              ElementsAre("= Merge Join | Merge Join", "= .Seq Scan on b | .Seq Scan on b",
                          "= .Seq Scan on a | .Seq Scan on a"));
}

TEST(AlignPlans, BitmapIndexScanHasNoPartnerInAnIndexScan) {
  EXPECT_THAT(shown(plan(bitmap_scan("t", "t", "t_idx", "(t.a = 1)")),
                    plan(index_scan("t", "t", "t_idx", "(t.a = 1)"))),
              ElementsAre("~ Bitmap Heap Scan on t | Index Scan using t_idx on t",
                          "- .Bitmap Index Scan on t_idx | "));
}

std::size_t count_nodes(const PlanNode& node) {
  std::size_t count = 1;
  for (const PlanNode& child : node.children) count += count_nodes(child);
  return count;
}

TEST(AlignPlans, EveryNodeOfRealPlansStandsInOneRow) {
  const Json& plans = zoo("15");
  std::vector<Plan> read;
  for (const Json& explain : plans) read.push_back(read_plan(explain));
  for (std::size_t i = 0; i < read.size(); ++i) {
    for (const std::size_t j : {i, (i + 1) % read.size(), (i + 29) % read.size()}) {
      std::vector<const PlanNode*> base;
      std::vector<const PlanNode*> head;
      const std::vector<PlanRow> rows = align_plans(read[i], read[j]);
      for (const PlanRow& row : rows) {
        ASSERT_TRUE(row.base != nullptr || row.head != nullptr);
        if (row.base != nullptr) base.push_back(row.base);
        if (row.head != nullptr) head.push_back(row.head);
      }
      EXPECT_EQ(base.size(), count_nodes(read[i].root));
      EXPECT_EQ(head.size(), count_nodes(read[j].root));
      std::sort(base.begin(), base.end());
      EXPECT_EQ(std::adjacent_find(base.begin(), base.end()), base.end());
      if (i == j) {
        EXPECT_THAT(rows, Each(Field(&PlanRow::mark, PlanRow::Mark::same)));
      }
    }
  }
}

TEST(RowsOf, OnePlanAloneIsHeads) {
  const Plan only = plan(limit(seq_scan("t")));
  const std::vector<PlanRow> rows = rows_of(only);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].head, &only.root.children[0]);
  EXPECT_EQ(rows[1].head_depth, 1);
  EXPECT_EQ(rows[1].base, nullptr);
}

TEST(NumbersOf, CountsAreThoseOfTheNodeAlone) {
  const PlanNode scan =
      with_blocks(with_estimate(with_actual(with_filter(seq_scan("t"), "(a)", 90), 10, 3), 40), 7);
  const PlanNode sorted =
      with_temp_blocks(with_blocks(with_actual(sort(scan, {"a"}), 10, 3), 9), 4, 5);
  EXPECT_EQ(numbers_of(scan), (NodeNumbers{.executed = true,
                                           .loops = 3,
                                           .rows = 30,
                                           .estimated_rows = 40,
                                           .rows_per_loop = 10,
                                           .q_error = 4,
                                           .rows_removed = 270,
                                           .blocks = 7,
                                           .rows_visited = 300}));
  EXPECT_EQ(numbers_of(sorted).blocks, 2);
  EXPECT_EQ(numbers_of(sorted).temp_blocks, 9);
}

TEST(NumbersOf, TimeIsKnownOnlyWithTiming) {
  const PlanNode scan = with_field(with_actual(seq_scan("t"), 10, 2), "Actual Total Time", 1.5);
  const PlanNode sorted =
      with_field(with_actual(sort(scan, {"a"}), 20, 1), "Actual Total Time", 5.0);
  EXPECT_EQ(numbers_of(sorted).time_ms, 2.0);
  EXPECT_EQ(numbers_of(seq_scan("t")).time_ms, std::nullopt);
}

TEST(CutOffNodes, AreThoseBelowALimitUpToWhatReadsToTheEnd) {
  const PlanNode scan = with_estimate(with_actual(seq_scan("t"), 10, 1), 40);
  const PlanNode sorted = with_estimate(with_actual(sort(scan, {"a"}), 5, 1), 40);
  const Plan limited = plan(with_actual(limit(sorted), 5, 1));
  EXPECT_THAT(cut_off_nodes(limited), ElementsAre(&limited.root.children[0]));
}

TEST(NumbersOf, NodeThatDidNotRunHasNoError) {
  const NodeNumbers numbers = numbers_of(with_estimate(with_actual(seq_scan("t"), 0, 0), 500));
  EXPECT_FALSE(numbers.executed);
  EXPECT_EQ(numbers.q_error, 1);
  EXPECT_EQ(numbers.estimated_rows, 500);
}

}  // namespace
}  // namespace pgduet::gate

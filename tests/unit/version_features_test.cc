#include "version_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan_builders.h"

namespace pgduet::gate {
namespace {

using namespace gate::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<VersionFeature> between_14_and_18(const PlanNode& older, const PlanNode& newer) {
  return features_between(plan(older), 14, plan(newer), 18);
}

PlanNode scan(const std::string& cond, double searches = 1) {
  return with_field(with_actual(index_scan("orders", "o", "orders_a_b_idx", cond), 5, 1),
                    "Index Searches", searches);
}

const PlanNode customers = seq_scan("customers");
const PlanNode orders = seq_scan("orders");

TEST(VersionFeatures, JoinTypes) {
  const PlanNode older = join("Hash Join", "Anti", "(a = b)", customers, orders);
  EXPECT_THAT(
      between_14_and_18(older, join("Hash Join", "Right Anti", "(a = b)", orders, customers)),
      ElementsAre(VersionFeature{16, "right anti join"}));
  EXPECT_THAT(
      between_14_and_18(older, join("Hash Join", "Right Semi", "(a = b)", orders, customers)),
      ElementsAre(VersionFeature{18, "right semi join"}));
  const PlanNode full = join("Hash Join", "Full", "(a = b)", customers, orders);
  EXPECT_THAT(between_14_and_18(full, parallel(full)),
              ElementsAre(VersionFeature{16, "parallel full hash join"}));
}

TEST(VersionFeatures, Sorts) {
  const PlanNode incremental = node("Incremental Sort", {orders});
  EXPECT_THAT(
      between_14_and_18(node("Unique", {sort(orders, {"a"})}), node("Unique", {incremental})),
      ElementsAre(VersionFeature{16, "DISTINCT by incremental sort"}));
  EXPECT_THAT(
      between_14_and_18(aggregate("Plain", orders), aggregate("Plain", sort(orders, {"a"}))),
      ElementsAre(VersionFeature{16, "ORDER BY of an aggregate by a sort below it"}));
  EXPECT_THAT(between_14_and_18(aggregate("Hashed", append({orders, customers})),
                                node("Unique", {node("Merge Append", {orders, customers})})),
              ElementsAre(VersionFeature{17, "UNION by merge append"}));
  EXPECT_THAT(
      between_14_and_18(node("WindowAgg", {orders}),
                        with_field(node("WindowAgg", {orders}), "Run Condition", "(n <= 3)")),
      ElementsAre(VersionFeature{15, "a window that stops early (Run Condition)"}));
}

TEST(VersionFeatures, IndexConditions) {
  const PlanNode by_or = with_filter(orders, "((a = 1) OR (a = 2))");
  EXPECT_THAT(between_14_and_18(by_or, scan("(a = ANY ('{1,2}'))", 2)),
              ElementsAre(VersionFeature{18, "OR as one index condition"}));
  EXPECT_THAT(between_14_and_18(orders, scan("(a = ANY ('{1,2}'))", 2)), IsEmpty())
      << "no OR to begin with";
  EXPECT_THAT(between_14_and_18(scan("(b = 2)", 0), scan("(b = 2)", 4)),
              ElementsAre(VersionFeature{18, "index skip scan"}));
  EXPECT_THAT(between_14_and_18(scan("(a = 2)", 0), scan("(a = 2)", 1)), IsEmpty());
}

TEST(VersionFeatures, ScansThatAreGone) {
  const PlanNode older = nested_loop(seq_scan("orders", "a"), seq_scan("orders", "b"));
  EXPECT_THAT(between_14_and_18(older, orders),
              ElementsAre(VersionFeature{18, "self-join elimination"}));
  EXPECT_THAT(between_14_and_18(nested_loop(orders, customers), orders), IsEmpty())
      << "another relation is not read at all";
}

TEST(VersionFeatures, OnlyThoseThatTheOlderServerDoesNotHave) {
  const Plan older = plan(join("Hash Join", "Anti", "(a = b)", customers, orders));
  const Plan newer = plan(join("Hash Join", "Right Anti", "(a = b)", orders, customers));
  EXPECT_THAT(features_between(older, 16, newer, 18), IsEmpty());
  EXPECT_THAT(features_between(older, 14, newer, 15), IsEmpty());
  EXPECT_THAT(features_between(newer, 14, older, 18), IsEmpty());
}

}  // namespace
}  // namespace pgduet::gate

#include "tree_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgduet::gate {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> sentences(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after) {
  std::vector<std::string> list;
  for (const PlanChange& change : diff_trees(before, after)) list.push_back(change.sentence);
  return list;
}

TEST(DiffTrees, AnotherScanOfTheSameRelationIsOneChange) {
  const std::vector<PlanChange> changes =
      diff_trees({"Limit", "  Index Scan using orders_pkey on orders o"},
                 {"Limit", "  Sort", "    Seq Scan on orders o"});
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].kind, PlanChange::Kind::access);
  EXPECT_EQ(changes[0].subject, "orders o");
  EXPECT_EQ(changes[0].before, "Index Scan using orders_pkey");
  EXPECT_EQ(changes[0].after, "Seq Scan");
  EXPECT_EQ(changes[0].path, "Limit > Sort > Seq Scan on orders o");
  EXPECT_EQ(changes[0].sentence, "orders o: Index Scan using orders_pkey → Seq Scan");
  EXPECT_EQ(changes[1].sentence, "Sort appeared");
}

TEST(DiffTrees, NodesComeAndGo) {
  EXPECT_THAT(sentences({"Hash Join", "  Seq Scan on a", "  Hash", "    Seq Scan on b"},
                        {"Nested Loop", "  Seq Scan on a", "  Index Scan using b_pkey on b"}),
              ElementsAre("b: Seq Scan → Index Scan using b_pkey", "Nested Loop appeared",
                          "Hash Join went", "Hash went"));
  EXPECT_THAT(
      sentences({"Append", "  Seq Scan on p1", "  Seq Scan on p2"}, {"Append", "  Seq Scan on p1"}),
      ElementsAre("p2: Seq Scan went"));
}

TEST(DiffTrees, ASelfJoinIsToldByItsAliases) {
  EXPECT_THAT(sentences({"Nested Loop", "  Seq Scan on c", "  Index Scan using c_pkey on c p"},
                        {"Nested Loop", "  Seq Scan on c", "  Seq Scan on c p"}),
              ElementsAre("c p: Index Scan using c_pkey → Seq Scan"));
}

TEST(DiffTrees, EqualLinesDifferInWhatTheyDoNotShow) {
  EXPECT_THAT(sentences({"Seq Scan on a"}, {"Seq Scan on a"}),
              ElementsAre("same nodes as in the baseline, with other conditions"));
  EXPECT_THAT(sentences({"Hash Join", "  Seq Scan on a", "  Seq Scan on b"},
                        {"Hash Join", "  Seq Scan on b", "  Seq Scan on a"}),
              ElementsAre("same nodes as in the baseline, in another order"));
}

}  // namespace
}  // namespace pgduet::gate

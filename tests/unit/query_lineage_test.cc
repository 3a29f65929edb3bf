#include "store/query_lineage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace pgduet::harness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A store in memory.
struct Queries {
  std::vector<KnownQuery> all;
  std::set<std::pair<std::int64_t, std::int64_t>> beside = {};

  LineageSource source() const {
    return {
        [this](const std::string& name) {
          return matching([&](const KnownQuery& one) { return one.name == name; });
        },
        [this](const std::string& fingerprint) {
          return matching([&](const KnownQuery& one) { return one.fingerprint == fingerprint; });
        },
        [this](const KnownQuery& one, const KnownQuery& other) {
          return beside.contains({one.query_id, other.query_id}) ||
                 beside.contains({other.query_id, one.query_id});
        }};
  }

  template <typename Condition>
  std::vector<KnownQuery> matching(const Condition& condition) const {
    std::vector<KnownQuery> found;
    for (const KnownQuery& one : all) {
      if (condition(one)) found.push_back(one);
    }
    return found;
  }
};

TEST(LineageOf, ARewrittenQueryIsAllStatementsOfItsName) {
  const Queries queries{{{1, "orders", "a", "run 1", "head"}, {2, "orders", "b", "run 2", "head"}}};
  EXPECT_THAT(lineage_of("orders", queries.source()), ElementsAre(1, 2));
}

TEST(LineageOf, ARenamedQueryKeepsWhatItWasBefore) {
  const Queries queries{
      {{1, "orders", "a", "run 1", "head"}, {2, "order_list", "a", "run 2", "head"}}};
  EXPECT_THAT(lineage_of("order_list", queries.source()), ElementsAre(1, 2));
  EXPECT_THAT(lineage_of("orders", queries.source()), ElementsAre(1));
}

TEST(LineageOf, TheRunThatRenamesHasTheOldNameOnBase) {
  const Queries queries{
      {{1, "orders", "a", "run 1", "base"}, {2, "order_list", "a", "run 1", "head"}}};
  EXPECT_THAT(lineage_of("order_list", queries.source()), ElementsAre(1, 2));
}

TEST(LineageOf, RewrittenBeforeItWasRenamedAndAfter) {
  const Queries queries{{{1, "orders", "a", "run 1", "head"},
                         {2, "orders", "b", "run 2", "head"},
                         {3, "order_list", "b", "run 3", "head"},
                         {4, "order_list", "c", "run 4", "head"},
                         {5, "orders", "d", "run 5", "head"}}};
  // The name "orders" went to another query after that.
  EXPECT_THAT(lineage_of("order_list", queries.source()), ElementsAre(1, 2, 3, 4));
}

TEST(LineageOf, TwoQueriesOfOneRunThatLookAlikeAreTwo) {
  const Queries queries{{{1, "open", "a", "run 1", "head"}, {2, "paid", "a", "run 2", "head"}},
                        {{1, 2}}};
  EXPECT_THAT(lineage_of("paid", queries.source()), ElementsAre(2));
}

TEST(LineageOf, SwappedNamesDoNotGoRoundInACircle) {
  const Queries queries{{{1, "x", "a", "run 1", "head"},
                         {2, "y", "b", "run 1", "head"},
                         {3, "x", "b", "run 2", "head"},
                         {4, "y", "a", "run 2", "head"}}};
  EXPECT_THAT(lineage_of("x", queries.source()), ElementsAre(1, 3));
}

TEST(LineageOf, AnUnknownNameHasNone) {
  EXPECT_THAT(lineage_of("orders", Queries{}.source()), IsEmpty());
}

}  // namespace
}  // namespace pgduet::harness

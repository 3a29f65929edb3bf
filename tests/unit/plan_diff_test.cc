#include "pgduet/gate/plan_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan_builders.h"
#include "zoo_plans.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // NOLINT: builders only
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = PlanChange::Kind;

std::vector<PlanChange> diff(const PlanNode& before, const PlanNode& after) {
  return diff_plans(plan(before), plan(after));
}

std::vector<std::string> sentences(const PlanNode& before, const PlanNode& after) {
  std::vector<std::string> texts;
  for (const PlanChange& change : diff(before, after)) texts.push_back(change.sentence);
  return texts;
}

std::vector<Kind> kinds(const PlanNode& before, const PlanNode& after) {
  std::vector<Kind> found;
  for (const PlanChange& change : diff(before, after)) found.push_back(change.kind);
  return found;
}

PlanNode orders_by_index() {
  return index_scan("orders", "o", "orders_customer_id_idx", "(o.customer_id = 5)");
}

// 20 of 100,000 rows pass.
PlanNode orders_by_filter() {
  return with_actual(with_filter(seq_scan("orders", "o"), "(o.customer_id = 5)", 99980), 20, 1);
}

PlanNode customers() { return index_scan("customers", "c", "customers_pkey", "(c.id = 5)"); }

TEST(DiffPlans, EqualShapesHaveNoChanges) {
  EXPECT_THAT(diff(orders_by_index(), with_actual(orders_by_index(), 3, 1)), IsEmpty());
  EXPECT_THAT(
      diff(orders_by_index(), with_field(orders_by_index(), "Index Cond", "(o.customer_id = $1)")),
      IsEmpty());
}

TEST(DiffPlans, AnIndexScanThatBecameASeqScanIsOneChange) {
  PlanChange expected;
  expected.kind = Kind::access;
  expected.path = "Limit > Seq Scan on orders o";
  expected.subject = "orders o";
  expected.before = "Index Scan using orders_customer_id_idx";
  expected.after = "Seq Scan";
  expected.sentence =
      "orders o: Index Scan using orders_customer_id_idx → Seq Scan, filter removes 99,980 of "
      "100,000 rows";
  expected.index_before = "public.orders_customer_id_idx";
  expected.relation = "public.orders";
  EXPECT_THAT(diff(limit(orders_by_index()), limit(orders_by_filter())), ElementsAre(expected));
}

TEST(DiffPlans, AFunctionAroundAColumnIsFoundWithAnotherAccessPath) {
  const PlanNode before = index_scan("users", "u", "users_email_idx", "(u.email = 'a'::text)");
  const PlanNode after = seq_scan("users", "u", "(lower(u.email) = 'a'::text)");
  EXPECT_THAT(sentences(before, after),
              ElementsAre("users u: Index Scan using users_email_idx → Seq Scan",
                          "users u: email = ? is no longer an Index Cond: now a Filter on "
                          "lower(email)"));
}

TEST(DiffPlans, AFunctionAroundAColumnIsFoundInTheSameScan) {
  const PlanNode before = index_scan("users", "u", "users_email_idx", "(u.email = 'a'::text)");
  const PlanNode after =
      with_filter(index_scan("users", "u", "users_email_idx"), "(lower(u.email) = 'a'::text)");
  EXPECT_THAT(sentences(before, after),
              ElementsAre("users u: email = ? is no longer an Index Cond: now a Filter on "
                          "lower(email)"));
  EXPECT_THAT(kinds(before, after), ElementsAre(Kind::condition));
}

TEST(DiffPlans, ConditionsMoveChangeComeAndGo) {
  const PlanNode both = index_scan("o", "o", "i", "((o.a = 1) AND (o.b = 2))");
  EXPECT_THAT(sentences(both, with_filter(index_scan("o", "o", "i", "(o.a = 1)"), "(o.b = 2)")),
              ElementsAre("o: b = ? is no longer an Index Cond: now a Filter"));
  EXPECT_THAT(sentences(seq_scan("o", "o", "(o.a = 1)"), seq_scan("o", "o", "((o.a)::text = '1')")),
              ElementsAre("o: Filter a = ? → (a)::text = ?"));
  EXPECT_THAT(sentences(seq_scan("o"), seq_scan("o", "o", "(o.a = 1)")),
              ElementsAre("o: new Filter a = ?"));
  EXPECT_THAT(sentences(seq_scan("o", "o", "(o.a = 1)"), seq_scan("o")),
              ElementsAre("o: Filter a = ? is gone"));
}

TEST(DiffPlans, AnotherIndexIsAnAccessChange) {
  const auto changes = diff(orders_by_index(), index_scan("orders", "o", "orders_created_at_idx"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].sentence,
            "orders o: Index Scan using orders_customer_id_idx → Index Scan using "
            "orders_created_at_idx");
  EXPECT_EQ(changes[0].index_before, "public.orders_customer_id_idx");
}

TEST(DiffPlans, AnIndexThatWasMadeAnewIsKnownByItsDefinition) {
  const auto changes =
      diff_plans(plan(orders_by_index()), plan(orders_by_index()),
                 {{"public.orders_customer_id_idx", "public.orders (customer_id)"}},
                 {{"public.orders_customer_id_idx", "public.orders (id)"}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].sentence,
            "orders o: Index Scan using orders_customer_id_idx on public.orders (customer_id) → "
            "Index Scan using orders_customer_id_idx on public.orders (id)");
  EXPECT_EQ(changes[0].index_before, "public.orders_customer_id_idx");
}

TEST(DiffPlans, BitmapScansAreOneAccessPath) {
  EXPECT_THAT(sentences(orders_by_index(), bitmap_scan("orders", "o", "orders_customer_id_idx",
                                                       "(o.customer_id = 5)")),
              ElementsAre("orders o: Index Scan using orders_customer_id_idx → Bitmap Heap Scan "
                          "using orders_customer_id_idx"));
}

TEST(DiffPlans, AnAddedNodeIsOneChangeAndNotOneOfEverythingBelow) {
  const PlanNode below = hash_join("(o.customer_id = c.id)", orders_by_index(), customers());
  EXPECT_THAT(sentences(limit(below), limit(sort(below, {"o.created_at DESC"}))),
              ElementsAre("new Sort by o.created_at DESC above customers c and orders o"));
  EXPECT_THAT(sentences(limit(sort(below, {"o.created_at DESC"})), limit(below)),
              ElementsAre("Sort by o.created_at DESC above customers c and orders o is gone"));
  EXPECT_THAT(kinds(limit(below), limit(node("Materialize", {as(below, "Outer")}))),
              ElementsAre(Kind::node));
}

TEST(DiffPlans, ThePathOfWhatWentIsThatOfThePlanBefore) {
  const auto changes = diff(limit(sort(seq_scan("o"), {"o.a"})), limit(seq_scan("o")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].path, "Limit > Sort");
  EXPECT_EQ(changes[0].before, "Sort by o.a");
  EXPECT_EQ(changes[0].after, "");
}

TEST(DiffPlans, SortsAndAggregatesSayWhatChanged) {
  EXPECT_THAT(sentences(sort(seq_scan("o"), {"o.a"}), sort(seq_scan("o"), {"o.a", "o.b"})),
              ElementsAre("above o: Sort by o.a → Sort by o.a, o.b"));
  const PlanNode incremental =
      with_field(with_field(sort(seq_scan("o"), {"o.a", "o.b"}), "Node Type", "Incremental Sort"),
                 "Presorted Key", {"o.a"});
  EXPECT_THAT(sentences(sort(seq_scan("o"), {"o.a", "o.b"}), incremental),
              ElementsAre("above o: Sort → Incremental Sort, presorted by o.a"));
  EXPECT_THAT(sentences(aggregate("Hashed", seq_scan("o"), {"o.a"}),
                        aggregate("Sorted", seq_scan("o"), {"o.a"})),
              ElementsAre("above o: HashAggregate → GroupAggregate"));
}

TEST(DiffPlans, APlanThatBecameParallelIsOneChange) {
  const PlanNode serial = aggregate("Plain", seq_scan("o"));
  const PlanNode in_parallel = aggregate(
      "Plain", gather(aggregate("Plain", parallel(seq_scan("o")), {}, "Partial")), {}, "Finalize");
  EXPECT_THAT(sentences(serial, in_parallel), ElementsAre("o: now read in parallel (new Gather)"));
  EXPECT_THAT(sentences(in_parallel, serial),
              ElementsAre("o: no longer read in parallel (the Gather is gone)"));
  EXPECT_THAT(kinds(seq_scan("o"), parallel(seq_scan("o"))), ElementsAre(Kind::parallel));
  const PlanNode sorted_above = sort(aggregate("Hashed", seq_scan("o"), {"o.a"}), {"o.a"});
  const PlanNode sorted_between = aggregate(
      "Sorted",
      gather(sort(aggregate("Hashed", parallel(seq_scan("o")), {"o.a"}, "Partial"), {"o.a"})),
      {"o.a"}, "Finalize");
  EXPECT_THAT(sentences(sorted_above, sorted_between),
              ElementsAre("o: now read in parallel (new Gather)"));
}

TEST(DiffPlans, AJoinThatChangedItsMethodSaysHowOftenItsInnerSideRuns) {
  const PlanNode before =
      hash_join("(o.customer_id = c.id)", seq_scan("orders", "o"), seq_scan("customers", "c"));
  const PlanNode after = nested_loop(
      seq_scan("orders", "o"),
      with_actual(index_scan("customers", "c", "customers_pkey", "(c.id = o.customer_id)"), 1,
                  1000));
  EXPECT_THAT(
      sentences(before, after),
      ElementsAre("customers c and orders o: Hash Join → Nested Loop, inner side runs 1,000 "
                  "times",
                  "customers c: Seq Scan → Index Scan using customers_pkey"));
}

TEST(DiffPlans, ALostMatchIsAChangeOfTheJoin) {
  const PlanNode one = seq_scan("orders", "o");
  const PlanNode other = seq_scan("lines", "l");
  EXPECT_THAT(
      sentences(hash_join("(o.id = l.id)", one, other), hash_join("(o.id = l.id)", other, one)),
      ElementsAre("lines l and orders o: Hash Join with lines l inside → Hash Join with "
                  "orders o inside"));
  EXPECT_THAT(sentences(join("Hash Join", "Left", "(o.id = l.id)", one, other),
                        join("Hash Join", "Right", "(o.id = l.id)", other, one)),
              ElementsAre("lines l and orders o: Hash Left Join → Hash Right Join, sides swapped"));
  EXPECT_THAT(sentences(hash_join("(o.id = l.id)", one, other),
                        hash_join("((o.id)::text = l.id)", one, other)),
              ElementsAre("lines l and orders o: Hash Cond o.id = l.id → (o.id)::text = l.id"));
}

TEST(DiffPlans, AnotherJoinOrderIsOneChange) {
  const PlanNode c = seq_scan("customers", "c");
  const PlanNode l = seq_scan("lines", "l");
  const PlanNode o = seq_scan("orders", "o");
  const auto changes = diff(nested_loop(nested_loop(o, c), l), nested_loop(nested_loop(o, l), c));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].kind, Kind::join_order);
  EXPECT_EQ(
      changes[0].sentence,
      "customers c, lines l and orders o: joined in another order, ((o, c), l) → ((o, l), c)");
}

TEST(DiffPlans, SelfJoinsAreAlignedByAlias) {
  const auto changes =
      diff(nested_loop(seq_scan("t", "x"), seq_scan("t", "y")),
           nested_loop(seq_scan("t", "x"), index_scan("t", "y", "t_pkey", "(y.id = x.parent)")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].sentence, "t y: Seq Scan → Index Scan using t_pkey");
  EXPECT_EQ(changes[0].path, "Nested Loop > Index Scan using t_pkey on t y");
}

TEST(DiffPlans, OneTableInTwoSchemasAreTwoTables) {
  const PlanNode here = seq_scan("t", "a");
  const PlanNode there = in_schema(seq_scan("t", "b"), "archive");
  const auto changes =
      diff(nested_loop(here, there),
           nested_loop(here, in_schema(index_scan("t", "b", "t_pkey", "(b.id = 1)"), "archive")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].subject, "t b");
  EXPECT_EQ(changes[0].relation, "archive.t");
  EXPECT_THAT(sentences(here, in_schema(here, "archive")),
              ElementsAre("a: reads archive.t instead of public.t"));
}

TEST(DiffPlans, ARenamedAliasIsStillTheSameTable) {
  EXPECT_THAT(sentences(seq_scan("orders", "o", "(o.id = 1)"),
                        index_scan("orders", "ord", "orders_pkey", "(ord.id = 1)")),
              ElementsAre("orders ord: Seq Scan → Index Scan using orders_pkey"));
  EXPECT_EQ(diff(seq_scan("orders", "o"), seq_scan("orders", "ord")).size(), 1U);
  const auto joined = [](const std::string& o, const std::string& l) {
    return nested_loop(seq_scan("orders", o),
                       seq_scan("lines", l, "(" + l + ".id = " + o + ".id)"));
  };
  EXPECT_THAT(sentences(joined("o", "l"), limit(joined("ord", "ln"))),
              ElementsAre("new Limit above lines ln and orders ord"));
}

TEST(DiffPlans, PartitionsNoLongerPrunedAreOneChange) {
  const PlanNode all =
      append({seq_scan("p1", "p_1"), seq_scan("p2", "p_2"), seq_scan("p3", "p_3")});
  EXPECT_THAT(sentences(seq_scan("p2", "p"), all),
              ElementsAre("p: scans 3 partitions instead of 1, p1 and p3 too"));
  EXPECT_THAT(kinds(seq_scan("p2", "p"), all), ElementsAre(Kind::partitions));
  EXPECT_THAT(sentences(all, append({seq_scan("p1", "p_1"), seq_scan("p2", "p_2")})),
              ElementsAre("p: scans 2 partitions instead of 3, p3 no longer"));
}

TEST(DiffPlans, PruningAtTheStartIsNotTakenForAnotherScan) {
  const PlanNode planned = aggregate("Plain", seq_scan("p2", "p", "(p.d = 1)"));
  const PlanNode started = aggregate("Plain", append({seq_scan("p2", "p_1", "(p_1.d = $1)")}, 11));
  EXPECT_THAT(sentences(planned, started),
              ElementsAre("p: partitions are now pruned at the start of each execution, before "
                          "they were pruned while planning"));
  EXPECT_THAT(kinds(started, planned), ElementsAre(Kind::partitions));
}

TEST(DiffPlans, WhatChangedInEveryPartitionIsSaidOnce) {
  const auto by_index = [](const char* partition, const char* alias) {
    const std::string column = std::string(alias) + ".d";
    return index_scan(partition, alias, std::string(partition) + "_d_idx", "(" + column + " = 1)");
  };
  const auto by_filter = [](const char* partition, const char* alias) {
    const std::string column = std::string(alias) + ".d";
    return with_actual(with_filter(seq_scan(partition, alias), "(" + column + " = 1)", 500), 1, 1);
  };
  EXPECT_THAT(sentences(append({by_index("p1", "p_1"), by_index("p2", "p_2")}),
                        append({by_filter("p1", "p_1"), by_filter("p2", "p_2")})),
              ElementsAre("p (in 2 of 2 partitions): Index Scan using p1_d_idx and 1 more → Seq "
                          "Scan, filter removes 1,000 of 1,002 rows"));
}

TEST(DiffPlans, ASubplanThatBecameAJoinIsOneChange) {
  const PlanNode scan = seq_scan("lines", "l");
  const PlanNode before = with_subplan(seq_scan("orders", "o", "(NOT (hashed SubPlan 1))"), scan,
                                       "SubPlan", "SubPlan 1");
  const PlanNode after =
      join("Hash Join", "Anti", "(o.id = l.order_id)", seq_scan("orders", "o"), scan);
  EXPECT_THAT(sentences(before, after),
              ElementsAre("SubPlan reading lines l became a Hash Anti Join"));
  EXPECT_THAT(sentences(after, before),
              ElementsAre("Hash Anti Join became a SubPlan reading lines l"));
}

TEST(DiffPlans, SubplansAreAlignedByWhatTheyRead) {
  const PlanNode outer = seq_scan("orders", "o");
  const PlanNode lines = seq_scan("lines", "l");
  const PlanNode prices = seq_scan("prices", "p");
  const auto with_two = [&](const PlanNode& one, const PlanNode& other) {
    return with_subplan(with_subplan(outer, one, "SubPlan", "SubPlan 1"), other, "SubPlan",
                        "SubPlan 2");
  };
  const PlanNode by_index = index_scan("lines", "l", "lines_order_id_idx", "(l.order_id = o.id)");
  EXPECT_THAT(sentences(with_two(by_index, prices), with_two(prices, lines)),
              ElementsAre("lines l: Index Scan using lines_order_id_idx → Seq Scan"));
  EXPECT_THAT(
      sentences(outer, with_subplan(outer, with_actual(lines, 1, 50), "SubPlan", "SubPlan 1")),
      ElementsAre("new SubPlan reading lines l, run 50 times"));
  EXPECT_THAT(sentences(with_subplan(outer, lines, "InitPlan", "CTE recent"), outer),
              ElementsAre("CTE recent is gone"));
  const PlanNode of_cte =
      with_field(with_field(node("CTE Scan"), "CTE Name", "recent"), "Alias", "recent");
  EXPECT_THAT(sentences(outer, with_subplan(of_cte, outer, "InitPlan", "CTE recent")),
              ElementsAre("new CTE recent"));
}

TEST(DiffPlans, WhatIsReadNoLongerOrAlsoIsSaid) {
  const PlanNode joined =
      hash_join("(o.id = l.id)", seq_scan("orders", "o"), seq_scan("lines", "l"));
  EXPECT_THAT(sentences(joined, seq_scan("orders", "o")), ElementsAre("no longer reads lines l"));
  EXPECT_THAT(sentences(seq_scan("orders", "o"), joined),
              ElementsAre("now also reads lines l: Seq Scan on lines l"));
}

TEST(DiffPlans, ParentsComeBeforeChildren) {
  const PlanNode before =
      limit(hash_join("(o.customer_id = c.id)", orders_by_index(), customers()));
  const PlanNode after = limit(
      sort(merge_join("(o.customer_id = c.id)", orders_by_filter(), seq_scan("customers", "c")),
           {"o.a"}));
  EXPECT_THAT(kinds(before, after),
              ElementsAre(Kind::sort, Kind::join, Kind::access, Kind::access));
}

TEST(DiffPlans, IsEmptyExactlyWhenTheShapesAreEqual) {
  const Json& plans = zoo("16");
  ASSERT_GE(plans.size(), 113U);
  std::vector<std::pair<std::string, Plan>> read;
  for (const auto& [query, explain] : plans.items()) read.emplace_back(query, read_plan(explain));
  for (const auto& before : read) {
    const std::string id = shape_of(before.second).id;
    for (const auto& after : read) {
      const auto changes = diff_plans(before.second, after.second);
      ASSERT_EQ(changes.empty(), id == shape_of(after.second).id)
          << before.first << " -> " << after.first;
      for (const PlanChange& change : changes) {
        EXPECT_FALSE(change.sentence.empty()) << before.first << " -> " << after.first;
        EXPECT_FALSE(change.path.empty()) << change.sentence;
        EXPECT_FALSE(change.subject.empty()) << change.sentence;
        EXPECT_NE(change.before, change.after) << change.sentence;
      }
    }
  }
}

TEST(DiffPlans, ComparesTheSameQueryAcrossVersions) {
  for (const auto& [query, explain] : zoo("18").items()) {
    for (const char* version : zoo_versions) {
      if (!zoo(version).contains(query)) continue;
      const Plan before = zoo_plan(version, query);
      const Plan after = read_plan(explain);
      EXPECT_EQ(diff_plans(before, after).empty(), shape_of(before).id == shape_of(after).id)
          << version << " " << query;
    }
  }
}

TEST(WorstEstimate, IsTheLargestErrorPerLoop) {
  const PlanNode inner = with_estimate(
      with_actual(index_scan("orders", "o", "orders_pkey", "(o.id = l.id)"), 4000, 10), 1);
  const PlanNode outer = with_estimate(with_actual(seq_scan("lines", "l"), 10, 1), 30);
  const PlanNode top = with_estimate(with_actual(nested_loop(outer, inner), 40000, 1), 20000);
  const EstimateError worst = worst_estimate(plan(top));
  EXPECT_EQ(worst.path, "Nested Loop > Index Scan using orders_pkey on orders o");
  EXPECT_EQ(worst.subject, "orders o");
  EXPECT_EQ(worst.estimated_rows, 1);
  EXPECT_EQ(worst.actual_rows, 4000);
  EXPECT_EQ(worst.q_error, 4000);
}

TEST(WorstEstimate, CountsRowsOfLessThanOneAsOne) {
  EXPECT_EQ(worst_estimate(plan(with_estimate(with_actual(seq_scan("o"), 0, 1), 50))).q_error, 50);
  EXPECT_EQ(worst_estimate(plan(with_estimate(with_actual(seq_scan("o"), 0.2, 9), 1))).q_error, 1);
}

TEST(WorstEstimate, IsNothingWithoutAnalyzeAndForWhatNeverRan) {
  EXPECT_EQ(worst_estimate(plan(with_estimate(seq_scan("o"), 50))).q_error, 1);
  EXPECT_EQ(worst_estimate(plan(with_estimate(with_actual(seq_scan("o"), 0, 0), 50))).q_error, 1);
}

TEST(WorstEstimate, DoesNotBlameTheEstimateForWhatALimitLeftUnread) {
  const PlanNode scan = with_estimate(with_actual(seq_scan("o"), 10, 1), 100000);
  const PlanNode top = with_estimate(with_actual(limit(scan), 10, 1), 10);
  EXPECT_EQ(worst_estimate(plan(top)).q_error, 1);
  // A Sort below the Limit reads everything, so what it reads was estimated wrongly.
  const PlanNode sorted = with_estimate(with_actual(sort(scan, {"o.a"}), 10, 1), 100000);
  EXPECT_EQ(worst_estimate(plan(limit(sorted))).q_error, 10000);
  EXPECT_EQ(worst_estimate(plan(limit(sorted))).path, "Limit > Sort > Seq Scan on o");
  // More rows than estimated are an error with a Limit too.
  const PlanNode more = with_estimate(with_actual(seq_scan("o"), 500, 1), 5);
  EXPECT_EQ(worst_estimate(plan(limit(more))).q_error, 100);
}

TEST(WorstEstimate, SkipsNodesThatReportNoRows) {
  const PlanNode both = with_estimate(with_actual(node("BitmapAnd"), 0, 1), 5000);
  EXPECT_EQ(worst_estimate(plan(both)).q_error, 1);
}

}  // namespace
}  // namespace pgduet::gate

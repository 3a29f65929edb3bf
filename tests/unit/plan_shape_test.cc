#include "pgduet/gate/plan_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "plan_builders.h"
#include "zoo_plans.h"

namespace pgduet::gate {
namespace {

using namespace testing;  // NOLINT: builders only
using ::testing::ElementsAre;

std::string id_of(const PlanNode& root, const IndexDefinitions& indexes = {}) {
  return shape_of(plan(root), indexes).id;
}

TEST(CanonicalCondition, ReplacesWhatDoesNotChangeTheWork) {
  const auto same = [](const std::string& condition, const std::string& canonical) {
    EXPECT_EQ(canonical_condition(condition), canonical);
  };
  same("((o.total > '10'::numeric) AND (o.id = $1))", "((o.total > ?) AND (o.id = ?))");
  same("(o.id = 77)", "(o.id = ?)");
  same("(o.share > 1.5e-10)", "(o.share > ?)");
  same("(o.total > '-1'::integer)", "(o.total > ?)");
  same("(o.day = '2026-01-02 00:00:00+00'::timestamp with time zone)", "(o.day = ?)");
  same("(o.day = '2026-01-02'::timestamp(3) without time zone)", "(o.day = ?)");
  same("(o.age < '1 day'::interval day to second(3))", "(o.age < ?)");
  same("(o.price = '9.99'::numeric(10,2))", "(o.price = ?)");
  same("(o.x = '2'::double precision)", "(o.x = ?)");
  same("(o.code = 'a'::character varying(10))", "(o.code = ?)");
  same("(o.kind = 'new'::public.\"Order Kind\")", "(o.kind = ?)");
  same("(o.flag = 'y'::\"char\")", "(o.flag = ?)");
  same("(o.bits = B'101'::\"bit\")", "(o.bits = ?)");
  same("(o.parent = NULL::integer)", "(o.parent = ?)");
  same("(COALESCE(o.paid, false) = true)", "(COALESCE(o.paid, ?) = ?)");
  same("($1)::text", "?");
}

TEST(CanonicalCondition, ReadsStringsToTheirEnd) {
  const auto same = [](const std::string& condition, const std::string& canonical) {
    EXPECT_EQ(canonical_condition(condition), canonical);
  };
  same("((o.v = 'it''s (not) the \"end\"'::text) AND (o.w = 1))", "((o.v = ?) AND (o.w = ?))");
  same("((o.v = E'a\\\\b\\'c''d'::text) AND (o.w = 1))", "((o.v = ?) AND (o.w = ?))");
  same("(o.v = ''::text)", "(o.v = ?)");
  same("(o.j @> '{\"k\": 3}'::jsonb)", "(o.j @> ?)");
  same("(o.v = 'ünï'::text)", "(o.v = ?)");
  same("(\"o \"\"x\"\" 1\".\"v'1\" = 'a'::text)", "(\"o \"\"x\"\" 1\".\"v'1\" = ?)");
  same("(o.v = 'never closed", "(o.v = ?");
}

TEST(CanonicalCondition, ListsOfAnyLengthAreOneConstant) {
  const std::string canonical = "(a.id = ANY (?))";
  EXPECT_EQ(canonical_condition("(a.id = ANY ('{1,2,3}'::integer[]))"), canonical);
  EXPECT_EQ(canonical_condition("(a.id = ANY ('{1}'::integer[]))"), canonical);
  EXPECT_EQ(canonical_condition("(a.id = ANY (ARRAY[$1, $2, 3]))"), canonical);
  EXPECT_EQ(canonical_condition("(a.id = ANY ((ARRAY['a'::character varying, $2])::text[]))"),
            canonical);
  EXPECT_EQ(canonical_condition("(a.id = ANY (ARRAY[b.id, 3]))"), "(a.id = ANY (ARRAY[b.id, ?]))");
  EXPECT_EQ(canonical_condition("(a.tags[1] = ANY ('{}'::text[]))"), "(a.tags[?] = ANY (?))");
}

TEST(CanonicalCondition, KeepsCastsAndFunctionsOfColumns) {
  const auto kept = [](const std::string& condition) {
    EXPECT_EQ(canonical_condition(condition), condition);
  };
  kept("((o.id)::text = b.id)");
  kept("((o.total)::numeric(10,2) > b.total)");
  kept("(lower(o.email) = lower(b.email))");
  kept("(o.id IS NOT NULL)");
  kept("((o.paid IS TRUE) AND (NOT o.sent))");
  kept("(o.name COLLATE \"C\")");
  kept("o.created_at DESC NULLS LAST");
  kept("((o.at AT TIME ZONE b.zone) = b.at)");
  kept("false");
  kept("");
  EXPECT_NE(canonical_condition("(o.email = 'a'::text)"),
            canonical_condition("(lower(o.email) = 'a'::text)"));
  EXPECT_NE(canonical_condition("(o.id = 5)"), canonical_condition("((o.id)::text = '5'::text)"));
}

TEST(CanonicalCondition, SubplansLoseTheirNumbers) {
  const auto same = [](const std::string& condition, const std::string& canonical) {
    EXPECT_EQ(canonical_condition(condition), canonical);
  };
  same("(a.id > $0)", "(a.id > ?)");                 // up to 16
  same("(a.id > (InitPlan 1).col1)", "(a.id > ?)");  // from 17 on
  same("(NOT (hashed SubPlan 2))", "(NOT (hashed SubPlan))");
  same("(NOT (ANY (a.id = (hashed SubPlan 1).col1)))", "(NOT (hashed SubPlan))");
  same("((SubPlan 3) OR (a.g = 7))", "((SubPlan) OR (a.g = ?))");
  same("(EXISTS(SubPlan 3) OR (a.g = 7))", "((SubPlan) OR (a.g = ?))");
  same("(a.g = (SubPlan 12))", "(a.g = (SubPlan))");
  same("(row_number() OVER (?) <= 5)", "(row_number() OVER ? <= ?)");
  same("(row_number() OVER w1 <= 5)", "(row_number() OVER ? <= ?)");
}

TEST(CanonicalCondition, DoubledParenthesesAreOne) {
  EXPECT_EQ(canonical_condition("(((a.id % 3)))"), "(a.id % ?)");
  EXPECT_EQ(canonical_condition("f((a.id % 3))"), "f((a.id % ?))");
}

TEST(CanonicalCondition, SurvivesAnyCutOfARealCondition) {
  const std::string condition =
      "((ANY (\"*VALUES*\".c = (hashed SubPlan 1).col1)) OR (o.at < '1 day'::interval(3)) OR "
      "(row_number() OVER (?) = ANY (ARRAY[$1, '2'::numeric(3,1)]::numeric[])) AND x IS NULL)";
  for (std::size_t begin = 0; begin < condition.size(); ++begin) {
    for (std::size_t length = 0; begin + length <= condition.size(); ++length) {
      const std::string part = condition.substr(begin, length);
      EXPECT_LE(canonical_condition(part).size(), part.size() + 16) << part;
    }
  }
}

TEST(ShapeOf, ReadsLikeThePlan) {
  const PlanShape shape =
      shape_of(plan(limit(index_scan("orders", "o", "orders_pkey", "(o.id = 5)"))));
  EXPECT_THAT(shape.tree, ElementsAre("Limit", "  Index Scan using orders_pkey on orders o"));
  EXPECT_EQ(shape.id.size(), 12U);
  EXPECT_EQ(shape.id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(ShapeOf, NamesSubplansByWhatTheyAre) {
  EXPECT_THAT(
      shape_of(zoo_plan("16", "cte_materialized")).tree,
      ElementsAre("Hash Join", "  CTE x: GroupAggregate", "    Index Only Scan using a_g_idx on a",
                  "  CTE Scan on x x1", "  Hash", "    CTE Scan on x x2"));
  EXPECT_THAT(shape_of(zoo_plan("16", "multiexpr_update")).tree,
              ElementsAre("Update on a", "  Index Scan using a_pkey on a",
                          "    SubPlan: Index Scan using a_pkey on a x"));
}

TEST(ShapeOf, IsTheSameOnEveryMachine) {
  // Literal ids: a change of these makes every committed baseline unknown.
  EXPECT_EQ(shape_of(zoo_plan("15", "index_scan")).id, "b58345081385");
  EXPECT_EQ(shape_of(zoo_plan("15", "parallel_append")).id, "e52663ff72db");
}

TEST(ShapeOf, LeavesOutWhatMovesWithEveryRun) {
  const PlanNode scan = index_scan("orders", "o", "orders_pkey", "(o.id = 5)");
  const std::string id = id_of(scan);
  EXPECT_EQ(id_of(with_actual(scan, 20, 3)), id);
  EXPECT_EQ(id_of(with_estimate(with_blocks(scan, 99), 12)), id);
  EXPECT_EQ(id_of(with_field(scan, "Total Cost", 12.5)), id);
  EXPECT_EQ(id_of(with_field(scan, "Output", {"id", "total"})), id);
  EXPECT_EQ(id_of(with_field(scan, "Index Cond", "(o.id = $1)")), id);
  EXPECT_EQ(id_of(with_field(scan, "Index Searches", 3)), id);
  EXPECT_EQ(id_of(with_field(scan, "Disabled", true)), id);
  EXPECT_EQ(id_of(with_field(scan, "Workers", {{{"Worker Number", 0}}})), id);
  EXPECT_EQ(shape_of(plan(scan, {{"Settings", {{"jit", "off"}}}})).id, id);
}

TEST(ShapeOf, ReadingAnIndexBackwardIsTheSameWork) {
  const PlanNode scan = index_scan("orders", "o", "orders_pkey");
  EXPECT_EQ(id_of(with_field(scan, "Scan Direction", "Backward")), id_of(scan));
  EXPECT_EQ(id_of(with_field(scan, "Scan Direction", "NoMovement")), id_of(scan));
}

TEST(ShapeOf, HoldsWhatTheServerDoesOtherwise) {
  const PlanNode by_index = index_scan("orders", "o", "orders_pkey", "(o.id = 5)");
  const PlanNode joined =
      hash_join("(o.id = l.id)", seq_scan("orders", "o"), seq_scan("lines", "l"));
  const std::vector<PlanNode> all = {
      by_index,
      index_scan("orders", "o", "orders_id_idx", "(o.id = 5)"),
      index_only_scan("orders", "o", "orders_pkey", "(o.id = 5)"),
      bitmap_scan("orders", "o", "orders_pkey", "(o.id = 5)"),
      index_scan("orders", "o", "orders_pkey", "(o.id > 5)"),
      with_filter(index_scan("orders", "o", "orders_pkey"), "(o.id = 5)"),
      with_filter(index_scan("orders", "o", "orders_pkey"), "(lower(o.id) = 5)"),
      in_schema(by_index, "archive"),
      index_scan("orders", "x", "orders_pkey", "(x.id = 5)"),
      seq_scan("orders", "o", "(o.id = 5)"),
      seq_scan("orders", "o"),
      parallel(seq_scan("orders", "o")),
      sort(seq_scan("orders", "o"), {"o.id"}),
      sort(seq_scan("orders", "o"), {"o.id DESC"}),
      sort(seq_scan("orders", "o"), {"o.id", "o.total"}),
      aggregate("Plain", seq_scan("orders", "o")),
      aggregate("Hashed", seq_scan("orders", "o"), {"o.id"}),
      aggregate("Sorted", seq_scan("orders", "o"), {"o.id"}),
      aggregate("Sorted", seq_scan("orders", "o"), {"o.id"}, "Partial"),
      joined,
      with_field(joined, "Join Type", "Left"),
      hash_join("(o.id = l.id)", seq_scan("lines", "l"), seq_scan("orders", "o")),
      hash_join("(o.id = lower(l.id))", seq_scan("orders", "o"), seq_scan("lines", "l")),
      nested_loop(seq_scan("orders", "o"), seq_scan("lines", "l")),
      append({seq_scan("o1", "o_1"), seq_scan("o2", "o_2")}),
      append({seq_scan("o1", "o_1"), seq_scan("o3", "o_2")}),
      append({seq_scan("o1", "o_1"), seq_scan("o2", "o_2")}, 1),
      with_subplan(seq_scan("orders", "o"), seq_scan("lines", "l"), "SubPlan", "SubPlan 1"),
      with_subplan(seq_scan("orders", "o"), seq_scan("lines", "l"), "InitPlan", "InitPlan 1"),
      with_subplan(seq_scan("orders", "o"), seq_scan("lines", "l"), "InitPlan", "CTE l")};
  std::set<std::string> ids;
  for (const PlanNode& root : all) ids.insert(id_of(root));
  EXPECT_EQ(ids.size(), all.size());
}

TEST(ShapeOf, TellsTheTwoSidesOfASelfJoinApart) {
  const auto self_join = [](const char* filtered) {
    const bool first = std::string(filtered) == "x";
    return id_of(
        nested_loop(first ? seq_scan("orders", "x", "(x.id = 1)") : seq_scan("orders", "x"),
                    first ? seq_scan("orders", "y") : seq_scan("orders", "y", "(y.id = 1)")));
  };
  EXPECT_NE(self_join("x"), self_join("y"));
}

TEST(ShapeOf, TellsASelfJoinOfAPartitionedTableApart) {
  const PlanNode x = append({seq_scan("p1", "x_1"), seq_scan("p2", "x_2")});
  const PlanNode y = append({seq_scan("p1", "y_1"), seq_scan("p2", "y_2")});
  EXPECT_NE(id_of(hash_join("(x_1.id = y_1.parent)", x, y)),
            id_of(hash_join("(x_1.parent = y_1.id)", x, y)));
}

TEST(ShapeOf, TellsTwoUnaliasedReadsOfAPartitionedTableApart) {
  const PlanNode first = append({seq_scan("p1", "p_1"), seq_scan("p2", "p_2")});
  const PlanNode second = append({seq_scan("p1", "p_4"), seq_scan("p2", "p_5")});
  EXPECT_NE(id_of(hash_join("(p_1.id = p_4.parent)", first, second)),
            id_of(hash_join("(p_1.parent = p_4.id)", first, second)));
}

TEST(ShapeOf, TheNumbersOfPartitionsAreTheServers) {
  const auto three = [](const char* one, const char* two) {
    return id_of(append({seq_scan("p2", one, "(" + std::string(one) + ".d = 1)"),
                         seq_scan("p3", two, "(" + std::string(two) + ".d = 1)")}));
  };
  EXPECT_EQ(three("p_1", "p_2"), three("p_2", "p_3"));
  EXPECT_THAT(shape_of(plan(append({seq_scan("p2", "p_1"), seq_scan("p3", "p_2")}))).tree,
              ElementsAre("Append", "  Seq Scan on p2 p", "  Seq Scan on p3 p"));
}

TEST(ShapeOf, MembersOfAParallelAppendHaveNoOrder) {
  const PlanNode one = parallel(seq_scan("p1", "p_1"));
  const PlanNode two = parallel(seq_scan("p2", "p_2"));
  EXPECT_EQ(id_of(parallel(append({one, two}))), id_of(parallel(append({two, one}))));
  EXPECT_NE(id_of(append({one, two})), id_of(append({two, one})));
}

TEST(ShapeOf, ARenamedIndexIsTheSameIndex) {
  const std::string definition = "public.orders USING btree (id)";
  const PlanNode before = index_scan("orders", "o", "orders_pkey", "(o.id = 5)");
  const PlanNode after = index_scan("orders", "o", "orders_id_idx", "(o.id = 5)");
  EXPECT_NE(id_of(before), id_of(after));
  EXPECT_EQ(id_of(before, {{"public.orders_pkey", definition}}),
            id_of(after, {{"public.orders_id_idx", definition}}));
  EXPECT_NE(id_of(before, {{"public.orders_pkey", definition}}),
            id_of(before, {{"public.orders_pkey", "public.orders USING btree (id, total)"}}));
}

TEST(ShapeOf, AnIndexBelowABitmapScanIsFoundInTheSchemaOfItsRelation) {
  const PlanNode before = bitmap_scan("orders", "o", "orders_pkey", "(o.id = 5)");
  const PlanNode after = bitmap_scan("orders", "o", "renamed", "(o.id = 5)");
  EXPECT_EQ(id_of(before, {{"public.orders_pkey", "d"}}), id_of(after, {{"public.renamed", "d"}}));
  EXPECT_NE(id_of(before, {{"other.orders_pkey", "d"}}), id_of(after, {{"other.renamed", "d"}}));
}

TEST(ShapeOf, JitAndSettingsAreNoPartOfIt) {
  for (const auto& [query, explain] : zoo("15").items()) {
    EXPECT_EQ(shape_of(read_plan(explain)).id, shape_of(zoo_plan("15-jit", query)).id) << query;
  }
}

// Queries whose plans are really different in one of the versions: an array condition instead of a
// BitmapOr (18), sorted input for DISTINCT aggregates (16), set operations without Append (18), no
// IS NOT NULL for a NOT NULL column (17), other estimates (the rest).
const std::set<std::string> other_plans = {"bitmap_and_or",   "hash_full",    "grouping_sets",
                                           "distinct_agg",    "setop_except", "setop_intersect_all",
                                           "minmax_initplan", "lock_join"};

TEST(ShapeOf, OneQueryHasOneShapeFromVersion14To18) {
  ASSERT_EQ(zoo("18").size(), 116U);
  for (const auto& [query, explain] : zoo("18").items()) {
    std::set<std::string> ids;
    for (const char* version : zoo_versions) {
      if (zoo(version).contains(query)) ids.insert(shape_of(zoo_plan(version, query)).id);
    }
    EXPECT_EQ(ids.size() == 1, !other_plans.contains(query)) << query;
  }
}

}  // namespace
}  // namespace pgduet::gate

#include "reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "record_builders.h"

namespace pgduet::gate {
namespace {

using namespace gate::testing;

// A query on both sides, and what there is to know about why it changed.
struct Case {
  SideRecord base_side = side("3f2a91c");
  SideRecord head_side = side("work tree");
  QueryRun base_run = query_run({binding(by_index(), 24)});
  QueryRun head_run = query_run({binding(without_index(), 31872)});
  bool has_base = true;
  std::string baseline_fingerprint;

  PlanChange change() const {
    PlanChange index_lost;
    index_lost.kind = PlanChange::Kind::access;
    index_lost.subject = "orders o";
    index_lost.before = "Index Scan using orders_customer_id_idx";
    index_lost.after = "Seq Scan";
    index_lost.index_before = "public.orders_customer_id_idx";
    index_lost.relation = "public.orders";
    return index_lost;
  }

  template <typename Ask>
  Reason ask(const Ask& question) const {
    const SideDifferences differences =
        compare_sides(has_base ? &base_side : nullptr, head_side, "");
    ReasonContext context;
    context.head_side = &head_side;
    context.differences = &differences;
    context.head_run = &head_run;
    context.head = &head_run.bindings.at(0);
    if (has_base) {
      context.base_run = &base_run;
      context.base = &base_run.bindings.at(0);
    }
    context.baseline_fingerprint = baseline_fingerprint;
    return question(context);
  }

  Reason plan_reason() const {
    return ask(
        [this](const ReasonContext& context) { return why_plan_changed(context, change()); });
  }
  Reason gained(const std::string& node) const {
    PlanChange change;
    change.before = "Seq Scan";
    change.after = node;
    return ask([&](const ReasonContext& context) { return why_plan_changed(context, change); });
  }
  Reason work_reason(bool spilled) const {
    return ask([&](const ReasonContext& context) { return why_work_changed(context, spilled); });
  }
  Reason result_reason() const {
    return ask([](const ReasonContext& context) { return why_result_changed(context); });
  }
  Reason failure_reason(const std::string& message) const {
    return ask([&](const ReasonContext& context) { return why_it_fails(context, message); });
  }
};

// An object that only head has, or has with another definition, made by one more step.
void change_object(Case& one, const CatalogObject& object,
                   const std::optional<std::string>& before = {}) {
  if (before) {
    CatalogObject old = object;
    old.definition = *before;
    one.base_side.catalog.push_back(old);
  }
  one.head_side.catalog.push_back(object);
  one.head_side.steps.push_back(
      {"setup/008_more.sql",
       "cc",
       0,
       {{object, before, object.definition, {"setup/008_more.sql", 5, 0}}}});
}

TEST(WhyPlanChanged, IsUnknownWhenNothingDiffers) { EXPECT_EQ(Case{}.plan_reason(), Reason{}); }

TEST(WhyPlanChanged, IndexWasDroppedByAStep) {
  Case one;
  one.head_side = side_without_index("work tree");
  const Reason reason = {"index orders_customer_id_idx was dropped by setup/007_cleanup.sql:3",
                         {"setup/007_cleanup.sql", 3, 0}};
  EXPECT_EQ(one.plan_reason(), reason);
  one.has_base = false;
  EXPECT_EQ(one.plan_reason(), reason);
}

TEST(WhyPlanChanged, IndexOfATreeIsFoundWithoutItsSchema) {
  Case one;
  one.head_side = side_without_index("work tree");
  one.has_base = false;
  PlanChange change = one.change();
  change.index_before.clear();
  EXPECT_EQ(
      one.ask([&](const ReasonContext& context) { return why_plan_changed(context, change); }).text,
      "index orders_customer_id_idx was dropped by setup/007_cleanup.sql:3");
}

TEST(WhyPlanChanged, IndexIsCreatedByAStepThatHeadDoesNotRun) {
  Case one;
  one.base_side.steps[0].changes.pop_back();
  one.base_side.steps.push_back({"setup/003_indexes.sql",
                                 "dd",
                                 0,
                                 {created(orders_index(), {"setup/003_indexes.sql", 1, 0})}});
  one.head_side.steps[0].changes.pop_back();
  one.head_side.catalog = {orders_column()};
  EXPECT_EQ(one.plan_reason(),
            (Reason{"index orders_customer_id_idx is created by base's setup/003_indexes.sql:1, "
                    "which head does not run",
                    {}}));
}

TEST(WhyPlanChanged, IndexIsNoLongerCreatedByItsStep) {
  Case one;
  one.head_side.steps[0].changes.pop_back();
  one.head_side.catalog = {orders_column()};
  EXPECT_EQ(one.plan_reason(),
            (Reason{"index orders_customer_id_idx is no longer created by setup/001_schema.sql",
                    {"setup/001_schema.sql", 0, 0}}));
}

TEST(WhyPlanChanged, IndexHasAnotherDefinition) {
  Case one;
  CatalogObject index = orders_index();
  index.definition = "public.orders USING btree (customer_id) WHERE open";
  one.head_side.catalog = {orders_column()};
  one.head_side.steps[0].changes.pop_back();
  one.head_side.catalog.push_back(index);
  one.head_side.steps.push_back(
      {"setup/008_partial.sql", "ee", 0, {created(index, {"setup/008_partial.sql", 2, 0})}});
  EXPECT_EQ(one.plan_reason(),
            (Reason{"index orders_customer_id_idx is public.orders USING btree (customer_id) WHERE "
                    "open instead of public.orders USING btree (customer_id) "
                    "(setup/008_partial.sql:2)",
                    {"setup/008_partial.sql", 2, 0}}));
}

TEST(WhyPlanChanged, ARenamedIndexIsNoReason) {
  Case one;
  CatalogObject renamed = orders_index();
  renamed.name = "public.orders_by_customer";
  one.head_side.catalog = {orders_column(), renamed};
  one.head_side.steps.push_back({"setup/007_rename.sql",
                                 "bb",
                                 0,
                                 {dropped(orders_index(), {"setup/007_rename.sql", 1, 0}),
                                  created(renamed, {"setup/007_rename.sql", 1, 0})}});
  EXPECT_EQ(one.plan_reason().text.find("orders_customer_id_idx"), std::string::npos);
}

TEST(WhyPlanChanged, AnIndexThatIsNewIsUsed) {
  Case one;
  change_object(one, {"index", "public.orders_open_idx", "public.orders",
                      "public.orders USING btree (open)"});
  EXPECT_EQ(one.gained("Index Only Scan Backward using orders_open_idx"),
            (Reason{"index orders_open_idx was created by setup/008_more.sql:5",
                    {"setup/008_more.sql", 5, 0}}));
}

TEST(WhyPlanChanged, TextChanged) {
  Case one;
  one.head_run = with_text(one.head_run, "SELECT * FROM orders WHERE customer_id + 0 = $1");
  EXPECT_EQ(one.plan_reason(), (Reason{"the query's text changed", {"queries/orders.sql", 12, 0}}));
}

TEST(WhyPlanChanged, TextCallsAFunctionThatItDidNotCall) {
  Case one;
  one.base_run = with_text(one.base_run, "SELECT * FROM orders WHERE abs(total) = $1");
  one.head_run =
      with_text(one.head_run, "SELECT * FROM orders WHERE abs(total) = $1 AND lower(status) = $2");
  EXPECT_EQ(one.plan_reason().text, "the query's text changed and now calls lower()");
}

TEST(WhyPlanChanged, TextIsNotTheBaselines) {
  Case one;
  one.has_base = false;
  one.baseline_fingerprint = "0000000000000000";
  EXPECT_EQ(one.plan_reason().text, "the query's text changed since the baseline was recorded");
  one.baseline_fingerprint = one.head_run.fingerprint;
  EXPECT_EQ(one.plan_reason(), Reason{});
}

TEST(WhyPlanChanged, AConstantChanged) {
  Case one;
  one.head_run.sql += " LIMIT 10";
  EXPECT_EQ(one.plan_reason().text, "a constant in the query's text changed");
  one.head_run.sql = "SELECT *\n  FROM orders AS o\n WHERE o.customer_id = :customer_id";
  EXPECT_EQ(one.plan_reason(), Reason{});
}

TEST(WhyPlanChanged, ColumnHasAnotherType) {
  Case one;
  one.head_side.catalog = {orders_column("text"), orders_index()};
  one.head_side.steps.push_back(
      {"setup/008_text.sql",
       "ee",
       0,
       {{orders_column("text"), "bigint", "text", {"setup/008_text.sql", 1, 0}}}});
  EXPECT_EQ(one.plan_reason(),
            (Reason{"column orders.customer_id is text instead of bigint (setup/008_text.sql:1)",
                    {"setup/008_text.sql", 1, 0}}));
}

TEST(WhyPlanChanged, AColumnOfAnotherRelationIsNoReason) {
  Case one;
  change_object(one, {"column", "public.products.price", "public.products", "text"}, "numeric");
  EXPECT_EQ(one.plan_reason(), Reason{});
}

TEST(WhyPlanChanged, AParameterHasAnotherType) {
  Case one;
  one.head_run.bindings[0].parameters[0].type = "numeric";
  EXPECT_EQ(one.plan_reason(), (Reason{"parameter customer_id is numeric instead of bigint",
                                       {"queries/orders.sql", 12, 0}}));
}

TEST(WhyPlanChanged, StatisticsObjectWasDropped) {
  Case one;
  const CatalogObject statistics = {"statistics object", "public.orders_stx", "public.orders",
                                    "(dependencies) ON city, zip"};
  one.base_side.catalog.push_back(statistics);
  one.head_side.steps.push_back(
      {"setup/009_less.sql", "ff", 0, {dropped(statistics, {"setup/009_less.sql", 1, 0})}});
  EXPECT_EQ(one.plan_reason().text,
            "statistics object orders_stx was dropped by setup/009_less.sql:1");
}

TEST(WhyPlanChanged, APolicyWasAdded) {
  Case one;
  change_object(one, {"policy", "public.orders.own_orders", "public.orders", "USING (owner = x)"});
  EXPECT_EQ(one.plan_reason().text, "policy orders.own_orders was created by setup/008_more.sql:5");
}

TEST(WhyPlanChanged, ASettingDiffers) {
  Case one;
  one.head_side.settings["random_page_cost"] = "40";
  EXPECT_EQ(one.plan_reason().text, "random_page_cost is 40 instead of the server's default");
}

TEST(WhyPlanChanged, ASettingOfTheDatabaseDiffers) {
  Case one;
  change_object(one, {"setting", "random_page_cost", "", "40"}, "4");
  EXPECT_EQ(one.plan_reason().text,
            "setting random_page_cost is 40 instead of 4 (setup/008_more.sql:5)");
}

TEST(WhyPlanChanged, ASettingOfTheQueryDiffers) {
  Case one;
  one.head_run.bindings[0].plan["Settings"] = {{"enable_indexscan", "off"}};
  EXPECT_EQ(one.plan_reason(), (Reason{"enable_indexscan is off instead of the default",
                                       {"queries/orders.sql", 12, 0}}));
}

TEST(WhyPlanChanged, TheServerHasAnotherMajorVersion) {
  Case one;
  one.head_side.postgres_major = 17;
  EXPECT_EQ(one.plan_reason().text, "the server is PostgreSQL 17 instead of 15");
  one.head_run = query_run({binding(aggregate("Plain", sort(without_index(), {"o.id"})), 31872)});
  EXPECT_EQ(one.plan_reason().text,
            "the server is PostgreSQL 17 instead of 15 (new: ORDER BY of an aggregate by a sort "
            "below it, since 16)");
  std::swap(one.base_side, one.head_side);
  std::swap(one.base_run, one.head_run);
  EXPECT_EQ(one.plan_reason().text,
            "the server is PostgreSQL 15 instead of 17 (not there yet: ORDER BY of an aggregate by "
            "a sort below it, since 16)");
}

// pgduet sets it where the server has it.
TEST(WhyPlanChanged, ASettingOfTheNewerVersionIsNoDifference) {
  Case one;
  one.head_side.postgres_major = 18;
  one.head_side.settings["io_method"] = "sync";
  EXPECT_EQ(one.plan_reason().text, "the server is PostgreSQL 18 instead of 15");
  one.base_side.postgres_major = 18;
  EXPECT_EQ(one.plan_reason().text, "io_method is sync instead of the server's default");
}

TEST(WhyPlanChanged, AStepMadeOtherData) {
  Case one;
  one.base_side.steps.push_back({"setup/002_seed.sql", "11", 0, {}});
  one.head_side.steps.push_back({"setup/002_seed.sql", "22", 0, {}});
  EXPECT_EQ(one.plan_reason(), (Reason{"setup step setup/002_seed.sql differs from base's",
                                       {"setup/002_seed.sql", 0, 0}}));
  one.base_side.steps.pop_back();
  EXPECT_EQ(one.plan_reason().text, "setup step setup/002_seed.sql is new");
}

TEST(WhyPlanChanged, TheIndexComesBeforeEverythingElse) {
  Case one;
  one.head_side = side_without_index("work tree");
  one.head_side.postgres_major = 17;
  one.head_side.settings["work_mem"] = "64kB";
  one.head_run = with_text(one.head_run, "SELECT lower(status) FROM orders");
  EXPECT_EQ(one.plan_reason().text,
            "index orders_customer_id_idx was dropped by setup/007_cleanup.sql:3");
}

TEST(WhyWorkChanged, ASpillThatFollowsASetting) {
  Case one;
  one.head_side.settings["random_page_cost"] = "40";
  one.head_side.settings["work_mem"] = "64kB";
  EXPECT_EQ(one.work_reason(true).text, "work_mem is 64kB instead of 4MB");
}

TEST(WhyWorkChanged, ASortThatDoesNotFit) {
  Case one;
  const PlanNode sorted = sort(without_index(), {"o.id"});
  one.head_run.bindings[0].plan =
      to_json(plan(limit(with_field(sorted, "Sort Space Type", "Disk"))));
  EXPECT_EQ(one.work_reason(true).text, "the sort does not fit work_mem (4MB)");
  one.head_run.bindings[0].plan["Settings"] = {{"work_mem", "64kB"}};
  one.base_run.bindings[0].plan["Settings"] = {{"work_mem", "64kB"}};
  EXPECT_EQ(one.work_reason(true).text, "the sort does not fit work_mem (64kB)");
}

TEST(WhyWorkChanged, AHashThatDoesNotFit) {
  Case one;
  const PlanNode hash = with_field(node("Hash", {seq_scan("b")}), "Hash Batches", 8);
  one.head_run.bindings[0].plan = to_json(plan(node("Hash Join", {seq_scan("a"), hash})));
  EXPECT_EQ(one.work_reason(true).text, "the hash does not fit work_mem (4MB)");
}

TEST(WhyWorkChanged, IsUnknownWhenNothingDiffers) {
  EXPECT_EQ(Case{}.work_reason(false), Reason{});
  EXPECT_EQ(Case{}.work_reason(true), Reason{});
}

TEST(WhyResultChanged, AViewOrAFunctionOrATriggerChanged) {
  Case view;
  view.head_run.relations.push_back("public.open_orders");
  change_object(view, {"view", "public.open_orders", "", "SELECT 1\nFROM orders"}, "SELECT 2");
  EXPECT_EQ(view.result_reason(), (Reason{"view open_orders was changed by setup/008_more.sql:5",
                                          {"setup/008_more.sql", 5, 0}}));
  Case function;
  function.base_run = with_text(function.base_run, "SELECT vat(total) FROM orders");
  function.head_run = with_text(function.head_run, "SELECT vat(total) FROM orders");
  change_object(function, {"function", "public.vat(numeric)", "", "CREATE FUNCTION\n1"},
                "CREATE FUNCTION\n2");
  EXPECT_EQ(function.result_reason().text, "function vat was changed by setup/008_more.sql:5");
  Case trigger;
  change_object(trigger, {"trigger", "public.orders.audit", "public.orders", "AFTER UPDATE"});
  EXPECT_EQ(trigger.result_reason().text,
            "trigger orders.audit was created by setup/008_more.sql:5");
}

TEST(WhyResultChanged, TheDataDiffer) {
  Case one;
  one.base_side.steps.push_back({"setup/002_seed.sql", "11", 0, {}});
  one.head_side.steps.push_back({"setup/002_seed.sql", "22", 0, {}});
  EXPECT_EQ(one.result_reason().text, "setup step setup/002_seed.sql differs from base's");
}

TEST(WhyResultChanged, AStepWithoutAFileIsNoPlace) {
  for (const std::string step : {"extensions", "copy data/p.csv into p", "restore shop.dump"}) {
    Case one;
    one.base_side.steps.push_back({step, "11", 0, {}});
    one.head_side.steps.push_back({step, "22", 0, {}});
    EXPECT_EQ(one.result_reason(), (Reason{"setup step " + step + " differs from base's", {}}));
  }
}

TEST(WhyItFails, AnObjectThatTheMessageNamesIsGone) {
  Case one;
  one.head_side.catalog = {orders_index()};
  one.head_side.steps.push_back(
      {"setup/009_drop.sql", "gg", 0, {dropped(orders_column(), {"setup/009_drop.sql", 4, 0})}});
  EXPECT_EQ(one.failure_reason("column o.customer_id does not exist"),
            (Reason{"column orders.customer_id was dropped by setup/009_drop.sql:4",
                    {"setup/009_drop.sql", 4, 0}}));
  one.has_base = false;
  EXPECT_EQ(one.failure_reason("column o.customer_id does not exist").text,
            "column orders.customer_id was dropped by setup/009_drop.sql:4");
}

TEST(WhyItFails, ATimeOutFollowsTheLossOfAnIndex) {
  Case one;
  one.head_side = side_without_index("work tree");
  EXPECT_EQ(one.failure_reason("canceling statement due to statement timeout").text,
            "index orders_customer_id_idx was dropped by setup/007_cleanup.sql:3");
}

TEST(CompareSides, WhatADroppedTableTookAlongIsStillTold) {
  SideRecord head = side("work tree");
  head.catalog.clear();
  head.steps.push_back({"setup/009_drop.sql",
                        "gg",
                        0,
                        {dropped(orders_column(), {"setup/009_drop.sql", 4, 0}),
                         dropped(orders_index(), {"setup/009_drop.sql", 4, 0})}});
  const SideRecord base = side("3f2a91c");
  EXPECT_EQ(compare_sides(&base, head, "").objects.size(), 2U);
}

TEST(CompareSides, WhatANewTableBringsAlongGoesWithoutSaying) {
  const SideRecord base = side("3f2a91c");
  SideRecord head = base;
  head.catalog.push_back({"table", "public.risk", "public.risk", ""});
  head.catalog.insert(head.catalog.begin(), {"column", "public.risk.id", "public.risk", "bigint"});
  std::sort(head.catalog.begin(), head.catalog.end(),
            [](const CatalogObject& a, const CatalogObject& b) {
              return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
            });
  SideRecord sorted_base = base;
  const SideDifferences differences = compare_sides(&sorted_base, head, "");
  ASSERT_EQ(differences.objects.size(), 1U);
  EXPECT_EQ(differences.objects[0].reason.text, "table risk is new");
}

TEST(CompareSides, AnObjectMadeAgainIsNotDropped) {
  SideRecord head = side("work tree");
  head.steps.push_back({"setup/007_rebuild.sql",
                        "bb",
                        0,
                        {dropped(orders_index(), {"setup/007_rebuild.sql", 1, 0}),
                         created(orders_index(), {"setup/007_rebuild.sql", 2, 0})}});
  EXPECT_TRUE(compare_sides(nullptr, head, "").objects.empty());
}

}  // namespace
}  // namespace pgduet::gate

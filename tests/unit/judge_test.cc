#include "pgduet/gate/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record_builders.h"

namespace pgduet::gate {
namespace {

using namespace gate::testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* name = "orders_of_customer";

QueryRun fast() { return query_run({binding(by_index(), 24)}); }
QueryRun slow() { return query_run({binding(without_index(), 31872)}); }

QueryRun with_rows(QueryRun run, std::int64_t rows) {
  for (BindingRun& one : run.bindings) one.result->rows = rows;
  return run;
}

QueryRun with_work(QueryRun run, const Work& work) {
  for (BindingRun& one : run.bindings) one.work = work;
  return run;
}

QueryRun failed(const std::string& message = "relation \"orders\" does not exist") {
  return query_run({failing(binding(by_index(), 24), "42P01", message)});
}

// One row of the table of verdicts. `baseline` is the run that head's baseline was recorded from,
// `base_baseline` that of base's; both may be none.
struct Scenario {
  const char* what;
  std::optional<QueryRun> base;
  std::optional<QueryRun> head;
  std::optional<QueryRun> baseline;
  std::optional<QueryRun> base_baseline;
  Verdict verdict;
  bool fails;
  std::string headline;
};

std::vector<Scenario> scenarios() {
  const std::optional<QueryRun> none;
  const std::string fewer_rows = "returns 19 rows instead of 20";
  const std::string more_blocks = "touches 31,872 blocks instead of 24 (1,328×)";
  const std::string fewer_blocks = "touches 24 blocks instead of 31,872 (1,328× fewer)";
  const std::string no_relation = "fails: relation \"orders\" does not exist (42P01)";
  return {
      {"the same on both sides", fast(), fast(), none, none, Verdict::passed, false, ""},
      {"an error that is new", fast(), failed(), none, none, Verdict::broken, true, no_relation},
      {"an error that the baseline does not have", none, failed(), fast(), none, Verdict::broken,
       true, no_relation},
      {"an error in a new query", none, failed(), none, none, Verdict::broken, true, no_relation},
      {"the same error on base", failed(), failed(), none, none, Verdict::inconclusive, false,
       "fails on base, too: relation \"orders\" does not exist (42P01)"},
      {"the same error on base, in spite of the baseline", failed(), failed(), fast(), fast(),
       Verdict::inconclusive, false,
       "fails on base, too: relation \"orders\" does not exist (42P01)"},
      {"an error less", failed(), fast(), none, none, Verdict::improved, false,
       "runs, where base fails: relation \"orders\" does not exist (42P01)"},
      {"another result than base", fast(), with_rows(fast(), 19), none, none, Verdict::broken, true,
       fewer_rows},
      {"another result than the baseline", none, with_rows(fast(), 19), fast(), none,
       Verdict::broken, true, fewer_rows},
      {"another result than base, though the baseline agrees", fast(), with_rows(fast(), 19),
       with_rows(fast(), 19), fast(), Verdict::broken, true, fewer_rows},
      {"more work than base", fast(), slow(), none, none, Verdict::regressed, true, more_blocks},
      {"more work than the baseline", none, slow(), fast(), none, Verdict::regressed, true,
       more_blocks},
      {"more work than base and than the baseline", fast(), slow(), fast(), fast(),
       Verdict::regressed, true, more_blocks},
      {"more work, agreed by the updated baseline", fast(), slow(), slow(), fast(), Verdict::passed,
       false, ""},
      {"more work, agreed by a new baseline", fast(), slow(), slow(), none, Verdict::passed, false,
       ""},
      {"more work than base, as a stale baseline says", fast(), slow(), slow(), slow(),
       Verdict::regressed, true, more_blocks},
      {"more work than the baseline, on base as well", slow(), slow(), fast(), fast(),
       Verdict::passed, false, ""},
      {"more work than the baseline, on base as well, whose baselines are not known", slow(),
       slow(), fast(), none, Verdict::passed, false, ""},
      {"less work than base, but more than the updated baseline", slow(),
       with_work(slow(), {.shared_blocks = 8000}), fast(), slow(), Verdict::regressed, true,
       "touches 8,000 blocks instead of 24 (333×)"},
      {"another plan for the same work", query_run({binding(by_index(), 24)}),
       query_run({binding(without_index(), 24)}), none, none, Verdict::changed, false,
       "orders o: Index Scan using orders_customer_id_idx → Seq Scan"},
      {"twice the work, but less than 64 blocks more", fast(),
       with_work(fast(), {.shared_blocks = 87}), none, none, Verdict::changed, false,
       "touches 87 blocks instead of 24 (3.6×)"},
      {"64 blocks more, but less than twice the work", with_work(fast(), {.shared_blocks = 1000}),
       with_work(fast(), {.shared_blocks = 1999}), none, none, Verdict::changed, false,
       "touches 1,999 blocks instead of 1,000 (2×)"},
      {"twice the work exactly", with_work(fast(), {.shared_blocks = 64}),
       with_work(fast(), {.shared_blocks = 128}), none, none, Verdict::regressed, true,
       "touches 128 blocks instead of 64 (2×)"},
      {"work that is not worth a line", with_work(fast(), {.shared_blocks = 1000}),
       with_work(fast(), {.shared_blocks = 1099}), none, none, Verdict::passed, false, ""},
      {"a spill that is small", fast(), with_work(fast(), {.shared_blocks = 24, .temp_blocks = 5}),
       none, none, Verdict::changed, false, "spills 5 temp blocks to disk (none before)"},
      {"a spill that is large", fast(),
       with_work(fast(), {.shared_blocks = 24, .temp_blocks = 512}), none, none, Verdict::regressed,
       true, "touches 536 blocks instead of 24 (22×)"},
      {"half the work", slow(), fast(), none, none, Verdict::improved, false, fewer_blocks},
      {"half the work than the baseline", none, fast(), slow(), none, Verdict::improved, false,
       fewer_blocks},
      {"half the work, but another result", slow(), with_rows(fast(), 19), none, none,
       Verdict::broken, true, fewer_rows},
      {"neither base nor baseline", none, fast(), none, none, Verdict::new_query, false,
       "is not on base and has no baseline"},
      {"gone, and its baseline too", fast(), none, none, fast(), Verdict::skipped, false,
       "is not in the workload any more"},
      {"gone, but not its baseline", fast(), none, fast(), fast(), Verdict::missing, true,
       "has a baseline, but workload \"shop\" has no such query"},
  };
}

TEST(Judge, FollowsTheTableOfVerdicts) {
  for (const Scenario& scenario : scenarios()) {
    SCOPED_TRACE(scenario.what);
    ShopRun run;
    run.workload.queries = {query(name, scenario.base, scenario.head)};
    if (scenario.baseline) run.baselines.head[name] = baseline_of(name, *scenario.baseline);
    if (scenario.base_baseline) {
      run.baselines.base[name] = baseline_of(name, *scenario.base_baseline);
    }
    const QueryReport report = run.judge_first();
    EXPECT_EQ(to_text(report.verdict), to_text(scenario.verdict));
    EXPECT_EQ(report.fails, scenario.fails);
    EXPECT_THAT(report.headline, ::testing::StartsWith(scenario.headline));
    if (scenario.headline.empty()) {
      EXPECT_EQ(report.headline, "");
    }
  }
}

ShopRun run_of(std::optional<QueryRun> base, std::optional<QueryRun> head) {
  ShopRun run;
  run.workload.queries = {query(name, std::move(base), std::move(head))};
  return run;
}

TEST(Judge, NamesTheStepThatDroppedTheIndex) {
  ShopRun run = run_of(fast(), slow());
  run.workload.head = side_without_index("work tree");
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.headline,
            "touches 31,872 blocks instead of 24 (1,328×): index orders_customer_id_idx was "
            "dropped by setup/007_cleanup.sql:3");
  ASSERT_FALSE(report.findings.empty());
  const Finding& first = report.findings[0];
  EXPECT_EQ(first.kind, Finding::Kind::work);
  EXPECT_EQ(first.weight, Finding::Weight::convicts);
  EXPECT_EQ(first.binding, 1);
  EXPECT_EQ(first.before, "24 blocks");
  EXPECT_EQ(first.after, "31,872 blocks");
  EXPECT_DOUBLE_EQ(first.ratio.value_or(0), 1328);
  EXPECT_EQ(first.culprit, (SourcePosition{"setup/007_cleanup.sql", 3, 0}));
  ASSERT_GE(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[1].kind, Finding::Kind::plan);
  EXPECT_EQ(report.findings[1].weight, Finding::Weight::explains);
  EXPECT_EQ(report.findings[1].path, "Seq Scan on orders o");
  EXPECT_EQ(report.next_step,
            "Mend setup/007_cleanup.sql:3. See both plans: pgduet explain shop/orders_of_customer "
            "--run last. If it is meant: pgduet accept shop/orders_of_customer");
}

TEST(Judge, AStepThatRunsAProgramIsNamedAndIsNoPlaceToMend) {
  ShopRun run = run_of(fast(), slow());
  run.workload.directory = "workloads/shop";
  run.workload.head = side_without_index("work tree");
  const std::string step = "run ../../tools/migrate up";
  for (StepRecord& one : run.workload.head.steps) {
    for (CatalogChange& change : one.changes) change.at = {step, 0, 0};
  }
  const QueryReport report = run.judge_first();
  EXPECT_THAT(report.headline, EndsWith("index orders_customer_id_idx was dropped by " + step));
  EXPECT_EQ(report.findings.at(0).culprit, (SourcePosition{step, 0, 0}));
  EXPECT_THAT(report.next_step, StartsWith("See both plans: "));
}

TEST(Judge, NamesTheStepThatDroppedTheIndexWithoutABase) {
  ShopRun run = run_of(std::nullopt, slow());
  run.workload.base.reset();
  run.workload.head = side_without_index("work tree");
  run.baselines.head[name] = baseline_of(name, fast());
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_EQ(report.headline,
            "touches 31,872 blocks instead of 24 (1,328×): index orders_customer_id_idx was "
            "dropped by setup/007_cleanup.sql:3");
  ASSERT_GE(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].reference, Finding::Reference::baseline);
  EXPECT_EQ(report.findings[1].sentence,
            "orders o: Index Scan using orders_customer_id_idx → Seq Scan");
}

TEST(Judge, TellsOneFindingOnceThoughBothReferencesShowIt) {
  ShopRun run = run_of(fast(), slow());
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  const QueryReport report = run.judge_first();
  EXPECT_THAT(report.findings, SizeIs(2));
  EXPECT_EQ(report.findings[0].reference, Finding::Reference::base);
}

TEST(Judge, AnAgreedPlanIsTold) {
  ShopRun run = run_of(fast(), slow());
  run.baselines.base[name] = baseline_of(name, fast());
  run.baselines.head[name] = baseline_of(name, slow());
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_THAT(report.notes, ElementsAre("plan and work are those of the updated baseline"));
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.weight, Finding::Weight::informs) << finding.sentence;
  }
}

TEST(Judge, AStaleBaselineIsNotedAndNotBlamed) {
  ShopRun run = run_of(slow(), slow());
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::passed);
  EXPECT_THAT(report.workloads[0].notes,
              ElementsAre("stale baseline of orders_of_customer: base does not do what it says; "
                          "record it on the base branch"));
  const QueryReport& query_report = report.workloads[0].queries[0];
  ASSERT_THAT(query_report.findings, SizeIs(1));
  EXPECT_EQ(query_report.findings[0].kind, Finding::Kind::baseline);
  EXPECT_EQ(query_report.findings[0].sentence,
            "baseline is stale: base 3f2a91c does not do what it says, so the difference is not "
            "this change's");
}

TEST(Judge, AnUnchangedQueryCountsAsComparedWithBase) {
  ShopRun run = run_of(std::nullopt, fast());
  run.workload.queries[0].unchanged = true;
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::passed);
  EXPECT_EQ(report.workloads[0].queries[0].verdict, Verdict::passed);
  EXPECT_FALSE(report.workloads[0].queries[0].times.before);
}

TEST(Judge, AnUnchangedQueryThatFailsIsNotBlamed) {
  ShopRun run = run_of(std::nullopt, failed());
  run.workload.queries[0].unchanged = true;
  EXPECT_EQ(run.judge_first().verdict, Verdict::inconclusive);
}

TEST(Judge, TheWorstBindingDecides) {
  ShopRun run =
      run_of(query_run({binding(by_index(), 24, "1", 1), binding(by_index(), 24, "2", 2),
                        binding(by_index(), 24, "3", 3)}),
             query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "2", 2),
                        binding(without_index(), 500, "3", 3)}));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_EQ(report.worst_binding, 2);
  EXPECT_EQ(report.work_before, Work({.shared_blocks = 24, .rows_visited = 20}));
  EXPECT_EQ(report.work_after, Work({.shared_blocks = 31872, .rows_visited = 20}));
  EXPECT_EQ(report.findings[0].binding, 2);
  EXPECT_THAT(report.findings, Contains(::testing::Field(
                                   &Finding::sentence, "touches 500 blocks instead of 24 (21×)")));
}

TEST(Judge, OneBindingThatImprovedIsTold) {
  ShopRun run =
      run_of(query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "2", 2)}),
             query_run({binding(by_index(), 24, "1", 1), binding(by_index(), 24, "2", 2)}));
  EXPECT_EQ(run.judge_first().verdict, Verdict::improved);
}

TEST(Judge, BindingsWithOtherValuesAreNotCompared) {
  ShopRun run =
      run_of(query_run({binding(by_index(), 24, "1", 1), binding(by_index(), 24, "2", 2)}),
             query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "9", 2)}));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_THAT(report.notes,
              ElementsAre("binding 2 (customer_id = 9) is not compared with base, which has other "
                          "values"));
}

TEST(Judge, AQueryWithoutAnyComparableBindingIsInconclusive) {
  ShopRun run = run_of(query_run({binding(by_index(), 24, "1", 1)}),
                       query_run({binding(without_index(), 31872, "9", 1)}));
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::not_measured);
  EXPECT_EQ(report.workloads[0].queries[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(report.workloads[0].queries[0].headline,
            "has no binding with the parameter values of base or baseline");
}

TEST(Judge, BindingsOfTheBaselineThatAreNotRunAreNoted) {
  ShopRun run = run_of(std::nullopt, query_run({binding(by_index(), 24, "1", 1)}));
  run.baselines.head[name] = baseline_of(
      name, query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "2", 2)}));
  EXPECT_THAT(run.judge_first().notes, ElementsAre("1 binding of the baseline not run any more"));
}

TEST(Judge, PlansThatTheBaselineAcceptsSideBySideDoNotFlip) {
  ShopRun run = run_of(fast(), query_run({binding(without_index(), 24)}));
  QueryRun both = fast();
  both.alternate_shapes = {run.workload.queries[0].head->bindings[0].shape};
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, both);
  EXPECT_EQ(run.judge_first().verdict, Verdict::passed);
}

TEST(Judge, BaselineBindingsAreFoundByTheirValues) {
  ShopRun run =
      run_of(std::nullopt,
             query_run({binding(without_index(), 31872, "2", 1), binding(by_index(), 24, "1", 2)}));
  run.workload.base.reset();
  run.baselines.head[name] = baseline_of(
      name, query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "2", 2)}));
  EXPECT_EQ(run.judge_first().verdict, Verdict::passed);
}

TEST(Judge, ABindingThatTheBaselineDoesNotHaveIsNoted) {
  ShopRun run =
      run_of(std::nullopt,
             query_run({binding(by_index(), 24, "1", 1), binding(without_index(), 31872, "2", 2)}));
  run.workload.base.reset();
  run.baselines.head[name] = baseline_of(name, query_run({binding(by_index(), 24, "1", 1)}));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_THAT(report.notes, ElementsAre("binding 2 (customer_id = 2) is not in the baseline"));
}

TEST(Judge, AMajorVersionWithoutABaselineIsComparedWithBaseOnly) {
  ShopRun run = run_of(fast(), slow());
  run.workload.head.postgres_major = 17;
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  const Report report = run.judge();
  EXPECT_EQ(report.workloads[0].queries[0].verdict, Verdict::regressed);
  EXPECT_THAT(report.workloads[0].queries[0].notes,
              ElementsAre("no baseline for PostgreSQL 17: compared with base only"));
  EXPECT_EQ(report.workloads[0].queries[0].headline,
            "touches 31,872 blocks instead of 24 (1,328×): the server is PostgreSQL 17 instead of "
            "15");
  EXPECT_EQ(report.workloads[0].compared_with, "base 3f2a91c");
}

TEST(Judge, ABaselineOfTheOtherMajorAgreesToAnUpgradeOnlyWhereTheChangeWroteIt) {
  ShopRun run = run_of(fast(), slow());
  run.workload.head.postgres_major = 17;
  run.baselines.base[name] = run.baselines.head[name] = baseline_of(name, fast());
  VersionBaseline& upgraded = run.baselines.head[name].baseline.postgres[17];
  upgraded = baseline_of(name, slow()).baseline.postgres.at(15);
  EXPECT_EQ(run.judge_first().verdict, Verdict::passed);
  run.baselines.base[name].baseline.postgres[17] = upgraded;
  EXPECT_EQ(run.judge_first().verdict, Verdict::regressed);
}

TEST(Judge, AMajorVersionWithNothingToCompareIsNew) {
  ShopRun run = run_of(std::nullopt, fast());
  run.workload.base.reset();
  run.workload.head.postgres_major = 17;
  run.baselines.head[name] = baseline_of(name, fast());
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::new_query);
  EXPECT_THAT(report.notes, ElementsAre("no baseline for PostgreSQL 17"));
}

TEST(Judge, OnlyWhatAStatementDeterminesIsCompared) {
  QueryRun base = fast();
  base.bindings[0].result->determinacy = Determinacy::count_only;
  base.bindings[0].result->determinacy_reason = "calls now()";
  QueryRun head = base;
  head.bindings[0].result->checksum = "bbbbbbbbbbbbbbbb";
  const QueryReport report = run_of(base, head).judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_THAT(report.notes, ElementsAre("result compared by row count: calls now()"));
}

TEST(Judge, AShapeThatAlternatesIsUnstableAndNoFlip) {
  QueryRun head = query_run({binding(without_index(), 24)});
  head.alternate_shapes = {fast().bindings[0].shape};
  const QueryReport report = run_of(fast(), head).judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_EQ(report.findings[0].kind, Finding::Kind::stability);
  EXPECT_EQ(report.findings[0].sentence, "unstable plan: 2 shapes seen over repeated ANALYZE");
}

QueryRun with_generic_plan(QueryRun run, const PlanNode& root) {
  run.generic_plan = to_json(plan(root));
  run.generic_shape = shape_of(plan(root)).id;
  return run;
}

TEST(Judge, AnotherGenericPlanIsAChange) {
  ShopRun run =
      run_of(with_generic_plan(fast(), by_index()), with_generic_plan(fast(), without_index()));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::changed);
  EXPECT_THAT(report.headline, ::testing::StartsWith("generic plan: orders o: Index Scan using "
                                                     "orders_customer_id_idx → Seq Scan"));
  EXPECT_EQ(report.findings[0].binding, 0);
}

TEST(Judge, AGenericPlanThatChangesWithTheOthersIsToldOnce) {
  ShopRun run =
      run_of(with_generic_plan(fast(), by_index()), with_generic_plan(slow(), without_index()));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_EQ(report.findings.back().sentence, "the generic plan changed as well");
}

TEST(Judge, AnotherGenericPlanCanBeAcceptedOrAgreed) {
  ShopRun run =
      run_of(with_generic_plan(fast(), by_index()), with_generic_plan(fast(), without_index()));
  run.workload.queries[0].policy.changed = Policy::Action::fail;
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  EXPECT_TRUE(run.judge_first().fails);
  run.baselines.head[name].baseline.accepted = {
      {AcceptedEntry::What::plan, std::nullopt, "fraud check", "@payments", "2027-03-31"}};
  EXPECT_EQ(run.judge_first().verdict, Verdict::accepted);
  run = run_of(with_generic_plan(slow(), without_index()), with_generic_plan(fast(), by_index()));
  run.baselines.base[name] = baseline_of(name, slow());
  run.baselines.head[name] = baseline_of(name, fast());
  EXPECT_EQ(run.judge_first().verdict, Verdict::passed);
}

TEST(Judge, ABadEstimateExplains) {
  QueryRun head =
      query_run({binding(with_actual(with_estimate(seq_scan("orders", "o"), 5), 20000, 1), 31872)});
  const QueryReport report = run_of(fast(), head).judge_first();
  EXPECT_THAT(report.findings,
              Contains(::testing::Field(&Finding::sentence,
                                        "row estimate off by 4,000× at Seq Scan on orders o "
                                        "(estimated 5, actual 20,000)")));
}

TEST(Judge, PolicyMakesChangesNewQueriesAndInconclusiveOnesFail) {
  ShopRun run = run_of(fast(), query_run({binding(without_index(), 24)}));
  run.workload.queries.push_back(query("new", std::nullopt, fast()));
  run.workload.queries.push_back(query("failing", failed(), failed()));
  EXPECT_EQ(run.judge().outcome, Report::Outcome::passed);
  for (QueryRecord& one : run.workload.queries) {
    one.policy.changed = one.policy.new_query = one.policy.inconclusive = Policy::Action::fail;
  }
  const Report report = run.judge();
  for (const QueryReport& one : report.workloads[0].queries) EXPECT_TRUE(one.fails) << one.name;
  EXPECT_EQ(report.summary, "3 of 3 queries fail: 1 inconclusive, 1 new, 1 changed");
}

TEST(Judge, PolicyMovesTheLimitsOfWork) {
  ShopRun run = run_of(fast(), slow());
  run.workload.queries[0].policy.work_ratio = 2000;
  EXPECT_EQ(run.judge_first().verdict, Verdict::changed);
  run.workload.queries[0].policy.work_ratio = 2;
  run.workload.queries[0].policy.work_blocks = 40000;
  EXPECT_EQ(run.judge_first().verdict, Verdict::changed);
}

AcceptedEntry accepted(AcceptedEntry::What what, std::optional<double> up_to_ratio = {}) {
  return {what, up_to_ratio, "fraud check", "@payments", "2027-03-31"};
}

ShopRun run_with_entry(const QueryRun& head, const AcceptedEntry& entry) {
  ShopRun run = run_of(fast(), head);
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  run.baselines.head[name].baseline.accepted = {entry};
  return run;
}

TEST(JudgeAccepted, CoversWorkUpToItsRatio) {
  ShopRun run = run_with_entry(slow(), accepted(AcceptedEntry::What::work, 1400));
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::accepted);
  EXPECT_FALSE(report.fails);
  EXPECT_THAT(report.notes, ElementsAre("accepted by @payments until 2027-03-31: fraud check"));
  EXPECT_THAT(report.headline, HasSubstr("touches 31,872 blocks"));
  run = run_with_entry(slow(), accepted(AcceptedEntry::What::work, 1300));
  EXPECT_EQ(run.judge_first().verdict, Verdict::regressed);
  run = run_with_entry(slow(), accepted(AcceptedEntry::What::work));
  EXPECT_EQ(run.judge_first().verdict, Verdict::accepted);
}

TEST(JudgeAccepted, CoversOnlyWhatItNames) {
  EXPECT_EQ(run_with_entry(slow(), accepted(AcceptedEntry::What::plan)).judge_first().verdict,
            Verdict::regressed);
  EXPECT_EQ(run_with_entry(slow(), accepted(AcceptedEntry::What::result)).judge_first().verdict,
            Verdict::regressed);
  EXPECT_EQ(run_with_entry(with_rows(slow(), 19), accepted(AcceptedEntry::What::result))
                .judge_first()
                .verdict,
            Verdict::regressed);
}

TEST(JudgeAccepted, CoversAnotherResultButNoError) {
  const AcceptedEntry entry = accepted(AcceptedEntry::What::result);
  EXPECT_EQ(run_with_entry(with_rows(fast(), 19), entry).judge_first().verdict, Verdict::accepted);
  EXPECT_EQ(run_with_entry(failed(), entry).judge_first().verdict, Verdict::broken);
}

TEST(JudgeAccepted, CoversAnotherPlanWhereThatFails) {
  ShopRun run = run_with_entry(query_run({binding(without_index(), 24)}),
                               accepted(AcceptedEntry::What::plan));
  EXPECT_EQ(run.judge_first().verdict, Verdict::changed);
  run.workload.queries[0].policy.changed = Policy::Action::fail;
  EXPECT_EQ(run.judge_first().verdict, Verdict::accepted);
}

TEST(JudgeAccepted, IsSaidThoughAnotherBindingOnlyChanged) {
  const auto two_bindings = [](QueryRun run, const QueryRun& other) {
    run.bindings.push_back(other.bindings.at(0));
    run.bindings.back().number = 2;
    run.bindings.back().parameters.at(0).value = "9993";
    return run;
  };
  const QueryRun base = two_bindings(fast(), fast());
  ShopRun run = run_of(base, two_bindings(slow(), query_run({binding(without_index(), 24)})));
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, base);
  run.baselines.head[name].baseline.accepted = {accepted(AcceptedEntry::What::work)};
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::accepted);
  EXPECT_EQ(report.worst_binding, 1);
  run.workload.queries[0].policy.changed = Policy::Action::fail;
  EXPECT_EQ(run.judge_first().verdict, Verdict::changed);
}

TEST(JudgeAccepted, HoldsOnItsLastDayAndFailsOnTheNext) {
  ShopRun run = run_with_entry(slow(), accepted(AcceptedEntry::What::work));
  run.today = "2027-03-31";
  EXPECT_EQ(run.judge_first().verdict, Verdict::accepted);
  run.today = "2027-04-01";
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::regressed);
  EXPECT_TRUE(report.fails);
  EXPECT_THAT(report.notes,
              ElementsAre("accepted until 2027-03-31 by @payments has expired: fraud check"));
}

TEST(JudgeAccepted, StaysAcceptedOnceMergedAndStillEnds) {
  ShopRun run = run_with_entry(slow(), accepted(AcceptedEntry::What::work));
  run.workload.queries[0].base = slow();
  EXPECT_EQ(run.judge_first().verdict, Verdict::accepted);
  EXPECT_THAT(run.judge().workloads[0].notes, IsEmpty());
  run.today = "2027-04-01";
  EXPECT_EQ(run.judge_first().verdict, Verdict::regressed);
}

TEST(JudgeAccepted, SaysWhenAnExpiredEntryIsNotNeeded) {
  ShopRun run = run_with_entry(fast(), accepted(AcceptedEntry::What::work));
  EXPECT_THAT(run.judge_first().notes, IsEmpty());
  run.today = "2027-04-01";
  const QueryReport report = run.judge_first();
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_THAT(report.notes,
              ElementsAre("exception of @payments expired on 2027-03-31 and is not needed any "
                          "more: fraud check"));
}

TEST(JudgeWorkload, BaselinesWithoutAQueryAreMissing) {
  ShopRun run = run_of(fast(), fast());
  QueryRun other = with_text(fast(), "SELECT 2");
  run.baselines.head["old_name"] = baseline_of("old_name", other);
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::failed);
  EXPECT_EQ(report.summary, "1 of 2 queries fails: 1 missing; 1 passed");
  const QueryReport& missing = report.workloads[0].queries.at(1);
  EXPECT_EQ(missing.name, "old_name");
  EXPECT_EQ(missing.verdict, Verdict::missing);
  EXPECT_TRUE(missing.fails);
  EXPECT_EQ(missing.record, nullptr);
  EXPECT_EQ(missing.source, (SourcePosition{"baselines/shop/old_name.json", 0, 0}));
  EXPECT_EQ(missing.next_step, "Delete baselines/shop/old_name.json, or bring the query back.");
  run.only_selected = true;
  EXPECT_THAT(run.judge().workloads[0].queries, SizeIs(1));
}

TEST(JudgeWorkload, ARenamedQueryIsRecognised) {
  ShopRun run = run_of(std::nullopt, fast());
  run.baselines.head["old_name"] = baseline_of("old_name", fast());
  const QueryReport missing = run.judge().workloads[0].queries.at(1);
  EXPECT_EQ(missing.headline,
            "has a baseline, but workload \"shop\" has no such query; query "
            "\"orders_of_customer\" has the same text");
  EXPECT_EQ(missing.next_step,
            "If it was renamed: delete baselines/shop/old_name.json and run pgduet accept "
            "shop/orders_of_customer.");
}

TEST(JudgeWorkload, ASkippedQueryIsListedAndItsBaselineIsNotMissing) {
  ShopRun run = run_of(std::nullopt, std::nullopt);
  run.workload.queries[0].skip_reason = "needs the warehouse";
  run.baselines.head[name] = baseline_of(name, fast());
  const Report report = run.judge();
  ASSERT_THAT(report.workloads[0].queries, SizeIs(1));
  EXPECT_EQ(report.workloads[0].queries[0].verdict, Verdict::skipped);
  EXPECT_EQ(report.workloads[0].queries[0].headline, "skipped: needs the warehouse");
  EXPECT_EQ(report.outcome, Report::Outcome::not_measured);
}

TEST(JudgeWorkload, SaysWhatItWasComparedWith) {
  ShopRun run = run_of(fast(), fast());
  EXPECT_EQ(run.judge().workloads[0].compared_with, "base 3f2a91c");
  run.baselines.head[name] = baseline_of(name, fast());
  EXPECT_EQ(run.judge().workloads[0].compared_with, "base 3f2a91c and 1 baseline");
  run.workload.base.reset();
  EXPECT_EQ(run.judge().workloads[0].compared_with, "1 baseline");
  run.baselines.head.clear();
  EXPECT_EQ(run.judge().workloads[0].compared_with, "nothing");
}

TEST(JudgeWorkload, PassesOnWhatTheRunNoted) {
  ShopRun run = run_of(fast(), fast());
  run.workload.notes = {"the workload is new"};
  run.workload.head.notes = {"no CPU time"};
  run.workload.base->notes = {"no CPU time", "another server"};
  EXPECT_THAT(run.judge().workloads[0].notes,
              ElementsAre("the workload is new", "no CPU time", "base: another server"));
}

TEST(JudgeOutcome, NothingComparedIsNotMeasured) {
  ShopRun run;
  EXPECT_EQ(run.judge().outcome, Report::Outcome::not_measured);
  EXPECT_EQ(run.judge().summary, "nothing was compared: there are no queries");
  run = run_of(std::nullopt, fast());
  run.workload.base.reset();
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::not_measured);
  EXPECT_EQ(report.summary,
            "nothing could be compared: 1 new; run pgduet record to make the baselines");
  EXPECT_EQ(report.workloads[0].queries[0].headline, "has no baseline");
}

TEST(JudgeOutcome, OnlyFailuresThatBaseHasAreNotMeasured) {
  const Report report = run_of(failed(), failed()).judge();
  EXPECT_EQ(report.outcome, Report::Outcome::not_measured);
  EXPECT_EQ(report.summary, "nothing could be compared: 1 inconclusive");
}

TEST(JudgeOutcome, CountsVerdicts) {
  ShopRun run = run_of(fast(), slow());
  run.workload.queries.push_back(query("b", fast(), with_rows(fast(), 19)));
  run.workload.queries.push_back(query("c", slow(), fast()));
  run.workload.queries.push_back(query("d", fast(), fast()));
  run.workload.queries.push_back(query("e", fast(), fast()));
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::failed);
  EXPECT_EQ(report.summary, "2 of 5 queries fail: 1 broken, 1 regressed; 1 improved, 2 passed");
  run.workload.queries.erase(run.workload.queries.begin(), run.workload.queries.begin() + 2);
  EXPECT_EQ(run.judge().summary, "3 queries: 1 improved, 2 passed");
}

TEST(JudgeOutcome, HasAnExitStatus) {
  EXPECT_EQ(exit_status(Report::Outcome::passed), 0);
  EXPECT_EQ(exit_status(Report::Outcome::failed), 1);
  EXPECT_EQ(exit_status(Report::Outcome::not_measured), 3);
}

TEST(Judge, TwoEqualSidesPassWhateverThePlans) {
  const std::vector<PlanNode> plans = {by_index(), without_index(),
                                       limit(sort(without_index(), {"o.id"})),
                                       hash_join("(a.id = b.id)", seq_scan("a"), seq_scan("b")),
                                       gather(parallel(seq_scan("orders")))};
  ShopRun run;
  for (const PlanNode& root : plans) {
    for (const std::int64_t blocks : {0, 1, 24, 31872}) {
      const QueryRun side = query_run({binding(root, blocks)});
      const std::string query_name = "q" + std::to_string(run.workload.queries.size());
      run.workload.queries.push_back(query(query_name, side, side));
      run.baselines.head[query_name] = run.baselines.base[query_name] =
          baseline_of(query_name, side);
    }
  }
  const Report report = run.judge();
  EXPECT_EQ(report.outcome, Report::Outcome::passed);
  EXPECT_EQ(report.summary, "20 queries: 20 passed");
  for (const QueryReport& one : report.workloads[0].queries) {
    EXPECT_THAT(one.findings, IsEmpty());
    EXPECT_THAT(one.notes, IsEmpty());
  }
}

TEST(Judge, SaysTheSameAgain) {
  ShopRun run;
  for (const Scenario& scenario : scenarios()) {
    run.workload.queries.push_back(query(scenario.what, scenario.base, scenario.head));
  }
  const auto text_of = [](const Report& report) {
    std::string text = report.summary;
    for (const QueryReport& one : report.workloads[0].queries) {
      text += "\n" + to_text(one.verdict) + " " + one.headline;
      for (const Finding& finding : one.findings) text += "\n  " + finding.sentence;
    }
    return text;
  };
  EXPECT_EQ(text_of(run.judge()), text_of(run.judge()));
}

TEST(JudgeInput, KeepsTheBaselinesInTheRecord) {
  ShopRun run = run_of(fast(), slow());
  run.baselines.head[name] = run.baselines.base[name] = baseline_of(name, fast());
  RunRecord record;
  record.started_at = "2026-11-21T10:15:00Z";
  record.only_selected = true;
  record.workloads = {run.workload};
  record.workloads[0].baselines = to_json(run.baselines);
  const auto read =
      std::make_shared<const RunRecord>(run_record_from_text(to_text(record), "run.json"));
  const JudgeInput input = judge_input(read);
  EXPECT_EQ(input.today, "2026-11-21");
  EXPECT_TRUE(input.only_selected);
  const WorkloadBaselines& baselines = input.baselines.at("shop");
  EXPECT_EQ(baselines.head.at(name).baseline, run.baselines.head.at(name).baseline);
  EXPECT_EQ(baselines.head.at(name).file, "baselines/shop/orders_of_customer.json");
  EXPECT_EQ(baselines.base.at(name).baseline, run.baselines.base.at(name).baseline);
  EXPECT_EQ(judge(input).workloads[0].queries[0].headline, run.judge_first().headline);
  EXPECT_TRUE(to_json(WorkloadBaselines{}).is_null());
}

}  // namespace
}  // namespace pgduet::gate

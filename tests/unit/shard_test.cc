#include "pgduet/gate/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "error_text.h"
#include "pgduet/gate/nomination.h"
#include "record_builders.h"

namespace pgduet::gate {
namespace {

using namespace gate::testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Baseline lasting(double us, int bindings = 1, int major = 15) {
  Baseline baseline;
  for (int i = 0; i < bindings; ++i) {
    BindingBaseline& binding = baseline.postgres[major].bindings.emplace_back();
    binding.wall_us = us;
    binding.cpu_us = us;
  }
  return baseline;
}

// Queries of 50 µs to half a second, as workloads have them: few are long.
std::vector<Baseline> many_baselines(int count) {
  std::vector<Baseline> baselines;
  for (int i = 0; i < count; ++i) {
    baselines.push_back(lasting(50 * (1 + (i * 7919 % count) * 10000.0 / count), 1 + i % 4));
  }
  return baselines;
}

WorkloadToPlan workload_of(const std::string& name, const std::vector<Baseline>& baselines) {
  WorkloadToPlan workload;
  workload.name = name;
  for (std::size_t i = 0; i < baselines.size(); ++i) {
    workload.queries.push_back({"query_" + std::to_string(i), 1, false, &baselines[i]});
  }
  return workload;
}

std::vector<std::int64_t> loads_of(const std::vector<PlannedWorkload>& plan,
                                   const std::vector<Baseline>& baselines, int count) {
  std::vector<std::int64_t> loads(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < baselines.size(); ++i) {
    loads.at(static_cast<std::size_t>(plan.at(0).queries.at(i).shard - 1)) +=
        check_cost_us(baselines[i]);
  }
  return loads;
}

TEST(PlanShards, TenThousandQueriesInEightShardsEndTogether) {
  const std::vector<Baseline> baselines = many_baselines(10000);
  const std::vector<std::int64_t> loads =
      loads_of(plan_shards({workload_of("large", baselines)}, 8), baselines, 8);
  const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
  EXPECT_LT(double(*most) / double(*least), 1.001);
}

TEST(PlanShards, NoShardGetsMoreThanTheMeanAndOneQuery) {
  for (const int count : {1, 2, 3, 7, 40}) {
    const std::vector<Baseline> baselines = many_baselines(41);
    const std::vector<std::int64_t> loads =
        loads_of(plan_shards({workload_of("small", baselines)}, count), baselines, count);
    std::int64_t longest = 0;
    for (const Baseline& baseline : baselines) longest = std::max(longest, check_cost_us(baseline));
    const std::int64_t sum = std::accumulate(loads.begin(), loads.end(), std::int64_t{0});
    EXPECT_LE(*std::max_element(loads.begin(), loads.end()), sum / count + longest) << count;
  }
}

TEST(PlanShards, EveryQueryFallsToOneShardInTheOrderOfTheFiles) {
  const std::vector<Baseline> baselines = many_baselines(20);
  const WorkloadToPlan first = workload_of("first", baselines);
  const WorkloadToPlan second = workload_of("second", baselines);
  const std::vector<PlannedWorkload> plan = plan_shards({first, second}, 3);
  ASSERT_THAT(plan, SizeIs(2));
  for (std::size_t w = 0; w < 2; ++w) {
    const WorkloadToPlan& workload = w == 0 ? first : second;
    EXPECT_EQ(plan[w].name, workload.name);
    ASSERT_EQ(plan[w].queries.size(), workload.queries.size());
    for (std::size_t i = 0; i < workload.queries.size(); ++i) {
      EXPECT_EQ(plan[w].queries[i].name, workload.queries[i].name);
      EXPECT_GE(plan[w].queries[i].shard, 1);
      EXPECT_LE(plan[w].queries[i].shard, 3);
    }
  }
  EXPECT_EQ(plan, plan_shards({first, second}, 3));
}

TEST(PlanShards, MoreShardsThanQueriesLeaveSomeWithout) {
  const std::vector<Baseline> baselines = many_baselines(3);
  const std::vector<PlannedWorkload> plan = plan_shards({workload_of("w", baselines)}, 8);
  std::set<int> shards;
  for (const PlannedQuery& query : plan.at(0).queries) shards.insert(query.shard);
  EXPECT_THAT(shards, ElementsAre(1, 2, 3));
}

TEST(PlanShards, AQueryWithoutBaselineCountsAsTheMedianAndASkippedOneNothing) {
  const Baseline cheap = lasting(100);
  const Baseline dear = lasting(300e3);
  WorkloadToPlan workload;
  workload.name = "w";
  workload.queries = {{"new", 1, false, nullptr},
                      {"skipped", 1, true, &dear},
                      {"cheap", 1, false, &cheap},
                      {"cheap_too", 1, false, &cheap},
                      {"dear", 2, false, &dear}};
  const std::vector<PlannedQuery> queries = plan_shards({workload}, 2).at(0).queries;
  EXPECT_EQ(queries.at(4).shard, 1);
  for (const std::size_t other : {0U, 1U, 2U, 3U}) EXPECT_EQ(queries.at(other).shard, 2);
  EXPECT_EQ(queries.at(1).share, 0);
  EXPECT_NEAR(queries.at(0).share, queries.at(2).share, 1e-9);
  EXPECT_NEAR(queries.at(4).share, 600e3 / (600e3 + 300), 1e-6);
}

TEST(PlanShards, OfSeveralVersionsTheNewestCounts) {
  Baseline baseline = lasting(100e3, 1, 14);
  baseline.postgres[17] = lasting(100, 1, 17).postgres.at(17);
  EXPECT_EQ(check_cost_us(baseline), check_cost_us(lasting(100)));
}

// --- merging ---------------------------------------------------------------------------------

constexpr int shard_count = 4;

Execution sample(double us, int stage) {
  return {.wall_us = us + 20, .cpu_us = us, .client_us = 20, .executions = 40, .stage = stage};
}

QueryRun timed(QueryRun run, double us, bool duet) {
  for (BindingRun& one : run.bindings) {
    one.executions = {sample(us, 0)};
    for (int stage = 1; duet && stage <= 3; ++stage) one.executions.push_back(sample(us, stage));
  }
  return run;
}

QueryRun fast(double us = 2000, bool duet = false) {
  return timed(query_run({binding(by_index(), 24)}), us, duet);
}
QueryRun slow(double us = 2000, bool duet = false) {
  return timed(query_run({binding(without_index(), 31872)}), us, duet);
}

QueryRecord query_of(int i) {
  const std::string name = "query_" + std::to_string(i);
  QueryRun other_result = fast();
  other_result.bindings.front().result->rows = 19;
  switch (i % 10) {
    case 0:
      return query(name, fast(), slow());  // regressed by its work
    case 1:
      return query(name, fast(2000, true), fast(3000, true));  // regressed by its time
    case 2:
      return query(name, fast(), other_result);  // broken
    case 3:
      return query(name, slow(), fast());  // improved
    case 4:
      return query(name, fast(),
                   query_run({failing(binding(by_index(), 24), "42P01", "no relation")}));
    case 5:
      return query(name, std::nullopt, fast());  // new, or compared with its baseline
    case 6: {
      QueryRecord skipped = query(name, std::nullopt, std::nullopt);
      skipped.skip_reason = "needs dblink";
      return skipped;
    }
    case 7:
      return query(name, fast(),
                   timed(query_run({binding(without_index(), 25)}), 2000, true));  // changed
    default:
      return query(name, fast(100.0 * (i + 1)), fast(100.0 * (i + 1)));
  }
}

QueryRun faster(QueryRun run, double factor) {
  for (BindingRun& one : run.bindings) {
    for (Execution& execution : one.executions) {
      execution.wall_us /= factor;
      if (execution.cpu_us) execution.cpu_us = *execution.cpu_us / factor;
    }
  }
  return run;
}

RunRecord run_of(WorkloadRecord workload, const WorkloadBaselines& baselines) {
  workload.name = "shop";
  workload.baselines = to_json(baselines);
  RunRecord run;
  run.pgduet_version = "0.1.0";
  run.run_id = "20261121T101500.042Z-1f3a3c";
  run.started_at = "2026-11-21T10:15:00Z";
  run.seconds = 40;
  run.machine.cores = 2;
  run.workloads.push_back(std::move(workload));
  return run;
}

// One run of 40 queries with all kinds of verdicts.
RunRecord whole_run() {
  WorkloadRecord workload;
  workload.base = side("3f2a91c");
  workload.head = side_without_index("work tree");
  WorkloadBaselines baselines;
  for (int i = 0; i < 40; ++i) {
    workload.queries.push_back(query_of(i));
    const QueryRecord& query = workload.queries.back();
    if (i % 4 == 0 && query.base) baselines.head[query.name] = baseline_of(query.name, *query.base);
  }
  baselines.head["gone"] = baseline_of("gone", fast());
  return run_of(std::move(workload), baselines);
}

// One run of 40 queries against the baselines of a machine that is twice as fast. Query 7 got
// slower.
RunRecord whole_run_against_baselines() {
  WorkloadRecord workload;
  workload.head = side("work tree");
  WorkloadBaselines baselines;
  for (int i = 0; i < 40; ++i) {
    const QueryRun run = fast(100.0 * (i + 1), true);
    const std::string name = "query_" + std::to_string(i);
    baselines.head[name] = baseline_of(name, faster(run, 2));
    workload.queries.push_back(query(name, std::nullopt, i == 7 ? faster(run, 1 / 1.8) : run));
  }
  return run_of(std::move(workload), baselines);
}

// The records that four shards would have left of it, queries dealt out in turn.
std::vector<ShardFile> shards_of(const RunRecord& whole) {
  const WorkloadRecord& workload = whole.workloads.front();
  PlannedWorkload plan;
  plan.name = workload.name;
  for (std::size_t i = 0; i < workload.queries.size(); ++i) {
    plan.queries.push_back(
        {workload.queries[i].name, static_cast<int>(i % shard_count) + 1, 1.0 / 40});
  }
  std::vector<ShardFile> shards;
  for (int index = 1; index <= shard_count; ++index) {
    ShardFile shard = {whole, "shard-" + std::to_string(index) + ".json"};
    shard.record.run_id = "20261121T10150" + std::to_string(index) + ".000Z-aaaaaa";
    shard.record.seconds = 10 + index;
    shard.record.shard = ShardRecord{index, shard_count, {plan}};
    WorkloadRecord& part = shard.record.workloads.front();
    part.queries.clear();
    for (std::size_t i = 0; i < workload.queries.size(); ++i) {
      if (plan.queries[i].shard != index) {
        if (!part.baselines.is_null()) part.baselines["head"].erase(workload.queries[i].name);
        continue;
      }
      part.queries.push_back(workload.queries[i]);
      part.queries.back().shard = index;
      part.queries.back().planned_share = plan.queries[i].share;
    }
    shards.push_back(std::move(shard));
  }
  return shards;
}

Report judged(const RunRecord& record) {
  return judge(judge_input(std::make_shared<const RunRecord>(record)));
}

// Everything that a report says of a query.
std::vector<std::string> told(const Report& report) {
  std::vector<std::string> lines = {report.summary};
  for (const QueryReport& query : report.workloads.at(0).queries) {
    std::string line = query.name + " " + to_text(query.verdict) + " " + query.headline + " " +
                       query.next_step + " " + std::to_string(query.share);
    for (const Finding& finding : query.findings) line += "\n" + finding.sentence;
    for (const std::string& note : query.notes) line += "\n" + note;
    lines.push_back(line);
  }
  lines.push_back(report.workloads.at(0).impact);
  lines.push_back(report.workloads.at(0).detection);
  return lines;
}

TEST(MergeShards, FortyQueriesInFourShardsHaveTheVerdictsOfOneRun) {
  const RunRecord whole = whole_run();
  const Report expected = judged(whole);
  std::set<Verdict> verdicts;
  for (const QueryReport& query : expected.workloads.at(0).queries) verdicts.insert(query.verdict);
  ASSERT_THAT(verdicts,
              ElementsAre(Verdict::broken, Verdict::regressed, Verdict::missing, Verdict::new_query,
                          Verdict::changed, Verdict::improved, Verdict::passed, Verdict::skipped));
  const RunRecord merged = merge_shards(shards_of(whole));
  EXPECT_EQ(told(judged(merged)), told(expected));
  EXPECT_EQ(merged.workloads.front().baselines, whole.workloads.front().baselines);
  EXPECT_THAT(judged(merged).workloads.at(0).notes, Contains(HasSubstr("merged from 4 shards")));
}

TEST(MergeShards, SurvivesBeingWrittenAndReadAgain) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  for (ShardFile& shard : shards) {
    const RunRecord again = run_record_from_text(to_text(shard.record), shard.file);
    ASSERT_EQ(again, shard.record);
    shard.record = again;
  }
  const RunRecord merged = merge_shards(std::move(shards));
  EXPECT_EQ(run_record_from_text(to_text(merged), "merged.json"), merged);
}

TEST(MergeShards, TheOrderOfTheFilesDoesNotMatter) {
  std::vector<ShardFile> turned = shards_of(whole_run());
  std::reverse(turned.begin(), turned.end());
  EXPECT_EQ(to_text(merge_shards(std::move(turned))),
            to_text(merge_shards(shards_of(whole_run()))));
}

TEST(MergeShards, IsNamedAfterItsShardsAndSortsBehindThem) {
  const RunRecord merged = merge_shards(shards_of(whole_run()));
  EXPECT_THAT(merged.run_id, ::testing::StartsWith("20261121T101504.000Z-aaaaaa_"));
  EXPECT_GT(merged.run_id + ".json", std::string("20261121T101504.000Z-aaaaaa.json"));
  std::vector<ShardFile> again = shards_of(whole_run());
  again[1].record.run_id = "20261121T101502.000Z-bbbbbb";
  EXPECT_NE(merge_shards(std::move(again)).run_id, merged.run_id);
  EXPECT_EQ(merged.started_at, "2026-11-21T10:15:00Z");
  EXPECT_EQ(merged.seconds, 14);
}

// Each shard's own machine is taken out of the comparison with baselines: with one median for all,
// the queries of the slow machine would look slower.
TEST(MergeShards, MachinesOfDifferentSpeedAreToldApart) {
  const RunRecord whole = whole_run_against_baselines();
  std::vector<ShardFile> shards = shards_of(whole);
  for (QueryRecord& query : shards[2].record.workloads.front().queries) {
    query.head = faster(*query.head, 0.5);
  }
  const Report expected = judged(whole);
  const Report report = judged(merge_shards(std::move(shards)));
  for (int i = 0; i < 40; ++i) {
    const QueryReport& one = report.workloads.at(0).queries.at(static_cast<std::size_t>(i));
    EXPECT_EQ(to_text(one.verdict), i == 7 ? "regressed" : "passed") << one.name << one.headline;
  }
  EXPECT_EQ(report.summary, expected.summary);
}

TEST(MergeShards, TheWorstMachineIsShownAndAllAreKept) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards[1].record.machine = {1, 3, 0.25, 0.5, "powersave", false, {"not pinned"}};
  const RunRecord merged = merge_shards(std::move(shards));
  EXPECT_EQ(merged.machine.cores, 1);
  EXPECT_EQ(merged.machine.steal, 0.25);
  EXPECT_THAT(merged.machine.notes, ElementsAre("not pinned"));
  EXPECT_THAT(merged.machines, SizeIs(4));
}

std::string error_of(std::vector<ShardFile> shards, int status = 3) {
  try {
    merge_shards(std::move(shards));
  } catch (const Error& error) {
    EXPECT_EQ(exit_status(error.kind()), status);
    return to_text(error);
  }
  return "no error";
}

TEST(MergeShards, AMissingShardIsAnError) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards.erase(shards.begin() + 1);
  EXPECT_EQ(error_of(shards),
            "shard 2 of 4 is missing\n"
            "  hint: Name the run records of all shards. A shard whose job failed before its end "
            "has none: run it again.");
  shards.pop_back();
  EXPECT_THAT(error_of(shards), HasSubstr("shards 2 and 4 of 4 are missing"));
  EXPECT_THAT(error_of({}, 2), HasSubstr("no run record to merge"));
}

TEST(MergeShards, AShardThatIsThereTwiceIsAnError) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards.push_back(shards[1]);
  shards.back().file = "shard-2-again.json";
  EXPECT_THAT(error_of(shards),
              HasSubstr("shard-2.json: shard 2 is there twice, also in shard-2-again.json"));
}

TEST(MergeShards, ARecordThatIsNoShardIsAnErrorOfTheInput) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards.push_back({whole_run(), "whole.json"});
  EXPECT_THAT(error_of(shards, 2), HasSubstr("whole.json: run record is not that of a shard"));
  shards.back() = {merge_shards(shards_of(whole_run())), "merged.json"};
  EXPECT_THAT(error_of(shards, 2), HasSubstr("merged.json: run record is a merged one already"));
}

TEST(MergeShards, ShardsOfDifferentRunsAreAnErrorThatSaysWhatDiffers) {
  const std::vector<ShardFile> same = shards_of(whole_run());
  const auto with = [&same](const auto& change) {
    std::vector<ShardFile> shards = same;
    change(shards[2].record);
    return error_of(shards);
  };
  EXPECT_THAT(
      with([](RunRecord& record) { record.workloads[0].head.revision = "0000000"; }),
      HasSubstr("shard-3.json: is of another run than shard-1.json: workload \"shop\": head's "
                "revision is \"0000000\" and not \"work tree\""));
  EXPECT_THAT(with([](RunRecord& record) { record.workloads[0].base->revision = "0000000"; }),
              HasSubstr("base's revision"));
  EXPECT_THAT(with([](RunRecord& record) { record.workloads[0].base.reset(); }),
              HasSubstr("only one of them has a base side"));
  EXPECT_THAT(with([](RunRecord& record) { record.workloads[0].head.setup_hash = "x"; }),
              HasSubstr("head's setup"));
  EXPECT_THAT(with([](RunRecord& record) { record.workloads[0].head.postgres_version = "15.9"; }),
              HasSubstr("head's PostgreSQL version is \"15.9\" and not \"15.4\""));
  EXPECT_THAT(with([](RunRecord& record) { record.pgduet_version = "0.2.0"; }),
              HasSubstr("the version of pgduet"));
  EXPECT_THAT(with([](RunRecord& record) { record.shard->count = 5; }),
              HasSubstr("the number of shards"));
  EXPECT_THAT(with([](RunRecord& record) { record.shard->plan[0].baselines_hash = "x"; }),
              HasSubstr("its queries or their baselines are others"));
  EXPECT_THAT(with([](RunRecord& record) { record.only_selected = true; }), HasSubstr("--only"));
}

TEST(MergeShards, AQueryThatNoShardRanIsAnError) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards[2].record.workloads[0].queries.pop_back();
  EXPECT_THAT(error_of(shards), HasSubstr("shard-3.json: query \"query_38\" of workload \"shop\" "
                                          "falls to this shard, and is not in its record"));
  shards[2].record.workloads[0].not_touched = {"query_38"};
  EXPECT_THAT(merge_shards(shards).workloads[0].not_touched, ElementsAre("query_38"));
  shards[2].record.workloads.clear();
  EXPECT_THAT(error_of(shards), HasSubstr("is not in its record"));
}

TEST(MergeShards, AQueryOfAnotherShardIsAnError) {
  std::vector<ShardFile> shards = shards_of(whole_run());
  shards[2].record.workloads[0].queries.push_back(shards[0].record.workloads[0].queries[0]);
  EXPECT_THAT(error_of(shards), HasSubstr("query \"query_0\" of workload \"shop\" does not fall "
                                          "to this shard"));
}

TEST(JudgeShard, SaysThatItIsOneAndMissesNoOtherShardsQueries) {
  const std::vector<ShardFile> shards = shards_of(whole_run());
  const Report report = judged(shards[1].record);
  EXPECT_THAT(report.workloads.at(0).queries, SizeIs(11));  // and "gone", which no shard has
  EXPECT_THAT(report.workloads.at(0).notes,
              Contains("shard 2 of 4: 10 of 40 queries; pgduet merge gives the verdict on all"));
}

TEST(JudgeShard, WithoutAnyQueryItPassesAndSaysSo) {
  RunRecord shard = shards_of(whole_run())[0].record;
  shard.workloads.clear();
  const Report report = judged(shard);
  EXPECT_EQ(report.outcome, Report::Outcome::passed);
  EXPECT_EQ(report.summary, "nothing to compare in shard 1 of 4");
}

TEST(JudgeShard, NominatesEverythingWhereHalfOfTheWholeMayDiffer) {
  ShopRun run;
  for (int i = 0; i < 16; ++i) {
    run.workload.queries.push_back(query("q" + std::to_string(i), fast(), i < 4 ? slow() : fast()));
  }
  EXPECT_THAT(nominate(run.workload, {}).nominees, SizeIs(4));
  for (QueryRecord& one : run.workload.queries) one.shard = 2;
  EXPECT_THAT(nominate(run.workload, {}).nominees, SizeIs(16));
  EXPECT_EQ(nominate(run.workload, {}).everything_because, "about half of the queries may differ");
  run.workload.queries[0].head = fast();
  EXPECT_THAT(nominate(run.workload, {}).nominees, SizeIs(3));
}

// A query of a small share in the whole may have a large one in its shard.
TEST(JudgeShard, LimitsGoByTheShareInTheWhole) {
  ShopRun run;
  run.workload.queries = {query("one", fast(2000, true), fast(2800, true))};
  run.workload.queries[0].policy.minor_share = 0.01;
  EXPECT_EQ(run.judge_first().verdict, Verdict::regressed);
  run.workload.queries[0].planned_share = 0.001;
  EXPECT_EQ(run.judge_first().verdict, Verdict::passed);
}

}  // namespace
}  // namespace pgduet::gate

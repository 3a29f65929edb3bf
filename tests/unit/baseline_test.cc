#include "pgduet/gate/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"

namespace pgduet::gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* shipped_form = R"({
  "format_version": 1,
  "query": "orders_of_customer",
  "fingerprint": "a0e963d0d0b34f6b",
  "postgres": {
    "15": {
      "plans": [
        {
          "shape": "5f0c1a9be2d4",
          "tree": ["Limit", "  Index Scan using orders_customer_id_created_at_idx on orders o"]
        }
      ],
      "bindings": [
        {
          "parameters": { "customer_id": "42", "status": null },
          "plans": ["5f0c1a9be2d4"],
          "work": { "shared_blocks": 24, "temp_blocks": 0, "rows_visited": 20, "wal_bytes": 1200 },
          "time": { "cpu_us": 4.1, "wall_us": 63 },
          "result": { "rows": 20, "checksum": "9e0f4c9e0f4c9e0f" }
        }
      ]
    }
  },
  "accepted": [
    {
      "what": "work",
      "up_to_ratio": 1.5,
      "reason": "fraud check joins the risk table",
      "owner": "@payments",
      "expires": "2027-03-31"
    }
  ]
}
)";

Baseline shipped_baseline() {
  Baseline baseline;
  baseline.query = "orders_of_customer";
  baseline.fingerprint = "a0e963d0d0b34f6b";
  BindingBaseline binding;
  binding.parameters = {{"customer_id", "42", ""}, {"status", std::nullopt, ""}};
  binding.plans = {"5f0c1a9be2d4"};
  binding.work = {.shared_blocks = 24, .rows_visited = 20, .wal_bytes = 1200};
  binding.cpu_us = 4.1;
  binding.wall_us = 63;
  binding.result = ResultSummary{.rows = 20, .checksum = "9e0f4c9e0f4c9e0f"};
  baseline.postgres[15] = {
      {{"5f0c1a9be2d4",
        {"Limit", "  Index Scan using orders_customer_id_created_at_idx on orders o"}}},
      {binding}};
  baseline.accepted = {{AcceptedEntry::What::work, 1.5, "fraud check joins the risk table",
                        "@payments", "2027-03-31"}};
  return baseline;
}

std::string with(const std::string& what, const std::string& instead) {
  std::string text = shipped_form;
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

std::string error_for(const std::string& text) {
  return error_text([&] { baseline_from_text(text, "q.json"); });
}

std::string error_with(const std::string& what, const std::string& instead) {
  return error_for(with(what, instead));
}

TEST(BaselineText, HasOneForm) {
  EXPECT_EQ(to_text(shipped_baseline()), shipped_form);
  EXPECT_EQ(baseline_from_text(shipped_form, "q.json"), shipped_baseline());
}

TEST(BaselineText, LeavesOutWhatThereIsNot) {
  Baseline baseline = shipped_baseline();
  baseline.accepted.clear();
  BindingBaseline& binding = baseline.postgres[15].bindings[0];
  binding.cpu_us.reset();
  binding.work.wal_bytes = 0;
  binding.result->determinacy = Determinacy::none;
  binding.result->determinacy_reason = "calls random()";
  const std::string text = to_text(baseline);
  EXPECT_THAT(text, Not(HasSubstr("accepted")));
  EXPECT_THAT(text, Not(HasSubstr("cpu_us")));
  EXPECT_THAT(text, Not(HasSubstr("wal_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("\"rows\"")));
}

TEST(BaselineText, RefusesAnotherFormatVersion) {
  EXPECT_EQ(error_with("\"format_version\": 1", "\"format_version\": 2"),
            "q.json:2: baseline has format version 2, and this pgduet reads version 1\n"
            "  hint: It was written by a newer pgduet: use that one.");
  EXPECT_EQ(error_with("\"format_version\": 1", "\"format_version\": 0"),
            "q.json:2: baseline has format version 0, and this pgduet reads version 1\n"
            "  hint: Run pgduet record to write it in the new format.");
  EXPECT_EQ(error_with("\"format_version\": 1", "\"format_version\": \"1\""),
            "q.json:2: \"format_version\" is not a whole number from 0 on");
  EXPECT_EQ(error_for("{}"), "q.json:1: baseline has no \"format_version\"");
}

TEST(BaselineText, RefusesWhatIsNotJson) {
  EXPECT_EQ(error_for("[]"), "q.json:1: baseline is not a JSON object");
  EXPECT_EQ(error_with("\"query\":", "\"query\""),
            "q.json:3:30: this is not JSON: syntax error while parsing object separator - "
            "unexpected string literal; expected ':'");
  const std::string text = shipped_form;
  EXPECT_THAT(error_for(text.substr(0, text.size() / 2)),
              testing::StartsWith("q.json:17:5: this is not JSON: "));
}

TEST(BaselineText, NamesTheNearestKey) {
  EXPECT_EQ(error_with("\"fingerprint\"", "\"fingerprnt\""),
            "q.json:4: unrecognized key \"fingerprnt\"\n  hint: Did you mean \"fingerprint\"?");
  EXPECT_EQ(
      error_with("\"shared_blocks\"", "\"shared_block\""),
      "q.json:17: unrecognized key \"shared_block\"\n  hint: Did you mean \"shared_blocks\"?");
  EXPECT_EQ(error_with("\"owner\"", "\"ower\""),
            "q.json:29: unrecognized key \"ower\"\n  hint: Did you mean \"owner\"?");
}

TEST(BaselineText, SaysWhatIsMissing) {
  EXPECT_EQ(error_with("  \"query\": \"orders_of_customer\",\n", ""),
            "q.json:1: baseline has no \"query\"");
  EXPECT_EQ(error_with("\"shape\": \"5f0c1a9be2d4\",\n", ""), "q.json:8: plan has no \"shape\"");
  EXPECT_EQ(error_with("\"wall_us\": 63", "\"cpu_us\": 63"),
            "q.json:18: key \"cpu_us\" stands twice in one object");
  EXPECT_EQ(error_with("\"cpu_us\": 4.1, \"wall_us\": 63", "\"cpu_us\": 4.1"),
            "q.json:18: \"time\" has no \"wall_us\"");
}

TEST(BaselineText, SaysWhatHasTheWrongType) {
  EXPECT_EQ(error_with("\"orders_of_customer\"", "7"), "q.json:3: \"query\" is not a string");
  EXPECT_EQ(error_with("\"shared_blocks\": 24", "\"shared_blocks\": -1"),
            "q.json:17: \"shared_blocks\" is not a whole number from 0 on");
  EXPECT_EQ(error_with("\"rows\": 20", "\"rows\": \"x\""), "q.json:19: \"rows\" is not an integer");
  EXPECT_EQ(error_with("\"42\"", "42"), "q.json:15: \"customer_id\" is not a string");
  EXPECT_EQ(error_with("\"15\"", "\"15.3\""),
            "q.json:6: \"15.3\" is not a PostgreSQL major version\n  hint: Name the major version "
            "alone, as in \"15\".");
}

TEST(BaselineText, RefusesABindingWithAnUnknownPlan) {
  EXPECT_EQ(error_with("\"plans\": [\"5f0c1a9be2d4\"]", "\"plans\": [\"000000000000\"]"),
            "q.json:16: plan \"000000000000\" is not among the plans of this PostgreSQL version\n"
            "  hint: Run pgduet accept for this query to write the file again.");
}

TEST(AcceptedEntryText, NeedsAnOwnerAReasonAndAnEnd) {
  EXPECT_EQ(error_with("      \"owner\": \"@payments\",\n", ""),
            "q.json:25: accepted entry has no \"owner\"\n  hint: Name who answers for it, as in "
            "\"@payments\".");
  EXPECT_EQ(error_with("\"@payments\"", "\"\""),
            "q.json:29: \"owner\" of an accepted entry is empty\n  hint: Name who answers for it, "
            "as in \"@payments\".");
  EXPECT_EQ(error_with("      \"reason\": \"fraud check joins the risk table\",\n", ""),
            "q.json:25: accepted entry has no \"reason\"\n  hint: Say why it is accepted, as in "
            "\"fraud check joins the risk table\".");
  EXPECT_EQ(error_with(",\n      \"expires\": \"2027-03-31\"", ""),
            "q.json:25: accepted entry has no \"expires\"\n  hint: Set the last day on which it "
            "holds, as in \"2027-03-31\".");
}

TEST(AcceptedEntryText, RefusesDatesThatAreNone) {
  for (const char* date : {"soon", "2027-02-29", "2027-13-01", "2027-3-31", "31.03.2027",
                           "2027-03-31 ", "2027-03-3x"}) {
    EXPECT_EQ(error_with("2027-03-31", date),
              "q.json:30: \"expires\" is not a date: \"" + std::string(date) +
                  "\"\n  hint: Write the year, the month and the day, as in \"2027-03-31\".");
  }
  EXPECT_EQ(baseline_from_text(with("2027-03-31", "2028-02-29"), "q.json").accepted[0].expires,
            "2028-02-29");
}

TEST(AcceptedEntryText, KnowsWhatCanBeAccepted) {
  EXPECT_EQ(error_with("\"what\": \"work\"", "\"what\": \"wrk\""),
            "q.json:26: \"what\" must be \"plan\", \"work\", \"time\" or \"result\", not \"wrk\"\n"
            "  hint: Did you mean \"work\"?");
  EXPECT_EQ(error_with("\"what\": \"work\"", "\"what\": \"plan\""),
            "q.json:27: \"up_to_ratio\" is for \"work\" and \"time\" only");
  EXPECT_EQ(error_with("\"up_to_ratio\": 1.5", "\"up_to_ratio\": 1"),
            "q.json:27: \"up_to_ratio\" must be above 1");
}

// A plan as small as one can be, for what looks at shapes only.
Json result_plan() {
  return Json::parse(R"({"Plan": {"Node Type": "Result", "Startup Cost": 0, "Total Cost": 1,
                         "Plan Rows": 1, "Plan Width": 4, "Actual Rows": 1, "Actual Loops": 1}})");
}

QueryRecord measured_query() {
  BindingRun binding;
  binding.parameters = {{"customer_id", "42", "integer"}};
  binding.result = ResultSummary{.rows = 20, .checksum = "aa"};
  binding.plan = result_plan();
  binding.shape = shape_of(read_plan(binding.plan)).id;
  binding.work = {24, 3, 20, 0, 5, 25};
  binding.executions = {{63.4, 41.2, 0}, {70, 50, 0}};
  QueryRecord query;
  query.name = "orders_of_customer";
  query.head.emplace();
  query.head->fingerprint = "a0e963d0d0b34f6b";
  query.head->bindings = {binding};
  return query;
}

BindingRun& binding_of(QueryRecord& query) { return query.head->bindings[0]; }

const BindingBaseline& first_binding(const Baseline& baseline) {
  return baseline.postgres.at(15).bindings.at(0);
}

Baseline updated(const std::optional<Baseline>& previous, const QueryRecord& query) {
  const std::optional<Baseline> baseline = updated_baseline(previous, query, 15, {});
  EXPECT_TRUE(baseline);
  return baseline.value_or(Baseline{});
}

TEST(UpdatedBaseline, HoldsWhatTheRunDid) {
  const QueryRecord query = measured_query();
  const Baseline baseline = updated(std::nullopt, query);
  EXPECT_EQ(baseline.query, "orders_of_customer");
  EXPECT_EQ(baseline.fingerprint, "a0e963d0d0b34f6b");
  ASSERT_EQ(baseline.postgres.at(15).plans.size(), 1U);
  EXPECT_THAT(baseline.postgres.at(15).plans[0].tree, ElementsAre("Result"));
  const BindingBaseline& binding = first_binding(baseline);
  EXPECT_THAT(binding.parameters, ElementsAre(ParameterValue{"customer_id", "42", ""}));
  EXPECT_THAT(binding.plans, ElementsAre(query.head->bindings[0].shape));
  EXPECT_EQ(binding.work, (Work{.shared_blocks = 24, .temp_blocks = 3, .rows_visited = 20}));
  EXPECT_EQ(binding.cpu_us, 41);
  EXPECT_EQ(binding.wall_us, 63);
}

TEST(UpdatedBaseline, ComesBackFromItsText) {
  const Baseline baseline = updated(std::nullopt, measured_query());
  EXPECT_EQ(baseline_from_text(to_text(baseline), "q.json"), baseline);
}

TEST(UpdatedBaseline, KeepsOtherMajorsAndAcceptedEntries) {
  Baseline previous = shipped_baseline();
  previous.postgres[17] = previous.postgres[15];
  const Baseline baseline = updated(previous, measured_query());
  EXPECT_EQ(baseline.postgres.at(17), previous.postgres.at(17));
  EXPECT_EQ(baseline.accepted, previous.accepted);
  EXPECT_EQ(baseline.postgres.at(15).bindings.size(), 1U);
}

TEST(UpdatedBaseline, MovesTimesOnlyByMoreThanAFifth) {
  QueryRecord query = measured_query();
  const Baseline previous = updated(std::nullopt, query);
  binding_of(query).executions = {{63 * 1.2, 41 / 1.2, 0}};
  EXPECT_EQ(to_text(updated(previous, query)), to_text(previous));
  binding_of(query).executions = {{63 * 1.21, 41 / 1.21, 0}};
  const BindingBaseline moved = first_binding(updated(previous, query));
  EXPECT_EQ(moved.wall_us, 76);
  EXPECT_EQ(moved.cpu_us, 34);
}

TEST(UpdatedBaseline, RoundsTimesToTwoDigits) {
  QueryRecord query = measured_query();
  binding_of(query).executions = {{123456, 0.0456, 0}};
  const BindingBaseline binding = first_binding(updated(std::nullopt, query));
  EXPECT_EQ(binding.wall_us, 120000);
  EXPECT_EQ(binding.cpu_us, 0.046);
}

TEST(UpdatedBaseline, TreatsWalLikeATime) {
  QueryRecord query = measured_query();
  binding_of(query).work.wal_bytes = 1234;
  const Baseline previous = updated(std::nullopt, query);
  EXPECT_EQ(first_binding(previous).work.wal_bytes, 1200);
  binding_of(query).work.wal_bytes = 1400;
  EXPECT_EQ(first_binding(updated(previous, query)).work.wal_bytes, 1200);
  binding_of(query).work.wal_bytes = 9500;
  EXPECT_EQ(first_binding(updated(previous, query)).work.wal_bytes, 9500);
}

TEST(UpdatedBaseline, KeepsRowsVisitedThatParallelWorkersRound) {
  QueryRecord query = measured_query();
  const auto refreshed = [&query](std::int64_t before, std::int64_t after) {
    binding_of(query).work.rows_visited = before;
    const Baseline previous = updated(std::nullopt, query);
    binding_of(query).work.rows_visited = after;
    return first_binding(updated(previous, query)).work.rows_visited;
  };
  EXPECT_EQ(refreshed(157355, 157356), 157355);
  EXPECT_EQ(refreshed(157355, 157395), 157395);
  EXPECT_EQ(refreshed(20, 21), 21);
}

TEST(UpdatedBaseline, KeepsNoCountThatTheClockDecides) {
  QueryRecord query = measured_query();
  ResultSummary& result = *binding_of(query).result;
  result.determinacy = Determinacy::count_today;
  result.determinacy_reason = "calls now()";
  const ResultSummary kept = *first_binding(updated(std::nullopt, query)).result;
  EXPECT_EQ(kept,
            (ResultSummary{.determinacy = Determinacy::none, .determinacy_reason = "calls now()"}));
  const ResultComparison tomorrow = compare_results(kept, result);
  EXPECT_TRUE(tomorrow.same);
  EXPECT_EQ(tomorrow.note, "result not compared: calls now()");
  ResultSummary head = result;
  head.rows += 1;
  EXPECT_FALSE(compare_results(result, head).same);
}

TEST(UpdatedBaseline, LeavesOutWhatTheStatementDoesNotDetermine) {
  QueryRecord query = measured_query();
  ResultSummary& result = *binding_of(query).result;
  result.order_checksums = {"bb"};
  result.determinacy = Determinacy::count_only;
  result.determinacy_reason = "calls now()";
  EXPECT_EQ(first_binding(updated(std::nullopt, query)).result,
            (ResultSummary{.rows = 20,
                           .determinacy = Determinacy::count_only,
                           .determinacy_reason = "calls now()"}));
  result.inner_checksums = {"cc"};
  result.determinacy = Determinacy::ties;
  EXPECT_EQ(first_binding(updated(std::nullopt, query)).result,
            (ResultSummary{.rows = 20,
                           .order_checksums = {"bb"},
                           .inner_checksums = {"cc"},
                           .determinacy = Determinacy::ties,
                           .determinacy_reason = "calls now()"}));
}

TEST(UpdatedBaseline, KeepsFloatingPointSumsThatAgree) {
  QueryRecord query = measured_query();
  ResultSummary& result = *binding_of(query).result;
  result.float_columns = {{"avg", 1000.0 / 3, 1000.0 / 3, 0}};
  const Baseline previous = updated(std::nullopt, query);
  EXPECT_EQ(first_binding(previous).result->float_columns[0].sum, 333.333333333);
  result.float_columns[0].sum += 1e-8;
  EXPECT_EQ(updated(previous, query), previous);
  result.float_columns[0].sum += 1;
  EXPECT_EQ(first_binding(updated(previous, query)).result->float_columns[0].sum, 334.333333343);
}

TEST(UpdatedBaseline, HoldsTheShapesOfRepeatedAnalyze) {
  QueryRecord query = measured_query();
  query.head->alternate_shapes = {"000000000000"};
  const Baseline baseline = updated(std::nullopt, query);
  EXPECT_THAT(first_binding(baseline).plans,
              ElementsAre("000000000000", query.head->bindings[0].shape));
  EXPECT_EQ(baseline.postgres.at(15).plans.size(), 2U);
  EXPECT_EQ(baseline_from_text(to_text(baseline), "q.json"), baseline);
}

TEST(UpdatedBaseline, IsNoneForAQueryThatFailsOrIsGone) {
  QueryRecord query = measured_query();
  binding_of(query).failure = ExecutionFailure{};
  EXPECT_EQ(updated_baseline(std::nullopt, query, 15, {}), std::nullopt);
  query.head->bindings.clear();
  EXPECT_EQ(updated_baseline(std::nullopt, query, 15, {}), std::nullopt);
  query.head.reset();
  EXPECT_EQ(updated_baseline(shipped_baseline(), query, 15, {}), std::nullopt);
}

}  // namespace
}  // namespace pgduet::gate

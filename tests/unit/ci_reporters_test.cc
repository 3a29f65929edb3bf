// The formats that CI services and their tools read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "annotation.h"
#include "github.h"
#include "line_diff.h"
#include "markdown.h"
#include "markdown_text.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"
#include "sample_report.h"
#include "sarif.h"
#include "tap.h"
#include "written_report.h"

namespace pgduet::reporters {
namespace {

using gate::Json;
using gate::Verdict;
using test::hostile_report;
using test::sample_report;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// The sample with `count` queries like the one that regressed, named q0, q1, ...
gate::Report report_with_failures(std::size_t count) {
  gate::Report report = sample_report();
  std::vector<gate::QueryReport>& queries = report.workloads[0].queries;
  const gate::QueryReport regressed = queries.front();
  queries.assign(count, regressed);
  for (std::size_t i = 0; i < count; ++i) queries[i].name = "q" + std::to_string(i);
  report.workloads.resize(1);
  return report;
}

gate::Report not_measured_report() {
  gate::Report report;
  report.outcome = gate::Report::Outcome::not_measured;
  report.summary = "nothing was compared";
  return report;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

// Markdown.

TEST(MarkdownReporter, BeginsWithTheMarkOfItsComment) {
  EXPECT_THAT(written("markdown", sample_report()), StartsWith("<!-- pgduet -->\n"));
  EXPECT_THAT(written("markdown", not_measured_report()), StartsWith("<!-- pgduet -->\n"));
}

TEST(MarkdownReporter, StaysWithinAComment) {
  for (const gate::Report& report :
       {report_with_failures(2000), hostile_report(std::string(1 << 16, '$')),
        hostile_report(std::string(5000, '`'))}) {
    const std::string output = written("markdown", report);
    EXPECT_LE(output.size(), 60'000U);
    EXPECT_EQ(count_of(output, "<details"), count_of(output, "</details>"));
  }
}

TEST(MarkdownReporter, SaysWhatFoundNoRoomAndWhereItIs) {
  const std::string output = written("markdown", report_with_failures(2000));
  const std::size_t shown = count_of(output, "<summary><b>regressed</b>");
  EXPECT_GT(shown, 10U);
  EXPECT_THAT(output, HasSubstr("**Not shown here: " + gate::counted(2000 - shown, "query") +
                                " that fail.** The HTML report has all of them"));
  EXPECT_THAT(output, HasSubstr("\nand 1,950 queries more\n"));
}

TEST(MarkdownReporter, SaysWhyAndWhatToDoAboutTheWorst) {
  const std::string output = written("markdown", sample_report());
  EXPECT_THAT(output,
              AllOf(HasSubstr("- **why:** index orders_customer_id_created_at_idx was"),
                    HasSubstr("- **what to do:** Keep the index, or accept"),
                    HasSubstr("\n-   ->  Index Scan using"), HasSubstr("\n+   ->  Sort\n")));
}

TEST(MarkdownText, MentionsNobodyAndRefersToNothing) {
  EXPECT_EQ(markdown_text("@octocat a@b.c #1 GH-2"),
            "@&#8203;octocat a@&#8203;b.c #&#8203;1 GH-&#8203;2");
  EXPECT_EQ(markdown_text("https://x www.x"), "https&#58;&#8203;//x www&#46;&#8203;x");
  EXPECT_EQ(markdown_text("a.sql:100: :tada:"), "a.sql&#58;&#8203;100: &#58;&#8203;tada:");
}

TEST(MarkdownText, WhatMeansNothingIsLeftReadable) {
  EXPECT_EQ(markdown_text("orders_pkey (1.5 %), a -> b #> '@>' 10:15 x::text"),
            "orders_pkey (1.5 %), a -&#62; b #&#62; '@&#62;' 10:15 x::text");
}

TEST(MarkdownCode, CopiesWithoutInvisibleCharacters) {
  EXPECT_EQ(markdown_code("a|b @x"), "<code>a&#124;b @<!-- -->x</code>");
}

TEST(MarkdownBlock, FenceIsLongerThanAnyWithin) {
  EXPECT_EQ(markdown_block("a", "sql"), "```sql\na\n```\n");
  EXPECT_EQ(markdown_block("````\n"), "`````\n````\n`````\n");
}

// Line differences.

std::string shown(const std::vector<DiffLine>& diff) {
  std::string text;
  for (const DiffLine& line : diff) {
    text += line.side == DiffLine::Side::both     ? " "
            : line.side == DiffLine::Side::before ? "-"
                                                  : "+";
    text += line.text + "\n";
  }
  return text;
}

TEST(DiffLines, ANodeOnTopDoesNotChangeWhatIsBelow) {
  EXPECT_EQ(shown(diff_lines("Seq Scan on a\n  Filter: x",
                             "Sort\n  ->  Seq Scan on a\n        Filter: x")),
            "+Sort\n   ->  Seq Scan on a\n         Filter: x\n");
}

TEST(DiffLines, WhatWentStandsBeforeWhatCame) {
  EXPECT_EQ(shown(diff_lines("a\nb\nc\n", "a\nd\nc\n")), " a\n-b\n+d\n c\n");
  EXPECT_EQ(shown(diff_lines("", "a")), "+a\n");
  EXPECT_THAT(diff_lines("", ""), IsEmpty());
}

TEST(DiffLines, TheIndentationCountsWhereLinesAreComparedExactly) {
  EXPECT_EQ(shown(diff_lines("a\nb\n", "a\n b\n", 2, LineEquality::exact)), " a\n-b\n+ b\n");
}

TEST(DiffLines, TooMuchToReadIsNothing) {
  EXPECT_THAT(diff_lines(std::string(300, '\n'), "a"), IsEmpty());
}

// GitHub annotations.

TEST(GithubReporter, WritesAsManyErrorsAsAreShownAndCountsTheRest) {
  const std::vector<std::string> lines = lines_of(written("github", report_with_failures(14)));
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_THAT(lines, testing::Each(StartsWith("::error file=workloads/shop/queries/orders.sql,")));
  EXPECT_THAT(lines[8], Not(HasSubstr("more: ")));
  EXPECT_THAT(lines[9], HasSubstr("%0Amore: 4 queries fail, too: see the job summary"));
}

TEST(GithubReporter, EveryLineIsOneOfItsCommands) {
  for (const std::string& text : hostile_texts()) {
    const std::string output = written("github", hostile_report(text));
    for (const std::string& line : lines_of(output)) {
      EXPECT_THAT(line, testing::ContainsRegex("^::(error|warning|notice) [^:]*::"));
      EXPECT_THAT(line, Not(HasSubstr("\r")));
    }
    EXPECT_THAT(lines_of(output), SizeIs(7));
  }
}

TEST(GithubReporter, ARunThatDidNotMeasureIsAnErrorWithoutAFile) {
  EXPECT_EQ(written("github", not_measured_report()),
            "::error title=pgduet%3A not measured::nothing was compared\n");
}

TEST(Commands, AreEscapedAsTheToolkitDoes) {
  EXPECT_EQ(command_message("100 %\r\n::a,b"), "100 %25%0D%0A::a,b");
  EXPECT_EQ(command_property("a,b: 100 %\n"), "a%2Cb%3A 100 %25%0A");
}

TEST(RepositoryPath, IsThatOfTheRepository) {
  EXPECT_EQ(repository_path("./workloads//shop/../shop/a.sql"), "workloads/shop/a.sql");
  EXPECT_EQ(repository_path("/elsewhere/a.sql"), "/elsewhere/a.sql");
}

TEST(BriefDetails, TellTheFirstChangeOfThePlanWhereTheReasonIsNotKnown) {
  const gate::Report report = sample_report();
  EXPECT_THAT(
      brief_details_of(report.workloads[0].queries[1]),
      ElementsAre(testing::Field(&Detail::label, "plan"), testing::Field(&Detail::label, "next")));
  EXPECT_THAT(
      brief_details_of(report.workloads[0].queries[0]),
      ElementsAre(testing::Field(&Detail::label, "why"), testing::Field(&Detail::label, "time"),
                  testing::Field(&Detail::label, "next")));
}

// SARIF.

Json sarif_run(const gate::Report& report) {
  return Json::parse(written("sarif", report))["runs"][0];
}

TEST(SarifReporter, ResultsAreWhatAReviewerHasToSee) {
  const Json run = sarif_run(sample_report());
  std::vector<std::string> results;
  for (const Json& result : run["results"]) {
    const auto rule = result["ruleIndex"].get<std::size_t>();
    EXPECT_EQ(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    results.push_back(result["level"].get<std::string>() + " " +
                      result["ruleId"].get<std::string>() + " " +
                      result["properties"]["query"].get<std::string>());
  }
  EXPECT_THAT(results,
              ElementsAre("error broken order_totals", "error broken order_export",
                          "error regressed orders_of_customer", "error missing orders_by_status",
                          "warning inconclusive order_search", "note changed open_orders"));
}

TEST(SarifReporter, LinksToTheStepThatIsToBlame) {
  const Json result = sarif_run(sample_report())["results"][2];
  EXPECT_THAT(result["message"]["text"].get<std::string>(),
              HasSubstr("see: [workloads/shop/setup/007_cleanup.sql:3](1)"));
  const Json& related = result["relatedLocations"][0];
  EXPECT_EQ(related["id"], 1);
  EXPECT_EQ(related["physicalLocation"]["artifactLocation"]["uri"],
            "workloads/shop/setup/007_cleanup.sql");
  EXPECT_EQ(result["properties"]["ratio"], 347.25);
}

TEST(SarifReporter, AStepThatHasNoFileIsNoPlaceToLinkTo) {
  gate::Report report = sample_report();
  for (gate::QueryReport& query : report.workloads[0].queries) {
    for (gate::Finding& finding : query.findings) finding.culprit = {"run alembic upgrade head"};
  }
  for (const Json& result : sarif_run(report)["results"]) {
    EXPECT_FALSE(result.contains("relatedLocations"));
    EXPECT_THAT(result["message"]["text"].get<std::string>(), Not(HasSubstr("see: [")));
  }
}

TEST(SarifReporter, AFingerprintOutlivesOtherLinesAndNumbers) {
  gate::Report moved = sample_report();
  moved.workloads[0].queries[0].source.line = 99;
  moved.workloads[0].queries[0].headline = "reads 9,000 blocks";
  const auto fingerprint = [](const gate::Report& report) {
    return sarif_run(report)["results"][2]["partialFingerprints"];
  };
  EXPECT_EQ(fingerprint(moved), fingerprint(sample_report()));
  EXPECT_NE(sarif_run(moved)["results"][1]["partialFingerprints"], fingerprint(moved));
}

TEST(SarifReporter, TakesTheWorstFiveThousandAndCountsTheRest) {
  gate::Report report;
  gate::QueryReport query;
  query.verdict = Verdict::regressed;
  query.fails = true;
  report.workloads.resize(1);
  report.workloads[0].queries.assign(5002, query);
  const Json run = sarif_run(report);
  EXPECT_EQ(run["results"].size(), 5000U);
  EXPECT_THAT(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
              HasSubstr("2 queries left out"));
}

TEST(SarifReporter, ARunThatDidNotMeasureIsNoSuccess) {
  const Json run = sarif_run(not_measured_report());
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  EXPECT_THAT(run["results"], IsEmpty());
}

TEST(SarifText, HoldsNeitherPlaceholdersNorLinks) {
  EXPECT_EQ(sarif_text("{0} [a](https://x) int[]"), "{{0}} [a] (https://x) int[]");
  EXPECT_EQ(sarif_link_text("a[1]\\{b}"), "a\\[1\\]\\\\{{b}}");
}

TEST(UriOfPath, EncodesWhatIsNotPlain) {
  EXPECT_EQ(uri_of_path("a-b/c d%/\xc3\xbc:?#.sql"), "a-b/c%20d%25/%C3%BC%3A%3F%23.sql");
  EXPECT_EQ(uri_of_path("\xff"), "%EF%BF%BD");
}

// TAP.

TEST(TapReporter, PointsAreNumberedAndAsManyAsPlanned) {
  for (const std::string& text : hostile_texts()) {
    const std::vector<std::string> lines = lines_of(written("tap", hostile_report(text)));
    ASSERT_GE(lines.size(), 2U);
    EXPECT_EQ(lines[0], "TAP version 13");
    EXPECT_EQ(lines[1], "1..14");
    int points = 0;
    for (const std::string& line : lines) {
      const std::string number = std::to_string(points + 1) + " - ";
      if (line.starts_with("ok " + number) || line.starts_with("not ok " + number))
        ++points;
      else
        EXPECT_TRUE(line.starts_with("  ") || &line <= &lines[1]) << line;
    }
    EXPECT_EQ(points, 14);
  }
}

TEST(TapReporter, FailsWhatFailsAndSkipsWhatWasNotJudged) {
  const std::vector<std::string> lines = lines_of(written("tap", sample_report()));
  EXPECT_THAT(lines, testing::IsSupersetOf(
                         {"not ok 1 - shop/orders_of_customer", "ok 4 - shop/open_orders",
                          "ok 14 - metrics/nightly # SKIP needs the extension dblink",
                          "ok 5 - shop/order_search # SKIP inconclusive: its plan changes from one "
                          "ANALYZE to the next"}));
}

TEST(TapReporter, ARunThatDidNotMeasureFails) {
  EXPECT_THAT(lines_of(written("tap", not_measured_report())),
              testing::IsSupersetOf({"1..1", "not ok 1 - pgduet measured"}));
}

TEST(TapText, MakesNoDirective) {
  EXPECT_EQ(tap_text("a # SKIP \\ b\nok 2"), "a \\# SKIP \\\\ b ok 2");
  EXPECT_EQ(yaml_scalar("a\"\\\n: #"), "\"a\\\"\\\\\\n: #\"");
}

// Google Benchmark.

// What extract.ts of github-action-benchmark, google.rs of Bencher and report.py of Google
// Benchmark read.
TEST(BenchmarkReporter, HasEveryMemberThatTrendToolsRead) {
  const Json json = Json::parse(written("benchmark", sample_report()));
  EXPECT_TRUE(json["context"]["caches"].is_array());
  EXPECT_TRUE(json["context"]["date"].is_string());
  ASSERT_THAT(json["benchmarks"], Not(IsEmpty()));
  for (const Json& benchmark : json["benchmarks"]) {
    for (const char* text : {"name", "run_name"}) EXPECT_TRUE(benchmark[text].is_string()) << text;
    for (const char* number :
         {"repetitions", "repetition_index", "threads", "iterations", "real_time", "cpu_time"}) {
      EXPECT_TRUE(benchmark[number].is_number()) << number;
    }
    EXPECT_EQ(benchmark["run_type"], "iteration");
    EXPECT_EQ(benchmark["time_unit"], "ns");
  }
}

TEST(BenchmarkReporter, TakesTheTimesOfTheScreeningForEachBinding) {
  gate::RunRecord record;
  record.workloads.resize(1);
  record.workloads[0].queries.resize(1);
  gate::BindingRun binding;
  binding.number = 3;
  binding.executions = {{.wall_us = 63, .cpu_us = 41.5, .executions = 40},
                        {.wall_us = 60.25, .cpu_us = 42, .executions = 40},
                        {.wall_us = 10, .cpu_us = 10, .executions = 40, .stage = 1}};
  record.workloads[0].queries[0].head.emplace().bindings = {binding};
  gate::Report report;
  report.record = std::make_shared<const gate::RunRecord>(record);
  gate::QueryReport query;
  query.name = "q";
  query.record = &report.record->workloads[0].queries[0];
  report.workloads.resize(1);
  report.workloads[0].name = "w";
  report.workloads[0].queries = {query};
  const Json json = Json::parse(written("benchmark", report));
  ASSERT_THAT(json["benchmarks"], SizeIs(1));
  const Json& benchmark = json["benchmarks"][0];
  EXPECT_EQ(benchmark["name"], "w/q/3");
  EXPECT_EQ(benchmark["real_time"], 60250);
  EXPECT_EQ(benchmark["cpu_time"], 41500);
  EXPECT_EQ(benchmark["iterations"], 80);
}

// Badge.

std::string badge_of(const gate::Report& report) {
  const Json json = Json::parse(written("badge", report));
  EXPECT_EQ(json["schemaVersion"], 1);
  EXPECT_EQ(json["label"], "pgduet");
  return json["message"].get<std::string>() + ": " + json["color"].get<std::string>() +
         (json.contains("isError") ? ", error" : "");
}

TEST(BadgeReporter, SaysHowItStands) {
  EXPECT_EQ(badge_of(sample_report()), "4 of 14 fail: red");
  EXPECT_EQ(badge_of(not_measured_report()), "not measured: lightgrey, error");
  gate::Report report = sample_report();
  report.outcome = gate::Report::Outcome::passed;
  for (gate::QueryReport& query : report.workloads[0].queries) query.fails = false;
  EXPECT_EQ(badge_of(report), "10 queries passed, 1 inconclusive: yellow");
  report.workloads.erase(report.workloads.begin());
  EXPECT_EQ(badge_of(report), "1 query passed: brightgreen");
}

}  // namespace
}  // namespace pgduet::reporters

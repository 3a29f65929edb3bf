#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "pgduet/gate/json.h"
#include "pgduet/reporters/history.h"
#include "sample_history.h"
#include "sparkline.h"
#include "terminal_text.h"
#include "written_report.h"

namespace pgduet::reporters {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

std::string history_text(const char* format, const gate::QuerySeries& series,
                         const ReportOptions& options = {}) {
  std::ostringstream out;
  find_history_format(format)->write_history(gate::examine_history(series), options, out);
  return out.str();
}

std::vector<std::optional<double>> numbers(std::size_t count, double value) {
  return std::vector<std::optional<double>>(count, value);
}

// Sparklines

TEST(Sparkline, LooksEvenWhereValuesAreNearlyEqual) {
  EXPECT_THAT(sparkline({100.0, 88.0, 103.0}, 10), ElementsAre("█", "▇", "█"));
}

TEST(Sparkline, GrowsFromZero) {
  EXPECT_THAT(sparkline({0.0, 1.0, 2.0, 7.0}, 10), ElementsAre("▁", "▂", "▃", "█"));
}

TEST(Sparkline, IsLogarithmicOverALargeRange) {
  EXPECT_THAT(sparkline({1.0, 10.0, 100.0, 1000.0}, 10), ElementsAre("▂", "▄", "▆", "█"));
}

TEST(Sparkline, ShowsWhatIsNotKnown) {
  EXPECT_THAT(sparkline({std::nullopt, 5.0}, 10), ElementsAre("·", "█"));
  EXPECT_THAT(sparkline({std::nullopt}, 10), ElementsAre("·"));
  EXPECT_THAT(sparkline({}, 10), IsEmpty());
  EXPECT_THAT(sparkline({0.0, 0.0}, 10), ElementsAre("▁", "▁"));
}

TEST(Sparkline, SharesColumnsWhereThereAreTooFew) {
  std::vector<std::optional<double>> values = numbers(100, 1);
  for (std::size_t i = 60; i < 100; ++i) values[i] = 8;
  EXPECT_THAT(sparkline(values, 5), ElementsAre("▂", "▂", "▂", "█", "█"));
  EXPECT_EQ(column_of(59, 100, 5), 2U);
  EXPECT_EQ(column_of(60, 100, 5), 3U);
}

// Every format

TEST(HistoryReports, FormatsAreFoundByName) {
  ASSERT_THAT(all_history_formats(), Not(IsEmpty()));
  EXPECT_EQ(all_history_formats().front().name, "console");
  for (const HistoryFormat& format : all_history_formats()) {
    EXPECT_EQ(find_history_format(format.name), &format);
    EXPECT_THAT(format.description, Not(IsEmpty()));
  }
  EXPECT_EQ(find_history_format("junit"), nullptr);
}

TEST(HistoryReports, HostileTextStaysHarmless) {
  for (const HistoryFormat& format : all_history_formats()) {
    for (const std::string& text : hostile_texts()) {
      SCOPED_TRACE(std::string(format.name) + ": " + testing::PrintToString(text));
      std::ostringstream out;
      const gate::QuerySeries series = test::hostile_series(text);
      format.write_history(gate::examine_history(series), {}, out);
      for (const auto kind : {gate::HistoryOverview::Kind::top, gate::HistoryOverview::Kind::slow,
                              gate::HistoryOverview::Kind::flaky}) {
        format.write_overview(gate::examine_all(kind, {series}), {}, out);
      }
      EXPECT_TRUE(is_utf8(out.str()));
      EXPECT_EQ(out.str().find('\0'), std::string::npos);
      EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
      if (format.name == "html") {
        EXPECT_THAT(out.str(), Not(HasSubstr("<script")));
        EXPECT_THAT(out.str(), Not(HasSubstr("<b>&amp;")));
      }
    }
  }
}

TEST(HistoryReports, OfNothingAreShort) {
  for (const HistoryFormat& format : all_history_formats()) {
    std::ostringstream out;
    format.write_history(gate::examine_history({}), {}, out);
    EXPECT_THAT(out.str(), HasSubstr("no change in 0 runs")) << format.name;
  }
}

// Console

TEST(HistoryConsole, FitsIntoItsWidth) {
  gate::QuerySeries longer = test::even_series("cart", 300, 80);
  for (const gate::QuerySeries& series :
       {test::sample_series(), longer,
        test::hostile_series("日本語 long-word-without-any-blank")}) {
    for (const int width : {40, 60, 80, 132}) {
      for (const std::string& line : lines_of(history_text("console", series, {.width = width}))) {
        EXPECT_THAT(display_width(line), Le(width)) << line;
      }
    }
  }
}

TEST(HistoryConsole, OverviewsFitIntoTheirWidth) {
  using Kind = gate::HistoryOverview::Kind;
  for (const Kind kind : {Kind::top, Kind::slow, Kind::flaky}) {
    std::vector<gate::QuerySeries> store = test::sample_store();
    store.push_back(test::hostile_series("日本語 long-word-without-any-blank"));
    const gate::HistoryOverview overview = gate::examine_all(kind, store);
    for (const int width : {40, 60, 80, 132}) {
      std::ostringstream out;
      find_history_format("console")->write_overview(overview, {.width = width}, out);
      for (const std::string& line : lines_of(out.str())) {
        EXPECT_THAT(display_width(line), Le(width)) << line;
      }
      if (kind != Kind::slow) {
        EXPECT_THAT(out.str(), HasSubstr("shop/open_orders"));
      }
    }
  }
}

TEST(HistoryConsole, AColumnOfSeveralRunsIsACrossWhereNoneHasAValue) {
  gate::QuerySeries series = test::even_series("cart", 64, 80);
  for (const std::size_t run : {10U, 20U, 21U}) {
    gate::HistoryBinding failed;
    failed.failure = "out of memory (53200)";
    series.points[run].bindings = {failed};
  }
  const std::vector<std::string> lines = lines_of(history_text("console", series, {.width = 40}));
  const auto times = std::find_if(lines.begin(), lines.end(),
                                  [](const std::string& line) { return line.starts_with("CPU"); });
  ASSERT_NE(times, lines.end());
  EXPECT_EQ(times->find("×"), times->rfind("×"));
  EXPECT_THAT(*times, HasSubstr("×"));
}

TEST(HistoryConsole, MarksStandUnderTheirRuns) {
  const std::vector<std::string> lines = lines_of(history_text("console", test::sample_series()));
  const auto times = std::find_if(lines.begin(), lines.end(),
                                  [](const std::string& line) { return line.starts_with("CPU"); });
  ASSERT_NE(times, lines.end());
  // Run 12 is the eleventh column after the first; 8 columns for the label.
  EXPECT_EQ(times[2].find('4'), 8U + 11U);
}

TEST(HistoryConsole, AllRunsAreListedOnRequest) {
  const std::string some = history_text("console", test::sample_series());
  EXPECT_THAT(some, HasSubstr("12 older runs"));
  EXPECT_THAT(some, Not(HasSubstr("2026-01-01")));
  const std::string all = history_text("console", test::sample_series(), {.all = true});
  EXPECT_THAT(all, Not(HasSubstr("older run")));
  EXPECT_THAT(all, HasSubstr("2026-01-01"));
}

// HTML

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(HistoryHtml, HasADotForEachMeasuredRunAndACrossForTheOther) {
  const std::string page = history_text("html", test::sample_series());
  EXPECT_EQ(count_of(page, "<path class=\"hit\""), 2U * 19U);
  EXPECT_EQ(count_of(page, "<b class=\"cross\""), 2U);
  EXPECT_THAT(page, HasSubstr("run 12, 2026-01-12 10:15\ncommit 3f2a91c0d0"));
}

TEST(HistoryHtml, MarksPlansWithTheirCommit) {
  EXPECT_THAT(history_text("html", test::sample_series()), HasSubstr(">3f2a91c0d0 A → C</span>"));
}

TEST(HistoryHtml, LeavesOutWhatACommitDoesNotSay) {
  gate::QuerySeries series = test::even_series("cart", 1, 80);
  series.points[0].commit->subject = series.points[0].commit->branch = "";
  const std::string page = history_text("html", series);
  EXPECT_THAT(page, Not(HasSubstr("class=\"line subject\"")));
  EXPECT_THAT(page, HasSubstr("over 1 run,"));
}

TEST(HistoryHtml, LevelsEndWhereTheTimeChanged) {
  const std::string page = history_text("html", test::sample_series());
  const std::size_t level = page.find("class=\"level\" d=\"");
  ASSERT_NE(level, std::string::npos);
  const std::string path = page.substr(level, page.find("\"/>", level) - level);
  EXPECT_THAT(path, HasSubstr("H550M550 "));  // after 11 of 20 runs
}

TEST(HistoryHtml, MakesRoomForMarksThatAreNear) {
  gate::QuerySeries series = test::even_series("cart", 50, 80);
  for (std::size_t run = 10; run < 20; run += 2) {
    series.points[run].bindings[0].shape = "bbbbbbbbbbbb";
  }
  const std::string page = history_text("html", series);
  EXPECT_THAT(count_of(page, "--row: 1"), Ge(1U));
  EXPECT_EQ(count_of(page, "--row: 3"), 0U);
  EXPECT_EQ(count_of(page, "<li id=\"event-"), 10U);
}

// JSON

TEST(HistoryJson, HasTheRunsAndWhatChanged) {
  const gate::Json json = gate::Json::parse(history_text("json", test::sample_series()));
  EXPECT_THAT(json["runs"], SizeIs(20));
  EXPECT_EQ(json["runs"][8]["adjusted_us"], nullptr);
  EXPECT_EQ(json["runs"][8]["bindings"][1]["failure"],
            "relation \"orders\" does not exist (42P01)");
  EXPECT_EQ(json["events"][3]["run"], 12);
  EXPECT_EQ(json["events"][3]["changes"][0]["kind"], "slower");
  EXPECT_EQ(json["runs"][11]["commit"]["subject"], "Drop unused index");
}

TEST(HistoryJson, WhatIsNotKnownIsNull) {
  gate::QuerySeries series = test::even_series("cart", 2, 80);
  series.others.clear();
  for (gate::HistoryPoint& point : series.points) {
    point.bindings[0].samples = 0;
    point.base.reset();
  }
  const gate::Json json = gate::Json::parse(history_text("json", series));
  EXPECT_EQ(json["runs"][0]["machine"], nullptr);
  EXPECT_EQ(json["runs"][0]["base"], nullptr);
  EXPECT_EQ(json["steadiness"]["ratio"], nullptr);
  EXPECT_EQ(json["steadiness"]["longest_ratio"], nullptr);
}

TEST(HistoryJson, OverviewsHaveTheFiguresOfTheirKind) {
  const auto rows_of = [](gate::HistoryOverview::Kind kind) {
    std::ostringstream out;
    find_history_format("json")->write_overview(gate::examine_all(kind, test::sample_store()), {},
                                                out);
    return gate::Json::parse(out.str())["rows"];
  };
  using Kind = gate::HistoryOverview::Kind;
  EXPECT_GT(rows_of(Kind::top)[0]["share"], 0.5);
  EXPECT_EQ(rows_of(Kind::slow)[0]["state"], "always");
  EXPECT_EQ(rows_of(Kind::slow)[1]["since_run"], 7);
  EXPECT_EQ(rows_of(Kind::flaky)[0]["odd_runs"], 7);
}

}  // namespace
}  // namespace pgduet::reporters

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "compressed_text.h"
#include "html_samples.h"
#include "html_sql.h"
#include "html_text.h"
#include "large_report.h"
#include "pgduet/reporters/reporter.h"
#include "sample_report.h"

namespace pgduet::reporters {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

std::string page_of(const gate::Report& report) {
  std::ostringstream out;
  find_format("html")->make({})->write(report, out);
  return std::move(out).str();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(HtmlText, NothingInItCanEndATagAnAttributeOrTheText) {
  EXPECT_EQ(html::escaped("</a b='c' d=\"e\">&"), "&lt;/a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
}

TEST(HtmlText, WhatCannotBeSeenIsShownAsItsCode) {
  EXPECT_EQ(html::escaped("a\0b\x1b\xe2\x80\xae\xff ä\r\n\t日"s),
            "a\\x00b\\x1b\\u202e\xEF\xBF\xBD ä\n\t日");
}

TEST(HtmlTemplate, ReplacesEscapedTextAndSkipsSectionsWithoutText) {
  html::Data data;
  html::set_text(data, "given", "<b>");
  html::set_text(data, "empty", "");
  EXPECT_EQ(html::Template("{{#given}}{{given}}{{/given}}{{#empty}}!{{/empty}}").render(data),
            "&lt;b&gt;");
}

TEST(HtmlTemplate, RefusesATemplateThatCannotBeParsed) {
  EXPECT_THROW(html::Template("{{#open}}"), std::logic_error);
}

TEST(CompressedText, Base64PadsWhatIsLeftOver) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo\xff"), "Zm9v/w==");
}

// Of the result only that it is short: that it can be read is tested in the browser.
TEST(CompressedText, RepetitionIsPacked) {
  EXPECT_LT(deflated_base64(std::string(100'000, 'x')).size(), 1'000U);
  EXPECT_EQ(deflated_base64(""), "AwA=");
}

TEST(HtmlReporter, AsksForNothingAndLetsOnlyItsOwnScriptRun) {
  const std::string page = page_of(test::sample_report());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(count(page, "<script"), 1U);
  for (const char* part : {"http://", "https://", "url(", "@import", " onclick=", " src="}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(HtmlReporter, EveryQueryHasARowAndDetails) {
  const gate::Report report = test::sample_report();
  std::size_t queries = 0;
  for (const gate::WorkloadReport& workload : report.workloads) queries += workload.queries.size();
  const std::string page = page_of(report);
  EXPECT_EQ(count(page, "<tr data-verdict="), queries);
  EXPECT_EQ(count(page, "<details class=\"query"), queries);
}

TEST(HtmlReporter, DetailsOfTheLastOfManyQueriesAreLeftOutAndThePageSaysSo) {
  const std::string page = page_of(test::large_report(1'010));
  EXPECT_EQ(count(page, "<tr data-verdict="), 1'010U);
  EXPECT_EQ(count(page, "<details class=\"query"), 1'000U);
  EXPECT_THAT(page, HasSubstr("Details of the first 1,000 queries, the worst first. The other 10 "
                              "are in the table only"));
}

TEST(HtmlReporter, StatementThatIsTooLongIsCutAndThePageSaysSo) {
  const html::Data data = html::sql_data("SELECT " + std::string(100'000, '1'));
  ASSERT_NE(data.get("cut"), nullptr);
  EXPECT_THAT(data.get("cut")->string_value(), HasSubstr("has 100,007 bytes; the first 65,536"));
  EXPECT_EQ(html::sql_data("SELECT 1").get("cut"), nullptr);
}

TEST(HtmlReporter, ManySamplesAreThinnedOutAndThePageSaysSo) {
  gate::QueryRecord query;
  query.head.emplace().bindings.resize(1);
  for (int i = 0; i < 1'000; ++i) {
    query.head->bindings[0].executions.push_back({.wall_us = 100.0 + i, .cpu_us = 90.0 + i});
  }
  html::Data data;
  html::set_samples(data, query, 1, "CPU");
  const html::Data& samples = *data.get("samples");
  EXPECT_NE(samples.get("thinned"), nullptr);
  const html::Data& strip = samples.get("strips")->list_value().front();
  EXPECT_EQ(strip.get("description")->string_value(), "1,000 samples from 90 µs to 1.1 ms");
  EXPECT_LE(count(strip.get("dots")->string_value(), "M"), 201U);
}

}  // namespace
}  // namespace pgduet::reporters

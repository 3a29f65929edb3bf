#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "details.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/judge.h"
#include "pgduet/reporters/reporter.h"
#include "sample_report.h"
#include "terminal_text.h"
#include "utf8.h"
#include "written_report.h"
#include "xml_text.h"

namespace pgduet::reporters {
namespace {

using test::hostile_report;
using test::sample_report;
using test::set_record;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::string_literals;

// Reporters: what holds for each format, whatever it is.

TEST(Reporters, ConsoleIsTheDefault) {
  ASSERT_FALSE(all_formats().empty());
  EXPECT_EQ(all_formats().front().name, "console");
}

TEST(Reporters, FormatsAreFoundByName) {
  for (const Format& format : all_formats()) {
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_THAT(format.description, Not(IsEmpty()));
  }
  EXPECT_EQ(find_format("Console"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

TEST(Reporters, HostileTextStaysHarmlessInEveryFormat) {
  ASSERT_THAT(all_formats(), Not(IsEmpty()));
  for (const Format& format : all_formats()) {
    for (const std::string& text : hostile_texts()) {
      SCOPED_TRACE(std::string(format.name) + ": " + testing::PrintToString(text));
      const std::string output = written(format, hostile_report(text));
      EXPECT_THAT(output, Not(IsEmpty()));
      EXPECT_TRUE(is_utf8(output));
      EXPECT_EQ(output.find('\0'), std::string::npos);
      EXPECT_EQ(output.find('\x1b'), std::string::npos);
    }
  }
}

TEST(Reporters, AMegabyteOfSqlIsNoBurden) {
  std::string hostile = "SELECT '";
  while (hostile.size() < 1 << 20) hostile += "</script>]]>\n::error::x%0A | `\0\xff"s;
  struct Case {
    std::string sql;
    bool both_sides = false;
    std::size_t limit = 0;
  };
  for (const Case& one : {Case{"SELECT '" + std::string(1'000'000, '<') + "'", false, 1'000'000},
                          Case{hostile, true, 8U << 20}}) {
    gate::Report report = sample_report();
    auto record = std::make_shared<gate::RunRecord>(*report.record);
    gate::QueryRecord& query = record->workloads[0].queries[0];
    query.head->sql = one.sql;
    if (one.both_sides) query.base->sql = query.head->normalized_sql = one.sql;
    set_record(report, record);
    for (const Format& format : all_formats()) {
      const std::string output = written(format, report);
      EXPECT_THAT(output, Not(IsEmpty())) << format.name;
      EXPECT_LT(output.size(), one.limit) << format.name;
      EXPECT_TRUE(is_utf8(output)) << format.name;
      EXPECT_EQ(output.find('\0'), std::string::npos) << format.name;
    }
  }
}

TEST(Reporters, SameReportGivesTheSameBytes) {
  for (const Format& format : all_formats()) {
    EXPECT_EQ(written(format, sample_report()), written(format, sample_report())) << format.name;
  }
}

TEST(Reporters, AReportOfASavedRunIsTheSameByteForByte) {
  const auto record = sample_report().record;
  const auto saved = std::make_shared<const gate::RunRecord>(
      gate::run_record_from_text(gate::to_text(*record), "run.json"));
  const gate::Report at_once = gate::judge(gate::judge_input(record));
  const gate::Report later = gate::judge(gate::judge_input(saved));
  ASSERT_THAT(at_once.workloads, Not(IsEmpty()));
  for (const Format& format : all_formats()) {
    EXPECT_EQ(written(format, later), written(format, at_once)) << format.name;
  }
}

// Console.

// As GitHub's runner reads a job's log: blanks before "::" do not count, "##[" may stand anywhere.
bool is_runner_command(const std::string& line) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (line.find("##[") != std::string::npos) return true;
  return start != std::string::npos && line.compare(start, 2, "::") == 0 &&
         line.find("::", start + 2) != std::string::npos;
}

TEST(Reporters, TextForALogCommandsNoRunner) {
  for (const char* format : {"console", "tap", "markdown"}) {
    for (const std::string& text : hostile_texts()) {
      for (const std::string& line : lines_of(written(format, hostile_report(text)))) {
        EXPECT_FALSE(is_runner_command(line)) << format << ": " << line;
      }
    }
  }
}

TEST(ConsoleReporter, NoLineIsWiderThanThePage) {
  std::vector<gate::Report> reports = {sample_report()};
  for (const std::string& text : hostile_texts()) reports.push_back(hostile_report(text));
  for (const int width : {40, 80, 132}) {
    for (const gate::Report& report : reports) {
      const std::string output =
          written(*find_format("console"), report, {.width = width, .all = true});
      for (const std::string& line : lines_of(output)) {
        EXPECT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(ConsoleReporter, WritesNoControlCharacterButNewlines) {
  for (const std::string& text : hostile_texts()) {
    for (const char c : written(*find_format("console"), hostile_report(text), {.all = true})) {
      EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f'));
    }
  }
}

TEST(ConsoleReporter, TextOfAReportCannotStartALineOfItsOwn) {
  const std::string output =
      written(*find_format("console"), hostile_report("x\nPASSED  all is well\n::error::x"));
  for (const std::string& line : lines_of(output)) {
    EXPECT_THAT(line, Not(testing::StartsWith("PASSED")));
    EXPECT_THAT(line, Not(testing::StartsWith("::")));
  }
}

TEST(ConsoleReporter, ColorsAreTheOnlyDifferenceOfAColoredReport) {
  std::string colored = written(*find_format("console"), sample_report(), {.color = true});
  ASSERT_THAT(colored, HasSubstr("\x1b[1;31mFAIL\x1b[0m"));
  for (std::size_t start; (start = colored.find('\x1b')) != std::string::npos;) {
    colored.erase(start, colored.find('m', start) + 1 - start);
  }
  EXPECT_EQ(colored, written(*find_format("console"), sample_report()));
}

TEST(ConsoleReporter, FailuresComeFirstAndTheWorstOfThemFirst) {
  const std::string output = written(*find_format("console"), sample_report());
  const std::size_t broken = output.find("broken  shop/order_totals");
  const std::size_t regressed = output.find("regressed  shop/orders_of_customer");
  const std::size_t missing = output.find("missing  shop/orders_by_status");
  const std::size_t changed = output.find("changed  shop/open_orders");
  ASSERT_NE(changed, std::string::npos);
  EXPECT_LT(broken, regressed);
  EXPECT_LT(regressed, missing);
  EXPECT_LT(missing, changed);
}

TEST(ConsoleReporter, PassedQueriesAreListedOnlyWhenAskedFor) {
  const std::string line = "      shop/order_queue      CPU 41 µs → 40 µs, 24 blocks\n";
  EXPECT_THAT(written(*find_format("console"), sample_report()), Not(HasSubstr("order_queue")));
  EXPECT_THAT(written(*find_format("console"), sample_report(), {.all = true}), HasSubstr(line));
}

TEST(ConsoleReporter, ANewQueryThatFailsIsToldLikeAnyFailure) {
  gate::Report report = sample_report();
  gate::QueryReport& query = report.workloads[0].queries[9];
  ASSERT_EQ(query.verdict, gate::Verdict::new_query);
  query.fails = true;
  EXPECT_THAT(written(*find_format("console"), report),
              HasSubstr("FAIL  new  shop/cart_of_customer"));
}

// JUnit.

pugi::xml_document parsed_junit(const gate::Report& report) {
  pugi::xml_document document;
  const std::string text = written(*find_format("junit"), report);
  EXPECT_TRUE(document.load_buffer(text.data(), text.size(), pugi::parse_default));
  return document;
}

std::string children_of(const pugi::xml_document& document, const std::string& query) {
  const std::string path = "//testcase[@name='" + query + "']";
  std::string names;
  for (const pugi::xml_node child : document.select_node(path.c_str()).node().children()) {
    names += std::string(names.empty() ? "" : " ") + child.name() + ":" +
             child.attribute("type").value();
  }
  return names;
}

TEST(JunitReporter, VerdictsBecomeTheResultsThatTestViewsKnow) {
  const pugi::xml_document document = parsed_junit(sample_report());
  EXPECT_EQ(children_of(document, "orders_of_customer"), "failure:regressed");
  EXPECT_EQ(children_of(document, "order_export"), "failure:broken");
  EXPECT_EQ(children_of(document, "orders_by_status"), "failure:missing");
  EXPECT_EQ(children_of(document, "order_search"), "error:inconclusive");
  EXPECT_EQ(children_of(document, "cart_totals"), "skipped:new");
  EXPECT_EQ(children_of(document, "nightly"), "skipped:skipped");
  EXPECT_EQ(children_of(document, "open_orders"), "system-out:");
  EXPECT_EQ(children_of(document, "order_risk"), "system-out:");
  EXPECT_EQ(children_of(document, "order_history"), "system-out:");
  EXPECT_EQ(children_of(document, "order_queue"), "");
}

TEST(JunitReporter, CountsAgreeWithTheTestCases) {
  const pugi::xml_document document = parsed_junit(sample_report());
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(suite.attribute("tests").value(), "12");
  EXPECT_STREQ(suite.attribute("failures").value(), "4");
  EXPECT_STREQ(suite.attribute("errors").value(), "1");
  EXPECT_STREQ(suite.attribute("skipped").value(), "2");
}

TEST(JunitReporter, HostileTextComesBackAsItWas) {
  const std::string text = "a<b>&\"']]>\n%s</failure><testcase name=\"x\"/>";
  const pugi::xml_document document = parsed_junit(hostile_report(text));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("name").value(), text);
  const auto cases = document.select_nodes("//testcase");
  EXPECT_EQ(cases.size(), 14U);
  for (const pugi::xpath_node& node : cases) {
    EXPECT_EQ(node.node().attribute("name").value(), text);
  }
}

// JSON.

TEST(JsonReporter, HostileTextComesBackAsItWas) {
  for (const std::string& text : hostile_texts()) {
    if (!is_utf8(text)) continue;
    const auto json = gate::Json::parse(written(*find_format("json"), hostile_report(text)));
    EXPECT_EQ(json["summary"], text);
    EXPECT_EQ(json["workloads"][0]["queries"][0]["headline"], text);
    EXPECT_EQ(json["workloads"][0]["queries"][0]["binding"]["parameters"][0]["name"], text);
  }
}

TEST(JsonReporter, SaysHowTheRunEnded) {
  const auto json = gate::Json::parse(written(*find_format("json"), sample_report()));
  EXPECT_EQ(json["format_version"], 1);
  EXPECT_EQ(json["outcome"], "failed");
  EXPECT_EQ(json["exit_status"], 1);
  EXPECT_EQ(json["workloads"][0]["counts"]["broken"], 2);
}

// Details.

TEST(DetailsOf, ReasonComesFirstAndNothingIsSaidTwice) {
  gate::QueryReport query;
  query.headline = "reads more";
  gate::Finding plan;
  plan.sentence = "Index Scan → Seq Scan";
  plan.reason = "index i was dropped by s.sql:3";
  gate::Finding work;
  work.kind = gate::Finding::Kind::work;
  work.sentence = "reads more";
  work.reason = plan.reason;
  query.findings = {plan, work, plan};
  EXPECT_THAT(details_of(query), ElementsAre(Detail{"why", "index i was dropped by s.sql:3"},
                                             Detail{"plan", "Index Scan → Seq Scan"}));
}

TEST(DetailsOf, ManyFindingsAreCountedAndNotListed) {
  gate::QueryReport query;
  for (int i = 0; i < 9; ++i) {
    gate::Finding finding;
    finding.sentence = "finding " + std::to_string(i);
    query.findings.push_back(finding);
  }
  const std::vector<Detail> details = details_of(query);
  ASSERT_THAT(details, SizeIs(7));
  EXPECT_EQ(details.back(), (Detail{"more", "3 more in the HTML report"}));
}

TEST(DetailsOf, OtherBindingsAreOnlyNamed) {
  gate::QueryReport query;
  query.worst_binding = 2;
  for (const int binding : {2, 5, 1, 5}) {
    gate::Finding finding;
    finding.binding = binding;
    finding.sentence = "finding of binding " + std::to_string(binding);
    query.findings.push_back(finding);
  }
  EXPECT_THAT(details_of(query), ElementsAre(Detail{"plan", "finding of binding 2"},
                                             Detail{"also", "bindings 1, 5: see the HTML report"}));
}

TEST(TimesText, TellsOnlyWhatIsKnown) {
  EXPECT_EQ(times_text({}), "");
  EXPECT_EQ(
      times_text({.before = gate::MinimumTimes{60, 31}, .after = gate::MinimumTimes{76e3, 75e3}}),
      "CPU 31 µs → 75 ms (2,419×), wall 60 µs → 76 ms (1,267×)");
  EXPECT_EQ(times_text({std::nullopt, gate::MinimumTimes{60, {}}}), "wall 60 µs");
  EXPECT_EQ(times_text({gate::MinimumTimes{60, {}}, std::nullopt}), "wall 60 µs before");
}

// Quantities.

// Text for terminals.

TEST(TerminalText, ControlCharactersAreShownAndNotSent) {
  EXPECT_EQ(terminal_text("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(terminal_text("a\0b"s), "a\\x00b");
  EXPECT_EQ(terminal_text("\x7f\xc2\x9b"), "\\x7f\\x9b");
  EXPECT_EQ(terminal_text("\xe2\x80\xae\xef\xbb\xbf"), "\\u202e\\ufeff");
}

TEST(TerminalText, BlanksOfAllKindsBecomeOneBlank) {
  EXPECT_EQ(terminal_text("  SELECT\t1\r\n  FROM t \n"), "SELECT 1 FROM t");
}

TEST(TerminalText, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(terminal_text("a\xff\xe2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("a → b"), 5);
  EXPECT_EQ(display_width("3.0×"), 4);
  EXPECT_EQ(display_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);  // two ideographs
  EXPECT_EQ(display_width("e\xcc\x81"), 1);                 // e with a combining accent
  EXPECT_EQ(display_width("\xf0\x9f\x98\x80"), 2);          // an emoji
}

TEST(Wrap, BreaksAtBlanks) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one two three", 13), ElementsAre("one two three"));
  EXPECT_THAT(wrap("", 5), ElementsAre(""));
}

TEST(Wrap, BreaksAWordOnlyWhenItIsLongerThanALine) {
  EXPECT_THAT(wrap("a orders_pkey b", 11), ElementsAre("a", "orders_pkey", "b"));
  EXPECT_THAT(wrap("a orders_customer_idx b", 8),
              ElementsAre("a", "orders_c", "ustomer_", "idx b"));
}

TEST(Wrap, MeasuresColumns) {
  EXPECT_THAT(wrap("→→→ ×××", 7), ElementsAre("→→→ ×××"));
  EXPECT_THAT(wrap("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5),
              ElementsAre("\xe6\x97\xa5\xe6\x9c\xac", "\xe8\xaa\x9e"));
}

TEST(Wrap, NoPartOfAWordBecomesACommand) {
  EXPECT_THAT(wrap("abcdefgh::error::x", 8), ElementsAre("abcdefg", "h::erro", "r::x"));
}

TEST(TerminalText, CommandsOfARunnerAreShownAndNotGiven) {
  EXPECT_EQ(terminal_text("::error::x"), "\\x3a:error::x");
  EXPECT_EQ(terminal_text("x\n  ::error::x"), "x \\x3a:error::x");
  EXPECT_EQ(terminal_text("x\xc2\xa0::error::x"), "x\xc2\xa0\\x3a:error::x");
  EXPECT_EQ(terminal_text("a ##[error]x"), "a \\x23#[error]x");
  EXPECT_EQ(terminal_text("o.total > '10'::numeric"), "o.total > '10'::numeric");
}

TEST(TerminalLines, KeepLinesAndIndentation) {
  EXPECT_EQ(terminal_lines("SELECT 1\r\n  FROM\tt\n\n"), "SELECT 1\n  FROM    t\n\n");
  EXPECT_EQ(terminal_lines("a\x1b\rb\xff"), "a\\x1b\\x0db\xEF\xBF\xBD");
  EXPECT_EQ(terminal_lines("a\n ::error::x"), "a\n \\x3a:error::x");
}

TEST(Shortened, CutsBetweenCodePoints) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc…");
  EXPECT_EQ(shortened("a→b", 2), "a…");
}

TEST(ValidUtf8, ReplacesOnlyWhatIsNone) {
  EXPECT_EQ(valid_utf8("a→\xff\xe2\x82"), "a→\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

// Text for XML.

TEST(XmlText, KeepsWhatXmlAllows) {
  EXPECT_EQ(xml_text("a<b>&\"\t\r\n]]> → 😀"), "a<b>&\"\t\r\n]]> → 😀");
}

TEST(XmlText, ReplacesWhatXmlForbids) {
  EXPECT_EQ(xml_text("a\0\x1b\x08z"s), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(xml_text("\xef\xbf\xbe"), "\xEF\xBF\xBD");  // U+FFFE
  EXPECT_EQ(xml_text("\xff"), "\xEF\xBF\xBD");
}

TEST(Utf8, RefusesWhatIsNotTheShortestFormOfACharacter) {
  for (const std::string_view text : {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",  // overlong
                                      "\xed\xa0\x80",      // a surrogate
                                      "\xf4\x90\x80\x80",  // beyond U+10FFFF
                                      "\xe2\x82", "\xe2x", "\x80", "\xf8\x88\x80\x80\x80"}) {
    const CodePoint c = first_code_point(text);
    EXPECT_FALSE(c.valid) << testing::PrintToString(text);
    EXPECT_EQ(c.bytes, 1U);
  }
}

TEST(Utf8, ReadsTheFirstCodePointOfEachLength) {
  EXPECT_EQ(first_code_point("az").value, U'a');
  EXPECT_EQ(first_code_point("×").value, U'×');
  EXPECT_EQ(first_code_point("→").value, U'→');
  EXPECT_EQ(first_code_point("\xf0\x9f\x98\x80").value, U'\U0001F600');
  EXPECT_EQ(first_code_point("\xf0\x9f\x98\x80").bytes, 4U);
}

}  // namespace
}  // namespace pgduet::reporters

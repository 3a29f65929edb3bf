#include "pgduet/gate/sql_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pgduet::gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

// "k:SELECT i:a s:,": the parts with their kinds, without the plain ones.
std::vector<std::string> shown(std::string_view sql) {
  constexpr std::string_view letters = " kis#pc+";
  std::vector<std::string> parts;
  for (const SqlSpan& span : sql_spans(sql)) {
    if (span.kind == SqlSpan::Kind::plain) continue;
    parts.push_back(std::string(1, letters[static_cast<std::size_t>(span.kind)]) + ":" +
                    std::string(sql.substr(span.begin, span.end - span.begin)));
  }
  return parts;
}

TEST(SqlSpans, WordsNumbersAndSignsAreToldApart) {
  EXPECT_THAT(shown("SELECT o.id FROM orders AS o LIMIT 20"),
              ElementsAre("k:SELECT", "i:o", "+:.", "i:id", "k:FROM", "i:orders", "k:AS", "i:o",
                          "k:LIMIT", "#:20"));
}

TEST(SqlSpans, StringsOfEveryKindAreStrings) {
  EXPECT_THAT(
      shown("'a''b' E'\\'' $x$ ; -- $x$ U&'d\\0061' B'01' X'1f'"),
      ElementsAre("s:'a''b'", "s:E'\\''", "s:$x$ ; -- $x$", "s:U&'d\\0061'", "s:B'01'", "s:X'1f'"));
}

TEST(SqlSpans, CommentsHideKeywords) {
  EXPECT_THAT(shown("/* SELECT /* nested */ */ id -- FROM\n"),
              ElementsAre("c:/* SELECT /* nested */ */", "i:id", "c:-- FROM"));
}

TEST(SqlSpans, ParametersAreNamedOrNumberedAndNoSlices) {
  EXPECT_THAT(shown(":customer_id $1 a[1:n] b::text"),
              ElementsAre("p::customer_id", "p:$1", "i:a", "+:[", "#:1", "+::", "i:n", "+:]", "i:b",
                          "+:::", "i:text"));
}

TEST(SqlSpans, WordsThatAreNamesMoreOftenThanKeywordsAreNames) {
  EXPECT_THAT(shown("ORDER BY name, o.user DESC NULLS LAST"),
              ElementsAre("k:ORDER", "k:BY", "i:name", "+:,", "i:o", "+:.", "i:user", "k:DESC",
                          "k:NULLS", "k:LAST"));
}

TEST(SqlSpans, TextThatCannotBeScannedIsOnePlainSpan) {
  for (const std::string& sql : {"SELECT 'open"s, "a\0b"s, "/* open"s}) {
    EXPECT_THAT(sql_spans(sql), ElementsAre(SqlSpan{SqlSpan::Kind::plain, 0, sql.size()}));
  }
  EXPECT_THAT(sql_spans(""), IsEmpty());
}

TEST(SqlSpans, PartsCoverTheTextWithoutGaps) {
  for (const std::string& sql : {"SELECT 'ä', 0x1F FROM \"ö\"  -- ü \xff\n"s, "U&'a' UESCAPE '!'"s,
                                 "  "s, ":'a' :\"b\" \\x"s}) {
    std::size_t end = 0;
    for (const SqlSpan& span : sql_spans(sql)) {
      EXPECT_EQ(span.begin, end) << sql;
      EXPECT_GT(span.end, span.begin) << sql;
      end = span.end;
    }
    EXPECT_EQ(end, sql.size());
  }
}

}  // namespace
}  // namespace pgduet::gate

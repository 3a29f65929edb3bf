#include "pgduet/harness/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "error_text.h"

namespace pgduet::harness {
namespace {

using testing::ElementsAre;

const gate::SourcePosition here{"q.sql", 3, 0};
const Seed seed{"shop", "orders_of_customer"};

std::string error_of(const std::string& text) {
  return error_text([&] { parse_generator(text, here); });
}

// The values of the first bindings; NULL is "(null)".
std::vector<std::string> drawn(const std::string& text, int count, const Seed& from = seed,
                               int parameter = 1) {
  const Generator generator = parse_generator(text, here);
  std::vector<std::string> values;
  for (int binding = 1; binding <= count; ++binding)
    values.push_back(generate(generator, from, parameter, binding).value_or("(null)"));
  return values;
}

TEST(ParseGenerator, ReadsLists) {
  EXPECT_THAT(drawn(" values( 1,'it''s', NULL ,'NULL', two words , '', '{1,2}') ", 8),
              ElementsAre("1", "it's", "(null)", "NULL", "two words", "", "{1,2}", "1"));
}

TEST(ParseGenerator, KeepsTheStatementOfAQuery) {
  const Generator generator =
      parse_generator("query(SELECT max(id), ')' FROM t WHERE a IN (1, 2))", here);
  EXPECT_EQ(generator.kind, Generator::Kind::query);
  EXPECT_EQ(generator.sql, "SELECT max(id), ')' FROM t WHERE a IN (1, 2)");
  EXPECT_EQ(generator.at, here);
}

TEST(ParseGenerator, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("zip(1, 2, 1)"),
            "q.sql:3: unrecognized generator \"zip\"\n  hint: Did you mean \"zipf\"?");
  EXPECT_EQ(error_of("normal(1, 2)"),
            "q.sql:3: unrecognized generator \"normal\"\n"
            "  hint: Generators are values(v1, v2, ...), uniform(from, to), zipf(from, to, "
            "exponent), sequence(from, to), dates(from, to), query(SELECT ...).");
  EXPECT_THAT(error_of("7"),
              testing::StartsWith("q.sql:3: generator \"7\" is not of the form name(arguments)\n"));
  EXPECT_THAT(
      error_of("uniform(1, 2) -- why"),
      testing::StartsWith("q.sql:3: generator \"uniform(1, 2) -- why\" is not of the form"));
  EXPECT_EQ(error_of("uniform(1)"),
            "q.sql:3: generator \"uniform\" cannot have 1 argument\n"
            "  hint: Write it as uniform(from, to).");
  EXPECT_EQ(error_of("zipf(1, 2)"),
            "q.sql:3: generator \"zipf\" cannot have 2 arguments\n"
            "  hint: Write it as zipf(from, to, exponent).");
  EXPECT_EQ(error_of("values()"),
            "q.sql:3: generator \"values\" cannot have 0 arguments\n"
            "  hint: Write it as values(v1, v2, ...).");
  EXPECT_EQ(error_of("values(1,,2)"), "q.sql:3: empty argument in generator \"values\"");
  EXPECT_EQ(error_of("values(1,)"), "q.sql:3: empty argument in generator \"values\"");
  EXPECT_EQ(error_of("values('a)"),
            "q.sql:3: unterminated string in generator \"values\"\n"
            "  hint: Write a quote inside a string twice: 'it''s'.");
  EXPECT_EQ(error_of("values('a' b)"),
            "q.sql:3: unexpected text behind string 'a' in generator \"values\"");
  EXPECT_EQ(error_of("values(it's)"),
            "q.sql:3: argument \"it's\" of generator \"values\" must stand in quotes\n"
            "  hint: Write strings as in SQL: 'it''s'.");
  EXPECT_EQ(error_of("query( )"),
            "q.sql:3: generator \"query\" has no statement\n"
            "  hint: Write it as query(SELECT ...).");
}

TEST(ParseGenerator, RefusesBadRanges) {
  EXPECT_EQ(error_of("uniform(10, 1)"),
            "q.sql:3: empty range in generator \"uniform\": 10 is greater than 1");
  EXPECT_EQ(error_of("sequence(2, -2)"),
            "q.sql:3: empty range in generator \"sequence\": 2 is greater than -2");
  EXPECT_EQ(error_of("dates(2026-02-01, 2026-01-31)"),
            "q.sql:3: empty range in generator \"dates\": 2026-02-01 is greater than 2026-01-31");
  EXPECT_EQ(error_of("uniform(a, 1)"),
            "q.sql:3: argument \"a\" of generator \"uniform\" is not a number");
  EXPECT_EQ(error_of("uniform(1., 2)"),
            "q.sql:3: argument \"1.\" of generator \"uniform\" is not a number");
  EXPECT_EQ(error_of("uniform(1.2.3, 2)"),
            "q.sql:3: argument \"1.2.3\" of generator \"uniform\" is not a number");
  EXPECT_EQ(error_of("sequence(1.5, 2)"),
            "q.sql:3: argument \"1.5\" of generator \"sequence\" is not a whole number");
  EXPECT_EQ(error_of("sequence(1, 10000000000000000)"),
            "q.sql:3: argument \"10000000000000000\" of generator \"sequence\" is not a whole "
            "number\n  hint: Numbers have at most 15 digits.");
  EXPECT_EQ(error_of("zipf(1, 10, 0)"),
            "q.sql:3: exponent \"0\" of generator \"zipf\" is not a number above 0, at most 10");
  EXPECT_EQ(error_of("zipf(1, 10, nan)"),
            "q.sql:3: exponent \"nan\" of generator \"zipf\" is not a number above 0, at most 10");
  EXPECT_EQ(
      error_of("dates(2026-02-30, 2026-03-01)"),
      "q.sql:3: argument \"2026-02-30\" of generator \"dates\" is not a date of the calendar\n"
      "  hint: Write dates as 2026-01-31.");
  EXPECT_THAT(error_of("dates(1.1.2026, 2026-03-01)"),
              testing::StartsWith("q.sql:3: argument \"1.1.2026\" of generator \"dates\" is not"));
}

// These very values: a workload's committed baselines depend on them.
TEST(Generate, DrawsTheSameValuesOnEveryMachine) {
  EXPECT_THAT(drawn("uniform(1, 10000)", 5), ElementsAre("8914", "3448", "1567", "8731", "9200"));
  EXPECT_THAT(drawn("uniform(-1.5, 2.25)", 5),
              ElementsAre("2.03", "-0.23", "2.24", "-0.28", "-1.11"));
  EXPECT_THAT(drawn("zipf(1, 10000, 1.1)", 8),
              ElementsAre("1", "10000", "1", "1", "500", "201", "767", "23"));
  EXPECT_THAT(drawn("zipf(10, 20, 1)", 8),
              ElementsAre("10", "20", "10", "10", "15", "14", "16", "11"));
  EXPECT_THAT(drawn("dates(2024-02-27, 2024-03-02)", 5),
              ElementsAre("2024-03-01", "2024-02-29", "2024-02-28", "2024-02-27", "2024-03-02"));
}

TEST(Generate, DependsOnWorkloadQueryParameterAndBinding) {
  const std::vector<std::string> values = drawn("uniform(1, 1000000000)", 3);
  EXPECT_NE(drawn("uniform(1, 1000000000)", 3, {"shop", "other"}), values);
  EXPECT_NE(drawn("uniform(1, 1000000000)", 3, {"metrics", "orders_of_customer"}), values);
  EXPECT_NE(drawn("uniform(1, 1000000000)", 3, seed, 2), values);
  EXPECT_NE(values[0], values[1]);
  EXPECT_EQ(drawn("uniform(1, 1000000000)", 3), values);
}

TEST(Generate, StartsSequencesAgain) {
  EXPECT_THAT(drawn("sequence(-1, 1)", 5), ElementsAre("-1", "0", "1", "-1", "0"));
}

TEST(Generate, TakesTheRowsOfAQueryInTurn) {
  const Generator generator = parse_generator("query(SELECT 1)", here);
  const std::vector<std::optional<std::string>> rows = {"a", std::nullopt};
  EXPECT_EQ(generate(generator, seed, 1, 1, rows), "a");
  EXPECT_EQ(generate(generator, seed, 1, 2, rows), std::nullopt);
  EXPECT_EQ(generate(generator, seed, 1, 3, rows), "a");
  EXPECT_EQ(error_text([&] { generate(generator, seed, 1, 1); }),
            "q.sql:3: generator \"query\" returned no row\n"
            "  hint: Its rows are the values of the parameter.");
}

std::map<std::string, int> counts(const std::string& text, int draws) {
  std::map<std::string, int> count;
  for (const std::string& value : drawn(text, draws)) ++count[value];
  return count;
}

TEST(Generate, SpreadsUniformValuesEvenly) {
  const auto count = counts("uniform(0.0, 0.4)", 5000);
  ASSERT_EQ(count.size(), 5U);
  for (const auto& [value, times] : count) EXPECT_NEAR(times, 1000, 100) << value;
  EXPECT_EQ(count.begin()->first, "0.0");
}

TEST(Generate, DrawsZipfInProportion) {
  auto count = counts("zipf(1, 1000, 1)", 20000);
  // The sum of 1/k up to 1000 is 7.485: rank 1 takes 13.4 %, rank 2 half of it.
  EXPECT_NEAR(count["1"], 2672, 150);
  EXPECT_NEAR(count["2"], 1336, 110);
  EXPECT_NEAR(count["10"], 267, 50);
}

TEST(Generate, StaysInTheRange) {
  for (const char* text : {"zipf(5, 6, 10)", "zipf(1, 999999999999999, 0.5)", "zipf(7, 7, 1)",
                           "zipf(1, 999999999999999, 3)", "uniform(3, 3)"}) {
    const Generator generator = parse_generator(text, here);
    for (int binding = 1; binding <= 300; ++binding) {
      const long long value = std::stoll(*generate(generator, seed, 1, binding));
      EXPECT_GE(value, generator.from) << text;
      EXPECT_LE(value, generator.to) << text;
    }
  }
}

}  // namespace
}  // namespace pgduet::harness

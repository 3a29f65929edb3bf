#include "pgduet/gate/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

namespace pgduet::gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return to_text(error);
  }
  return "no error";
}

std::vector<std::string> texts_of(const std::string& script) {
  std::vector<std::string> texts;
  for (const SqlStatement& statement : split_statements(script, "setup.sql"))
    texts.push_back(statement.text);
  return texts;
}

std::vector<int> lines_of(const std::string& script) {
  std::vector<int> lines;
  for (const SqlStatement& statement : split_statements(script, "setup.sql"))
    lines.push_back(statement.line);
  return lines;
}

std::string numbered(const std::string& sql) { return number_parameters(sql, {"q.sql", 1, 1}).sql; }

TEST(SplitStatements, CutsAtSemicolonsAndDropsCommentsAround) {
  const std::string script =
      "-- the tables\n"
      "CREATE TABLE a (x int); /* é */ CREATE TABLE b (\n"
      "  y int  -- why;\n"
      ")  ;;\n"
      "\n"
      "INSERT INTO a VALUES (1) -- last";
  EXPECT_THAT(texts_of(script),
              ElementsAre("CREATE TABLE a (x int)", "CREATE TABLE b (\n  y int  -- why;\n)",
                          "INSERT INTO a VALUES (1)"));
  EXPECT_THAT(lines_of(script), ElementsAre(2, 2, 6));
}

TEST(SplitStatements, LeavesSemicolonsInQuotesAndCommentsAlone) {
  EXPECT_THAT(
      texts_of("SELECT ';', E'\\';', \"a;b\", $$;$$, $x$ $$;$$ $x$, U&';' /* ; /* ; */ ; */;"
               "SELECT 2"),
      ElementsAre("SELECT ';', E'\\';', \"a;b\", $$;$$, $x$ $$;$$ $x$, U&';'", "SELECT 2"));
}

TEST(SplitStatements, KeepsRoutineBodiesAndRulesWhole) {
  const std::string routine =
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC "
      "SELECT CASE WHEN a > 0 THEN 1 END; SELECT 2; END";
  const std::string procedure = "CREATE PROCEDURE p() BEGIN ATOMIC DELETE FROM a; END";
  const std::string rule = "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)";
  EXPECT_THAT(texts_of(routine + "; " + procedure + ";" + rule + "; BEGIN; SELECT 1; END;"),
              ElementsAre(routine, procedure, rule, "BEGIN", "SELECT 1", "END"));
}

TEST(SplitStatements, SkipsAByteOrderMarkAndWindowsLineEnds) {
  EXPECT_THAT(texts_of("\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n"),
              ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_THAT(lines_of("\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n"), ElementsAre(1, 2));
  EXPECT_THAT(texts_of(" \n-- nothing here\n;"), IsEmpty());
}

TEST(SplitStatements, AcceptsStatementsThatTheParserDoesNotKnow) {
  EXPECT_THAT(texts_of("FLY TO THE MOON; SELECT 0x1F, 1_000"),
              ElementsAre("FLY TO THE MOON", "SELECT 0x1F, 1_000"));
}

TEST(SplitStatements, SaysWhereAStringIsNotTerminated) {
  EXPECT_EQ(error_of([] { split_statements("SELECT 1;\nSELECT 'é', 'abc", "setup.sql"); }),
            "setup.sql:2:13: unterminated quoted string at or near \"'abc\"");
  EXPECT_EQ(error_of([] { split_statements(std::string_view("SELECT\n \0", 9), "setup.sql"); }),
            "setup.sql:2:2: zero byte in SQL text");
}

TEST(SplitStatements, RefusesPsqlCommandsAndCopyData) {
  EXPECT_EQ(error_of([] { split_statements("SELECT 1;\n\\set scale 3\n", "setup.sql"); }),
            "setup.sql:2:1: psql command \"\\set\" in a SQL script\n"
            "  hint: Scripts are run without psql. Leave the command out, or run psql in a \"run\" "
            "step.");
  EXPECT_EQ(error_of([] { split_statements("\nCOPY a (x) FROM stdin;\n1\n\\.\n", "setup.sql"); }),
            "setup.sql:2:1: COPY FROM STDIN in a SQL script\n"
            "  hint: Keep the rows in a file of their own and load it by a \"copy\" step, or load "
            "a dump by a \"restore\" step.");
}

TEST(NumberParameters, NumbersNamesInOrderOfFirstAppearance) {
  const NumberedSql result = number_parameters(
      "SELECT :b, :a , :b::int\n FROM t WHERE x>=:limit AND y->>:key = :A", {"q.sql", 1, 1});
  EXPECT_EQ(result.sql, "SELECT $1, $2 , $1::int\n FROM t WHERE x>=$3 AND y->>$4 = $5");
  EXPECT_THAT(result.parameters, ElementsAre("b", "a", "limit", "key", "A"));
}

TEST(NumberParameters, LeavesTypesQuotesAndCommentsAlone) {
  for (const std::string sql :
       {"SELECT x::text, 'a':: text", "SELECT ':x', E'\\':x', U&':x', N':x', \"a:x\", U&\":x\"",
        "SELECT $$ :x $$, $q$ :x $$ :x $q$", "SELECT 1 -- :x\n/* :x /* :x */ :x */",
        "SELECT f(a := 1, b => 2)", "SELECT a ? 'b', a ?| b, a ?& c, a @? '$.x'", "SELECT 1 : x",
        "SELECT :'x', :\"x\""}) {
    const NumberedSql result = number_parameters(sql, {"q.sql", 1, 1});
    EXPECT_EQ(result.sql, sql);
    EXPECT_THAT(result.parameters, IsEmpty()) << sql;
  }
}

TEST(NumberParameters, TellsArraySlicesFromArrayConstructors) {
  EXPECT_EQ(numbered("SELECT a[1:n], a[:n], a[:n][m:], (a)[n :m]"),
            "SELECT a[1:n], a[:n], a[:n][m:], (a)[n :m]");
  EXPECT_EQ(numbered("SELECT ARRAY[:x, :y], array[[:x], [:y]], a[(:x)], a[f(:x)]"),
            "SELECT ARRAY[$1, $2], array[[$1], [$2]], a[($1)], a[f($1)]");
  EXPECT_EQ(numbered("SELECT ARRAY[a[:n], :x]"), "SELECT ARRAY[a[:n], $1]");
}

TEST(NumberParameters, KeepsNumbersThatAreThere) {
  const NumberedSql result = number_parameters("SELECT $3, $1::int, '$7'", {"q.sql", 1, 1});
  EXPECT_EQ(result.sql, "SELECT $3, $1::int, '$7'");
  EXPECT_THAT(result.parameters, ElementsAre("1", "2", "3"));
}

TEST(NumberParameters, KeepsEveryByteAroundAParameter) {
  EXPECT_EQ(numbered("\r\n\tSELECT  é,U&'\\0061'  ,:a/* :b */\r\n;"),
            "\r\n\tSELECT  é,U&'\\0061'  ,$1/* :b */\r\n;");
}

TEST(NumberParameters, ReadsNumbersOfNewerServers) {
  EXPECT_EQ(numbered("SELECT 0x1F, 1_000.5, 0o17, 0b1 FROM t WHERE a = :a LIMIT 10_0"),
            "SELECT 0x1F, 1_000.5, 0o17, 0b1 FROM t WHERE a = $1 LIMIT 10_0");
}

TEST(NumberParameters, RefusesAMixture) {
  EXPECT_EQ(error_of([] {
              number_parameters("SELECT :a,\n  $1", {"q.sql", 7, 1});
            }),
            "q.sql:8:3: parameter \"$1\" in a statement that also uses \":a\"\n"
            "  hint: Write all parameters of a statement as :name, or all as $1, $2, ...");
}

TEST(NumberParameters, SaysWhereTheScannerStopped) {
  EXPECT_EQ(error_of([] {
              number_parameters("SELECT\n 'x", {"q.sql", 7, 1});
            }),
            "q.sql:8:2: unterminated quoted string at or near \"'x\"");
  // How much of it is quoted depends on the scanner's version.
  EXPECT_THAT(
      error_of([] {
        number_parameters("SELECT 12abc", {"q.sql", 7, 5});
      }),
      testing::StartsWith("q.sql:7:12: trailing junk after numeric literal at or near \"12a"));
  EXPECT_EQ(error_of([] {
              number_parameters("SELECT 'x", {"q.sql", 0, 0});
            }),
            "q.sql: unterminated quoted string at or near \"'x\"");
}

TEST(SubstituteVariable, QuotesAsPsqlDoes) {
  EXPECT_EQ(
      substitute_variable("SELECT 10*:scale, :'scale', :\"scale\", ':scale', x::scale, :scales",
                          "scale", "2.5"),
      "SELECT 10*2.5, '2.5', \"2.5\", ':scale', x::scale, :scales");
  EXPECT_EQ(substitute_variable("SELECT :'v', :\"v\"", "v", "it's \"it\""),
            "SELECT 'it''s \"it\"', \"it's \"\"it\"\"\"");
}

TEST(SubstituteVariable, ReturnsAScriptThatCannotBeReadAsItIs) {
  EXPECT_EQ(substitute_variable("SELECT :scale, 'x", "scale", "2"), "SELECT :scale, 'x");
}

TEST(SyntaxErrorOf, IsThePlaceInTheStatement) {
  const auto error = syntax_error("SELECT 'é'\nFORM t");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "syntax error at or near \"t\"");
  EXPECT_EQ(error->line, 2);
  EXPECT_EQ(error->column, 6);
  EXPECT_FALSE(syntax_error("SELECT $1"));
}

TEST(NormalizeSql, ReplacesConstants) {
  EXPECT_EQ(normalize_sql("SELECT * FROM t WHERE a = 5 AND b = 'x'"),
            "SELECT * FROM t WHERE a = $1 AND b = $2");
  EXPECT_EQ(normalize_sql("SELECT * FROM t WHERE a = $1 AND b = 'x'"),
            "SELECT * FROM t WHERE a = $1 AND b = $2");
  EXPECT_EQ(normalize_sql("FLY TO 'x'"), "FLY TO 'x'");
}

TEST(Fingerprint, IsTheSameForOtherConstantsAndLayout) {
  const auto one = fingerprint("SELECT a FROM t WHERE b = 1 AND c IN (1, 2)");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->size(), 16U);
  EXPECT_EQ(fingerprint("select  a from t\nwhere b = 7 and c in (1, 2, 3) -- x"), one);
  EXPECT_NE(fingerprint("SELECT a FROM t WHERE b > 1"), one);
  EXPECT_EQ(fingerprint("FLY TO 'x'"), std::nullopt);
}

TEST(QuoteIdentifier, QuotesWhereTheServerWould) {
  EXPECT_EQ(quote_identifier("orders"), "orders");
  EXPECT_EQ(quote_identifier("_a1"), "_a1");
  EXPECT_EQ(quote_identifier("name"), "name");
  EXPECT_EQ(quote_identifier("order"), "\"order\"");
  EXPECT_EQ(quote_identifier("between"), "\"between\"");
  EXPECT_EQ(quote_identifier("Orders"), "\"Orders\"");
  EXPECT_EQ(quote_identifier("1a"), "\"1a\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
  EXPECT_EQ(quote_literal("it's\\"), "'it''s\\'");
}

// libpg_query redirects the process's standard error while it works.
TEST(SqlFunctions, WorkInThreadsAndLeaveStandardErrorAlone) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(fingerprint("SELECT 1"));
        EXPECT_TRUE(syntax_error("SELECT FROM FROM"));
        EXPECT_EQ(split_statements("SELECT 1; SELECT 2", "a.sql").size(), 2U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::fputs("still here", stderr);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "still here");
}

}  // namespace
}  // namespace pgduet::gate

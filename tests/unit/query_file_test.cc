#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<Query> parse(const std::string& text) { return parse_query_file(text, "q.sql", {}); }

std::string error_of(const std::string& text) {
  return error_text([&] { parse(text); });
}

// The error of a query with this header line.
std::string header_error(const std::string& line) {
  return error_of("-- name: x\n" + line + "\nSELECT 1");
}

TEST(ParseQueryFile, ReadsAQueryWithAllOfItsHeader) {
  const std::vector<Query> queries = parse(
      "-- name: orders_of_customer\n"
      "-- The order list of the account page.\n"
      "--\n"
      "-- Newest first.\n"
      "-- param customer_id: zipf(1, 10000, 1.1)\n"
      "-- weight: 120\n"
      "-- policy: time_ratio=1.3, changed=fail\n"
      "-- policy: work_blocks=7, slow_ms=50\n"
      "-- role: app\n"
      "-- settings: work_mem=64kB, search_path='app, it''s'\n"
      "-- settings: enable_seqscan=off\n"
      "-- timeout: 1.5 s\n"
      "-- order: any\n"
      "-- bindings: 8\n"
      "-- skip: needs: a replica\n"
      "\n"
      "SELECT o.id  -- weight: 3\n"
      "FROM orders AS o\n"
      "WHERE o.customer_id = :customer_id;\n");
  ASSERT_EQ(queries.size(), 1U);
  const Query& query = queries[0];
  EXPECT_EQ(query.name, "orders_of_customer");
  EXPECT_EQ(query.description, "The order list of the account page.\n\nNewest first.");
  EXPECT_EQ(query.sql,
            "SELECT o.id  -- weight: 3\nFROM orders AS o\nWHERE o.customer_id = :customer_id");
  EXPECT_EQ(query.at, (gate::SourcePosition{"q.sql", 1, 0}));
  EXPECT_EQ(query.sql_line, 17);
  EXPECT_EQ(query.numbered.sql,
            "SELECT o.id  -- weight: 3\nFROM orders AS o\nWHERE o.customer_id = $1");
  ASSERT_EQ(query.parameters.size(), 1U);
  EXPECT_EQ(query.parameters[0].name, "customer_id");
  EXPECT_EQ(query.parameters[0].generator.kind, Generator::Kind::zipf);
  EXPECT_EQ(query.parameters[0].generator.at, (gate::SourcePosition{"q.sql", 5, 0}));
  EXPECT_EQ(query.traits.kind, "SELECT");
  EXPECT_EQ(query.weight, 120);
  EXPECT_EQ(query.policy.time_ratio, 1.3);
  EXPECT_EQ(query.policy.work_blocks, 7);
  EXPECT_EQ(query.policy.slow_ms, 50);
  EXPECT_EQ(query.policy.changed, gate::Policy::Action::fail);
  EXPECT_EQ(query.role, "app");
  EXPECT_EQ(query.settings,
            (std::map<std::string, std::string>{
                {"work_mem", "64kB"}, {"search_path", "app, it's"}, {"enable_seqscan", "off"}}));
  EXPECT_EQ(query.timeout.count(), 1500);
  EXPECT_TRUE(query.order_any);
  EXPECT_EQ(query.bindings, 8);
  EXPECT_EQ(query.skip_reason, "needs: a replica");
}

TEST(ParseQueryFile, StartsFromTheWorkloadsPolicy) {
  gate::Policy policy;
  policy.work_ratio = 3;
  EXPECT_EQ(parse_query_file("-- name: x\nSELECT 1", "q.sql", policy)[0].policy, policy);
}

TEST(ParseQueryFile, ReadsSeveralQueries) {
  const std::vector<Query> queries = parse(
      "-- Queries of the account pages.\n\n"
      "-- name: a\nSELECT 1;\n\n-- Section: orders\n\n"
      "--name:b\n  /*+ SeqScan(t) */\n  SELECT 2 -- last\n"
      "-- name: c\n-- param 1: values(7)\nSELECT $1");
  ASSERT_EQ(queries.size(), 3U);
  EXPECT_EQ(queries[0].sql, "SELECT 1");
  EXPECT_EQ(queries[1].name, "b");
  EXPECT_EQ(queries[1].sql, "/*+ SeqScan(t) */\n  SELECT 2");
  EXPECT_EQ(queries[1].sql_line, 9);
  EXPECT_EQ(queries[1].sql_column, 3);
  EXPECT_EQ(queries[2].parameters[0].name, "1");
}

TEST(ParseQueryFile, AcceptsTheNamesOfSqlcAndAiosql) {
  std::vector<std::string> names;
  for (const char* line : {"get_user :one", "get-user^", "n$", "add!", "add_id<!", "many*!", "s#",
                           "by_id(id, name)^", "v1.2"})
    names.push_back(parse(std::string("-- name: ") + line + "\nSELECT 1")[0].name);
  EXPECT_THAT(names, ElementsAre("get_user", "get-user", "n", "add", "add_id", "many", "s", "by_id",
                                 "v1.2"));
}

TEST(ParseQueryFile, AcceptsWindowsLineEndsAndAByteOrderMark) {
  const std::vector<Query> queries = parse(
      "\xEF\xBB\xBF-- name: a\r\n-- Why.\r\n-- weight: 2\r\nSELECT 1\r\nFROM t;\r\n"
      "-- name: b\r\nSELECT 2\r\n");
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].description, "Why.");
  EXPECT_EQ(queries[0].weight, 2);
  EXPECT_EQ(queries[0].sql, "SELECT 1\r\nFROM t");
  EXPECT_EQ(queries[1].sql, "SELECT 2");
}

TEST(ParseQueryFile, TakesProseForTheDescription) {
  const Query query = parse(
      "-- name: x\n-- Order: newest first.\n-- The weight: 3 of them\n-- record_class: User\n"
      "-- order of the rows\n-- a note: b\n--weight matters, see below\nSELECT 1")[0];
  EXPECT_EQ(query.description,
            "Order: newest first.\nThe weight: 3 of them\nrecord_class: User\norder of the rows\n"
            "a note: b\nweight matters, see below");
  EXPECT_EQ(query.weight, 1);
}

TEST(ParseQueryFile, LeavesSyntaxToTheServer) {
  const Query query = parse("-- name: x\nFLY TO THE MOON")[0];
  EXPECT_FALSE(query.traits.parsed);
  EXPECT_THAT(query.parameters, IsEmpty());
}

TEST(ParseQueryFile, NamesMisspeltHeaderLines) {
  EXPECT_EQ(header_error("-- pram id: values(1)"),
            "q.sql:2: unrecognized header line \"pram\"\n  hint: Did you mean \"param\"?");
  EXPECT_EQ(header_error("-- wieght: 3"),
            "q.sql:2: unrecognized header line \"wieght\"\n  hint: Did you mean \"weight\"?");
  EXPECT_EQ(header_error("-- setting: work_mem=1MB"),
            "q.sql:2: unrecognized header line \"setting\"\n  hint: Did you mean \"settings\"?");
  EXPECT_EQ(header_error("-- timeout 5s"),
            "q.sql:2: header line \"timeout 5s\" has no colon\n"
            "  hint: Write it as \"-- timeout: 5s\".");
  EXPECT_EQ(header_error("-- param id values(1)"),
            "q.sql:2: header line \"param id values(1)\" has no colon\n"
            "  hint: Write it as \"-- param name: generator\".");
  EXPECT_EQ(header_error("-- param: values(1)"),
            "q.sql:2: header line \"param\" names no parameter\n"
            "  hint: Write it as \"-- param name: generator\".");
}

TEST(ParseQueryFile, SaysWhatIsWrongInAHeaderLine) {
  EXPECT_EQ(header_error("-- weight: many"),
            "q.sql:2: weight must be a number above 0, not \"many\"");
  EXPECT_EQ(header_error("-- weight: 0"), "q.sql:2: weight must be a number above 0, not \"0\"");
  EXPECT_EQ(header_error("-- bindings: 0"),
            "q.sql:2: bindings must be a whole number from 1 to 100, not \"0\"");
  EXPECT_EQ(header_error("-- timeout: 5"),
            "q.sql:2: timeout must be a duration such as 500ms, 5s or 2min, not \"5\"");
  EXPECT_EQ(header_error("-- timeout: 0s"),
            "q.sql:2: timeout must lie between 1ms and 1440min, not \"0s\"");
  EXPECT_EQ(header_error("-- order: all"), "q.sql:2: order must be \"any\", not \"all\"");
  EXPECT_EQ(header_error("-- role:"), "q.sql:2: header line \"role\" has no value");
  EXPECT_EQ(header_error("-- skip:"),
            "q.sql:2: header line \"skip\" has no value\n"
            "  hint: Say why the query is skipped: the reason stands in every report.");
  EXPECT_EQ(header_error("-- policy: 1.3"),
            "q.sql:2: policy \"1.3\" is not of the form name=value\n"
            "  hint: Write it as in \"-- policy: time_ratio=1.3\".");
  EXPECT_EQ(header_error("-- policy: time_rato=1.3"),
            "q.sql:2: unrecognized policy \"time_rato\"\n  hint: Did you mean \"time_ratio\"?");
  EXPECT_EQ(header_error("-- settings: work_mem"),
            "q.sql:2: settings \"work_mem\" is not of the form name=value\n"
            "  hint: Write it as in \"-- settings: work_mem=64kB\".");
  EXPECT_EQ(header_error("-- settings: a=1, a=2"), "q.sql:2: setting \"a\" stands twice");
  EXPECT_EQ(header_error("-- weight: 1\n-- weight: 2"),
            "q.sql:3: header line \"weight\" stands twice in query \"x\"");
}

TEST(ParseQueryFile, MatchesGeneratorsAndParameters) {
  EXPECT_EQ(error_of("\n-- name: x\nSELECT :customer_id"),
            "q.sql:2: parameter \"customer_id\" of query \"x\" has no generator\n"
            "  hint: Add a line such as \"-- param customer_id: uniform(1, 100)\" under the name.");
  EXPECT_EQ(error_of("-- name: x\n-- param id: values(1)\n-- param d: values(1)\nSELECT :id"),
            "q.sql:3: query \"x\" has no parameter \"d\"\n  hint: Did you mean \"id\"?");
  EXPECT_EQ(error_of("-- name: x\n-- param limit: values(1)\nSELECT 1"),
            "q.sql:2: query \"x\" has no parameter \"limit\"");
  EXPECT_EQ(error_of("-- name: x\n-- param id: values(1)\n-- param :id: values(1)\nSELECT :id"),
            "q.sql:3: parameter \"id\" of query \"x\" has two generators");
  EXPECT_EQ(error_of("-- name: x\n-- param id:\nSELECT :id"),
            "q.sql:2: parameter \"id\" has no generator\n"
            "  hint: Write it as in \"-- param id: uniform(1, 100)\".");
  EXPECT_EQ(error_of("-- name: x\n-- param id: uniform(5, 1)\nSELECT :id"),
            "q.sql:2: empty range in generator \"uniform\": 5 is greater than 1");
}

TEST(ParseQueryFile, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(error_of(""),
            "q.sql: no query in the file\n  hint: Put a line \"-- name: my_query\" above each.");
  EXPECT_EQ(error_of("-- why\n\nSELECT 1;"),
            "q.sql:3: text above the first query\n"
            "  hint: Put a line \"-- name: my_query\" above each query.");
  EXPECT_EQ(error_of("-- name:\nSELECT 1"), "q.sql:1: \"-- name:\" without a name");
  EXPECT_EQ(error_of("-- name: a/b\nSELECT 1"),
            "q.sql:1: \"a/b\" cannot name a query\n"
            "  hint: Use letters, digits, \"_\", \"-\" and \".\", and a letter, digit or \"_\" "
            "first.");
  EXPECT_THAT(error_of("-- name: my query\nSELECT 1"),
              StartsWith("q.sql:1: \"my query\" cannot name a query\n"));
  EXPECT_THAT(error_of("-- name: ../x\nSELECT 1"), StartsWith("q.sql:1: \"../x\" cannot name"));
  EXPECT_EQ(error_of("-- name: x\n-- name: y\nSELECT 1"), "q.sql:1: query \"x\" has no statement");
  EXPECT_EQ(error_of("-- name: x\n/* nothing */ ;\n"), "q.sql:1: query \"x\" has no statement");
  EXPECT_EQ(error_of("-- name: x\nSELECT 1;\n\n  SELECT 2;"),
            "q.sql:4: query \"x\" has more than one statement\n"
            "  hint: Give each statement a \"-- name:\" line of its own.");
}

TEST(ParseQueryFile, SaysWhereTheScannerStopped) {
  EXPECT_EQ(error_of("-- name: x\n\n  SELECT\n   'é', 'abc"),
            "q.sql:4:9: unterminated quoted string at or near \"'abc\"");
  EXPECT_EQ(error_of("-- name: x\n-- param a: values(1)\n  SELECT :a, $1"),
            "q.sql:3:14: parameter \"$1\" in a statement that also uses \":a\"\n"
            "  hint: Write all parameters of a statement as :name, or all as $1, $2, ...");
}

TEST(PositionInQuery, MapsWhatTheServerCountsToTheFile) {
  const Query query = parse(
      "-- name: x\n-- param customer_id: values(1)\n-- param b: values(1)\n"
      "  SELECT 'é', :customer_id, one,\n    :b + :customer_id, two\n FROM three")[0];
  ASSERT_EQ(query.numbered.sql, "SELECT 'é', $1, one,\n    $2 + $1, two\n FROM three");
  EXPECT_EQ(to_text(position_in_query(query, 1)), "q.sql:4:3");
  // The server counts characters: é is one, $1 is the 13th.
  EXPECT_EQ(to_text(position_in_query(query, 13)), "q.sql:4:15");
  EXPECT_EQ(to_text(position_in_query(query, 14)), "q.sql:4:15");
  EXPECT_EQ(to_text(position_in_query(query, 15)), "q.sql:4:27");
  EXPECT_EQ(to_text(position_in_query(query, 17)), "q.sql:4:29");
  EXPECT_EQ(to_text(position_in_query(query, 26)), "q.sql:5:5");
  EXPECT_EQ(to_text(position_in_query(query, 35)), "q.sql:5:24");
  EXPECT_EQ(to_text(position_in_query(query, 45)), "q.sql:6:7");
  EXPECT_EQ(to_text(position_in_query(query, 1000)), "q.sql:6:12");
}

}  // namespace
}  // namespace pgduet::harness

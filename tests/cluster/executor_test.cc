#include "pgduet/harness/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "pgduet/gate/plan.h"
#include "session.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

using gate::Determinacy;
using gate::ExecutionFailure;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// 1000 customers; 10,000 orders: 5,000 of customer 1, five of each of the others.
const std::string& shop_database() {
  static const std::string database = [] {
    std::string created = new_test_database("executor_shop");
    query_text(created, R"sql(
      CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, rating double precision);
      INSERT INTO customers SELECT i, 'customer ' || i, i / 7.0 FROM generate_series(1, 1000) i;
      CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id int NOT NULL, day date NOT NULL,
                           total numeric(10, 2) NOT NULL, note text);
      INSERT INTO orders (customer_id, day, total)
        SELECT CASE WHEN i <= 5000 THEN 1 ELSE 2 + i % 999 END, date '2026-01-01' + i % 30, i % 100
        FROM generate_series(1, 10000) i;
      CREATE INDEX orders_customer_id_idx ON orders (customer_id);
      CREATE ROLE shop_app;
      CREATE TABLE secrets (owner text, secret text);
      INSERT INTO secrets VALUES ('shop_app', 'a'), ('other', 'b');
      ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON secrets USING (owner = current_user);
      GRANT SELECT ON secrets TO shop_app;
      CREATE FUNCTION remember() RETURNS int LANGUAGE sql AS
        $$ INSERT INTO secrets VALUES ('f', 'g') RETURNING 1 $$;
      ANALYZE;
      )sql");
    return created;
  }();
  return database;
}

Database shop() {
  return {.connection_string = shop_database(),
          .postgres_major = test_installation().major,
          .local_backend = true};
}

Database writable_shop() {
  Database database = shop();
  database.writable = true;
  return database;
}

Query query_of(const std::string& sql) {
  Query query;
  query.name = "q";
  query.at = {"queries/q.sql", 3, 0};
  query.sql = sql;
  query.sql_line = 4;
  query.numbered = gate::number_parameters(sql, query.at);
  query.traits = gate::traits_of(query.numbered.sql);
  return query;
}

gate::QueryRun observe(const Query& query, const Bindings& bindings = {{}},
                       const Database& database = shop()) {
  Replay replay(database, query, bindings, {}, {});
  return replay.observe();
}

gate::QueryRun observe(const std::string& sql, const Bindings& bindings = {{}}) {
  return observe(query_of(sql), bindings);
}

gate::ResultSummary result_of(const std::string& sql) {
  const gate::QueryRun run = observe(sql);
  EXPECT_FALSE(run.bindings.at(0).failure) << run.bindings.at(0).failure->message;
  return run.bindings.at(0).result.value_or(gate::ResultSummary());
}

TEST(ServerMessage, IsReadAsEveryLibpqxxHandsItOn) {
  for (const std::string before : {"", "Failure during '[PREPARE pgduet_query]': "}) {
    const StatementFailure failure =
        read_server_message(before + "ERROR:  column \"x\" does not exist at character 15\n");
    EXPECT_EQ(failure.what(), std::string("column \"x\" does not exist"));
    EXPECT_EQ(failure.character, 15);
  }
}

TEST(Replay, KeepsResultPlanAndWorkOfEachBinding) {
  const gate::QueryRun run =
      observe("SELECT id, total FROM orders WHERE customer_id = :customer_id", {{{"1"}}, {{"17"}}});
  ASSERT_THAT(run.bindings, SizeIs(2));
  const gate::BindingRun& rare = run.bindings[1];
  EXPECT_FALSE(rare.failure);
  EXPECT_EQ(rare.number, 2);
  EXPECT_THAT(rare.parameters, ElementsAre(gate::ParameterValue{
                                   .name = "customer_id", .value = "17", .type = "integer"}));
  EXPECT_EQ(run.bindings[0].result->rows, 5000);
  EXPECT_EQ(rare.result->rows, 5);
  EXPECT_EQ(rare.result->determinacy, Determinacy::full);
  EXPECT_THAT(gate::to_text(gate::read_plan(rare.plan)), HasSubstr("orders_customer_id_idx"));
  EXPECT_THAT(rare.shape, SizeIs(12));
  EXPECT_NE(rare.shape, run.bindings[0].shape);
  EXPECT_GT(rare.work.shared_blocks, 0);
  EXPECT_THAT(rare.executions, IsEmpty()) << "times are taken later";
}

TEST(Replay, SaysWhatTheQueryIsAndReads) {
  const gate::QueryRun run = observe(
      "SELECT o.*, name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = :id",
      {{{"5"}}});
  EXPECT_EQ(run.source, (gate::SourcePosition{"queries/q.sql", 3, 0}));
  EXPECT_THAT(run.sql, HasSubstr("c.id = :id"));
  EXPECT_THAT(run.normalized_sql, HasSubstr("c.id = $1"));
  EXPECT_THAT(run.fingerprint, SizeIs(16));
  EXPECT_THAT(run.relations, ElementsAre("public.orders", "public.customers"));
  EXPECT_THAT(run.columns, testing::UnorderedElementsAre(
                               "public.orders.id", "public.orders.customer_id", "public.orders.day",
                               "public.orders.total", "public.orders.note", "public.customers.name",
                               "public.customers.id"));
  EXPECT_THAT(run.notes, IsEmpty());
}

TEST(Replay, SaysWhichPartOfTheDataABindingHits) {
  const gate::QueryRun run = observe(
      "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id"
      " WHERE o.customer_id = :customer AND c.id = :id",
      {{{"1"}, {"1"}}, {{"17"}, {std::nullopt}}});
  EXPECT_EQ(run.bindings[0].coverage,
            "customer_id: most common value, 50 % of orders; id: unique value");
  EXPECT_THAT(run.bindings[1].coverage, HasSubstr("customer_id: "));
  EXPECT_THAT(run.bindings[1].coverage, HasSubstr(" value, "));
}

TEST(Replay, TakesParameterTypesFromTheServer) {
  const gate::QueryRun run = observe(
      "SELECT :a::bigint, :b::text, :c::date, :d::numeric, :e::int[], :f::jsonb, :g::bool,"
      " :h::character(3), :i::timestamptz, :j::uuid",
      {{{"1"},
        {"it's \\ \"x\""},
        {"2026-02-03"},
        {"1.50"},
        {"{1,2}"},
        {R"({"a": 1})"},
        {"true"},
        {"abc"},
        {"2026-02-03 04:05:06+00"},
        {std::nullopt}}});
  const gate::BindingRun& binding = run.bindings.at(0);
  ASSERT_FALSE(binding.failure) << binding.failure->message;
  std::vector<std::string> types;
  for (const gate::ParameterValue& parameter : binding.parameters) types.push_back(parameter.type);
  EXPECT_THAT(types, ElementsAre("bigint", "text", "date", "numeric", "integer[]", "jsonb",
                                 "boolean", "character", "timestamp with time zone", "uuid"));
  EXPECT_EQ(binding.parameters[9].value, std::nullopt);
  EXPECT_FALSE(binding.plan.is_null());
}

TEST(Replay, ExplainsWithTheSameValuesAsItExecutes) {
  // A literal with a cast to "character" would lose all but its first letter.
  const gate::QueryRun run =
      observe("SELECT 1 FROM customers WHERE name::character(12) = :name", {{{"customer 100"}}});
  const gate::BindingRun& binding = run.bindings.at(0);
  EXPECT_EQ(binding.result->rows, 2);  // customer 100 and customer 1000
  EXPECT_EQ(gate::read_plan(binding.plan).root.actual_rows, 2);
}

TEST(Replay, AValueThatItsTypeDoesNotTakeFailsThatBindingOnly) {
  const gate::QueryRun run =
      observe("SELECT id FROM orders WHERE customer_id = :id", {{{"abc"}}, {{"5"}}});
  ASSERT_TRUE(run.bindings[0].failure);
  EXPECT_EQ(*run.bindings[0].failure,
            (ExecutionFailure{.kind = ExecutionFailure::Kind::error,
                              .sqlstate = "22P02",
                              .message = "invalid input syntax for type integer: \"abc\""}));
  EXPECT_FALSE(run.bindings[0].result);
  EXPECT_TRUE(run.bindings[0].plan.is_null());
  EXPECT_THAT(run.bindings[0].executions, IsEmpty());
  EXPECT_FALSE(run.bindings[1].failure);
}

TEST(Replay, AQueryThatCannotBePreparedSaysWhereInItsFile) {
  const gate::QueryRun run = observe(
      "SELECT id, :some_value::int, 'ü',\n       custmer_id FROM orders", {{{"1"}}, {{"2"}}});
  ASSERT_THAT(run.bindings, SizeIs(2));
  ASSERT_TRUE(run.bindings[1].failure);
  EXPECT_EQ(
      *run.bindings[1].failure,
      (ExecutionFailure{.kind = ExecutionFailure::Kind::not_prepared,
                        .sqlstate = "42703",
                        .message = "queries/q.sql:5:8: column \"custmer_id\" does not exist"}));
}

TEST(Replay, CountsColumnsInCharactersAndAsTheFileHasThem) {
  const gate::QueryRun run = observe("SELECT 'üüü', :long_name::int, nothing", {{{"1"}}});
  EXPECT_EQ(run.bindings[0].failure->message,
            "queries/q.sql:4:32: column \"nothing\" does not exist");
}

TEST(Replay, AStatementThatTakesTooLongIsATimeout) {
  Query query = query_of("SELECT pg_sleep(60), :n::int");
  query.timeout = std::chrono::milliseconds(50);
  const gate::QueryRun run = observe(query, {{{"1"}}});
  EXPECT_EQ(*run.bindings[0].failure, (ExecutionFailure{.kind = ExecutionFailure::Kind::timeout,
                                                        .sqlstate = "57014",
                                                        .message = "canceled after 50 ms"}));
}

TEST(Replay, ATerminatedBackendFailsItsBindingAndTheNextOnesGoOn) {
  const gate::QueryRun run =
      observe("SELECT CASE WHEN :n::int = 1 THEN pg_terminate_backend(pg_backend_pid()) END",
              {{{"1"}}, {{"2"}}});
  EXPECT_EQ(*run.bindings[0].failure,
            (ExecutionFailure{.kind = ExecutionFailure::Kind::connection_lost,
                              .sqlstate = "",
                              .message = "the server closed the connection"}));
  EXPECT_FALSE(run.bindings[1].failure);
  EXPECT_THAT(run.notes, ElementsAre("binding 1 lost its connection and was run again"));
}

TEST(Replay, ComesBackAfterACrashedBackend) {
  Replay replay(shop(), query_of("SELECT pg_backend_pid()"), {{}}, {}, {});
  // The youngest but the one that asks; those of the tests before may still be ending.
  const pid_t other = std::stoi(
      query_text(shop_database(),
                 "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                 " AND datname = current_database() ORDER BY backend_start DESC LIMIT 1"));
  ASSERT_EQ(kill(other, SIGKILL), 0);
  const gate::QueryRun run = replay.observe();
  EXPECT_FALSE(run.bindings[0].failure);
  EXPECT_THAT(run.notes, ElementsAre("binding 1 lost its connection and was run again"));
}

TEST(Replay, AServerThatIsGoneEndsTheRun) {
  try {
    Replay({.connection_string = "host=/nonexistent", .postgres_major = 15}, query_of("SELECT 1"),
           {{}}, {}, {.lost_connection_wait = std::chrono::milliseconds(0)});
    FAIL();
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_THAT(error.problem(), HasSubstr("the server is gone: connection to server on socket"));
  }
}

TEST(Replay, RollsWritesBack) {
  const std::string before = query_text(shop_database(), "SELECT sum(total) FROM orders");
  const gate::QueryRun run =
      observe(query_of("UPDATE orders SET total = total + 1 WHERE customer_id = :id"), {{{"3"}}},
              writable_shop());
  ASSERT_FALSE(run.bindings[0].failure) << run.bindings[0].failure->message;
  EXPECT_EQ(run.bindings[0].result->rows, 5);
  EXPECT_GT(run.bindings[0].work.wal_bytes, 0);
  EXPECT_EQ(run.bindings[0].result->determinacy, Determinacy::full);
  EXPECT_EQ(query_text(shop_database(), "SELECT sum(total) FROM orders"), before);
}

TEST(Replay, RecognisesThatAWriteReturnsOtherValuesEachTime) {
  const gate::QueryRun run =
      observe(query_of("INSERT INTO orders (customer_id, day, total) VALUES (1, '2026-01-01', 1)"
                       " RETURNING id"),
              {{}}, writable_shop());
  EXPECT_EQ(run.bindings[0].result->determinacy, Determinacy::count_only);
  EXPECT_EQ(run.bindings[0].result->determinacy_reason, "it returns other values each time");
}

TEST(Replay, ASelectThatWritesFailsUnlessTheDatabaseIsWritable) {
  const Query query = query_of("SELECT remember()");
  EXPECT_EQ(observe(query).bindings[0].failure->sqlstate, "25006");
  const gate::QueryRun run = observe(query, {{}}, writable_shop());
  EXPECT_FALSE(run.bindings[0].failure);
  EXPECT_EQ(query_text(shop_database(), "SELECT count(*) FROM secrets WHERE owner = 'f'"), "0");
}

TEST(Replay, RunsAsItsRole) {
  Query query = query_of("SELECT secret FROM secrets");
  EXPECT_EQ(observe(query).bindings[0].result->rows, 2);
  query.role = "shop_app";
  const gate::QueryRun run = observe(query);
  EXPECT_EQ(run.bindings[0].result->rows, 1);
  query.role = "nobody here";
  EXPECT_EQ(observe(query).bindings[0].failure->message, "role \"nobody here\" does not exist");
}

TEST(Replay, RunsUnderItsSettings) {
  Query query = query_of("SELECT current_setting('work_mem')");
  const gate::ResultSummary by_default = *observe(query).bindings[0].result;
  query.settings["work_mem"] = "64kB";
  EXPECT_NE(observe(query).bindings[0].result->checksum, by_default.checksum);
}

TEST(Replay, ResolvesNamesUnderItsSettings) {
  query_text(shop_database(),
             "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE IF NOT EXISTS app.only_here (a int)");
  Query query = query_of("SELECT a FROM only_here");
  query.settings["search_path"] = "app";
  EXPECT_THAT(observe(query).relations, ElementsAre("app.only_here"));
  query.settings["wrk_mem"] = "1MB";
  EXPECT_EQ(observe(query).bindings[0].failure->message,
            "unrecognized configuration parameter \"wrk_mem\"");
}

TEST(Replay, HasAGenericPlanBesideTheCustomOnes) {
  const gate::QueryRun run =
      observe("SELECT * FROM orders WHERE customer_id = :id", {{{"1"}}, {{"2"}}});
  ASSERT_FALSE(run.generic_plan.is_null());
  EXPECT_THAT(gate::to_text(gate::read_plan(run.generic_plan)), HasSubstr("$1"));
  EXPECT_THAT(run.generic_shape, SizeIs(12));
  EXPECT_NE(run.generic_shape, run.bindings[0].shape);
  EXPECT_THAT(gate::to_text(gate::read_plan(run.bindings[0].plan)), Not(HasSubstr("$1")));
  EXPECT_TRUE(observe("SELECT 1").generic_plan.is_null());
}

TEST(Replay, AStatementNewerThanTheParserIsTheServersToJudge) {
  // JSON_TABLE came with PostgreSQL 17, and with libpg_query 17.
  const Query query =
      query_of("SELECT * FROM json_table('[1, 2]'::jsonb, '$[*]' COLUMNS (a int PATH '$')) AS t");
  const gate::QueryRun run = observe(query, {{}}, writable_shop());
  if (test_installation().major >= 17) {
    ASSERT_FALSE(run.bindings[0].failure) << run.bindings[0].failure->message;
    EXPECT_EQ(run.fingerprint.starts_with("queryid:"), !query.traits.parsed) << run.fingerprint;
    EXPECT_EQ(run.bindings[0].result->rows, 2);
  } else {
    EXPECT_EQ(run.bindings[0].failure->message,
              "queries/q.sql:4:50: syntax error at or near \"COLUMNS\"");
  }
}

TEST(Replay, StatementsWithoutAPlanSaySo) {
  const gate::QueryRun run = observe("SHOW work_mem");
  EXPECT_FALSE(run.bindings[0].failure);
  EXPECT_TRUE(run.bindings[0].plan.is_null());
  EXPECT_THAT(run.notes, ElementsAre("the server has no plan for this kind of statement"));
}

TEST(Result, DependsOnTheRowsAndNotOnTheirOrder) {
  const auto ascending = result_of("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v");
  EXPECT_EQ(result_of("SELECT * FROM (VALUES (2, 'b'), (1, 'a')) v"), ascending);
  EXPECT_NE(result_of("SELECT * FROM (VALUES (1, 'b'), (2, 'a')) v"), ascending);
  EXPECT_NE(result_of("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v"), ascending);
  EXPECT_NE(result_of("SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (2, 'b')) v"), ascending);
  EXPECT_TRUE(ascending.order_checksums.empty());
}

TEST(Result, TellsNullFromAnEmptyText) {
  EXPECT_NE(result_of("SELECT NULL::text, ''").checksum, result_of("SELECT '', NULL").checksum);
}

TEST(Result, KeepsTheOrderOfTheKeysOnly) {
  const auto up = result_of("SELECT name FROM customers ORDER BY id");
  const auto down = result_of("SELECT name FROM customers ORDER BY id DESC");
  EXPECT_EQ(up.checksum, down.checksum);
  EXPECT_NE(up.order_checksums, down.order_checksums);
  // Which of the rows of one day comes first is not determined.
  const auto by_day = result_of("SELECT id FROM orders ORDER BY day");
  EXPECT_EQ(result_of("SELECT id FROM orders ORDER BY day, id DESC").checksum, by_day.checksum);
  EXPECT_EQ(by_day.determinacy, Determinacy::full);
  Query any = query_of("SELECT name FROM customers ORDER BY id");
  any.order_any = true;
  EXPECT_TRUE(observe(any).bindings[0].result->order_checksums.empty());
}

TEST(Result, RowsThatTieAtTheCutAreLeftOutOfTheInnerChecksum) {
  // 333 rows of each day: the cut at 500 lies within the second day.
  const std::string by_day =
      "SELECT id FROM (SELECT id, day FROM orders ORDER BY id DESC OFFSET 0) o ORDER BY day LIMIT "
      "500";
  Query query = query_of(by_day);
  query.settings["enable_sort"] = "off";
  const auto one = *observe(query).bindings[0].result;
  query.numbered.sql =
      "SELECT id FROM (SELECT id, day FROM orders ORDER BY id OFFSET 0) o"
      " ORDER BY day LIMIT 500";
  const auto other = *observe(query).bindings[0].result;
  EXPECT_EQ(one.determinacy, Determinacy::ties);
  EXPECT_EQ(one.determinacy_reason, "rows may tie at the LIMIT");
  EXPECT_NE(one.checksum, other.checksum);
  EXPECT_EQ(one.inner_checksums, other.inner_checksums);
  EXPECT_FALSE(one.inner_checksums.empty());
  EXPECT_EQ(one.order_checksums, other.order_checksums);
  EXPECT_EQ(one.rows, 500);
}

TEST(Result, WhatTheStatementDoesNotDetermineIsCountedOnly) {
  const auto limit = result_of("SELECT id FROM orders LIMIT 5");
  EXPECT_EQ(limit.determinacy, Determinacy::count_only);
  EXPECT_EQ(limit.determinacy_reason, "LIMIT without ORDER BY");
  const auto clock = result_of("SELECT id, now() FROM orders WHERE id < 4");
  EXPECT_EQ(clock.determinacy, Determinacy::count_only);
  EXPECT_EQ(clock.determinacy_reason, "calls now()");
  EXPECT_EQ(clock.rows, 3);
  const auto today = result_of("SELECT id FROM orders WHERE id < 4 AND now() > 'epoch'");
  EXPECT_EQ(today.determinacy, Determinacy::count_today);
  const auto chance = result_of("SELECT id FROM orders WHERE id < 4 AND random() < 2");
  EXPECT_EQ(chance.determinacy, Determinacy::none);
  EXPECT_EQ(chance.determinacy_reason, "calls random()");
}

TEST(Result, ALimitThatCutsNothingOffLeavesAllDetermined) {
  const auto whole = result_of("SELECT id FROM orders WHERE id < 4");
  EXPECT_EQ(result_of("SELECT id FROM orders WHERE id < 4 LIMIT 4"), whole);
  EXPECT_EQ(result_of("SELECT id FROM orders WHERE id < 4 ORDER BY id LIMIT 4").determinacy,
            Determinacy::full);
  EXPECT_EQ(result_of("SELECT id FROM orders WHERE id < 4 LIMIT 3").determinacy,
            Determinacy::count_only);
  EXPECT_EQ(result_of("SELECT id FROM orders WHERE id < 4 LIMIT 4 OFFSET 1").determinacy,
            Determinacy::count_only);
  const Query query = query_of("SELECT id FROM orders WHERE id < 4 LIMIT :n");
  const gate::QueryRun run = observe(query, {{{"3"}}, {{"4"}}});
  EXPECT_EQ(run.bindings[0].result->determinacy, Determinacy::count_only);
  EXPECT_EQ(run.bindings[1].result->determinacy, Determinacy::full);
}

TEST(Result, FloatsAreSummedInsteadOfHashed) {
  const auto one = result_of("SELECT id, rating FROM customers");
  const auto other = result_of("SELECT id, rating + 1e-13 AS rating FROM customers");
  EXPECT_EQ(one.checksum, other.checksum);
  ASSERT_THAT(one.float_columns, SizeIs(1));
  EXPECT_EQ(one.float_columns[0].column, "rating");
  EXPECT_NEAR(one.float_columns[0].sum, 500500 / 7.0, 1e-6);
  EXPECT_TRUE(gate::compare_results(one, other).same);
  EXPECT_FALSE(
      gate::compare_results(one, result_of("SELECT id, rating * 1.001 AS rating FROM customers"))
          .same);
  const auto odd =
      result_of("SELECT * FROM (VALUES ('NaN'::float8), ('-Infinity'), (2.5), (NULL)) v(f)");
  EXPECT_EQ(
      odd.float_columns[0],
      (gate::FloatColumnSum{.column = "f", .sum = 2.5, .absolute_sum = 2.5, .not_finite = 2}));
}

TEST(ResultIsDetermined, TellsWhatDependsOnThePlan) {
  Replay sum(shop(), query_of("SELECT customer_id, sum(total) FROM orders GROUP BY 1"), {{}}, {},
             {});
  EXPECT_TRUE(sum.result_is_determined(0));
  Replay list(
      shop(),
      query_of("SELECT array_agg(o.id) FROM orders o JOIN customers c ON c.id = customer_id"), {{}},
      {}, {});
  EXPECT_FALSE(list.result_is_determined(0));
  EXPECT_FALSE(list.observe().bindings[0].failure) << "the session has its own settings again";
}

Parameter values_parameter(const std::string& name,
                           const std::vector<std::optional<std::string>>& values) {
  Parameter parameter;
  parameter.name = name;
  parameter.generator.kind = Generator::Kind::values;
  parameter.generator.values = values;
  return parameter;
}

Parameter query_parameter(const std::string& name, const std::string& sql) {
  Parameter parameter;
  parameter.name = name;
  parameter.generator.kind = Generator::Kind::query;
  parameter.generator.sql = sql;
  parameter.generator.at = {"queries/q.sql", 7, 0};
  return parameter;
}

TEST(MakeBindings, TakesValuesFromTheData) {
  Query query = query_of("SELECT :a, :b");
  query.parameters = {values_parameter("a", {{"x"}, {"y"}}),
                      query_parameter("b", "SELECT id FROM customers ORDER BY id DESC LIMIT 3")};
  const Bindings bindings = make_bindings("shop", query, shop());
  ASSERT_THAT(bindings, SizeIs(3));
  EXPECT_EQ(bindings[0][0], "x");
  EXPECT_EQ(bindings[0][1], "1000");
  EXPECT_EQ(bindings[2][1], "998");
  EXPECT_EQ(make_bindings("shop", query_of("SELECT 1"), shop()), (Bindings{{}}));
}

TEST(MakeBindings, DrawsNoBindingTwice) {
  Parameter coin;
  coin.name = "a";
  coin.generator.kind = Generator::Kind::uniform;
  coin.generator.from = 1;
  coin.generator.to = 2;
  Query query = query_of("SELECT :a");
  query.parameters = {coin};
  query.bindings = 8;
  EXPECT_THAT(make_bindings("shop", query, shop()),
              UnorderedElementsAre(ElementsAre("1"), ElementsAre("2")));
  query.parameters[0].generator.to = 8;
  const Bindings most = make_bindings("shop", query, shop());
  EXPECT_GE(most.size(), 7U);
  EXPECT_EQ(std::set(most.begin(), most.end()).size(), most.size());
}

std::string bindings_error(const std::string& generator_sql) {
  Query query = query_of("SELECT :a");
  query.parameters = {query_parameter("a", generator_sql)};
  try {
    make_bindings("shop", query, shop());
  } catch (const gate::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(MakeBindings, SaysWhatIsWrongWithAQuery) {
  EXPECT_EQ(
      bindings_error("SELECT nothing FROM orders"),
      "queries/q.sql:7: query() of parameter \"a\" failed: column \"nothing\" does not exist");
  EXPECT_EQ(bindings_error("SELECT 1, 2"),
            "queries/q.sql:7: query() of parameter \"a\" returns 2 columns instead of 1");
  EXPECT_EQ(bindings_error("SELECT 1 WHERE false"),
            "queries/q.sql:7: query() of parameter \"a\" returns no rows\n"
            "  hint: It takes its values from the data that the setup steps load.");
  EXPECT_EQ(bindings_error("DELETE FROM orders RETURNING 1"),
            "queries/q.sql:7: query() of parameter \"a\" failed: cannot execute DELETE in a "
            "read-only transaction");
}

TEST(CollectAlternateShapes, FindsThePlansThatAnalyzeAlternatesBetween) {
  const std::string database = new_test_database("executor_alternate");
  query_text(database,
             "CREATE TABLE t (id int, filler text);"
             "INSERT INTO t SELECT i % 10, repeat('x', 100) FROM generate_series(1, 5000) i;"
             "CREATE INDEX t_id_idx ON t (id); ANALYZE t");
  const Query query = query_of("SELECT * FROM t WHERE id = :id");
  const Bindings bindings = {{{"11"}}, {{"3"}}};
  const Database on{.connection_string = database, .postgres_major = 15};
  gate::QueryRun run = Replay(on, query, bindings, {}, {}).observe();
  std::vector<gate::QueryRun*> runs = {&run};
  int calls = 0;
  const auto analyze = [&] {
    query_text(database, ++calls % 2 == 1 ? "UPDATE t SET id = id % 2 + 11; ANALYZE t"
                                          : "UPDATE t SET id = id % 10; ANALYZE t");
  };
  collect_alternate_shapes(on, {query}, {bindings}, {}, 3, analyze, runs);
  EXPECT_EQ(calls, 3);
  EXPECT_THAT(run.alternate_shapes, SizeIs(testing::Ge(1U)));
  EXPECT_THAT(run.alternate_shapes, Each(SizeIs(12)));
}

}  // namespace
}  // namespace pgduet::harness

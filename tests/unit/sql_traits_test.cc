#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "pgduet/gate/sql.h"

namespace pgduet::gate {

void PrintTo(const RelationReference& relation, std::ostream* out) {
  *out << relation.schema << "." << relation.name << " " << relation.alias;
}
void PrintTo(const ColumnReference& column, std::ostream* out) {
  *out << column.relation << "." << column.column;
}
void PrintTo(const ParameterComparison& comparison, std::ostream* out) {
  *out << comparison.relation << "." << comparison.column << " " << comparison.operator_name << " $"
       << comparison.parameter;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool writes(const std::string& sql) { return traits_of(sql).writes; }

std::vector<std::string> undetermined(const std::string& sql) {
  return traits_of(sql).undetermined_by;
}

std::vector<ParameterComparison> comparisons(const std::string& condition) {
  return traits_of("SELECT 1 FROM orders o WHERE " + condition).comparisons;
}

std::vector<RelationReference> relations(const std::string& sql) {
  return traits_of(sql).relations;
}

TEST(TraitsOf, SaysNothingOfAStatementThatDoesNotParse) {
  EXPECT_FALSE(traits_of("SELECT FROM FROM").parsed);
  EXPECT_TRUE(traits_of("SELECT 1").parsed);
  EXPECT_TRUE(traits_of("-- nothing").parsed);
  EXPECT_EQ(traits_of("-- nothing").kind, "");
}

TEST(TraitsOf, NamesTheKind) {
  EXPECT_EQ(traits_of("SELECT 1").kind, "SELECT");
  EXPECT_EQ(traits_of("VALUES (1)").kind, "SELECT");
  EXPECT_EQ(traits_of("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a").kind, "INSERT");
  EXPECT_EQ(traits_of("UPDATE t SET a = 1").kind, "UPDATE");
  EXPECT_EQ(traits_of("DELETE FROM t").kind, "DELETE");
  EXPECT_EQ(traits_of("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE").kind, "MERGE");
  EXPECT_EQ(traits_of("CREATE INDEX ON t (a)").kind, "IndexStmt");
  EXPECT_FALSE(traits_of("SELECT 1;").several_statements);
  EXPECT_TRUE(traits_of("SELECT 1; SELECT 2").several_statements);
}

TEST(TraitsOf, TellsWhetherTheClockOrChanceDecidesWhichRowsThereAre) {
  const auto decided_by = [](const std::string& sql) {
    const StatementTraits traits = traits_of(sql);
    return std::string(traits.rows_by_clock ? "clock" : "") +
           (traits.rows_by_chance ? "chance" : "");
  };
  for (const std::string sql :
       {"SELECT now(), random() FROM t", "SELECT a FROM t ORDER BY random() LIMIT 5",
        "INSERT INTO t VALUES (now(), gen_random_uuid()) RETURNING clock_timestamp()",
        "INSERT INTO t SELECT now() FROM s ON CONFLICT (a) DO UPDATE SET b = now()",
        "UPDATE t SET a = nextval('s'), b = CURRENT_DATE WHERE c = 1"}) {
    EXPECT_EQ(decided_by(sql), "") << sql;
  }
  for (const std::string sql :
       {"SELECT a FROM t WHERE b > now()", "DELETE FROM t WHERE b < CURRENT_DATE - 7",
        "SELECT a FROM t JOIN s ON s.b > 'today'::date",
        "SELECT 1 WHERE age(date '2020-01-01') > '1y'",
        "SELECT a FROM (SELECT now() AS a FROM t) AS s",
        "WITH s AS (SELECT a FROM t WHERE b > now()) SELECT a, now() FROM s"}) {
    EXPECT_EQ(decided_by(sql), "clock") << sql;
  }
  EXPECT_EQ(decided_by("SELECT a FROM t WHERE random() < 0.1"), "chance");
  EXPECT_EQ(decided_by("SELECT a FROM t TABLESAMPLE system (1)"), "chance");
}

TEST(TraitsOf, FindsWritesAndLocksAnywhere) {
  for (const std::string sql :
       {"INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
        "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM (SELECT * FROM t FOR KEY SHARE OF t SKIP LOCKED) x", "SELECT 1 INTO t",
        "CREATE TABLE t (a int)", "CREATE TABLE t AS SELECT 1", "REFRESH MATERIALIZED VIEW v",
        "TRUNCATE t", "SELECT nextval('s')", "EXPLAIN ANALYZE DELETE FROM t", "COPY t FROM STDIN",
        "DO $$ BEGIN END $$", "CALL p()", "SELECT 1; DROP TABLE t"})
    EXPECT_TRUE(writes(sql)) << sql;
  for (const std::string sql :
       {"SELECT * FROM t", "VALUES (1)", "TABLE t", "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT 'DELETE FROM t'", "EXPLAIN SELECT 1", "SHOW work_mem", "COPY t TO STDOUT",
        "SELECT \"update\" FROM t"})
    EXPECT_FALSE(writes(sql)) << sql;
}

TEST(TraitsOf, SeesOrderAndLimitAtTheTopLevelOnly) {
  const StatementTraits all = traits_of("SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 2");
  EXPECT_TRUE(all.has_order_by && all.has_limit && all.has_offset);
  const StatementTraits none =
      traits_of("SELECT * FROM (SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 2) x LIMIT ALL");
  EXPECT_FALSE(none.has_order_by || none.has_limit || none.has_offset);
  EXPECT_TRUE(traits_of("SELECT a FROM t FETCH FIRST ROW ONLY").has_limit);
  EXPECT_TRUE(traits_of("SELECT a FROM t UNION SELECT b FROM u ORDER BY 1").has_order_by);
  EXPECT_TRUE(traits_of("(SELECT a FROM t ORDER BY a)").has_order_by);
}

TEST(TraitsOf, TellsHowManyRowsALimitLetsThrough) {
  EXPECT_EQ(traits_of("SELECT a FROM t LIMIT 20").limit, 20);
  EXPECT_EQ(traits_of("SELECT a FROM t LIMIT 0").limit, 0);
  EXPECT_EQ(traits_of("SELECT a FROM t FETCH FIRST ROW ONLY").limit, 1);
  EXPECT_EQ(traits_of("SELECT a FROM t WHERE b = $1 LIMIT $2::integer").limit_parameter, 2);
  for (const char* sql : {"SELECT a FROM t LIMIT 10 + 10", "SELECT a FROM t LIMIT ALL",
                          "SELECT a FROM t", "SELECT a FROM t LIMIT (SELECT 3)"}) {
    EXPECT_EQ(traits_of(sql).limit, std::nullopt) << sql;
    EXPECT_EQ(traits_of(sql).limit_parameter, 0) << sql;
  }
}

TEST(TraitsOf, ListsWhatChangesFromCallToCall) {
  EXPECT_THAT(undetermined("SELECT now(), a FROM t WHERE b < pg_catalog.random() AND c > now()"),
              ElementsAre("now()", "random()"));
  EXPECT_THAT(undetermined("SELECT current_timestamp(0), CURRENT_DATE, localtime, current_catalog"),
              ElementsAre("CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIME", "CURRENT_CATALOG"));
  EXPECT_THAT(undetermined("SELECT * FROM t TABLESAMPLE system (1), gen_random_uuid() g"),
              ElementsAre("TABLESAMPLE", "gen_random_uuid()"));
  EXPECT_THAT(undetermined("SELECT public.uuid_generate_v4(), txid_current(), currval('s')"),
              ElementsAre("uuid_generate_v4()", "txid_current()", "currval()"));
  EXPECT_THAT(undetermined("SELECT age(a), 'today'::date, timestamp 'now'"),
              ElementsAre("age()", "'today'", "'now'"));
  EXPECT_THAT(undetermined("SELECT * FROM t TABLESAMPLE system (1) REPEATABLE (7)"), IsEmpty());
  EXPECT_THAT(undetermined("SELECT current_user, age(a, b), 'now', 'now'::text, random FROM t"),
              IsEmpty());
}

TEST(TraitsOf, ListsRelationsInOrderOfAppearance) {
  EXPECT_THAT(
      relations("SELECT * FROM s.orders o JOIN ONLY customers USING (id) "
                "WHERE EXISTS (SELECT 1 FROM lines l WHERE l.o = o.id) AND o.x IN (TABLE orders)"),
      ElementsAre(RelationReference{"s", "orders", "o"},
                  RelationReference{"", "customers", "customers"},
                  RelationReference{"", "lines", "l"}, RelationReference{"", "orders", "orders"}));
  EXPECT_THAT(relations("INSERT INTO t AS x SELECT * FROM u ON CONFLICT DO NOTHING"),
              ElementsAre(RelationReference{"", "t", "x"}, RelationReference{"", "u", "u"}));
  EXPECT_THAT(relations("SELECT * FROM t a, t b, t a2 FOR UPDATE OF b"),
              ElementsAre(RelationReference{"", "t", "a"}, RelationReference{"", "t", "b"},
                          RelationReference{"", "t", "a2"}));
}

TEST(TraitsOf, KnowsTheScopeOfCommonTableExpressions) {
  EXPECT_THAT(relations("WITH a AS (SELECT * FROM t) SELECT * FROM a, b, public.a"),
              ElementsAre(RelationReference{"", "t", "t"}, RelationReference{"", "b", "b"},
                          RelationReference{"public", "a", "a"}));
  // Not recursive: the name inside is the table.
  EXPECT_THAT(relations("WITH a AS (SELECT * FROM a) SELECT * FROM a x"),
              ElementsAre(RelationReference{"", "a", "a"}));
  EXPECT_THAT(relations("WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a, b), "
                        "b AS (SELECT 1) SELECT * FROM a"),
              IsEmpty());
  EXPECT_THAT(relations("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a"),
              ElementsAre(RelationReference{"", "a", "a"}));
}

TEST(TraitsOf, ListsColumnsAsWritten) {
  EXPECT_THAT(
      traits_of("SELECT o.*, s.o.b, *, lower(c) FROM o JOIN p USING (id) WHERE o.d = 1 ORDER BY c")
          .columns,
      ElementsAre(ColumnReference{"o", "*"}, ColumnReference{"o", "b"}, ColumnReference{"", "*"},
                  ColumnReference{"", "c"}, ColumnReference{"", "id"}, ColumnReference{"o", "d"}));
}

TEST(TraitsOf, ListsFunctions) {
  EXPECT_THAT(
      traits_of("SELECT lower(a), app.f(b), pg_catalog.lower(c), count(*) FROM g(1)").functions,
      ElementsAre("lower", "app.f", "count", "g"));
}

TEST(TraitsOf, FindsComparisonsInBothDirections) {
  EXPECT_THAT(
      comparisons("o.a = $1 AND $2 = b AND c < $3 AND $4 <= d AND e <> $5"),
      ElementsAre(ParameterComparison{1, "o", "a", "="}, ParameterComparison{2, "", "b", "="},
                  ParameterComparison{3, "", "c", "<"}, ParameterComparison{4, "", "d", ">="},
                  ParameterComparison{5, "", "e", "<>"}));
  EXPECT_THAT(comparisons("$1 @> tags AND $2 ~~ name"),
              ElementsAre(ParameterComparison{1, "", "tags", "<@"}));
}

TEST(TraitsOf, FindsComparisonsOfEveryForm) {
  EXPECT_THAT(
      comparisons("a = ANY($1) AND b <> ALL($2::int[]) AND c = ANY(ARRAY[$3, $4])"),
      ElementsAre(ParameterComparison{1, "", "a", "= ANY"},
                  ParameterComparison{2, "", "b", "<> ALL"}, ParameterComparison{3, "", "c", "="},
                  ParameterComparison{4, "", "c", "="}));
  EXPECT_THAT(
      comparisons("a LIKE $1 AND b NOT ILIKE CAST($2 AS text) AND c IN ($3, 7, $4)"),
      ElementsAre(ParameterComparison{1, "", "a", "~~"}, ParameterComparison{2, "", "b", "!~~*"},
                  ParameterComparison{3, "", "c", "="}, ParameterComparison{4, "", "c", "="}));
  EXPECT_THAT(
      comparisons("a BETWEEN $1 AND $2::date AND b NOT BETWEEN 1 AND $3"),
      ElementsAre(ParameterComparison{1, "", "a", ">="}, ParameterComparison{2, "", "a", "<="},
                  ParameterComparison{3, "", "b", ">"}));
  EXPECT_THAT(comparisons("a IS DISTINCT FROM $1 AND data @> $2::jsonb AND data ? $3"),
              ElementsAre(ParameterComparison{1, "", "a", "IS DISTINCT FROM"},
                          ParameterComparison{2, "", "data", "@>"},
                          ParameterComparison{3, "", "data", "?"}));
}

TEST(TraitsOf, ComparesRowsFromTheLeft) {
  EXPECT_THAT(comparisons("(o.created_at, o.id) < ($1, $2)"),
              ElementsAre(ParameterComparison{1, "o", "created_at", "<="}));
  EXPECT_THAT(comparisons("(a, b) = ($1, $2)"), ElementsAre(ParameterComparison{1, "", "a", "="},
                                                            ParameterComparison{2, "", "b", "="}));
}

TEST(TraitsOf, DoesNotTakeComputationsForComparisons) {
  EXPECT_THAT(comparisons("a + $1 > 5 AND data ->> $2 = 'x' AND lower(a) = $3 AND a::text = $4"),
              IsEmpty());
}

}  // namespace
}  // namespace pgduet::gate

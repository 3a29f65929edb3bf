#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pgduet/gate/sql.h"

namespace pgduet::gate {
namespace {

using testing::ElementsAre;

// "SQL / key columns", as one text that a test can compare.
std::string probe_of(const std::string& sql) {
  const auto probe = with_sort_keys(sql);
  if (!probe) return "none";
  std::string text = probe->sql + " /";
  for (const int column : probe->key_columns) text += " " + std::to_string(column);
  return text + " +" + std::to_string(probe->added_columns);
}

// For statements that need no added column: the key columns alone.
std::vector<int> keys_of(const std::string& sql) {
  const auto probe = with_sort_keys(sql);
  if (!probe || probe->added_columns != 0 || probe->sql != sql) return {999};
  return probe->key_columns;
}

TEST(WithSortKeys, FindsKeysThatAreOutputColumns) {
  EXPECT_THAT(keys_of("SELECT a, b FROM t ORDER BY b DESC, a"), ElementsAre(1, 0));
  EXPECT_THAT(keys_of("SELECT a, t.b FROM t ORDER BY 2, b, t.b"), ElementsAre(1, 1, 1));
  EXPECT_THAT(keys_of("SELECT a + 1 AS c, lower(b) FROM t ORDER BY c, lower, lower(b), a+1"),
              ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(keys_of("SELECT count(*), coalesce(a, b), x::date, CASE WHEN a THEN b END FROM t "
                      "ORDER BY count, coalesce, x, \"case\""),
              ElementsAre(0, 1, 2, 3));
  // An output name goes before an input column.
  EXPECT_THAT(keys_of("SELECT b, -b AS a, a AS b2 FROM t ORDER BY a"), ElementsAre(1));
  EXPECT_THAT(keys_of("SELECT a AS c, b FROM t ORDER BY a NULLS LAST LIMIT 5"), ElementsAre(0));
}

TEST(WithSortKeys, AddsWhatIsMissing) {
  EXPECT_EQ(probe_of("SELECT a FROM t ORDER BY b DESC NULLS LAST, a LIMIT 5"),
            "SELECT a, b AS pgduet_key_1 FROM t ORDER BY b DESC NULLS LAST, a LIMIT 5 / 1 0 +1");
  EXPECT_EQ(probe_of("SELECT a, f(x, 1) -- FROM\nFROM t AS o WHERE b = $1 "
                     "ORDER BY lower(o.b), o.c + (1) USING <, x[1] /* FOR */ FOR UPDATE OF o;"),
            "SELECT a, f(x, 1), lower(o.b) AS pgduet_key_1, o.c + (1) AS pgduet_key_2, "
            "x[1] AS pgduet_key_3 -- FROM\nFROM t AS o WHERE b = $1 "
            "ORDER BY lower(o.b), o.c + (1) USING <, x[1] /* FOR */ FOR UPDATE OF o; / 2 3 4 +3");
  EXPECT_EQ(probe_of("SELECT 1 AS one ORDER BY random()"),
            "SELECT 1 AS one, random() AS pgduet_key_1 ORDER BY random() / 1 +1");
}

TEST(WithSortKeys, FindsTheEndOfTheSelectList) {
  EXPECT_EQ(probe_of("WITH a AS (SELECT x FROM t ORDER BY y) SELECT a.from, x IS DISTINCT FROM 1, "
                     "extract(day FROM d), 1 AS from FROM a ORDER BY a.order, a.limit OFFSET 1"),
            "WITH a AS (SELECT x FROM t ORDER BY y) SELECT a.from, x IS DISTINCT FROM 1, "
            "extract(day FROM d), 1 AS from, a.order AS pgduet_key_1, a.limit AS pgduet_key_2 "
            "FROM a ORDER BY a.order, a.limit OFFSET 1 / 4 5 +2");
  EXPECT_EQ(probe_of("SELECT row_number() OVER (ORDER BY z), string_agg(a, ',' ORDER BY q) FROM t "
                     "GROUP BY b ORDER BY min(c) FETCH FIRST 3 ROWS ONLY"),
            "SELECT row_number() OVER (ORDER BY z), string_agg(a, ',' ORDER BY q), min(c) AS "
            "pgduet_key_1 FROM t GROUP BY b ORDER BY min(c) FETCH FIRST 3 ROWS ONLY / 2 +1");
  EXPECT_EQ(probe_of("SELECT DISTINCT ON (a) a FROM t ORDER BY a, b"),
            "SELECT DISTINCT ON (a) a, b AS pgduet_key_1 FROM t ORDER BY a, b / 0 1 +1");
}

TEST(WithSortKeys, CountsFromTheEndBehindAStar) {
  EXPECT_EQ(probe_of("SELECT * FROM t ORDER BY a, b"),
            "SELECT *, a AS pgduet_key_1, b AS pgduet_key_2 FROM t ORDER BY a, b / -2 -1 +2");
  EXPECT_EQ(probe_of("SELECT x, o.*, y, z FROM o ORDER BY z, x, 3, w, y"),
            "SELECT x, o.*, y, z, w AS pgduet_key_1 FROM o ORDER BY z, x, 3, w, y "
            "/ -2 0 2 -1 -3 +1");
  EXPECT_THAT(keys_of("SELECT o.*, total FROM o ORDER BY total"), ElementsAre(-1));
  // Between two stars a place cannot be told: the expression is added, an alias is none.
  EXPECT_EQ(probe_of("SELECT a.*, x, b.* FROM a, b ORDER BY x"),
            "SELECT a.*, x, b.*, x AS pgduet_key_1 FROM a, b ORDER BY x / -1 +1");
  EXPECT_EQ(probe_of("SELECT a.*, x + 1 AS x, b.* FROM a, b ORDER BY x"), "none");
  EXPECT_EQ(column_index(-1, 5), 4);
  EXPECT_EQ(column_index(2, 5), 2);
}

TEST(WithSortKeys, FindsButNeverAddsForDistinctAndSetOperations) {
  EXPECT_THAT(keys_of("SELECT DISTINCT a, b FROM t ORDER BY b"), ElementsAre(1));
  EXPECT_EQ(probe_of("SELECT DISTINCT o.* FROM o ORDER BY b"), "none");
  EXPECT_THAT(keys_of("SELECT a AS x, b FROM t UNION SELECT c, d FROM u ORDER BY b, x, 2"),
              ElementsAre(1, 0, 1));
  EXPECT_THAT(keys_of("(SELECT a, b FROM t) UNION ALL SELECT 1, 2 EXCEPT SELECT 3, 4 ORDER BY b"),
              ElementsAre(1));
  EXPECT_EQ(probe_of("SELECT * FROM t UNION SELECT * FROM u ORDER BY b"), "none");
  EXPECT_THAT(keys_of("VALUES (1, 2), (3, 4) ORDER BY 2"), ElementsAre(1));
  EXPECT_EQ(probe_of("TABLE t ORDER BY a"), "none");
  EXPECT_THAT(keys_of("(SELECT a FROM t ORDER BY a)"), ElementsAre(0));
  EXPECT_EQ(probe_of("(SELECT a FROM t ORDER BY b)"), "none");
}

TEST(WithSortKeys, SaysNothingWhereThereIsNothingToSay) {
  EXPECT_EQ(probe_of("SELECT a FROM t"), "none");
  EXPECT_EQ(probe_of("SELECT FROM t ORDER BY a"), "none");
  EXPECT_EQ(probe_of("SELECT * FROM (SELECT a FROM t ORDER BY b) x"), "none");
  EXPECT_EQ(probe_of("SELECT FROM FROM ORDER BY"), "none");
  EXPECT_EQ(probe_of("INSERT INTO t SELECT a FROM u ORDER BY b RETURNING a"), "none");
  EXPECT_EQ(probe_of("SELECT a INTO n FROM t ORDER BY b"), "none");
  EXPECT_EQ(probe_of("SELECT 1 ORDER BY 1; SELECT 2"), "none");
}

}  // namespace
}  // namespace pgduet::gate

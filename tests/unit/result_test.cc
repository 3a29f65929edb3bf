#include "pgduet/gate/result.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgduet::gate {
namespace {

ResultSummary full_result() {
  return {.rows = 20, .checksum = "aaaaaaaaaaaaaaaa", .order_checksums = {"bbbbbbbbbbbbbbbb"}};
}

ResultSummary tied_result() {
  ResultSummary result = full_result();
  result.inner_checksums = {"cccccccccccccccc"};
  result.determinacy = Determinacy::ties;
  result.determinacy_reason = "LIMIT after ORDER BY o.created_at, which does not tell rows apart";
  return result;
}

ResultSummary counted_result() {
  ResultSummary result = full_result();
  result.determinacy = Determinacy::count_only;
  result.determinacy_reason = "calls now()";
  return result;
}

void expect_same(const ResultSummary& expected, const ResultSummary& actual,
                 const std::string& note = "") {
  const ResultComparison comparison = compare_results(expected, actual);
  EXPECT_TRUE(comparison.same) << comparison.sentence;
  EXPECT_EQ(comparison.sentence, "");
  EXPECT_EQ(comparison.note, note);
}

void expect_different(const ResultSummary& expected, const ResultSummary& actual,
                      const std::string& sentence) {
  const ResultComparison comparison = compare_results(expected, actual);
  EXPECT_FALSE(comparison.same);
  EXPECT_EQ(comparison.sentence, sentence);
}

TEST(CompareResults, EqualResultsAreTheSame) { expect_same(full_result(), full_result()); }

TEST(CompareResults, CountsRowsFirst) {
  ResultSummary actual = full_result();
  actual.rows = 1;
  actual.checksum = "dddddddddddddddd";
  expect_different(full_result(), actual, "returns 1 row instead of 20");
  actual.rows = 12345;
  expect_different(full_result(), actual, "returns 12,345 rows instead of 20");
}

TEST(CompareResults, OtherRowsOfTheSameNumber) {
  ResultSummary actual = full_result();
  actual.checksum = "dddddddddddddddd";
  expect_different(full_result(), actual, "returns other rows (20, as before)");
}

TEST(CompareResults, AnotherOrderIsAnotherResult) {
  ResultSummary actual = full_result();
  actual.order_checksums = {"dddddddddddddddd"};
  expect_different(full_result(), actual, "returns the same rows in another order");
}

TEST(CompareResults, AnOrderThatIsGoneIsAnotherResult) {
  ResultSummary actual = full_result();
  actual.order_checksums.clear();
  expect_different(full_result(), actual, "does not determine the order of its rows any more");
  expect_same(actual, full_result());
  actual.order_any = true;
  expect_same(full_result(), actual);
}

TEST(CompareResults, MoreSortKeysThanBeforeAreComparedByThoseThatBothHave) {
  ResultSummary actual = full_result();
  actual.order_checksums = {"bbbbbbbbbbbbbbbb", "eeeeeeeeeeeeeeee"};
  expect_same(full_result(), actual);
  expect_same(actual, full_result());
  actual.order_checksums.front() = "dddddddddddddddd";
  expect_different(full_result(), actual, "returns the same rows in another order");
}

TEST(CompareResults, SaysNothingOfTiesThatDidNotMatter) {
  expect_same(tied_result(), tied_result());
  expect_same(counted_result(), counted_result());
}

TEST(CompareResults, TiedRowsMayDiffer) {
  ResultSummary actual = tied_result();
  actual.checksum = "dddddddddddddddd";
  const std::string note =
      "result compared without the rows that tie at the cut: LIMIT after ORDER BY o.created_at, "
      "which does not tell rows apart";
  expect_same(tied_result(), actual, note);
  actual.inner_checksums = {"dddddddddddddddd"};
  expect_different(tied_result(), actual, "returns other rows (20, as before)");
  actual = tied_result();
  actual.order_checksums = {"dddddddddddddddd"};
  expect_different(tied_result(), actual, "returns rows with other ORDER BY values");
}

TEST(CompareResults, OnlyRowsAreCountedWhereNothingElseIsDetermined) {
  ResultSummary actual = counted_result();
  actual.checksum = "dddddddddddddddd";
  expect_same(counted_result(), actual, "result compared by row count: calls now()");
  actual.rows = 19;
  expect_different(counted_result(), actual, "returns 19 rows instead of 20");
}

TEST(CompareResults, NothingIsComparedWhereNothingIsDetermined) {
  ResultSummary actual = counted_result();
  actual.determinacy = Determinacy::none;
  actual.determinacy_reason = "TABLESAMPLE";
  actual.rows = 7;
  expect_same(full_result(), actual, "result not compared: TABLESAMPLE");
}

TEST(CompareResults, TheSideThatDeterminesLessDecides) {
  ResultSummary actual = full_result();
  actual.checksum = "dddddddddddddddd";
  expect_same(counted_result(), actual, "result compared by row count: calls now()");
  expect_same(actual, counted_result(), "result compared by row count: calls now()");
}

TEST(CompareResults, FloatsAgreeWithinABillionthOfTheirAbsoluteSum) {
  ResultSummary expected = full_result();
  expected.float_columns = {{"avg", 10.0, 1000.0, 0}};
  ResultSummary actual = expected;
  actual.float_columns[0].sum = 10.0 + 0.9e-6;
  expect_same(expected, actual);
  actual.float_columns[0].sum = 10.25;
  expect_different(expected, actual,
                   "returns other values in column \"avg\", whose sum is 10.25 instead of 10");
}

TEST(CompareResults, FloatsThatAreNotFiniteAreCounted) {
  ResultSummary expected = full_result();
  expected.float_columns = {{"avg", 10.0, 10.0, 0}};
  ResultSummary actual = expected;
  actual.float_columns[0].not_finite = 3;
  expect_different(expected, actual,
                   "column \"avg\" holds 3 values that are not finite instead of 0");
}

TEST(CompareResults, FloatColumnsThatCameOrWentAreAnotherResult) {
  ResultSummary expected = full_result();
  ResultSummary actual = full_result();
  actual.float_columns = {{"avg", 1, 1, 0}, {"sum", 1, 1, 0}};
  expect_different(expected, actual,
                   "returns other floating-point columns: \"avg\" and \"sum\" instead of none");
}

TEST(ResultJson, ComesBackAsItWas) {
  ResultSummary result = tied_result();
  result.float_columns = {{"avg", 0.1, 0.3, 2}, {"x", -5, 5, 0}};
  EXPECT_EQ(result_from_json(to_json(result)), result);
  EXPECT_EQ(to_json(ResultSummary{.rows = 1, .checksum = "aa"}).dump(),
            R"({"rows":1,"checksum":"aa"})");
}

TEST(CompareResults, EqualRowsAreEqualWhateverTiesAtTheCut) {
  ResultSummary keyset{.rows = 50, .checksum = "aa"};
  keyset.determinacy = Determinacy::ties;
  keyset.inner_checksums = {"11"};
  ResultSummary offset = keyset;
  offset.inner_checksums = {"22"};  // its first rows may tie, too
  EXPECT_TRUE(compare_results(keyset, offset).same);
  offset.checksum = "bb";
  EXPECT_FALSE(compare_results(keyset, offset).same);
}

}  // namespace
}  // namespace pgduet::gate

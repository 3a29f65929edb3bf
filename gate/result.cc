#include "pgduet/gate/result.h"

#include <algorithm>
#include <cmath>

#include "json_members.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

constexpr EnumeratorNames<5> determinacy_names = {"full", "ties", "count_only", "count_today",
                                                  "none"};

// Additions in another order differ by a few units in the last place times the number of rows;
// 1e-9 of the absolute sum leaves room for millions of rows and still sees a changed cent.
constexpr double float_tolerance = 1e-9;

ResultComparison different(std::string sentence) { return {false, std::move(sentence), {}}; }

std::string column_names(const std::vector<FloatColumnSum>& columns) {
  std::vector<std::string> names;
  for (const FloatColumnSum& column : columns) names.push_back("\"" + column.column + "\"");
  return names.empty() ? "none" : list_text(names);
}

bool nearly_equal(double expected, double actual, double scale) {
  return std::abs(expected - actual) <= float_tolerance * scale;
}

std::string float_difference(const std::vector<FloatColumnSum>& expected,
                             const std::vector<FloatColumnSum>& actual) {
  if (expected.size() != actual.size()) {
    return "returns other floating-point columns: " + column_names(actual) + " instead of " +
           column_names(expected);
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const FloatColumnSum& before = expected[i];
    const FloatColumnSum& after = actual[i];
    const double scale = std::max(before.absolute_sum, after.absolute_sum);
    if (before.not_finite != after.not_finite) {
      return "column \"" + after.column + "\" holds " + count_text(after.not_finite) +
             " values that are not finite instead of " + count_text(before.not_finite);
    }
    if (!nearly_equal(before.sum, after.sum, scale) ||
        !nearly_equal(before.absolute_sum, after.absolute_sum, scale)) {
      return "returns other values in column \"" + after.column + "\", whose sum is " +
             number_text(after.sum) + " instead of " + number_text(before.sum);
    }
  }
  return "";
}

// Compares checksums by as many leading sort keys as both sides have; equal when one has none.
bool both_and_different(const std::vector<std::string>& expected,
                        const std::vector<std::string>& actual) {
  const std::size_t keys = std::min(expected.size(), actual.size());
  return keys > 0 && expected[keys - 1] != actual[keys - 1];
}

bool lost_its_order(const ResultSummary& expected, const ResultSummary& actual) {
  return !expected.order_checksums.empty() && actual.order_checksums.empty() && !actual.order_any &&
         actual.rows > 1;
}

ResultComparison compare_rows(const ResultSummary& expected, const ResultSummary& actual,
                              Determinacy determinacy) {
  const bool ties = determinacy == Determinacy::ties;
  // Where one side cuts at both ends (OFFSET) and the other at one, other rows may tie; the rows
  // may all be the same nevertheless.
  const bool all_equal = !expected.checksum.empty() && expected.checksum == actual.checksum;
  const bool other_rows =
      !all_equal && (!ties || both_and_different(expected.inner_checksums, actual.inner_checksums));
  if (other_rows)
    return different("returns other rows (" + count_text(actual.rows) + ", as before)");
  if (both_and_different(expected.order_checksums, actual.order_checksums)) {
    return different(ties ? "returns rows with other ORDER BY values"
                          : "returns the same rows in another order");
  }
  if (lost_its_order(expected, actual)) {
    return different("does not determine the order of its rows any more");
  }
  if (ties) return {};
  const std::string floats = float_difference(expected.float_columns, actual.float_columns);
  return floats.empty() ? ResultComparison{} : different(floats);
}

// Whether there was nothing to leave out: all rows are equal, although they need not be. A baseline
// keeps no checksum of rows that may tie; that they may is no news then.
bool equal_all_the_same(const ResultSummary& expected, const ResultSummary& actual,
                        Determinacy determinacy) {
  if (expected.rows != actual.rows) return false;
  if (expected.checksum.empty()) return determinacy == Determinacy::ties;
  return expected.checksum == actual.checksum;
}

std::string left_out(const ResultSummary& expected, const ResultSummary& actual,
                     Determinacy determinacy) {
  // The reason belongs to the side that determines less; head's where both determine the same.
  const std::string& reason =
      actual.determinacy == determinacy ? actual.determinacy_reason : expected.determinacy_reason;
  const std::string because = reason.empty() ? "" : ": " + reason;
  switch (determinacy) {
    case Determinacy::none:
      return "result not compared" + because;
    case Determinacy::count_only:
    case Determinacy::count_today:
      return "result compared by row count" + because;
    case Determinacy::ties:
      return "result compared without the rows that tie at the cut" + because;
    case Determinacy::full:
      break;
  }
  return "";
}

Json float_column_to_json(const FloatColumnSum& column) {
  Json json = Json::object();
  json["column"] = column.column;
  json["sum"] = column.sum;
  json["absolute_sum"] = column.absolute_sum;
  if (column.not_finite != 0) json["not_finite"] = column.not_finite;
  return json;
}

FloatColumnSum float_column_from_json(const Json& json) {
  FloatColumnSum column;
  read_member(json, "column", column.column);
  read_member(json, "sum", column.sum);
  read_member(json, "absolute_sum", column.absolute_sum);
  read_member(json, "not_finite", column.not_finite);
  return column;
}

}  // namespace

ResultComparison compare_results(const ResultSummary& expected, const ResultSummary& actual) {
  const Determinacy determinacy = std::max(expected.determinacy, actual.determinacy);
  ResultComparison comparison;
  if (determinacy != Determinacy::none && expected.rows != actual.rows) {
    comparison = different("returns " + counted(actual.rows, "row") + " instead of " +
                           count_text(expected.rows));
  } else if (determinacy == Determinacy::full || determinacy == Determinacy::ties) {
    comparison = compare_rows(expected, actual, determinacy);
  }
  if (!equal_all_the_same(expected, actual, determinacy)) {
    comparison.note = left_out(expected, actual, determinacy);
  }
  return comparison;
}

Json to_json(const ResultSummary& result) {
  Json json = Json::object();
  json["rows"] = result.rows;
  write_member(json, "checksum", result.checksum);
  write_member(json, "order_checksums", result.order_checksums);
  write_member(json, "inner_checksums", result.inner_checksums);
  if (result.order_any) json["order_any"] = true;
  write_elements(json, "float_columns", result.float_columns, float_column_to_json);
  if (result.determinacy != Determinacy::full) {
    json["determinacy"] = name_of(determinacy_names, result.determinacy);
  }
  write_member(json, "determinacy_reason", result.determinacy_reason);
  return json;
}

ResultSummary result_from_json(const Json& value) {
  ResultSummary result;
  read_member(value, "rows", result.rows);
  read_member(value, "checksum", result.checksum);
  read_member(value, "order_checksums", result.order_checksums);
  read_member(value, "inner_checksums", result.inner_checksums);
  read_member(value, "order_any", result.order_any);
  read_elements(value, "float_columns", result.float_columns, float_column_from_json);
  read_member(value, "determinacy", result.determinacy, determinacy_names);
  read_member(value, "determinacy_reason", result.determinacy_reason);
  return result;
}

}  // namespace pgduet::gate

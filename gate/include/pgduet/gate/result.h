// What a query returned, kept small enough to commit, and how two results are compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/json.h"

namespace pgduet::gate {

// How much of a result the statement itself determines.
enum class Determinacy {
  full,         // all rows (and their order, where there is an ORDER BY)
  ties,         // ORDER BY with LIMIT: rows that tie at the cut may be any of the tied
  count_only,   // only how many rows: LIMIT without ORDER BY, SELECT random(), now(), ...
  count_today,  // that as well only within a run: WHERE expires_at > now(); so no baseline holds it
  none,         // not even that: WHERE random() < 0.1
};

// The sum of one floating-point column: such columns are not in the checksums, because the order of
// additions may legally change their last digits.
struct FloatColumnSum {
  std::string column;
  double sum = 0;               // NaN and infinities left out
  double absolute_sum = 0;      // of the absolute values: the scale of the tolerance
  std::int64_t not_finite = 0;  // how many were NaN or infinite

  bool operator==(const FloatColumnSum&) const = default;
};

// The result of one binding. Checksums are 16 hexadecimal digits and do not depend on the client.
struct ResultSummary {
  std::int64_t rows = 0;
  std::string checksum = {};  // of the rows as a multiset, float columns left out
  // Of the sequence of the ORDER BY keys: [0] of the first key alone, [1] of the first two, ... so
  // that a statement that sorts by more keys than before can be compared by those that both have.
  // Empty without ORDER BY.
  std::vector<std::string> order_checksums = {};
  // As `checksum`, without the rows that tie with the last (and first, with OFFSET) row in the
  // first key, in the first two, ...; empty unless determinacy is ties.
  std::vector<std::string> inner_checksums = {};
  bool order_any = false;  // the query's header says that its rows may come in any order
  std::vector<FloatColumnSum> float_columns = {};
  Determinacy determinacy = Determinacy::full;
  std::string determinacy_reason = {};  // "LIMIT without ORDER BY", "calls now()"; "" when full

  bool operator==(const ResultSummary&) const = default;
};

struct ResultComparison {
  bool same = true;
  std::string sentence;  // "returns 20 rows instead of 19"; "" when the same
  std::string note;      // what was left out of the comparison and why; "" when nothing was
};

// Floats agree when their sums differ by at most 1e-9 of the absolute sum.
// Only what both sides determine is compared.
ResultComparison compare_results(const ResultSummary& expected, const ResultSummary& actual);

Json to_json(const ResultSummary& result);
ResultSummary result_from_json(const Json& value);

}  // namespace pgduet::gate

// Reduces the rows that a query returned to what is kept of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/result.h"
#include "pgduet/gate/sql.h"
#include "pqxx_compat.h"

namespace pgduet::harness {

// How the rows of one query are to be read.
struct ResultRules {
  std::vector<int> key_columns;  // hold the ORDER BY keys; empty where they cannot be told
  int added_columns = 0;         // at the end, only there for the keys: no part of the result
  bool ordered = false;          // the sequence of the keys is part of the result
  bool order_any = false;        // the query's header says that it is not
  bool cut_at_start = false;     // OFFSET: rows that tie with the first one may be others
  gate::Determinacy determinacy = gate::Determinacy::full;
  std::string determinacy_reason;
  bool by_limit = false;  // LIMIT alone is why: fewer rows than that are all there are
};

// What the statement alone says. `probe` is with_sort_keys() of it, where it has been prepared.
ResultRules result_rules(const gate::StatementTraits& traits, bool order_any,
                         const std::optional<gate::SortKeyProbe>& probe);

// Checksums are over the server's text of each value. A statement without output columns (UPDATE
// without RETURNING) counts the rows that it changed. `limit` is the number of rows that its LIMIT
// lets through, where that is known.
gate::ResultSummary summarize(const pqxx::result& result, const ResultRules& rules,
                              std::optional<std::int64_t> limit);

}  // namespace pgduet::harness

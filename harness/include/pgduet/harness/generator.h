// Parameter generators: the same values on every machine, seeded by the workload's name, the
// query's name, the parameter's place and the binding's number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/error.h"

namespace pgduet::harness {

// `values(…)`, `uniform(a, b)`, `zipf(a, b, s)`, `sequence(a, b)`, `dates(from, to)`, `query(SELECT
// …)`.
struct Generator {
  enum class Kind { values, uniform, zipf, sequence, dates, query };

  Kind kind = Kind::values;
  std::vector<std::optional<std::string>> values;  // values(): as text; NULL is nothing
  std::int64_t from = 0;  // uniform, zipf, sequence: inclusive bounds, in units of 10^-decimals
  std::int64_t to = 0;    //
  int decimals = 0;       // uniform: of the bound that was written with more of them
  double exponent = 1;    // zipf
  std::string from_date;  // dates: "2026-01-01", inclusive
  std::string to_date;
  std::string sql;  // query(): one output column, its rows in order are the bindings
  gate::SourcePosition at;

  bool operator==(const Generator&) const = default;
};

// Reads "zipf(1, 10000, 1.1)". Throws Error(input) at `at` for an unknown generator (names the
// nearest), wrong arguments, or an empty range. Strings in values() are quoted as in SQL ('it''s')
// or bare words; NULL without quotes is NULL.
Generator parse_generator(std::string_view text, const gate::SourcePosition& at);

// How many bindings a query with these generators has when it does not say: the longest values()
// list; the rows of query(), at most `most`; else `default_bindings`. 1 without parameters.
constexpr int default_bindings = 5;
constexpr int most_bindings = 20;

struct Seed {
  std::string workload;
  std::string query;
};

// The value of one binding, from 1, of a parameter, from 1. `rows` are the rows of query() (empty
// for other kinds; none at all is an Error(input) at the generator). Lists and sequences start
// again when they are at their end. zipf's first two bindings are its most common and its rarest
// value, so that both plans which a skewed column can have are tried; uniform's are drawn.
std::optional<std::string> generate(const Generator& generator, const Seed& seed, int parameter,
                                    int binding,
                                    const std::vector<std::optional<std::string>>& rows = {});

}  // namespace pgduet::harness

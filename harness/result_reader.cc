#include "result_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "pgduet/gate/hash.h"

namespace pgduet::harness {
namespace {

using gate::Determinacy;

// pg_type.dat: the type numbers of real and double precision never change.
constexpr unsigned float4_oid = 700;
constexpr unsigned float8_oid = 701;

std::string hexadecimal(std::uint64_t value) {
  char buffer[17];
  std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(value));
  return buffer;
}

// Appends a value so that no two lists of values give the same bytes: a value holds no zero byte.
void append_value(std::string& bytes, const pqxx::field& field) {
  if (field.is_null()) {
    bytes += 'n';
  } else {
    bytes += 'v';
    bytes.append(field.c_str(), field.size());
  }
  bytes += '\0';
}

void add_float(gate::FloatColumnSum& sum, const pqxx::field& field) {
  if (field.is_null()) return;
  const std::string_view text(field.c_str(), field.size());
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value)) {
    ++sum.not_finite;
    return;
  }
  sum.sum += value;
  sum.absolute_sum += std::abs(value);
}

class Reader {
 public:
  Reader(const pqxx::result& result, const ResultRules& rules)
      : result_(result), columns_(compat::columns(result) - rules.added_columns), rules_(rules) {
    for (int i = 0; i < compat::columns(result); ++i) {
      const unsigned type = compat::column_type(result, i);
      float_.push_back(type == float4_oid || type == float8_oid);
      if (float_.back() && i < columns_)
        sums_.push_back({.column = compat::column_name(result, i)});
    }
  }

  gate::ResultSummary read() {
    const int rows = compat::rows(result_);
    const std::string first = rows > 0 && rules_.cut_at_start ? key(0, false) : std::string();
    const std::string last = rows > 0 ? key(rows - 1, false) : std::string();
    std::uint64_t all = 0;
    std::uint64_t inner = 0;
    std::uint64_t order = 0;
    for (int i = 0; i < rows; ++i) {
      const std::uint64_t hash = row_hash(i);
      all += hash;
      if (rules_.ordered) order = gate::hash64(key(i, true), order);
      if (rules_.determinacy != Determinacy::ties) continue;
      const std::string own = key(i, false);
      if (own != last && (!rules_.cut_at_start || own != first)) inner += hash;
    }
    gate::ResultSummary summary;
    summary.rows = rows;
    summary.checksum = hexadecimal(all);
    if (rules_.ordered) summary.order_checksum = hexadecimal(order);
    if (rules_.determinacy == Determinacy::ties) summary.inner_checksum = hexadecimal(inner);
    summary.float_columns = std::move(sums_);
    return summary;
  }

 private:
  std::uint64_t row_hash(int index) {
    const pqxx::row row = compat::row(result_, index);
    bytes_.clear();
    std::size_t sum = 0;
    for (int i = 0; i < columns_; ++i) {
      const pqxx::field field = row[static_cast<pqxx::row::size_type>(i)];
      if (!float_[static_cast<std::size_t>(i)]) {
        append_value(bytes_, field);
        continue;
      }
      bytes_ += field.is_null() ? 'n' : 'f';
      add_float(sums_[sum++], field);
    }
    return gate::hash64(bytes_);
  }

  std::string key(int index, bool without_floats) {
    const pqxx::row row = compat::row(result_, index);
    std::string bytes;
    for (const int column : rules_.key_columns) {
      if (without_floats && float_[static_cast<std::size_t>(column)]) continue;
      append_value(bytes, row[static_cast<pqxx::row::size_type>(column)]);
    }
    return bytes;
  }

  const pqxx::result& result_;
  int columns_;
  const ResultRules& rules_;
  std::vector<bool> float_;
  std::vector<gate::FloatColumnSum> sums_;
  std::string bytes_;
};

}  // namespace

ResultRules result_rules(const gate::StatementTraits& traits, bool order_any,
                         const std::optional<gate::SortKeyProbe>& probe) {
  ResultRules rules;
  if (probe) {
    rules.key_columns = probe->key_columns;
    rules.added_columns = probe->added_columns;
  }
  rules.ordered = !order_any && !rules.key_columns.empty();
  rules.cut_at_start = traits.has_offset;
  if (!traits.undetermined_by.empty()) {
    const std::string& by = traits.undetermined_by.front();
    const bool sample = by == "TABLESAMPLE";
    rules.determinacy = sample ? Determinacy::none : Determinacy::count_only;
    rules.determinacy_reason = (sample ? "uses " : "calls ") + by;
  } else if ((traits.has_limit || traits.has_offset) && !traits.has_order_by) {
    rules.determinacy = Determinacy::count_only;
    rules.determinacy_reason =
        traits.has_limit ? "LIMIT without ORDER BY" : "OFFSET without ORDER BY";
  } else if ((traits.has_limit || traits.has_offset) && rules.key_columns.empty()) {
    rules.determinacy = Determinacy::count_only;
    rules.determinacy_reason = "LIMIT, and an ORDER BY whose keys cannot be told";
  } else if (traits.has_limit || traits.has_offset) {
    rules.determinacy = Determinacy::ties;
    rules.determinacy_reason = "rows may tie at the LIMIT";
  }
  return rules;
}

gate::ResultSummary summarize(const pqxx::result& result, const ResultRules& rules) {
  gate::ResultSummary summary;
  if (compat::columns(result) == 0) {
    summary.rows = static_cast<std::int64_t>(result.affected_rows());
    summary.checksum = hexadecimal(0);
    return summary;
  }
  summary = Reader(result, rules).read();
  summary.determinacy = rules.determinacy;
  summary.determinacy_reason = rules.determinacy_reason;
  return summary;
}

}  // namespace pgduet::harness

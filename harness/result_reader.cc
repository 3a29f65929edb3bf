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
    for (const int key : rules.key_columns) {
      keys_.push_back(gate::column_index(key, compat::columns(result)));
    }
  }

  gate::ResultSummary read() {
    const int rows = compat::rows(result_);
    const bool ties = rules_.determinacy == Determinacy::ties;
    const std::size_t keys = keys_.size();
    std::vector<std::uint64_t> inner(ties ? keys : 0);
    std::vector<std::uint64_t> order(rules_.ordered ? keys : 0);
    std::uint64_t all = 0;
    for (int i = 0; i < rows; ++i) {
      const std::uint64_t hash = row_hash(i);
      all += hash;
      // A row that no longer ties by some key does not by more keys, either.
      bool ties_with_last = true;
      bool ties_with_first = rules_.cut_at_start;
      std::string key;
      for (std::size_t k = 0; k < keys; ++k) {
        ties_with_last = ties_with_last && same_key(k, i, rows - 1);
        ties_with_first = ties_with_first && same_key(k, i, 0);
        if (ties && !ties_with_last && !ties_with_first) inner[k] += hash;
        if (!rules_.ordered) continue;
        append_key(key, k, i);
        order[k] = gate::hash64(key, order[k]);
      }
    }
    gate::ResultSummary summary;
    summary.rows = rows;
    summary.checksum = hexadecimal(all);
    for (const std::uint64_t checksum : order) {
      summary.order_checksums.push_back(hexadecimal(checksum));
    }
    for (const std::uint64_t checksum : inner) {
      summary.inner_checksums.push_back(hexadecimal(checksum));
    }
    summary.order_any = rules_.order_any;
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

  pqxx::field key_field(std::size_t key, int index) const {
    return compat::row(result_, index)[static_cast<pqxx::row::size_type>(keys_[key])];
  }

  bool same_key(std::size_t key, int a, int b) const {
    const pqxx::field of_a = key_field(key, a);
    const pqxx::field of_b = key_field(key, b);
    return of_a.is_null() == of_b.is_null() && std::string_view(of_a.c_str(), of_a.size()) ==
                                                   std::string_view(of_b.c_str(), of_b.size());
  }

  // The last digits of a floating-point key may differ from run to run.
  void append_key(std::string& bytes, std::size_t key, int index) const {
    if (float_[static_cast<std::size_t>(keys_[key])]) return;
    append_value(bytes, key_field(key, index));
  }

  const pqxx::result& result_;
  int columns_;
  const ResultRules& rules_;
  std::vector<int> keys_;  // output columns of the ORDER BY keys, from 0
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
  rules.order_any = order_any;
  rules.ordered = !order_any && !rules.key_columns.empty();
  rules.cut_at_start = traits.has_offset;
  if (!traits.undetermined_by.empty()) {
    const std::string& by = traits.undetermined_by.front();
    rules.determinacy = traits.rows_by_chance  ? Determinacy::none
                        : traits.rows_by_clock ? Determinacy::count_today
                                               : Determinacy::count_only;
    rules.determinacy_reason = (by.back() == ')' ? "calls " : "uses ") + by;
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
  rules.by_limit = traits.undetermined_by.empty() && traits.has_limit && !traits.has_offset;
  return rules;
}

gate::ResultSummary summarize(const pqxx::result& result, const ResultRules& rules,
                              std::optional<std::int64_t> limit) {
  gate::ResultSummary summary;
  if (compat::columns(result) == 0) {
    summary.rows = static_cast<std::int64_t>(result.affected_rows());
    summary.checksum = hexadecimal(0);
    return summary;
  }
  summary = Reader(result, rules).read();
  if (rules.by_limit && limit && summary.rows < *limit) return summary;  // nothing was cut off
  summary.determinacy = rules.determinacy;
  summary.determinacy_reason = rules.determinacy_reason;
  return summary;
}

}  // namespace pgduet::harness

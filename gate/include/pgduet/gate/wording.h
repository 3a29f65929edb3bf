// How sentences and reports write quantities and lists.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgduet::gate {

// "31,872".
std::string count_text(std::int64_t count);

// "1 row", "20 rows", "31,872 blocks", "2 queries": `noun` is the singular.
std::string counted(std::int64_t count, std::string_view noun);

// The same for sizes.
template <std::unsigned_integral Count>
std::string count_text(Count count) {
  return count_text(static_cast<std::int64_t>(count));
}
template <std::unsigned_integral Count>
std::string counted(Count count, std::string_view noun) {
  return counted(static_cast<std::int64_t>(count), noun);
}

// after / before as people say it: "1,328×", "2.3×", "0.25×". Two significant digits below 100.
std::string ratio_text(double ratio);

// The same with two decimals, for ratios near 1: "2.41×", "1.07×"; "347×" from 100 on.
std::string factor_text(double ratio);

// "0.31 µs", "31 µs", "7.5 ms", "75 ms", "1.2 s": two significant digits, three from 100 on.
std::string duration_text(double microseconds);

// As short as it can be said without loss to six digits: "10.25", "0.5", "1e+12".
std::string number_text(double value);

// "a, b and c".
std::string list_text(const std::vector<std::string>& items);

}  // namespace pgduet::gate

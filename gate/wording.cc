#include "pgduet/gate/wording.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace pgduet::gate {
namespace {

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

// Two significant digits below 100, whole numbers from there on.
std::string short_number(double value) {
  if (value >= 99.5) return count_text(std::llround(value));
  // What would round up to the next power of ten is written with that power's digits.
  int decimals = 0;
  for (double limit = 9.95; value > 0 && value < limit && decimals < 9; limit /= 10) ++decimals;
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

}  // namespace

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string counted(std::int64_t count, std::string_view noun) {
  std::string text = count_text(count) + " " + std::string(noun);
  if (count == 1) return text;
  const bool ends_in_ies =
      noun.size() > 1 && noun.back() == 'y' &&
      std::string_view("aeiou").find(noun[noun.size() - 2]) == std::string_view::npos;
  if (!ends_in_ies) return text + "s";
  text.back() = 'i';
  return text + "es";
}

std::string ratio_text(double ratio) {
  if (ratio >= 9.95) return count_text(std::llround(ratio)) + "×";
  return printed("%.2g", ratio) + "×";
}

std::string factor_text(double ratio) {
  return ratio >= 99.5 ? ratio_text(ratio) : printed("%.2f", ratio) + "×";
}

std::string duration_text(double microseconds) {
  if (microseconds < 999.5) return short_number(microseconds) + " µs";
  if (microseconds < 999.5e3) return short_number(microseconds / 1e3) + " ms";
  return short_number(microseconds / 1e6) + " s";
}

std::string number_text(double value) { return printed("%.6g", value); }

std::string list_text(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

}  // namespace pgduet::gate

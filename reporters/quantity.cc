#include "quantity.h"

#include <cmath>
#include <iomanip>
#include <locale>
#include <sstream>

namespace pgduet::reporters {
namespace {

// Two significant digits below 100, whole numbers from there on.
std::string short_number(double value) {
  if (value >= 99.5) return count_text(std::llround(value));
  const int decimals = value >= 9.95 ? 0 : value >= 0.995 ? 1 : 2;
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << std::fixed << std::setprecision(decimals) << value;
  return text.str();
}

}  // namespace

std::string count_text(std::int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool group_starts = i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0;
    if (group_starts) text += ',';
    text += digits[i];
  }
  return text;
}

std::string duration_text(double microseconds) {
  if (microseconds < 999.5) return short_number(microseconds) + " µs";
  if (microseconds < 999.5e3) return short_number(microseconds / 1e3) + " ms";
  return short_number(microseconds / 1e6) + " s";
}

std::string ratio_text(double before, double after) {
  if (!(before > 0)) return "";
  return short_number(after / before) + "×";
}

}  // namespace pgduet::reporters

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
  // What would round up to the next power of ten is written with that power's digits.
  int decimals = 0;
  for (double limit = 9.95; value > 0 && value < limit; limit /= 10) ++decimals;
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

// Quantities as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace pgduet::reporters {

// "0.31 µs", "31 µs", "7.5 ms", "75 ms", "1.2 s": two significant digits, three from 100 on.
std::string duration_text(double microseconds);

// "8,334".
std::string count_text(std::int64_t count);

// How many times as much: "347×", "1.3×", "0.12×", "0.0017×"; "" when `before` is not above 0.
std::string ratio_text(double before, double after);

}  // namespace pgduet::reporters

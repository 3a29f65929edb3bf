// A row of numbers as a row of block characters, for terminals and tables.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pgduet::reporters {

// From this ratio of the largest to the smallest on, a scale is logarithmic: the smaller values
// would lie on the ground.
constexpr double logarithmic_from = 10;

struct Range {
  double least = 0;
  double most = 0;
  bool logarithmic = false;

  // The place of a value, from 0 to 1. On a linear scale the ground is 0 and not the smallest
  // value: noise looks like noise then. On a logarithmic one it is half the smallest value.
  double place(double value) const;
};

// Nothing without values.
std::optional<Range> range_of(const std::vector<std::optional<double>>& values);

// Of a character whose values are not known.
constexpr const char* no_value = "·";

// One of ▁▂▃▄▅▆▇█ for each value, no_value for none. With more values than `columns`, neighbours
// share a character, which shows their median. Requires: `columns` of at least 1.
std::vector<std::string> sparkline(const std::vector<std::optional<double>>& values,
                                   std::size_t columns);

// The character that a value of `count` is in.
std::size_t column_of(std::size_t index, std::size_t count, std::size_t columns);

}  // namespace pgduet::reporters

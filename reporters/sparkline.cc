#include "sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "pgduet/gate/time.h"

namespace pgduet::reporters {
namespace {

constexpr std::array<const char*, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

double Range::place(double value) const {
  if (!(most > 0)) return 0;
  if (!logarithmic) return value / most;
  return std::log(2 * value / least) / std::log(2 * most / least);
}

std::optional<Range> range_of(const std::vector<std::optional<double>>& values) {
  std::optional<Range> range;
  for (const std::optional<double>& value : values) {
    if (!value) continue;
    if (!range) range = Range{*value, *value};
    range->least = std::min(range->least, *value);
    range->most = std::max(range->most, *value);
  }
  if (range)
    range->logarithmic = range->least > 0 && range->most >= logarithmic_from * range->least;
  return range;
}

std::size_t column_of(std::size_t index, std::size_t count, std::size_t columns) {
  return count <= columns ? index : index * columns / count;
}

std::vector<std::string> sparkline(const std::vector<std::optional<double>>& values,
                                   std::size_t columns) {
  const std::optional<Range> range = range_of(values);
  std::vector<std::vector<double>> shared(std::min(columns, values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) shared[column_of(i, values.size(), columns)].push_back(*values[i]);
  }
  std::vector<std::string> line;
  for (const std::vector<double>& column : shared) {
    if (column.empty()) {
      line.emplace_back(no_value);
      continue;
    }
    const double place = range->place(gate::median(column));
    const auto height = static_cast<std::size_t>(std::lround(place * (blocks.size() - 1)));
    line.emplace_back(blocks[std::min(height, blocks.size() - 1)]);
  }
  return line;
}

}  // namespace pgduet::reporters

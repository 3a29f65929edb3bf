#include "line_diff.h"

#include <algorithm>
#include <cstddef>

namespace pgduet::reporters {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// What of each line is compared.
std::vector<std::string_view> contents_of(std::vector<std::string_view> lines,
                                          LineEquality equality) {
  if (equality == LineEquality::exact) return lines;
  constexpr std::string_view arrow = "->  ";
  for (std::string_view& line : lines) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with(arrow)) line.remove_prefix(arrow.size());
  }
  return lines;
}

// [i][j]: the number of common lines from line i and line j on.
using Lengths = std::vector<std::vector<std::size_t>>;

Lengths common_lengths(const std::vector<std::string_view>& before,
                       const std::vector<std::string_view>& after) {
  Lengths lengths(before.size() + 1, std::vector<std::size_t>(after.size() + 1, 0));
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      lengths[i][j] = before[i] == after[j] ? lengths[i + 1][j + 1] + 1
                                            : std::max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

}  // namespace

std::vector<DiffLine> diff_lines(std::string_view before, std::string_view after,
                                 std::size_t most_lines, LineEquality equality) {
  using Side = DiffLine::Side;
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  std::vector<DiffLine> diff;
  if (old_lines.size() > most_lines || new_lines.size() > most_lines) return diff;
  const std::vector<std::string_view> old_contents = contents_of(old_lines, equality);
  const std::vector<std::string_view> new_contents = contents_of(new_lines, equality);
  const Lengths lengths = common_lengths(old_contents, new_contents);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    const bool both_left = i < old_lines.size() && j < new_lines.size();
    if (both_left && old_contents[i] == new_contents[j]) {
      diff.push_back({Side::both, std::string(new_lines[j++])});
      ++i;
    } else if (j == new_lines.size() || (both_left && lengths[i + 1][j] >= lengths[i][j + 1])) {
      diff.push_back({Side::before, std::string(old_lines[i++])});
    } else {
      diff.push_back({Side::after, std::string(new_lines[j++])});
    }
  }
  return diff;
}

}  // namespace pgduet::reporters

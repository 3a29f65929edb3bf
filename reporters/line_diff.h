// Two plans as text, line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgduet::reporters {

struct DiffLine {
  enum class Side { both, before, after };

  Side side = Side::both;
  std::string text;

  bool operator==(const DiffLine&) const = default;
};

// Which lines are the same. But for the indentation (and the arrow of a plan's nodes): a node that
// was put on top of a plan moves all below it.
enum class LineEquality { exact, but_for_indentation };

// The longest common lines of both texts, and between them what only one has, before first. Nothing
// where a text has more than `most_lines` lines.
std::vector<DiffLine> diff_lines(std::string_view before, std::string_view after,
                                 std::size_t most_lines = 200,
                                 LineEquality equality = LineEquality::but_for_indentation);

}  // namespace pgduet::reporters

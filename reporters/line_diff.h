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

// The longest common lines of both texts, and between them what only one has, before first. Lines
// that differ in their indentation only (and in the arrow of a plan's nodes) are the same: a node
// that was put on top of a plan moves all below it. Nothing where a text has more than `most_lines`
// lines.
std::vector<DiffLine> diff_lines(std::string_view before, std::string_view after,
                                 std::size_t most_lines = 200);

}  // namespace pgduet::reporters

// Finds where the level of a series changed, and how sure that is: of what a query took in run
// after run, or of the blocks that it read. gate/history.md tells users the same, with error rates.
//
// The method is E-divisive: the split between two stretches of values is put where the mean
// distance across it exceeds most that within (energy statistic), then each side is split again.
//   Matteson, James: A Nonparametric Approach for Multiple Change Point Analysis of Multivariate
//   Data. Journal of the American Statistical Association 109 (2014), 334-345.
// It was brought to the histories of continuous integration by
//   Daly et al.: The Use of Change Point Detection to Identify Software
//   Performance Regressions in a Continuous Integration System. ICPE 2020.
// and from there we have windows, Student's t-test in place of random permutations, and splits that
// are accepted readily at first and dropped again where they do not hold between their neighbours:
//   Fleming et al.: Hunter: Using Change Point Detection to Hunt for Performance Regressions.
//   ICPE 2023. (The tool is now Apache Otava.)
//
// What is ours answers what run times are like:
// - Logarithms: noise grows with the time, so that a query that gets ten times slower has ten times
//   the noise. In logarithms both levels scatter alike, which is why the test is Student's and not
//   Welch's: Welch's would learn the scatter of the new level from its few values alone.
// - A value with fewer than two like it among the three on either side is a spike, and counts as
//   its neighbours do. What is alike is told by how much the series moves from run to run, so that
//   in a restless series hardly anything is a spike.
// - A second test must agree, on ranks (Mann and Whitney): three slow runs in a row prove little
//   where every fifth run is slow.
//
// A change that is large beside the noise is found from the third value after it on: where the two
// levels do not overlap with six or more values before it (and from the fourth on with five), else
// with twelve or more.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pgduet::gate {

// The first value of a new level.
struct ChangePoint {
  std::size_t index = 0;  // of that value
  double before = 0;      // the level up to it: median of the values since the change point before
  double after = 0;       // the level from it on, up to the next change point
  double p_value = 1;     // of the t-test between the two, two-sided; 0 where neither scatters

  bool operator==(const ChangePoint&) const = default;
};

struct ChangePointOptions {
  // Splits are looked for in so many values at a time, so that in a long history an old change does
  // not hide a recent one, and cost stays linear. Twice what most changes need.
  std::size_t window = 50;
  // Of the t-test. Small, as the split that is tested is the best of many: with this one, fewer
  // than one series in 1,000 has a change point, of 50 values with log-normal noise. Longer series
  // and real noise have more, see gate/history.md.
  double max_p_value = 0.00001;
  // Smaller changes of level are not reported: the factor between `before` and `after`, either way.
  double least_ratio = 1.10;

  bool operator==(const ChangePointOptions&) const = default;
};

// In order. Empty for fewer than nine values. Same input, same output: nothing is random. Values
// are times or counts, in any unit; a zero counts as half of the smallest value above zero.
std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                            const ChangePointOptions& options = {});

}  // namespace pgduet::gate

#include "pgduet/gate/change_points.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "pgduet/gate/time.h"

namespace pgduet::gate {
namespace {

using Values = std::span<const double>;

// Fewer values are no level.
constexpr std::size_t least_values = 3;
// Values on either side that tell whether one stands alone.
constexpr std::size_t spike_neighbours = 3;
// A spike is so many times as far from its neighbours as three quarters of the values are, at most,
// from the one before: 6.5 standard deviations of normal noise.
constexpr double spike_steps = 4;
// Of the test on ranks. The smallest that it gives for three values is 0.0027, and this one is
// reached by three values after twelve.
constexpr double max_rank_p_value = 0.01;
// So many values are enough, too, where all of one level are above all of the other: that is what
// ranks can say at most.
constexpr std::size_t least_values_apart = 9;
// A split is accepted at first with so many times max_p_value: its neighbours are not known yet.
constexpr double weak_factor = 10;

std::vector<double> logarithms(Values values) {
  double least = std::numeric_limits<double>::max();
  for (const double value : values) {
    if (value > 0) least = std::min(least, value);
  }
  const double floor = least / 2;
  std::vector<double> result;
  for (const double value : values) result.push_back(std::log(std::max(value, floor)));
  return result;
}

// Three quarters of the values are no farther than this from the one before.
double usual_step(Values values) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < values.size(); ++i) {
    steps.push_back(std::abs(values[i] - values[i - 1]));
  }
  const auto quartile = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() * 3 / 4);
  std::nth_element(steps.begin(), quartile, steps.end());
  return *quartile;
}

// A value that has fewer near neighbours than a level has is a spike, and is moved to the median of
// its neighbourhood.
std::vector<double> without_spikes(Values values) {
  const double limit = spike_steps * usual_step(values);
  std::vector<double> result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first = i - std::min(i, spike_neighbours);
    const std::size_t last = std::min(i + spike_neighbours, values.size() - 1);
    const Values around = values.subspan(first, last + 1 - first);
    const auto is_near = [&](double value) { return std::abs(value - values[i]) <= limit; };
    const auto near = std::count_if(around.begin(), around.end(), is_near);  // with itself
    result.push_back(static_cast<std::size_t>(near) < least_values
                         ? median({around.begin(), around.end()})
                         : values[i]);
  }
  return result;
}

// From the first value on, so that equal values have exactly their own value as mean.
double mean(Values values) {
  double sum = 0;
  for (const double value : values) sum += value - values.front();
  return values.front() + sum / static_cast<double>(values.size());
}

double squared_deviations(Values values) {
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return sum;
}

// The p-value of Student's t-test, two-sided.
double t_test(Values before, Values after) {
  const double distance = std::abs(mean(before) - mean(after));
  if (distance == 0) return 1;
  const auto before_count = static_cast<double>(before.size());
  const auto after_count = static_cast<double>(after.size());
  const double freedom = before_count + after_count - 2;
  const double variance = (squared_deviations(before) + squared_deviations(after)) / freedom;
  if (variance == 0) return 0;
  const double t = distance / std::sqrt(variance * (1 / before_count + 1 / after_count));
  return 2 * cdf(complement(boost::math::students_t(freedom), t));
}

// Whether ranks tell the two levels apart: by the test of Mann and Whitney, two-sided, in its
// normal approximation. At most 1: they do.
double rank_weakness(Values before, Values after) {
  std::vector<double> sorted(before.begin(), before.end());
  std::sort(sorted.begin(), sorted.end());
  double smaller = 0;  // pairs of which the one before is smaller; a tie is half a pair
  for (const double value : after) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    smaller +=
        (static_cast<double>(first - sorted.begin()) + static_cast<double>(last - sorted.begin())) /
        2;
  }
  const auto before_count = static_cast<double>(before.size());
  const auto after_count = static_cast<double>(after.size());
  const double pairs = before_count * after_count;
  const bool apart = smaller == 0 || smaller == pairs;
  if (apart && before.size() + after.size() >= least_values_apart) return 0;
  const double deviation = std::sqrt(pairs * (before_count + after_count + 1) / 12);
  const double z = std::abs(smaller - pairs / 2) / deviation;
  return 2 * cdf(complement(boost::math::normal(), z)) / max_rank_p_value;
}

// The values up to `index` differ most from those in [index, end).
struct Split {
  double statistic = 0;  // 0 where nothing differs
  std::size_t index = 0;
  std::size_t end = 0;
};

// The energy statistic of Matteson and James with exponent 1. The second stretch need not reach to
// the end of the values: else one that is between two of the same level would not stand out.
Split best_split(Values values) {
  const std::size_t count = values.size();
  Split best;
  // Sums of the distances within the first values, by their number.
  std::vector<double> within(count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    within[i + 1] = within[i];
    for (std::size_t j = 0; j < i; ++j) within[i + 1] += std::abs(values[i] - values[j]);
  }
  // Sums of the distances of each value from those before `index`.
  std::vector<double> to_before(count);
  for (std::size_t index = 1; index + least_values <= count; ++index) {
    for (std::size_t i = index; i < count; ++i) {
      to_before[i] += std::abs(values[i] - values[index - 1]);
    }
    if (index < least_values) continue;
    const auto before = static_cast<double>(index);
    const double within_before = within[index] / (before * (before - 1) / 2);
    double across = 0;
    for (std::size_t end = index + 1; end <= count; ++end) {
      across += to_before[end - 1];
      if (end - index < least_values) continue;
      const auto after = static_cast<double>(end - index);
      const double within_after =
          (within[end] - within[index] - across) / (after * (after - 1) / 2);
      const double energy = 2 * across / (before * after) - within_before - within_after;
      const double statistic = energy * before * after / (before + after);
      if (statistic > best.statistic) best = {statistic, index, end};
    }
  }
  return best;
}

// Adds the change points in values[from, to) to `found`, in order.
void bisect(Values values, std::size_t from, std::size_t to, double max_p_value,
            std::vector<std::size_t>& found) {
  const Values part = values.subspan(from, to - from);
  const Split split = best_split(part);
  if (split.statistic == 0) return;
  const Values after = part.subspan(split.index, split.end - split.index);
  if (t_test(part.first(split.index), after) > max_p_value) return;
  bisect(values, from, from + split.index, max_p_value, found);
  found.push_back(from + split.index);
  bisect(values, from + split.index, to, max_p_value, found);
}

// Windows overlap by half, and begin no earlier than at the last change point found.
std::vector<std::size_t> weak_change_points(Values values, const ChangePointOptions& options) {
  const std::size_t window = std::max(options.window, 2 * least_values);
  std::vector<std::size_t> found;
  std::size_t from = 0;
  while (true) {
    const std::size_t to = std::min(from + window, values.size());
    bisect(values, from, to, weak_factor * options.max_p_value, found);
    if (to == values.size()) return found;
    from = std::max(from + window / 2, found.empty() ? 0 : found.back());
  }
}

// A change point between its neighbours.
struct Candidate {
  ChangePoint point;
  double weakness = 0;  // above 1: one of the tests fails
  double ratio = 1;
};

Candidate weigh(Values values, Values cleaned, std::size_t from, std::size_t index, std::size_t to,
                double max_p_value) {
  const auto level = [&](std::size_t first, std::size_t last) {
    return median({values.begin() + static_cast<std::ptrdiff_t>(first),
                   values.begin() + static_cast<std::ptrdiff_t>(last)});
  };
  const Values before = cleaned.subspan(from, index - from);
  const Values after = cleaned.subspan(index, to - index);
  Candidate result;
  result.point = {index, level(from, index), level(index, to), t_test(before, after)};
  result.weakness = std::max(result.point.p_value / max_p_value, rank_weakness(before, after));
  const auto [least, most] = std::minmax({result.point.before, result.point.after});
  result.ratio = least == most ? 1 : most / least;
  return result;
}

// The one to drop: the least certain one, and where all are certain, the smallest that is too
// small.
std::vector<Candidate>::iterator weakest(std::vector<Candidate>& candidates, double least_ratio) {
  const auto uncertain =
      std::max_element(candidates.begin(), candidates.end(),
                       [](const auto& a, const auto& b) { return a.weakness < b.weakness; });
  if (uncertain == candidates.end() || uncertain->weakness > 1) return uncertain;
  const auto small =
      std::min_element(candidates.begin(), candidates.end(),
                       [](const auto& a, const auto& b) { return a.ratio < b.ratio; });
  return small->ratio < least_ratio ? small : candidates.end();
}

}  // namespace

std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                            const ChangePointOptions& options) {
  if (values.size() < 2 * least_values) return {};
  const std::vector<double> cleaned = without_spikes(logarithms(values));
  std::vector<Candidate> candidates;
  for (const std::size_t index : weak_change_points(cleaned, options)) {
    candidates.emplace_back().point.index = index;
  }
  const auto weigh_again = [&](std::size_t at) {
    const std::size_t from = at == 0 ? 0 : candidates[at - 1].point.index;
    const std::size_t to =
        at + 1 == candidates.size() ? values.size() : candidates[at + 1].point.index;
    candidates[at] =
        weigh(values, cleaned, from, candidates[at].point.index, to, options.max_p_value);
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) weigh_again(i);
  while (true) {
    const auto drop = weakest(candidates, options.least_ratio);
    if (drop == candidates.end()) break;
    const auto at = static_cast<std::size_t>(drop - candidates.begin());
    candidates.erase(drop);
    if (at > 0) weigh_again(at - 1);
    if (at < candidates.size()) weigh_again(at);
  }
  std::vector<ChangePoint> points;
  for (const Candidate& candidate : candidates) points.push_back(candidate.point);
  return points;
}

}  // namespace pgduet::gate

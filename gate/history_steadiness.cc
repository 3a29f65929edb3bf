#include <algorithm>
#include <cmath>
#include <vector>

#include "history_parts.h"
#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

constexpr double told_part = 0.05;  // of the samples, which may take longer

// What is known of the samples of one binding in one run, as multiples of their median.
struct Spread {
  double p95 = 1;
  double longest = 1;
  double samples = 0;
};

// Which part of the samples took more than `ratio` times the median: half of them more than
// once, 5 % more than `p95` times, none more than `longest` times; in between along a line over the
// logarithm.
double part_above(const Spread& spread, double ratio) {
  const auto between = [&](double from, double to, double part_from, double part_to) {
    return part_from + (part_to - part_from) * std::log(ratio / from) / std::log(to / from);
  };
  if (ratio >= spread.longest) return 0;
  if (ratio >= spread.p95) return between(spread.p95, spread.longest, told_part, 0);
  return between(1, spread.p95, 0.5, told_part);
}

double part_above(const std::vector<Spread>& spreads, double ratio) {
  double above = 0;
  double all = 0;
  for (const Spread& spread : spreads) {
    above += spread.samples * part_above(spread, ratio);
    all += spread.samples;
  }
  return above / all;
}

std::string sentence_of(const Steadiness& steadiness) {
  const std::string samples = counted(steadiness.samples, "sample");
  const std::string runs = counted(steadiness.runs, "run");
  const std::string of = samples + " in " + runs;
  switch (steadiness.state) {
    case Steadiness::State::unknown:
      return "steady or spiky is not known: " + of + ", and it takes " +
             count_text(least_samples_for_steadiness);
    case Steadiness::State::steady:
      return "steady: 95 % of samples within " + factor_text(steadiness.ratio) +
             " of the median of their run (" + of + "), the longest " +
             factor_text(steadiness.longest);
    case Steadiness::State::spiky:
      return "spiky: 5 % of samples take more than " + factor_text(steadiness.ratio) +
             " the median of their run (" + of + "), the longest " +
             factor_text(steadiness.longest);
  }
  return "";
}

}  // namespace

Steadiness steadiness_of(const std::vector<HistoryRun>& runs) {
  Steadiness result;
  std::vector<Spread> spreads;
  for (const HistoryRun& run : runs) {
    const std::size_t before = spreads.size();
    for (const HistoryBinding& binding : run.point.bindings) {
      if (!binding.failure.empty() || binding.samples <= 0 || !binding.wall_median_us ||
          !binding.wall_p95_us || !binding.wall_max_us || !(*binding.wall_median_us > 0)) {
        continue;
      }
      const double p95 = std::max(1.0, *binding.wall_p95_us / *binding.wall_median_us);
      const double longest = std::max(p95, *binding.wall_max_us / *binding.wall_median_us);
      spreads.push_back({p95, longest, static_cast<double>(binding.samples)});
      result.samples += binding.samples;
      result.longest = std::max(result.longest, longest);
    }
    if (spreads.size() > before) ++result.runs;
  }
  if (result.samples >= least_samples_for_steadiness) {
    // The part falls as the ratio grows: halve the interval in which it reaches 5 %.
    double least = 1;
    double most = result.longest;
    for (int i = 0; i < 60; ++i) {
      const double middle = std::sqrt(least * most);
      (part_above(spreads, middle) > told_part ? least : most) = middle;
    }
    result.ratio = most;
    result.state =
        result.ratio > spiky_ratio ? Steadiness::State::spiky : Steadiness::State::steady;
  }
  result.sentence = sentence_of(result);
  return result;
}

}  // namespace pgduet::gate

#include <utility>
#include <vector>

#include "history_parts.h"
#include "pgduet/gate/time.h"

namespace pgduet::gate {
namespace {

// Of fewer runs the median is not that of a middle run: of two it is what lies between them, which
// would take half of the difference between two machines for the query's own.
constexpr std::size_t least_runs_of_other = 3;

}  // namespace

Machines::Machines(OtherTimes others, std::string clock)
    : others_(std::move(others)), clock_(std::move(clock)) {}

std::size_t Machines::set(const std::string& own, std::vector<HistoryRun>& runs) const {
  std::vector<std::vector<double>> ratios(runs.size());
  for (const auto& [query, times] : others_) {
    if (query == own) continue;
    std::vector<std::pair<std::size_t, double>> of_runs;
    std::vector<double> all;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const auto found = times.find(runs[i].point.run_id);
      if (found == times.end()) continue;
      const std::optional<double>& time =
          clock_ == "CPU" ? found->second.cpu_us : found->second.wall_us;
      if (!time || !(*time > 0)) continue;
      of_runs.emplace_back(i, *time);
      all.push_back(*time);
    }
    if (all.size() < least_runs_of_other) continue;
    const double middle = median(all);
    for (const auto& [run, time] : of_runs) ratios[run].push_back(time / middle);
  }
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (ratios[i].size() < least_other_queries_known) {
      ++unknown;
    } else {
      runs[i].machine = median(ratios[i]);
    }
  }
  return unknown;
}

}  // namespace pgduet::gate

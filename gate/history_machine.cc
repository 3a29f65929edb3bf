#include <vector>

#include "history_parts.h"
#include "pgduet/gate/time.h"

namespace pgduet::gate {
namespace {

// Of fewer runs the median is not that of a middle run: of two it is what lies between them, which
// would take half of the difference between two machines for the query's own.
constexpr std::size_t least_runs_of_other = 3;

}  // namespace

std::size_t set_machines(const std::map<std::string, std::map<std::string, double>>& others_us,
                         std::vector<HistoryRun>& runs) {
  std::map<std::string, std::vector<double>> ratios;  // by run
  for (const auto& [query, times] : others_us) {
    if (times.size() < least_runs_of_other) continue;
    std::vector<double> all;
    for (const auto& [run, time] : times) all.push_back(time);
    const double middle = median(all);
    if (!(middle > 0)) continue;
    for (const auto& [run, time] : times) {
      if (time > 0) ratios[run].push_back(time / middle);
    }
  }
  std::size_t unknown = 0;
  for (HistoryRun& run : runs) {
    const std::vector<double>& of_run = ratios[run.point.run_id];
    if (of_run.size() < least_other_queries_known) {
      ++unknown;
    } else {
      run.machine = median(of_run);
    }
  }
  return unknown;
}

}  // namespace pgduet::gate

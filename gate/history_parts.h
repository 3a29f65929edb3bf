// The parts of examine_history(), and the words that they and the overviews share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/history.h"

namespace pgduet::gate {

// Nothing where there is none, or it is too short for the clock. `clock` as QueryHistory::clock.
std::optional<double> least_time_us(const HistoryBinding& binding, const std::string& clock);

// Whether any binding of the point was run, and whether one of them failed.
bool was_run(const HistoryPoint& point);
bool failed(const HistoryPoint& point);

// What two bindings have in common that may be compared: number and parameters.
using BindingKey = std::pair<int, std::string>;
BindingKey key_of(const HistoryBinding& binding);

// CPU time where every run with times has it; else the wall time, which they all have, as times of
// two clocks cannot be compared. "" without times.
std::string clock_of(const std::vector<HistoryPoint>& points);

// Some queries of one workload, whose times tell how fast the machine of each run was.
class Machines {
 public:
  Machines(OtherTimes others, std::string clock);

  // Sets `machine` of each run, by the others without `own`. Returns of how many too few tell.
  std::size_t set(const std::string& own, std::vector<HistoryRun>& runs) const;

 private:
  OtherTimes others_;
  std::string clock_;
};

// As examine_history(), by other machines and another clock than those of the series. `own` is left
// out of the machines.
QueryHistory examine_history(QuerySeries series, const Machines& machines, const std::string& clock,
                             const std::string& own);

// Requires: runs, plans and clock are set.
std::vector<HistoryEvent> find_events(const QueryHistory& history);

Steadiness steadiness_of(const std::vector<HistoryRun>& runs);

// How much of a commit name is shown.
constexpr std::size_t commit_digits = 10;

// "3.21×", "18×".
std::string times_text(double ratio);

// "18× slower", "2.41× faster".
std::string speed_text(double before_us, double after_us);

// "run 12, commit 3f2a91c0d0 "Drop unused index" (branch main)".
std::string run_text(const QueryHistory& history, std::size_t run);

// The newest level over the first that it can be compared with; nothing without levels.
std::optional<double> trend_of(const QueryHistory& history);

// "18× slower than in the first run". Requires: levels.
std::string trend_text(const QueryHistory& history);

}  // namespace pgduet::gate

#include "impact.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/time.h"
#include "pgduet/gate/wording.h"
#include "workload_times.h"

namespace pgduet::gate {
namespace {

// "+3.2 %", "-0.41 %", "+120 %".
std::string change_text(double ratio) {
  const double percent = (ratio - 1) * 100;
  char text[32];
  std::snprintf(text, sizeof text, std::abs(percent) < 10 ? "%+.2g %%" : "%+.0f %%", percent);
  return text;
}

struct Contribution {
  std::string query;
  double difference = 0;  // of the workload's time on base
};

// By how much the query's time changed, over its bindings: those that the duet says nothing of
// count as unchanged, since what their times differ by is noise.
double change_of(const QueryRecord& query, const std::vector<Finding>& findings) {
  double before = 0;
  double after = 0;
  for (const BindingRun& head : query.head->bindings) {
    const BindingRun* base = WorkloadTimes::base_of(query, head);
    const auto measured = minimum_times(base == nullptr ? head : *base);
    if (!measured) continue;
    const double time = measured->cpu_us.value_or(measured->served_us);
    double ratio = 1;
    for (const Finding& finding : findings) {
      const bool differs = finding.time && finding.binding == head.number &&
                           (finding.time->outcome == TimeOutcome::slower ||
                            finding.time->outcome == TimeOutcome::faster);
      if (differs) ratio = finding.time->ratio;
    }
    before += time;
    after += time * ratio;
  }
  return before > 0 ? after / before - 1 : 0;
}

std::string main_contribution(const std::vector<Contribution>& contributions, double sum) {
  const Contribution* largest = nullptr;
  for (const Contribution& one : contributions) {
    const bool same_direction = one.difference * sum > 0;
    if (same_direction &&
        (largest == nullptr || std::abs(one.difference) > std::abs(largest->difference))) {
      largest = &one;
    }
  }
  if (largest == nullptr || contributions.size() < 2) {
    return largest == nullptr ? "" : ", all of it from " + largest->query;
  }
  const double part = std::min(1.0, largest->difference / sum);
  return "; " + std::to_string(std::lround(part * 100)) + " % of that from " + largest->query;
}

}  // namespace

void tell_impact(WorkloadReport& report) {
  std::vector<Contribution> contributions;
  double sum = 0;
  bool compared = false;
  for (const QueryReport& query : report.queries) {
    if (query.record == nullptr || !query.record->head) continue;
    compared = compared || query.detectable || query.record->unchanged;
    if (!query.detectable) continue;
    const double difference = query.share * change_of(*query.record, query.findings);
    if (difference == 0) continue;
    contributions.push_back({query.name, difference});
    sum += difference;
  }
  if (!compared) return;
  report.impact_ratio = 1 + sum;
  if (contributions.empty()) {
    report.impact = "no change of the weighted workload's time";
    return;
  }
  report.impact = change_text(1 + sum) + " CPU of the weighted workload" +
                  main_contribution(contributions, sum);
}

void tell_detection(WorkloadReport& report) {
  std::vector<double> detectable;
  for (const QueryReport& query : report.queries) {
    if (query.detectable) detectable.push_back(*query.detectable);
  }
  if (detectable.empty()) return;
  std::sort(detectable.begin(), detectable.end());
  const auto at = [&detectable](double part) {
    return detectable.at(
        static_cast<std::size_t>(part * static_cast<double>(detectable.size() - 1)));
  };
  report.detection = "slowdowns from " + factor_text(at(0.5)) +
                     " on would have shown in half of the queries, from " + factor_text(at(0.95)) +
                     " on in 95 %";
}

}  // namespace pgduet::gate

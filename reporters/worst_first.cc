#include "worst_first.h"

#include <algorithm>

namespace pgduet::reporters {

using gate::Verdict;

std::vector<NamedQuery> worst_first(const gate::Report& report) {
  std::vector<NamedQuery> queries;
  for (const gate::WorkloadReport& workload : report.workloads) {
    for (const gate::QueryReport& query : workload.queries) queries.push_back({&workload, &query});
  }
  std::stable_sort(queries.begin(), queries.end(), [](const auto& a, const auto& b) {
    if (a.report->fails != b.report->fails) return a.report->fails;
    return a.report->verdict < b.report->verdict;
  });
  return queries;
}

bool is_only_listed(const gate::QueryReport& query) {
  return !query.fails && (query.verdict == Verdict::new_query || query.verdict == Verdict::skipped);
}

std::string_view skip_reason_of(const gate::QueryReport& query) {
  if (query.record != nullptr && query.record->skip_reason) return *query.record->skip_reason;
  return query.headline;
}

}  // namespace pgduet::reporters

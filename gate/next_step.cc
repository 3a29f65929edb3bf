#include "next_step.h"

namespace pgduet::gate {
namespace {

std::string exception_for(const std::string& query) {
  return "pgduet accept " + query + " --until DATE --owner WHO --reason WHY";
}

}  // namespace

std::string next_step(const QueryReport& report, const WorkloadRecord& workload) {
  const std::string query = workload.name + "/" + report.name;
  switch (report.verdict) {
    case Verdict::broken:
      if (has_convicting(report.findings, Finding::Kind::failure)) return "";
      // A result is judged against base even when the baseline was updated: see judge.h.
      return "If the other result is meant: " + exception_for(query);
    case Verdict::regressed:
      // So is time.
      if (has_convicting(report.findings, Finding::Kind::time)) {
        return "See both plans: pgduet explain " + query +
               " --run last. If it is meant: " + exception_for(query);
      }
      return "See both plans: pgduet explain " + query +
             " --run last. If it is meant: pgduet accept " + query;
    case Verdict::changed:
      // Only slower, and not by enough to fail: a baseline would not change that.
      if (has_convicting(report.findings, Finding::Kind::time)) {
        return "See both plans: pgduet explain " + query + " --run last.";
      }
      return "To make this the new baseline: pgduet accept " + query;
    case Verdict::improved:
      return "To keep it this good, make it the new baseline: pgduet accept " + query;
    case Verdict::new_query:
      return "To make its baseline: pgduet accept " + query;
    case Verdict::missing:
    case Verdict::inconclusive:
    case Verdict::accepted:
    case Verdict::passed:
    case Verdict::skipped:
      return "";
  }
  return "";
}

}  // namespace pgduet::gate

#include "next_step.h"

namespace pgduet::gate {
namespace {

std::string exception_for(const std::string& query) {
  return "pgduet accept " + query + " --until DATE --owner WHO --reason WHY";
}

// The statement of the setup that did it, else the query where its text is another; empty when
// neither is known.
SourcePosition place_to_mend(const QueryReport& report) {
  for (const Finding& finding : report.findings) {
    if (names_file(finding.culprit.file)) return finding.culprit;
  }
  const QueryRecord* record = report.record;
  const bool rewritten = record != nullptr && record->base && record->head &&
                         record->base->normalized_sql != record->head->normalized_sql;
  return rewritten ? report.source : SourcePosition{};
}

// "Mend shop/setup/007_cleanup.sql:3. " and the rest; the rest alone where nobody knows what.
std::string mend_or(const QueryReport& report, const std::string& rest) {
  const SourcePosition place = place_to_mend(report);
  if (place.file.empty()) return rest;
  return "Mend " + to_text(place) + "." + (rest.empty() ? "" : " " + rest);
}

}  // namespace

std::string next_step(const QueryReport& report, const WorkloadRecord& workload) {
  const std::string query = workload.name + "/" + report.name;
  switch (report.verdict) {
    case Verdict::broken:
      if (has_convicting(report.findings, Finding::Kind::failure)) {
        return mend_or(report, "");
      }
      // A result is judged against base even when the baseline was updated: see judge.h.
      return mend_or(report, "If the other result is meant: " + exception_for(query));
    case Verdict::regressed: {
      // So is time.
      const bool by_time = has_convicting(report.findings, Finding::Kind::time);
      return mend_or(report, "See both plans: pgduet explain " + query +
                                 " --run last. If it is meant: " +
                                 (by_time ? exception_for(query) : "pgduet accept " + query));
    }
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

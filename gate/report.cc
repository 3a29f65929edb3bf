#include "pgduet/gate/report.h"

#include <algorithm>

namespace pgduet::gate {

std::string to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::broken:
      return "broken";
    case Verdict::regressed:
      return "regressed";
    case Verdict::missing:
      return "missing";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::new_query:
      return "new";
    case Verdict::changed:
      return "changed";
    case Verdict::accepted:
      return "accepted";
    case Verdict::improved:
      return "improved";
    case Verdict::passed:
      return "passed";
    case Verdict::skipped:
      return "skipped";
  }
  return "";
}

bool has_convicting(const std::vector<Finding>& findings, Finding::Kind kind) {
  return std::any_of(findings.begin(), findings.end(), [kind](const Finding& finding) {
    return finding.kind == kind && finding.weight == Finding::Weight::convicts;
  });
}

int exit_status(Report::Outcome outcome) {
  switch (outcome) {
    case Report::Outcome::passed:
      return 0;
    case Report::Outcome::failed:
      return 1;
    case Report::Outcome::not_measured:
      return 3;
  }
  return 3;
}

}  // namespace pgduet::gate

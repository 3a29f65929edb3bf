#include "badge.h"

#include <string>

#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;
using Outcome = gate::Report::Outcome;

struct Counts {
  std::size_t all = 0;
  std::size_t failing = 0;
  std::size_t inconclusive = 0;
  std::size_t unjudged = 0;  // new and skipped
};

Counts counts_of(const gate::Report& report) {
  Counts counts;
  for (const gate::WorkloadReport& workload : report.workloads) {
    for (const gate::QueryReport& query : workload.queries) {
      ++counts.all;
      if (query.fails)
        ++counts.failing;
      else if (query.verdict == Verdict::inconclusive)
        ++counts.inconclusive;
      else if (query.verdict == Verdict::new_query || query.verdict == Verdict::skipped)
        ++counts.unjudged;
    }
  }
  return counts;
}

gate::Json badge(Outcome outcome, const Counts& counts) {
  std::string message = "not measured";
  const char* color = "lightgrey";
  if (outcome == Outcome::failed) {
    message = gate::count_text(counts.failing) + " of " + gate::count_text(counts.all) +
              (counts.failing == 1 ? " fails" : " fail");
    color = "red";
  } else if (outcome == Outcome::passed) {
    const std::size_t passed = counts.all - counts.inconclusive - counts.unjudged;
    message = gate::counted(passed, "query") + " passed";
    color = "brightgreen";
    if (counts.inconclusive > 0) {
      message += ", " + gate::count_text(counts.inconclusive) + " inconclusive";
      color = "yellow";
    }
  }
  gate::Json json = {
      {"schemaVersion", 1}, {"label", "pgduet"}, {"message", message}, {"color", color}};
  if (outcome == Outcome::not_measured) json["isError"] = true;
  return json;
}

class BadgeReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    out << gate::to_pretty_text(badge(report.outcome, counts_of(report)));
  }
};

}  // namespace

std::unique_ptr<Reporter> make_badge_reporter(const ReportOptions&) {
  return std::make_unique<BadgeReporter>();
}

}  // namespace pgduet::reporters

// A finished judgement: what reporters lay out. Wording, order and verdicts are decided here and
// nowhere else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/gate/time.h"
#include "pgduet/gate/work.h"

namespace pgduet::gate {

// The worst first; a query's verdict is that of its worst binding.
enum class Verdict {
  broken,
  regressed,
  missing,
  inconclusive,
  new_query,
  changed,
  accepted,
  improved,
  passed,
  skipped
};

// "broken", "regressed", ..., "new" for new_query.
std::string to_text(Verdict verdict);

// One observed difference, with its evidence.
struct Finding {
  enum class Kind { result, failure, plan, work, estimate, time, stability, baseline };
  enum class Weight { convicts, explains, informs };  // makes the verdict; says why; worth knowing
  enum class Reference { base, baseline };

  Kind kind = Kind::plan;
  Weight weight = Weight::informs;
  Reference reference = Reference::base;
  int binding = 0;     // BindingRun::number; 0: the query as a whole
  std::string path;    // the node, by place and alias; "" when none
  std::string before;  // what it was: "Index Scan using orders_customer_id_idx", "24 blocks"
  std::string after;   // what it is
  std::optional<double> ratio;  // after / before, where both are counts
  std::string sentence;         // the whole finding in one sentence, without a final period
  std::string reason;  // the plain reason, where it can be known: "index orders_customer_id_idx was
                       // dropped by setup/007_cleanup.sql:3"
  SourcePosition culprit;            // the place that the reason names; empty when unknown
  std::optional<TimeEvidence> time;  // of a finding about time

  bool operator==(const Finding&) const = default;
};

// Whether a finding of that kind convicts.
bool has_convicting(const std::vector<Finding>& findings, Finding::Kind kind);

// Fastest times of the binding that decided the verdict: those of the duet, else of the screening.
struct TimesShown {
  std::optional<MinimumTimes> before;  // of base, else of the baseline
  std::optional<MinimumTimes> after;
  std::string clock = "CPU";  // see TimeEvidence
};

struct QueryReport {
  std::string name;
  SourcePosition source;  // its "-- name:" line; the baseline file for a missing query
  Verdict verdict = Verdict::passed;
  bool fails = false;              // whether it fails the gate, under its policy
  std::string headline;            // the sentence that a reviewer reads first; "" for passed
  std::vector<Finding> findings;   // the most telling first
  std::vector<std::string> notes;  // "accepted by @payments until 2027-03-31: fraud check", "result
                                   // compared by row count: calls now()"
  std::string next_step;           // what to do now, in one sentence; "" when nothing
  int worst_binding = 0;           // 0 when there is none
  TimesShown times;
  // The smallest slowdown that this run would have reported of each of its bindings, as a ratio.
  // Nothing where no time was compared: the same statement on the same database, say.
  std::optional<double> detectable;
  double share = 0;                 // of the workload's time on base: executions by weight, 0 to 1
  std::optional<Work> work_before;  // of the worst binding
  std::optional<Work> work_after;
  const QueryRecord* record = nullptr;  // inside Report::record; null for a missing query
};

struct WorkloadReport {
  std::string name;
  const WorkloadRecord* record = nullptr;  // inside Report::record
  std::vector<QueryReport> queries;        // in the order of the record, missing ones last
  std::vector<std::string>
      notes;                  // stale baselines, what could not be measured on this server, ...
  std::string compared_with;  // "base 3f2a91c and 31 baselines", "31 baselines", "nothing"
  // What the change does to the workload as a whole: "+3.2 % CPU of the weighted workload; 91 % of
  // that from orders_of_customer". "" where no time was compared.
  std::string impact;
  std::optional<double> impact_ratio;  // head / base of the weighted workload's time
  // How small a slowdown the run could have told: "slowdowns from 1.11× on would have shown in half
  // of the queries, from 1.18× on in 95 %". "" where no time was compared.
  std::string detection;
};

struct Report {
  enum class Outcome { passed, failed, not_measured };

  std::shared_ptr<const RunRecord> record;
  std::vector<WorkloadReport> workloads;
  Outcome outcome = Outcome::passed;
  std::string summary;  // "2 of 31 queries fail: 1 broken, 1 regressed; 1 improved, 27 passed"
};

// 0 passed, 1 failed, 3 not measured (nothing could be compared).
int exit_status(Report::Outcome outcome);

}  // namespace pgduet::gate

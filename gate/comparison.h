// One binding against one reference: what differs, and what that adds up to.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/policy.h"
#include "pgduet/gate/report.h"
#include "pgduet/gate/run_record.h"
#include "reason.h"

namespace pgduet::gate {

// What a binding is compared with: the same binding on base, or its committed baseline.
struct Reference {
  Finding::Reference kind = Finding::Reference::base;
  const ExecutionFailure* failure = nullptr;
  const ResultSummary* result = nullptr;
  Work work;
  std::set<std::string> shapes;  // any of them is the expected plan; empty when none is known
  std::optional<MinimumTimes> times;

  // For telling what changed in a plan: a plan, or where there is none the trees of the shapes.
  const Json* plan = nullptr;
  const IndexDefinitions* indexes = nullptr;  // those that `plan` could use; null for none
  std::vector<PlanShape> trees;
};

Reference base_reference(const QueryRun& run, const BindingRun& binding,
                         const IndexDefinitions& indexes);
Reference baseline_reference(const VersionBaseline& version, const BindingBaseline& binding);

struct Comparison {
  Verdict result = Verdict::passed;  // of failures and results: broken, inconclusive, improved or
                                     // passed
  Verdict plan_and_work = Verdict::passed;  // regressed, changed, improved or passed
  Verdict time = Verdict::passed;  // broken, regressed, inconclusive, changed, improved or passed
  std::vector<Finding> findings;
  std::vector<std::string> notes;
};

// The worst of the three.
Verdict verdict_of(const Comparison& comparison);

// What a comparison needs beside its two sides.
struct ComparisonContext {
  const Policy* policy = nullptr;
  const IndexDefinitions* head_indexes = nullptr;
  const QueryRun* head_run = nullptr;
  ReasonContext reasons;
};

Comparison compare_with(const Reference& reference, const BindingRun& head,
                        const ComparisonContext& context);

// Whether the binding does what its baseline says: no failure, an accepted plan, the same result,
// and work that is not worth a line.
bool meets(const BindingBaseline& expected, const BindingRun& binding);

// Whether head's plan is one that the reference expects, whatever its aliases are.
bool has_expected_plan(const Reference& reference, const QueryRun& head_run, const BindingRun& head,
                       const IndexDefinitions& head_indexes);

// The changes of one plan into another, as findings with their reasons.
std::vector<Finding> plan_findings(const Reference& reference, const BindingRun& head,
                                   const ComparisonContext& context);

// "fails: relation "x" does not exist (42P01)".
std::string failure_text(const ExecutionFailure& failure);

}  // namespace pgduet::gate

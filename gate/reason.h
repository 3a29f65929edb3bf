// Why a query does something else than before, as far as the statement, the catalogues, the
// settings and the setup steps tell. Every function returns the first reason that applies, the most
// telling first, or an empty one.
#pragma once

#include <string>

#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/run_record.h"
#include "side_differences.h"

namespace pgduet::gate {

// What there is to look for reasons in. The pointers may be null.
struct ReasonContext {
  const SideRecord* head_side = nullptr;         // never null
  const SideDifferences* differences = nullptr;  // never null
  const QueryRun* base_run = nullptr;
  const QueryRun* head_run = nullptr;  // never null
  const BindingRun* base = nullptr;
  const BindingRun* head = nullptr;  // never null
  std::string baseline_fingerprint;  // where the reference is a baseline; "" when unknown
};

Reason why_plan_changed(const ReasonContext& context, const PlanChange& change);

// For more or less work with the same plan. `spilled`: temporary files appeared or grew.
Reason why_work_changed(const ReasonContext& context, bool spilled);

// For a slowdown with the same plan and the same work.
Reason why_time_changed(const ReasonContext& context);

Reason why_result_changed(const ReasonContext& context);

// `message` is the server's.
Reason why_it_fails(const ReasonContext& context, const std::string& message);

}  // namespace pgduet::gate

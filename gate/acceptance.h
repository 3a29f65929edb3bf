// Deliberate exceptions: which of them cover what a comparison found.
#pragma once

#include <string>
#include <vector>

#include "comparison.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/policy.h"
#include "pgduet/gate/report.h"

namespace pgduet::gate {

// Whether a verdict fails the gate under this policy.
bool fails_gate(Verdict verdict, const Policy& policy);

// Whether `first` is to be told rather than `second`: the worse one, but what would have failed
// before a change that never would.
bool is_worse(Verdict first, Verdict second, const Policy& policy);

struct Acceptance {
  Verdict verdict = Verdict::passed;  // the comparison's own, or accepted
  std::vector<std::string> notes;     // who accepted it, until when and why; what has expired
};

// `today` as in "2026-11-21".
Acceptance apply_accepted(const std::vector<AcceptedEntry>& entries, const Comparison& comparison,
                          const Policy& policy, const std::string& today);

}  // namespace pgduet::gate

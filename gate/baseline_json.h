// A baseline as JSON, for files (baseline.h) and for run records, which keep those that they were
// judged by.
#pragma once

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/json.h"

namespace pgduet::gate {

Json baseline_to_json(const Baseline& baseline);

// Throws as baseline_from_text does.
Baseline baseline_from_document(const JsonDocument& document);

}  // namespace pgduet::gate

// Which bindings are the same: those with the same parameter values.
#pragma once

#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// Same names and values; the types may differ, as they follow from the schema.
bool same_values(const std::vector<ParameterValue>& left, const std::vector<ParameterValue>& right);

// The baseline's binding with these values; null when there is none.
const BindingBaseline* find_binding(const VersionBaseline& version,
                                    const std::vector<ParameterValue>& parameters);

}  // namespace pgduet::gate

#include "bindings.h"

#include <algorithm>

namespace pgduet::gate {

bool same_values(const std::vector<ParameterValue>& left,
                 const std::vector<ParameterValue>& right) {
  // By name: a rewritten statement may name its parameters in another order.
  return left.size() == right.size() &&
         std::all_of(left.begin(), left.end(), [&right](const ParameterValue& one) {
           return std::any_of(right.begin(), right.end(), [&one](const ParameterValue& other) {
             return one.name == other.name && one.value == other.value;
           });
         });
}

const BindingBaseline* find_binding(const VersionBaseline& version,
                                    const std::vector<ParameterValue>& parameters) {
  for (const BindingBaseline& binding : version.bindings) {
    if (same_values(binding.parameters, parameters)) return &binding;
  }
  return nullptr;
}

}  // namespace pgduet::gate

// What a server can plan that one of an earlier major version cannot, seen in its plans.
// Source: the release notes of PostgreSQL 15 to 18, sections "Optimizer" and "General Performance".
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/plan.h"

namespace pgduet::gate {

struct VersionFeature {
  int since = 0;     // the major version that brought it
  std::string name;  // "right anti join"

  bool operator==(const VersionFeature&) const = default;
};

// What the newer of two plans of one statement does that the server of the older could not, by
// version. Empty when the majors are the same.
std::vector<VersionFeature> features_between(const Plan& older, int older_major, const Plan& newer,
                                             int newer_major);

}  // namespace pgduet::gate

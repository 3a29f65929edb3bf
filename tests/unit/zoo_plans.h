// The plans of tests/data/plans.
#pragma once

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "pgduet/gate/plan.h"

namespace pgduet::gate::testing {

constexpr const char* zoo_versions[] = {"14", "15", "15-jit", "16", "17", "18"};

// EXPLAIN's answers by query name. `version` is one of zoo_versions.
inline const Json& zoo(const char* version) {
  static std::map<std::string, Json> loaded;
  Json& plans = loaded[version];
  if (plans.is_null()) {
    const std::string file =
        PGDUET_SOURCE_DIR "/tests/data/plans/plans-" + std::string(version) + ".json";
    std::ifstream in(file);
    if (!in) throw std::runtime_error("could not open " + file);
    plans = Json::parse(in);
  }
  return plans;
}

inline Plan zoo_plan(const char* version, const std::string& query) {
  return read_plan(zoo(version).at(query));
}

}  // namespace pgduet::gate::testing

// What the setup of head made otherwise than that of base, object by object and step by step, and
// how a person would say it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/catalog.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::gate {

// A fact that explains a finding, and the place where it was made so.
struct Reason {
  std::string text;        // "index orders_customer_id_idx was dropped by setup/007_cleanup.sql:3"
  SourcePosition culprit;  // empty when no file of head can be named

  bool operator==(const Reason&) const = default;
};

// One object, or setting of the database, that is not the same on both sides.
struct ObjectDifference {
  CatalogObject object;               // head's; base's when head has none
  std::optional<std::string> before;  // definition on base; nothing when base has none
  std::optional<std::string> after;   // definition on head; nothing when head has none
  Reason reason;
};

struct SideDifferences {
  // In order of kind and name. Without a base side: what head's own steps dropped.
  std::vector<ObjectDifference> objects;
  // Settings that pgduet and the workload set: "work_mem is 64kB instead of 4MB".
  std::vector<Reason> settings;
  // A step that differs from base's and did nothing else to the catalogue: it made other data.
  std::optional<Reason> data;
  std::optional<Reason> version;  // "the server is PostgreSQL 17 instead of 15"
  int base_major = 0;             // the 15 of it
};

// `base` may be null. `directory` is the workload's: reasons name files by place_in() it.
SideDifferences compare_sides(const SideRecord* base, const SideRecord& head,
                              const std::string& directory);

// The name without schema "public", and without the arguments of a function.
std::string short_name(const CatalogObject& object);

}  // namespace pgduet::gate

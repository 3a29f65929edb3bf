// What a database consists of, as values: compared after each setup step, so that a finding can
// name the step that caused it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {

// One object of a database, or one setting of it.
struct CatalogObject {
  std::string
      kind;  // "table", "column", "index", "constraint", "view", "materialized view", "function",
             // "statistics object", "trigger", "policy", "sequence", "type", "extension", "setting"
  std::string
      name;  // "public.orders", "public.orders.total" (column), "public.orders_pkey", "work_mem"
  std::string relation;    // "public.orders" for what belongs to a relation; else ""
  std::string definition;  // the server's own text (pg_get_indexdef, ...); for an index without its
                           // name, so that a rename is seen as one; for a column "bigint not null
                           // default 0 collate \"C\""

  bool operator==(const CatalogObject&) const = default;
};

// In lower case, without its schema, relation and arguments: "orders" of "public.Orders", "total"
// of "public.orders.total" and of "public.total(amount numeric)".
std::string bare_name(const std::string& name);

// Sorted by kind, then name.
using Catalog = std::vector<CatalogObject>;

// One object that a setup step made, altered or dropped.
struct CatalogChange {
  CatalogObject object;               // as it is after the change; as it was when dropped
  std::optional<std::string> before;  // definition; nothing when it was created
  std::optional<std::string> after;   // definition; nothing when it was dropped
  SourcePosition at;  // the setup step: file, and the line of the statement where it could be found

  bool operator==(const CatalogChange&) const = default;
};

// The differences from `before` to `after`, in order of kind and name; `at` is left empty.
std::vector<CatalogChange> compare_catalogs(const Catalog& before, const Catalog& after);

// The definitions of the indexes of a catalogue, in the form that shape_of takes.
IndexDefinitions index_definitions(const Catalog& catalog);

// A statement of a setup step that changed the catalogue, for those who are to see what it did.
struct StepStatement {
  int line = 0;      // of its first character in the step's file
  std::string text;  // at most longest_step_statement bytes, then "…"

  bool operator==(const StepStatement&) const = default;
};
constexpr std::size_t longest_step_statement = 2000;

// One setup step as it was run.
struct StepRecord {
  std::string name;          // "setup/001_schema.sql", "copy data/products.csv into products"
  std::string content_hash;  // of everything that went into it
  double seconds = 0;
  std::vector<CatalogChange> changes;  // what it did to the catalogue
  // Those that `changes` names by their lines, in order; records of older versions have none.
  std::vector<StepStatement> statements = {};

  bool operator==(const StepRecord&) const = default;
};

Json to_json(const Catalog& catalog);
Catalog catalog_from_json(const Json& value);
Json to_json(const StepRecord& step);
StepRecord step_from_json(const Json& value);

}  // namespace pgduet::gate

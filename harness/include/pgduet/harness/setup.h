// Builds the database of a workload, step by step, and keeps what each step did to the catalogue.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgduet/gate/catalog.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

// Where a database is to be built.
struct SetupTarget {
  std::string connection_string;  // of the new, empty database
  std::map<std::string, std::string>
      environment;  // for "run" steps, psql and pg_restore: PGHOST, PGPORT, PGUSER, PGDATABASE, ...
  std::vector<std::string>
      program_directories;  // searched first for psql and pg_restore, then PATH
  std::function<void(const std::string&)>
      reseed;  // fixes the server's randomness under a name (Server::set_random_seed); may be empty
  std::function<void(const std::string&)> progress;  // "setup/002_seed.sql"; may be empty
};

struct SetupResult {
  std::vector<gate::StepRecord> steps;
  gate::Catalog catalog;  // after the last step
};

// Creates the extensions, runs the steps in one session each, in order, then VACUUM (FREEZE) and
// ANALYZE: one fresh session and one seed a table, so that the statistics of a table depend on that
// table alone. Throws Error(input) at the step's file:line with the server's message when a step
// fails, Error(environment) when the connection is lost.
SetupResult build_database(const Workload& workload, const SetupTarget& target);

// ANALYZE of every table, as build_database does it at its end.
void analyze_database(const SetupTarget& target);

// The catalogue of a database: user schemas only; a few milliseconds.
gate::Catalog read_catalog(const std::string& connection_string);

}  // namespace pgduet::harness

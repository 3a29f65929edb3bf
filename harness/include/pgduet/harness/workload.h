// Workload files: workload.json, setup steps and query files. workloads/README.md specifies the
// format for users.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/policy.h"
#include "pgduet/gate/sql.h"
#include "pgduet/harness/generator.h"

namespace pgduet::harness {

// One setup step.
struct SetupStep {
  enum class Kind { sql, copy, run, restore };

  Kind kind = Kind::sql;
  std::string file;                  // sql, copy, restore: relative to the workload's directory
  std::string into;                  // copy: the table
  std::vector<std::string> command;  // run: program and arguments
  std::string working_directory;    // run: relative to the workload's directory; "" for that itself
  std::vector<std::string> inputs;  // run: files elsewhere that the database is made from
  gate::SourcePosition at;          // in workload.json

  // "setup/001_schema.sql", "copy data/products.csv into products", "run alembic upgrade head",
  // "restore dump.pgc"
  std::string name() const;
};

struct Parameter {
  std::string name;
  Generator generator;
};

// One named query.
struct Query {
  std::string name;
  std::string description;  // the comment lines under the name
  std::string sql;          // the body as written, without header and final semicolon
  gate::SourcePosition at;  // its "-- name:" line
  int sql_line = 0;         // the file's line and column at which `sql` begins
  int sql_column = 1;       //
  gate::NumberedSql numbered;
  std::vector<Parameter> parameters;  // in the order of numbered.parameters
  gate::StatementTraits traits;
  double weight = 1;
  gate::Policy policy;
  std::string role;  // "-- role:"; "" for the owner
  std::map<std::string, std::string> settings;
  std::chrono::milliseconds timeout{30000};
  bool order_any = false;
  std::optional<int> bindings;  // "-- bindings: 8"
  std::optional<std::string> skip_reason;
};

struct Workload {
  std::filesystem::path directory;
  std::string shown_directory;  // as messages name it
  std::string name;
  std::string description;
  std::vector<int> versions;  // majors; empty: any
  std::map<std::string, std::string> settings;
  std::vector<std::string> extensions;
  std::vector<SetupStep> setup;  // globs expanded, in order
  double scale = 1;
  gate::Policy policy;
  std::vector<Query> queries;  // in the order of the files and within them
};

// Reads `directory`/workload.json and all it names. `shown_directory` is how messages name the
// directory (it may be a temporary copy of another revision). Throws Error(input) with file:line
// for everything that is wrong in it.
Workload load_workload(const std::filesystem::path& directory, const std::string& shown_directory);

// The queries of `workload`, which has to stay where it is, by name.
std::map<std::string, const Query*> queries_by_name(const Workload& workload);

// The generator of a parameter that the header of its query gives none; nothing where there is
// none either. The query is complete but for its parameters.
using MissingGenerator =
    std::function<std::optional<Generator>(const Query& query, const std::string& parameter)>;

// The queries of one query file. `defaults` is the workload's policy; `missing` may be empty.
std::vector<Query> parse_query_file(std::string_view text, const std::string& file,
                                    const gate::Policy& defaults,
                                    const MissingGenerator& missing = {});

// Where the character `character` (from 1, as the server counts) of query.numbered.sql stands in
// the query file.
gate::SourcePosition position_in_query(const Query& query, int character);

// The workload directories directly below `root` (those with a workload.json), by name; `root`
// itself when it is one.
std::vector<std::filesystem::path> find_workloads(const std::filesystem::path& root);

// A hash of everything in the workload that makes the database: settings, extensions, scale, and
// the names and contents of all setup files, in order; for a "run" step the contents of all files
// below the workload's directory (but .git and .pgduet). The server's version is not in it.
// Throws Error(input) when a file cannot be read.
std::string setup_hash(const Workload& workload);

}  // namespace pgduet::harness

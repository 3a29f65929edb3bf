// What a new workload can be made of: migrations and query files that an application has already,
// rows for its tables, values for its queries' parameters. Behind `pgduet init`.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/harness/executor.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

// The files below `root`, relative to it, in the order of their bytes: without what is installed,
// built or hidden (node_modules, vendor, build, .git, ...) and without workloads.
std::vector<std::string> project_files(const std::filesystem::path& root);

// One setup step to be, with paths relative to the project.
struct FoundStep {
  SetupStep::Kind kind = SetupStep::Kind::sql;
  std::string path;                  // sql: file or pattern; restore: file
  std::vector<std::string> command;  // run
  std::string in;                    // run: the directory
  std::vector<std::string> inputs;   // run: patterns of the files that it reads
};

// How the application builds its database.
struct FoundSetup {
  std::string what;       // "goose migrations", "Alembic"
  std::string directory;  // where; "" for the project itself
  std::vector<FoundStep> steps;
  std::vector<std::string> notes;  // what a user should know, in whole sentences
};

// Finds the migrations among `files`, all of the project's or, with `directory` ("db/migrations";
// "." for the project itself), those in or below that. Throws Error(usage) when there are none
// (names what was looked for) and when there are several.
FoundSetup find_setup(const std::filesystem::path& root, const std::vector<std::string>& files,
                      const std::optional<std::string>& directory);

// The steps as they stand in workload.json, with paths relative to `directory`, which lies below
// `root` (both exist), and as the program runs them.
FoundStep relative_to(const FoundStep& step, const std::filesystem::path& root,
                      const std::filesystem::path& directory);
std::vector<SetupStep> setup_steps(const std::filesystem::path& directory,
                                   const std::vector<FoundStep>& steps);

// SQL that fills tables: seed.sql, db/seeds.sql, fixtures/*.sql.
std::vector<std::string> find_seeds(const std::vector<std::string>& files, const FoundSetup& setup);

struct FoundQueries {
  struct LeftOut {
    std::string file;
    std::string reason;
  };
  std::vector<std::string> files;
  std::vector<Query> queries;  // of those files; parameters without a generator have an empty
                               // values() for now
  std::vector<LeftOut> left_out;
};

// The files among `files` with "-- name:" lines, or, with `pattern` (a directory, "." for the
// project itself, or a glob), those that it names. Throws Error(usage) when there is none.
FoundQueries find_queries(const std::filesystem::path& root, const std::vector<std::string>& files,
                          const std::optional<std::string>& pattern);

struct SeedScript {
  std::string script;                   // "" when no table is empty
  std::vector<std::string> left_empty;  // tables whose rows the server refused
};

// A script of one INSERT ... SELECT for each empty table, referenced tables first, that was tried
// on `database` (which has the rows after it). A table whose INSERT fails has it in comments, with
// the server's message.
SeedScript make_seed(const Database& database);

// A generator for each parameter of `query` that its header gives none, by name: from the data of
// the column that the parameter is compared with or inserted into, else by its type. Throws
// Error(input) at the query, with the server's message, when the server does not accept it.
std::map<std::string, std::string> suggest_params(const Database& database, const Query& query);

}  // namespace pgduet::harness

#include <algorithm>
#include <array>
#include <functional>
#include <regex>

#include "file_pattern.h"
#include "migration_file.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/scaffold.h"
#include "text.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

using gate::Error;
using Kind = SetupStep::Kind;
using Files = std::vector<std::string>;

std::string directory_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, slash);
}
std::string name_of(const std::string& file) { return file.substr(file.rfind('/') + 1); }
std::string joined(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}
std::string shown(const std::string& directory) { return directory.empty() ? "." : directory; }

// What a file is shows at its beginning; the rest may be megabytes of rows.
std::string beginning_of(const fs::path& file) { return read_beginning(file, 65536); }

bool creates_tables(const std::string& script) {
  static const std::regex pattern(R"(create\s+(unlogged\s+)?table)", std::regex::icase);
  return std::regex_search(script, pattern);
}

// The numbers of "V1_10__x.sql" or "0003_x.sql": 1, 10 and 3. Empty for another name.
std::vector<std::string> version_of(const std::string& name) {
  static const std::regex flyway(R"(V([0-9]+([._][0-9]+)*)__.*\.sql)");
  static const std::regex numbered(R"(([0-9]+)[^0-9].*)");
  std::smatch match;
  std::vector<std::string> numbers;
  if (!std::regex_match(name, match, flyway) && !std::regex_match(name, match, numbered))
    return numbers;
  std::string number;
  for (const char c : match.str(1) + ".") {
    if (c != '.' && c != '_') {
      number += c;
      continue;
    }
    numbers.push_back(number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1)));
    number.clear();
  }
  return numbers;
}

bool is_earlier(const std::string& a, const std::string& b) {
  const auto shorter_first = [](const std::string& x, const std::string& y) {
    return std::pair(x.size(), x) < std::pair(y.size(), y);
  };
  const auto left = version_of(name_of(a));
  const auto right = version_of(name_of(b));
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      shorter_first);
}

FoundStep sql_step(const std::string& path) { return {Kind::sql, path, {}, {}, {}}; }

// As a pattern where one names exactly these files in this order, so that the next migration is
// taken without a change to the workload; else file by file.
void add_files_in_order(FoundSetup& setup, const fs::path& root, Files files,
                        const std::string& pattern) {
  std::stable_sort(files.begin(), files.end(), is_earlier);
  if (files == matching_files(root, pattern)) {
    setup.steps.push_back(sql_step(pattern));
    return;
  }
  for (const std::string& file : files) setup.steps.push_back(sql_step(file));
  setup.notes.push_back(
      "No pattern names these migrations in the order of their versions, so workload.json lists "
      "each file: add new ones there.");
}

// The rules below look at all files, or at those of one directory. Each returns what it found.

void find_sqitch(const fs::path& root, const Files& files, std::vector<FoundSetup>& found) {
  for (const std::string& file : files) {
    if (name_of(file) != "sqitch.plan") continue;
    FoundSetup setup{"sqitch", directory_of(file), {}, {}};
    std::istringstream lines(read_file(root / file));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] == '%' || line[0] == '@' || line[0] == '#') continue;
      const std::string change = line.substr(0, line.find_first_of(" \t"));
      setup.steps.push_back(sql_step(joined(setup.directory, "deploy/" + change + ".sql")));
    }
    setup.notes.emplace_back(
        "The order of sqitch's changes stands in its plan, so workload.json lists each file: add "
        "new ones there.");
    if (!setup.steps.empty()) found.push_back(setup);
  }
}

// One directory a migration: Prisma, Diesel, Hasura.
void find_directories(const fs::path&, const Files& files, std::vector<FoundSetup>& found) {
  for (const auto& [name, what] : std::array<std::pair<const char*, const char*>, 2>{
           {{"migration.sql", "Prisma migrations"}, {"up.sql", "migrations in directories"}}}) {
    for (const std::string& file : files) {
      if (name_of(file) != name || directory_of(file).empty()) continue;
      const std::string directory = directory_of(directory_of(file));
      const bool known = std::any_of(found.begin(), found.end(), [&](const FoundSetup& one) {
        return one.directory == directory;
      });
      if (known) continue;
      FoundSetup setup{what, directory, {}, {}};
      setup.steps.push_back(sql_step(joined(directory, std::string("*/") + name)));
      found.push_back(setup);
    }
  }
}

// What kind of migrations the SQL files of a directory are; "" for none.
std::string sql_flavour(const fs::path& root, const Files& files) {
  bool creates = false;
  for (const std::string& file : files) {
    const std::string script = beginning_of(root / file);
    if (const std::string_view tool = migration_tool(script); !tool.empty())
      return std::string(tool) + " migrations";
    creates = creates || creates_tables(script);
  }
  if (!creates) return "";
  if (std::any_of(files.begin(), files.end(),
                  [](const std::string& file) { return name_of(file).starts_with("V"); }))
    return "Flyway migrations";
  return "numbered SQL files";
}

bool is_way_down(const std::string& file) {
  return file.ends_with(".down.sql") || file.ends_with(".undo.sql");
}

void find_sql_directories(const fs::path& root, const Files& files,
                          std::vector<FoundSetup>& found) {
  std::map<std::string, Files> directories;
  for (const std::string& file : files) {
    if (file.ends_with(".sql") && !is_way_down(file) && !version_of(name_of(file)).empty())
      directories[directory_of(file)].push_back(file);
  }
  for (const auto& [directory, all] : directories) {
    const std::string flavour = sql_flavour(root, all);
    if (flavour.empty()) continue;
    FoundSetup setup{flavour, directory, {}, {}};
    Files ups;
    std::copy_if(all.begin(), all.end(), std::back_inserter(ups),
                 [](const std::string& file) { return file.ends_with(".up.sql"); });
    const bool is_flyway = name_of(all.front()).starts_with("V");
    if (!ups.empty())
      add_files_in_order(setup, root, ups, joined(directory, "*.up.sql"));
    else
      add_files_in_order(setup, root, all, joined(directory, is_flyway ? "V*.sql" : "[0-9]*.sql"));
    const std::string repeatable = joined(directory, "R__");
    if (std::any_of(files.begin(), files.end(),
                    [&](const std::string& file) { return file.starts_with(repeatable); }))
      setup.steps.push_back(sql_step(repeatable + "*.sql"));
    found.push_back(setup);
  }
}

// The patterns DIRECTORY/*.EXTENSION of all directories with such files.
Files patterns_of(const Files& files, const std::regex& wanted) {
  Files patterns;
  for (const std::string& file : files) {
    const std::string pattern =
        joined(directory_of(file), "*" + fs::path(file).extension().string());
    if (std::regex_search(file, wanted) &&
        std::find(patterns.begin(), patterns.end(), pattern) == patterns.end())
      patterns.push_back(pattern);
  }
  return patterns;
}

// Tools whose migrations are programs.
struct Tool {
  const char* what;
  const char* file;  // that marks its directory, as a path below that
  std::vector<std::string> command;
  std::regex inputs;  // the files that it reads, below that directory
};

void find_tools(const fs::path&, const Files& files, std::vector<FoundSetup>& found) {
  static const std::vector<Tool> tools = {
      {"Alembic",
       "alembic.ini",
       {"alembic", "upgrade", "head"},
       std::regex(R"((^|/)versions/[^/]*\.py$)")},
      {"Django",
       "manage.py",
       {"python3", "manage.py", "migrate", "--no-input"},
       std::regex(R"((^|/)migrations/[^/]*\.py$)")},
      {"Rails",
       "db/schema.rb",
       {"bin/rails", "db:schema:load"},
       std::regex(R"((^|/)db/schema\.rb$)")},
      {"Ecto", "mix.exs", {"mix", "ecto.migrate"}, std::regex(R"((^|/)migrations/[^/]*\.exs$)")},
      {"Knex",
       "knexfile.js",
       {"npx", "knex", "migrate:latest"},
       std::regex(R"((^|/)migrations/[^/]*\.js$)")},
      {"Knex",
       "knexfile.ts",
       {"npx", "knex", "migrate:latest"},
       std::regex(R"((^|/)migrations/[^/]*\.ts$)")},
  };
  for (const Tool& tool : tools) {
    for (const std::string& file : files) {
      if (file != tool.file && !file.ends_with(std::string("/") + tool.file)) continue;
      std::string directory = file.substr(0, file.size() - std::string(tool.file).size());
      if (!directory.empty()) directory.pop_back();
      Files below;
      std::copy_if(files.begin(), files.end(), std::back_inserter(below),
                   [&](const std::string& one) {
                     return directory.empty() || one.starts_with(directory + "/");
                   });
      const Files inputs = patterns_of(below, tool.inputs);
      if (inputs.empty()) continue;  // "manage.py" of something else
      FoundSetup setup{tool.what, directory, {}, {}};
      setup.steps.push_back({Kind::run, "", tool.command, shown(directory), inputs});
      setup.notes.push_back(std::string(tool.what) +
                            " has to take its database from DATABASE_URL, or from PGHOST, PGPORT, "
                            "PGUSER and PGDATABASE.");
      found.push_back(setup);
    }
  }
}

// A schema in one file, where nothing else is found: db/structure.sql of Rails, schema.sql.
void find_schema_file(const fs::path& root, const Files& files, std::vector<FoundSetup>& found) {
  for (const std::string& file : files) {
    const std::string name = name_of(file);
    if (name != "structure.sql" && name != "schema.sql") continue;
    const std::string script = beginning_of(root / file);
    if (!creates_tables(script)) continue;
    FoundSetup setup{"a schema in " + name, directory_of(file), {}, {}};
    const bool is_dump = script.find("PostgreSQL database dump") != std::string::npos;
    setup.steps.push_back({is_dump ? Kind::restore : Kind::sql, file, {}, {}, {}});
    found.push_back(setup);
  }
}

constexpr const char* looked_for =
    "Looked for numbered SQL files (0001_x.sql, V1__x.sql, x.up.sql; also those of dbmate, goose, "
    "sql-migrate, node-pg-migrate, golang-migrate, sqlx, Atlas, Drizzle, Supabase), Prisma, "
    "Diesel, "
    "Hasura, sqitch, Alembic, Django, Rails, Ecto, Knex, structure.sql and schema.sql.";

[[noreturn]] void fail_without_setup(const Files& files, const std::string& where) {
  for (const std::string& file : files) {
    static const std::regex liquibase(R"((^|/)(db\.)?changelog[^/]*\.(xml|ya?ml|json)$)");
    if (std::regex_search(file, liquibase))
      throw Error(Error::Kind::usage, {file, 0, 0}, "a Liquibase changelog cannot be run here",
                  "Liquibase reaches no server by a Unix socket. Have it write its SQL (liquibase "
                  "update-sql), and name that with --migrations.");
  }
  throw Error(Error::Kind::usage, {where, 0, 0}, "found no migrations",
              std::string(looked_for) + " Name their directory with --migrations.");
}

}  // namespace

FoundSetup find_setup(const fs::path& root, const Files& all_files,
                      const std::optional<std::string>& directory) {
  Files files = all_files;
  if (directory && *directory != ".") {
    std::erase_if(files, [&](const std::string& file) {
      return file != *directory && !file.starts_with(*directory + "/");
    });
  }
  using Rule = std::function<void(const fs::path&, const Files&, std::vector<FoundSetup>&)>;
  // Until one finds something. A Rails application may keep structure.sql in place of schema.rb.
  for (const Rule& rule : {Rule(find_sqitch), Rule(find_directories), Rule(find_sql_directories),
                           Rule(find_tools), Rule(find_schema_file)}) {
    std::vector<FoundSetup> found;
    rule(root, files, found);
    if (found.size() == 1) return found.front();
    if (found.empty()) continue;
    std::string places;
    for (const FoundSetup& one : found)
      places += (places.empty() ? "" : ", ") + in_quotes(shown(one.directory));
    throw Error(Error::Kind::usage, {directory.value_or("."), 0, 0},
                "found several sets of migrations: " + places,
                "Name one with --migrations, and make a workload of each.");
  }
  if (directory && files.size() == 1) {
    FoundSetup setup{"one SQL file", directory_of(files.front()), {sql_step(files.front())}, {}};
    return setup;
  }
  fail_without_setup(files, directory.value_or("."));
}

FoundStep relative_to(const FoundStep& step, const fs::path& root, const fs::path& directory) {
  const auto relative = [&](const std::string& path) {
    if (path.empty()) return path;
    return (root / path)
        .lexically_normal()
        .lexically_relative(directory.lexically_normal())
        .generic_string();
  };
  FoundStep result = step;
  result.path = relative(step.path);
  result.in = relative(step.in);
  for (std::string& pattern : result.inputs) pattern = relative(pattern);
  return result;
}

std::vector<SetupStep> setup_steps(const fs::path& directory, const std::vector<FoundStep>& steps) {
  std::vector<SetupStep> result;
  for (const FoundStep& step : steps) {
    SetupStep made;
    made.kind = step.kind;
    made.command = step.command;
    made.working_directory = step.in;
    for (const std::string& pattern : step.inputs) {
      const Files files = matching_files(directory, pattern);
      made.inputs.insert(made.inputs.end(), files.begin(), files.end());
    }
    const Files files =
        step.kind == Kind::sql ? matching_files(directory, step.path) : Files{step.path};
    for (const std::string& file : files) {
      made.file = file;
      result.push_back(made);
    }
  }
  return result;
}

Files find_seeds(const Files& files, const FoundSetup& setup) {
  static const std::regex seed(R"((^|/)(seeds?\.sql|(seeds?|fixtures)/[^/]*\.sql)$)");
  Files seeds;
  for (const std::string& file : files) {
    const bool is_step = std::any_of(setup.steps.begin(), setup.steps.end(),
                                     [&](const FoundStep& step) { return step.path == file; });
    if (!is_step && std::regex_search(file, seed)) seeds.push_back(file);
  }
  return seeds;
}

}  // namespace pgduet::harness

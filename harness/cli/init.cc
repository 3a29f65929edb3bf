#include <algorithm>
#include <iomanip>
#include <set>

#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/scaffold.h"
#include "pgduet/harness/workload_database.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using gate::Error;
using gate::Json;

struct Options {
  CommonOptions common;
  std::string directory;
  std::string name;
  std::string migrations;
  std::string queries;
};

constexpr const char* seed_file = "setup/900_seed.sql";

// "My App" as "My-App": what may name a workload.
std::string valid_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool valid = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || ((c == '-' || c == '.') && !name.empty());
    name += valid ? std::string(1, c) : name.empty() ? "" : "-";
  }
  return name.empty() ? "app" : name;
}

// A directory as paths of the project are written: below it, without "./" and "/" at the end.
std::optional<std::string> project_path(const std::string& given, const fs::path& root) {
  if (given.empty()) return std::nullopt;
  fs::path path = fs::absolute(given).lexically_normal().lexically_relative(root);
  if (!path.has_filename()) path = path.parent_path();
  if (path.empty() || *path.begin() == "..") {
    throw Error(Error::Kind::usage, {given, 0, 0}, "this is not below the current directory",
                "Run pgduet init in the top directory of the project.");
  }
  return path.generic_string();
}

// Makes a directory, and takes it away again unless it is kept.
class NewDirectory {
 public:
  explicit NewDirectory(const fs::path& path) {
    for (fs::path above = path; !above.empty() && !fs::exists(above); above = above.parent_path())
      first_ = above;
    fs::create_directories(path);
  }
  ~NewDirectory() {
    std::error_code ignored;
    if (!first_.empty()) fs::remove_all(first_, ignored);
  }
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;
  void keep() { first_.clear(); }

 private:
  fs::path first_;  // the topmost that was made
};

Json step_json(const harness::FoundStep& step) {
  if (step.kind == harness::SetupStep::Kind::sql) return {{"sql", step.path}};
  if (step.kind == harness::SetupStep::Kind::restore) return {{"restore", step.path}};
  return {{"run", step.command}, {"in", step.in}, {"files", step.inputs}};
}

// "DIR/*.sql" where all SQL files of a directory are query files, so that the next one is taken,
// too; else each file.
std::vector<std::string> query_patterns(const std::vector<std::string>& all,
                                        const std::vector<std::string>& files) {
  std::set<std::string> wanted(files.begin(), files.end());
  std::set<std::string> mixed;
  for (const std::string& file : all) {
    if (file.ends_with(".sql") && !wanted.contains(file))
      mixed.insert(fs::path(file).parent_path().generic_string());
  }
  std::vector<std::string> patterns;
  for (const std::string& file : files) {
    const fs::path directory = fs::path(file).parent_path();
    const std::string pattern =
        mixed.contains(directory.generic_string()) ? file : (directory / "*.sql").generic_string();
    if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end())
      patterns.push_back(pattern);
  }
  return patterns;
}

// The suggestions of all queries, where they agree by the parameter's name alone. The names of $1
// say nothing.
Json params_json(const std::vector<harness::Query>& queries,
                 const std::map<std::string, std::map<std::string, std::string>>& suggested) {
  std::map<std::string, std::set<std::string>> by_name;
  for (const auto& [query, params] : suggested) {
    for (const auto& [name, generator] : params) by_name[name].insert(generator);
  }
  Json result = Json::object();
  for (const harness::Query& query : queries) {
    const auto params = suggested.find(query.name);
    if (params == suggested.end()) continue;
    for (const auto& [name, generator] : params->second) {
      const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
      const bool agrees = !is_number && by_name[name].size() == 1;
      result[agrees ? name : query.name + "." + name] = generator;
    }
  }
  return result;
}

class Initializer {
 public:
  Initializer(const Options& options, Streams streams)
      : options_(options), streams_(streams), root_(fs::current_path()) {
    name_ = valid_name(!options.name.empty() ? options.name
                       : !options.directory.empty()
                           ? fs::path(*project_path(options.directory, root_)).filename().string()
                           : root_.filename().string());
    directory_ = project_path(options.directory, root_).value_or("workloads/" + name_);
  }

  int run() {
    for (const char* file : {"workload.json", seed_file}) {
      if (fs::exists(root_ / directory_ / file))
        throw Error(
            Error::Kind::usage, {directory_ + "/" + file, 0, 0}, "this file is there already",
            "pgduet init overwrites nothing. Name another directory, or take the file away.");
    }
    find();
    NewDirectory made(root_ / directory_);
    look_into_database();
    write();
    harness::load_workload(directory_, directory_);
    made.keep();
    show();
    return 0;
  }

 private:
  void find() {
    files_ = harness::project_files(root_);
    std::erase_if(files_,
                  [&](const std::string& file) { return file.starts_with(directory_ + "/"); });
    setup_ = harness::find_setup(root_, files_, project_path(options_.migrations, root_));
    seeds_ = harness::find_seeds(files_, setup_);
    queries_ = harness::find_queries(root_, files_, project_path(options_.queries, root_));
    for (const harness::FoundStep& step : setup_.steps) steps_.push_back(rebased(step));
    for (const std::string& seed : seeds_)
      steps_.push_back(rebased({harness::SetupStep::Kind::sql, seed, {}, {}, {}}));
  }

  harness::FoundStep rebased(const harness::FoundStep& step) const {
    return harness::relative_to(step, root_, root_ / directory_);
  }

  // The migrations are run once: that they do shows here, and what is in the database tells the
  // rest.
  void look_into_database() {
    harness::Workload workload;
    workload.directory = root_ / directory_;
    workload.shown_directory = directory_;
    workload.name = name_;
    workload.setup = harness::setup_steps(workload.directory, steps_);
    harness::ClusterCache::Options cache_options;
    cache_options.directory = options_.common.cache_directory;
    cache_options.user = harness::server_user(options_.common.pg_user);
    harness::ClusterCache cache(cache_options);
    ProgressLine progress(streams_.err, is_terminal(streams_.err));
    harness::PrivateServerOptions server;
    server.installation =
        harness::choose_installation(installations(options_.common), options_.common.head_major);
    server.user = cache_options.user;
    server.progress = [&](const std::string& text) { progress.detail(text); };
    const auto opened = harness::open_private_database(workload, cache, server);
    const harness::Database database = opened->copy("init");
    seed_ = harness::make_seed(database);
    suggest(database);
  }

  void suggest(const harness::Database& database) {
    std::set<std::string> refused;
    for (const harness::Query& query : queries_.queries) {
      try {
        auto params = harness::suggest_params(database, query);
        if (!params.empty()) suggested_[query.name] = std::move(params);
      } catch (const Error& error) {
        if (error.kind() != Error::Kind::input) throw;
        if (refused.insert(query.at.file).second)
          queries_.left_out.push_back(
              {query.at.file, gate::to_text(error.position()) + ": " + error.problem()});
      }
    }
    std::erase_if(queries_.files, [&](const std::string& file) { return refused.contains(file); });
    std::erase_if(queries_.queries, [&](const harness::Query& query) {
      if (!refused.contains(query.at.file)) return false;
      suggested_.erase(query.name);
      return true;
    });
    if (queries_.files.empty()) {
      std::string hint;
      for (const auto& [file, reason] : queries_.left_out)
        hint += (hint.empty() ? "" : "\n  ") + file + ": " + reason;
      throw Error(Error::Kind::input, {".", 0, 0}, "no query file can be used", hint);
    }
  }

  void write() {
    Json json;
    json["format_version"] = 1;
    json["name"] = name_;
    json["setup"] = Json::array();
    for (const harness::FoundStep& step : steps_) json["setup"].push_back(step_json(step));
    if (!seed_.script.empty()) json["setup"].push_back({{"sql", seed_file}});
    for (const std::string& pattern : query_patterns(files_, queries_.files)) {
      json["queries"].push_back(rebased({harness::SetupStep::Kind::sql, pattern, {}, {}, {}}).path);
    }
    const Json params = params_json(queries_.queries, suggested_);
    if (!params.empty()) json["params"] = params;
    if (!seed_.script.empty())
      harness::write_file_atomically(root_ / directory_ / seed_file, seed_.script);
    harness::write_file_atomically(root_ / directory_ / "workload.json",
                                   gate::to_pretty_text(json));
  }

  void show() const {
    std::ostream& out = streams_.out;
    out << "found " << setup_.what << " in "
        << (setup_.directory.empty() ? "this directory" : setup_.directory) << "\n";
    for (const std::string& note : setup_.notes) out << "  " << note << "\n";
    for (const std::string& seed : seeds_) out << "found rows in " << seed << "\n";
    out << "found " << gate::counted(queries_.queries.size(), "query") << " in "
        << gate::counted(queries_.files.size(), "file") << "\n";
    for (const auto& [file, reason] : queries_.left_out)
      out << "left out " << file << "\n  " << reason << "\n";
    out << "\nwrote " << directory_ << "/workload.json\n";
    if (!suggested_.empty())
      out << "  \"params\" has values for parameters that the query files give none: look them "
             "over\n";
    if (!seed_.script.empty())
      out << "wrote " << directory_ << "/" << seed_file
          << "\n  rows for the tables that are empty: make them like production's\n";
    if (!seed_.left_empty.empty())
      out << "  the server refused those of " << gate::list_text(seed_.left_empty)
          << ": mend them, as queries on empty tables tell nothing\n";
    const std::string named = directory_.starts_with("workloads/") ? "" : " " + directory_;
    out << "\nNext:\n  pgduet record" << named
        << "    writes baselines/: commit them, with the workload\n  pgduet check" << named
        << "     after a change: says what got worse\n"
        << "Runs are kept in .pgduet/, which belongs into .gitignore.\n";
  }

  const Options& options_;
  Streams streams_;
  fs::path root_;
  std::string name_;
  std::string directory_;  // relative to root_
  std::vector<std::string> files_;
  harness::FoundSetup setup_;
  std::vector<std::string> seeds_;
  harness::FoundQueries queries_;
  std::vector<harness::FoundStep> steps_;  // relative to the workload
  harness::SeedScript seed_;
  std::map<std::string, std::map<std::string, std::string>> suggested_;  // by query and parameter
};

}  // namespace

void add_init(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "init", "Make a workload of the migrations and query files that are below this directory");
  command->footer(
      "Runs the migrations once, on a private server, to see that they work and what the tables\n"
      "are like. Changes no file that is there.\n\n"
      "Example: pgduet init --migrations db/migrations --queries app/sql");
  auto options = std::make_shared<Options>();
  command
      ->add_option("directory", options->directory,
                   "Where to put the workload (default: workloads/ and this directory's name)")
      ->type_name("DIR");
  command->add_option("--name", options->name, "Its name (default: the directory's)")
      ->type_name("NAME");
  command
      ->add_option("--migrations", options->migrations,
                   "Where the migrations are, or a file with the schema (default: is found out)")
      ->type_name("DIR");
  command
      ->add_option("--queries", options->queries,
                   "Directory or glob of the query files (default: all with \"-- name:\" lines)")
      ->type_name("DIR");
  add_head_version_option(*command, options->common);
  add_installation_options(*command, options->common);
  command->callback([options, streams, &action] {
    action = [options, streams] { return Initializer(*options, streams).run(); };
  });
}

}  // namespace pgduet::cli

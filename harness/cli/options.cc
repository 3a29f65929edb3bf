#include "options.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <iostream>

#include "pgduet/gate/error.h"
#include "pgduet/harness/workload.h"

extern char** environ;

namespace pgduet::cli {
namespace fs = std::filesystem;
namespace {

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

std::vector<fs::path> workload_directories(const std::vector<std::string>& named) {
  std::vector<fs::path> directories;
  for (const std::string& name : named.empty() ? std::vector<std::string>{"workloads"} : named) {
    std::error_code error;
    const std::vector<fs::path> found =
        fs::is_directory(name, error) ? harness::find_workloads(name) : std::vector<fs::path>{};
    if (found.empty()) {
      throw gate::Error(gate::Error::Kind::usage, {name, 0, 0}, "there is no workload here",
                        "A workload is a directory with a workload.json. Name one, or a directory "
                        "that holds some.");
    }
    directories.insert(directories.end(), found.begin(), found.end());
  }
  return directories;
}

constexpr const char* servers_group = "Servers";

}  // namespace

void add_installation_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--pg-bin", options.pg_bin,
                  "Directory with postgres and initdb; repeatable (also PGDUET_PG_BIN)")
      ->allow_extra_args(false)
      ->type_name("DIR")
      ->group(servers_group);
  command
      .add_option("--pg-user", options.pg_user,
                  "User that servers run as when pgduet is root (default: postgres, else nobody)")
      ->envname("PGDUET_PG_USER")
      ->type_name("USER")
      ->group(servers_group);
  command.add_option("--cache-dir", options.cache_directory, "Where built clusters are kept")
      ->envname("PGDUET_CACHE_DIR")
      ->type_name("DIR")
      ->group(servers_group);
}

void add_head_version_option(CLI::App& command, CommonOptions& options) {
  command.add_option("--head-pg", options.head_major, "PostgreSQL major version to run on")
      ->envname("PGDUET_HEAD_PG")
      ->check(CLI::Range(harness::oldest_major, harness::newest_major))
      ->type_name("MAJOR")
      ->group(servers_group);
}

void add_state_option(CLI::App& command, CommonOptions& options) {
  command.add_option("--state-dir", options.state_directory, "Directory of the run records")
      ->envname("PGDUET_STATE_DIR")
      ->type_name("DIR")
      ->capture_default_str();
}

void add_store_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--store", options.store_url,
                  "Database that keeps the history: postgresql://user@host/database (default: an "
                  "embedded one in the state directory)")
      ->envname("PGDUET_STORE")
      ->type_name("URL");
  command
      .add_option("--keep-months", options.keep_months,
                  "How long run records are kept, and the embedded store with them; 0: always")
      ->envname("PGDUET_KEEP_MONTHS")
      ->check(CLI::Range(0, 1200))
      ->type_name("N")
      ->capture_default_str();
}

void add_project_options(CLI::App& command, CommonOptions& options) {
  command.add_option("--baselines", options.baselines, "Directory of the committed baselines")
      ->envname("PGDUET_BASELINES")
      ->type_name("DIR")
      ->capture_default_str();
  add_state_option(command, options);
}

void add_run_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option("workload", options.workloads,
                  "Directories that are workloads or hold some (default: workloads)")
      ->type_name("DIR");
  command
      .add_option("--only", options.only, "Only queries whose name matches this glob; repeatable")
      ->allow_extra_args(false)
      ->type_name("GLOB");
  add_project_options(command, options);
  command
      .add_flag("--no-pin", options.no_pin,
                "Leave client and server on any core while times are taken")
      ->envname("PGDUET_NO_PIN");
  add_head_version_option(command, options);
  add_installation_options(command, options);
  command
      .add_option("--server", options.server_url,
                  "Use this server instead of private ones: postgresql://user@host/database")
      ->envname("PGDUET_SERVER")
      ->type_name("URL")
      ->group(servers_group);
  command
      .add_option("--cache-size", options.cache_gigabytes, "How many gigabytes of clusters to keep")
      ->envname("PGDUET_CACHE_SIZE")
      ->check(CLI::PositiveNumber)
      ->type_name("GB")
      ->capture_default_str()
      ->group(servers_group);
}

std::vector<harness::Installation> installations(const CommonOptions& options) {
  harness::InstallationSearch search;
  for (const std::string& directory : options.pg_bin) search.pg_bin.emplace_back(directory);
  if (const char* variable = std::getenv("PGDUET_PG_BIN")) search.pg_bin_variable = variable;
  return harness::find_installations(search);
}

harness::RunOptions run_options(const CommonOptions& options) {
  harness::RunOptions run;
  run.workloads = workload_directories(options.workloads);
  run.base.kind = harness::BaseChoice::Kind::none;
  run.baselines = options.baselines;
  run.head_major = options.head_major;
  run.server_url = options.server_url;
  if (run.server_url.empty()) run.installations = installations(options);
  run.pg_user = options.pg_user;
  run.cache.directory = options.cache_directory;
  run.cache.size_limit_bytes =
      static_cast<std::int64_t>(options.cache_gigabytes * 1024 * 1024 * 1024);
  run.only = options.only;
  run.pin = !options.no_pin;
  run.environment = process_environment();
  return run;
}

fs::path run_directory(const CommonOptions& options) {
  return fs::path(options.state_directory) / "runs";
}

harness::RecordRetention retention(const CommonOptions& options) {
  harness::RecordRetention retention;
  retention.keep_months = options.keep_months;
  return retention;
}

void ProgressLine::phase(const std::string& text) {
  if (terminal_)
    detail(text);
  else
    err_ << text << std::endl;
}

void ProgressLine::detail(const std::string& text) {
  if (!terminal_) return;
  constexpr std::size_t widest = 79;
  err_ << "\r\033[K" << text.substr(0, widest) << std::flush;
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) err_ << "\r\033[K" << std::flush;
  shown_ = false;
}

bool is_terminal(const std::ostream& stream) {
  if (&stream == &std::cout) return isatty(STDOUT_FILENO) != 0;
  if (&stream == &std::cerr) return isatty(STDERR_FILENO) != 0;
  return false;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

}  // namespace pgduet::cli

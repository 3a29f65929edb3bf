// The options that several commands share, and how they are read: flag, then PGDUET_ variable, then
// default.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "pgduet/harness/project_files.h"
#include "pgduet/harness/runner.h"

namespace pgduet::cli {

// Where a command reads and writes.
struct Streams {
  std::ostream& out;
  std::ostream& err;
};

// What decides on which servers, workloads and files a command works.
struct CommonOptions {
  std::vector<std::string> workloads;  // directories; "workloads" when none is named
  std::string baselines = "baselines";
  std::string state_directory = ".pgduet";
  std::vector<std::string> pg_bin;
  std::string pg_user;
  std::string cache_directory;
  double cache_gigabytes = 10;
  std::string server_url;
  int head_major = 0;
  std::string store_url;  // "": the embedded store
  int keep_months = 13;   // of run records, and of runs in the embedded store; 0: always
  std::vector<std::string> only;
  bool no_pin = false;
};

// Register them on a command: all that a run takes, or the part that the command needs.
void add_run_options(CLI::App& command, CommonOptions& options);
void add_installation_options(CLI::App& command, CommonOptions& options);
void add_head_version_option(CLI::App& command, CommonOptions& options);
void add_project_options(CLI::App& command, CommonOptions& options);
void add_state_option(CLI::App& command, CommonOptions& options);
// --store, --keep-months: for commands that make or load run records.
void add_store_options(CLI::App& command, CommonOptions& options);

// The run that they describe; head alone, as the base is the business of `check`. Finds workloads
// and installations.
harness::RunOptions run_options(const CommonOptions& options);

std::filesystem::path run_directory(const CommonOptions& options);

harness::RecordRetention retention(const CommonOptions& options);

std::vector<harness::Installation> installations(const CommonOptions& options);

// Shows what a run is doing: one line that is overwritten on a terminal; elsewhere a line a phase.
class ProgressLine : public harness::Progress {
 public:
  ProgressLine(std::ostream& err, bool terminal) : err_(err), terminal_(terminal) {}
  ~ProgressLine() override { clear(); }
  void phase(const std::string& text) override;
  void detail(const std::string& text) override;
  void clear();

 private:
  std::ostream& err_;
  bool terminal_;
  bool shown_ = false;
};

bool is_terminal(const std::ostream& stream);

// "2026-11-21", UTC.
std::string today();

}  // namespace pgduet::cli

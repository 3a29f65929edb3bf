// What `check` and the commands built on it share.
#pragma once

#include <filesystem>

#include "options.h"
#include "pgduet/gate/report.h"

namespace pgduet::cli {

// Runs the workloads, keeps the run record below `run_directory`, and judges it.
gate::Report run_and_judge(const harness::RunOptions& options,
                           const std::filesystem::path& run_directory, Streams streams);

// Judges a run again from its record; `run` as find_run_record takes it.
gate::Report judge_saved_run(const std::filesystem::path& state_directory, const std::string& run);

}  // namespace pgduet::cli

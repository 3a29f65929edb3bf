// What `check` and the commands built on it share.
#pragma once

#include <filesystem>
#include <memory>

#include "options.h"
#include "pgduet/gate/report.h"

namespace pgduet::cli {

// Runs the workloads and shows the progress.
std::shared_ptr<const gate::RunRecord> run_with_progress(const harness::RunOptions& options,
                                                         Streams streams);

// The same, and keeps the run record in the state directory of `common`, where the next command
// finds it.
std::shared_ptr<const gate::RunRecord> run_and_keep(const harness::RunOptions& options,
                                                    const CommonOptions& common, Streams streams);

// Judges a run again from its record; `run` as find_run_record takes it.
gate::Report judge_saved_run(const std::filesystem::path& state_directory, const std::string& run);

}  // namespace pgduet::cli

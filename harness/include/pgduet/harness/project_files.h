// The files that pgduet keeps in a project: committed baselines, and run records under
// .pgduet/runs/.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::harness {

// The baselines of one workload, by query name: every `directory`/*.json. Empty when there is no
// such directory. `shown` is how messages name the directory. Throws Error(input) for a file that
// is no baseline, or whose "query" is not its name.
std::map<std::string, gate::LoadedBaseline> load_baselines(const std::filesystem::path& directory,
                                                           const std::string& shown);

// Writes the baseline unless the file already holds just that. Returns whether it wrote.
bool save_baseline(const std::filesystem::path& directory, const gate::Baseline& baseline);

// "20261121T101500.042Z-1f3a9c": sorts by time, and two runs of one millisecond differ.
std::string new_run_id();

// Makes the directory of the run records. Throws Error(environment) when they could not be written
// there: that has to show before a run and not at its end.
void require_run_directory(const std::filesystem::path& directory);

// Writes `directory`/<run id>.json, atomically, and returns its path. Keeps the newest `keep`
// records.
std::filesystem::path save_run_record(const std::filesystem::path& directory,
                                      const gate::RunRecord& record, std::size_t keep = 50);

// The run record that `name` means: a file, a run id, or "" or "last" for the newest in
// `directory`. Throws Error(usage) when there is none.
std::filesystem::path find_run_record(const std::filesystem::path& directory,
                                      const std::string& name);

// The files that `names` mean: files as they are, and of a directory all its *.json, by name. Each
// once. Throws Error(usage) for what is not there and for a directory without any.
std::vector<std::filesystem::path> find_run_records(const std::vector<std::string>& names);

gate::RunRecord load_run_record(const std::filesystem::path& file);

}  // namespace pgduet::harness

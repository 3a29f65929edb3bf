// Which files the two sides of a workload are made of.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/judge.h"
#include "pgduet/harness/runner.h"
#include "pgduet/harness/temp_dir.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

struct Side {
  Workload workload;
  std::string revision;  // SideRecord::revision
  // SideRecord::commit. Nothing for --base-dir: such a directory is taken as it is, and often lies
  // in a repository without being of its commit.
  std::optional<gate::CommitRecord> commit;
  std::optional<TempDir> exported;  // holds the files of another revision
};

struct Sides {
  Side head;
  std::optional<Side> base;
  std::map<std::string, gate::LoadedBaseline> base_baselines;  // of the base revision
  bool is_new = false;             // the base revision does not have the workload
  std::vector<std::string> notes;  // why there is no base, ...
};

// Throws Error(input) with the position in the files of the side that is wrong, and what git.h
// throws.
Sides resolve_sides(const std::filesystem::path& directory, const RunOptions& options);

}  // namespace pgduet::harness

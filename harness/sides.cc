#include "sides.h"

#include <algorithm>

#include "pgduet/gate/error.h"
#include "pgduet/harness/git.h"
#include "pgduet/harness/project_files.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

using gate::Error;

// The directory's place below the top of the work tree; nothing when it lies outside.
std::optional<fs::path> place_in(const fs::path& top, const fs::path& directory) {
  std::error_code error;
  const fs::path relative =
      fs::relative(fs::weakly_canonical(directory, error), fs::weakly_canonical(top, error), error);
  if (error || relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative;
}

bool has_run_step(const Workload& workload) {
  return std::any_of(workload.setup.begin(), workload.setup.end(),
                     [](const SetupStep& step) { return step.kind == SetupStep::Kind::run; });
}

void use_directory(Sides& sides, const fs::path& directory, const std::string& value) {
  fs::path found = value;
  if (!fs::exists(found / "workload.json")) found /= directory.filename();
  if (!fs::exists(found / "workload.json")) {
    throw Error(Error::Kind::usage, {value, 0, 0}, "--base-dir holds no workload",
                "Name a directory with a workload.json, or one that holds \"" +
                    directory.filename().string() + "/\".");
  }
  sides.base = Side{load_workload(found, found.string()), "directory " + found.string(), {}, {}};
}

void use_revision(Sides& sides, const fs::path& top, const fs::path& directory,
                  const RunOptions& options, const std::string& revision) {
  const std::optional<fs::path> place = place_in(top, directory);
  if (!place) {
    sides.notes.push_back("\"" + directory.string() +
                          "\" is not in this repository: no base to compare with");
    return;
  }
  const GitRevision base = merge_base(top, revision);
  if (!exists_in(top, base.commit.id, *place / "workload.json")) {
    sides.is_new = true;
    sides.notes.push_back("the workload is not in base " + base.shown + ": all of it is new");
    return;
  }
  constexpr const char* prefix = "pgduet-base-";
  remove_abandoned(fs::temp_directory_path(), prefix);
  TempDir exported(fs::temp_directory_path(), prefix);
  export_files(top, base.commit.id, *place, exported.path());
  const std::string shown = base.commit.id.substr(0, 10) + ":" + place->generic_string();
  const auto load = [&] { return load_workload(exported.path() / *place, shown); };
  Workload workload;
  bool complete = false;
  try {
    workload = load();
    // A migration tool may need any file of its revision.
    complete = !has_run_step(workload);
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::input) throw;  // it may name files above its directory
  }
  if (!complete) {
    export_files(top, base.commit.id, ".", exported.path());
    workload = load();
  }
  const std::optional<fs::path> baselines =
      place_in(top, options.baselines / sides.head.workload.name);
  if (baselines && exists_in(top, base.commit.id, *baselines)) {
    export_files(top, base.commit.id, *baselines, exported.path());
    sides.base_baselines =
        load_baselines(exported.path() / *baselines,
                       base.commit.id.substr(0, 10) + ":" + baselines->generic_string());
  }
  sides.base = Side{std::move(workload), base.shown, base.commit, std::move(exported)};
}

void use_head(Sides& sides, const RunOptions& options) {
  sides.base = Side{sides.head.workload, sides.head.revision, sides.head.commit, {}};
  const fs::path baselines = options.baselines / sides.head.workload.name;
  sides.base_baselines = load_baselines(baselines, baselines.string());
}

}  // namespace

Sides resolve_sides(const fs::path& directory, const RunOptions& options) {
  const std::optional<fs::path> top = git_top(directory);
  Sides sides;
  sides.head.workload = load_workload(directory, directory.string());
  if (top) {
    WorkTree tree = read_work_tree(*top, options.environment);
    sides.head.revision = std::move(tree.shown);
    sides.head.commit = std::move(tree.commit);
  } else {
    sides.head.revision = "directory " + directory.string();
  }

  switch (options.base.kind) {
    case BaseChoice::Kind::none:
      sides.notes.emplace_back("--base none: compared with the committed baselines only");
      break;
    case BaseChoice::Kind::same:
      use_head(sides, options);
      break;
    case BaseChoice::Kind::directory:
      use_directory(sides, directory, options.base.value);
      break;
    case BaseChoice::Kind::revision:
      if (!top) {
        throw Error(Error::Kind::usage, {directory.string(), 0, 0},
                    "--base needs a git repository, and this directory is in none",
                    "Use --base-dir DIR, or --base none.");
      }
      use_revision(sides, *top, directory, options, options.base.value);
      break;
    case BaseChoice::Kind::automatic:
      if (options.base_major != 0 && options.base_major != options.head_major) {
        use_head(sides, options);  // two versions are asked for: the version is the change
      } else if (!top) {
        sides.notes.emplace_back(
            "not in a git repository: compared with the committed baselines only");
      } else if (const auto revision = default_base(*top, options.environment)) {
        use_revision(sides, *top, directory, options, *revision);
      } else {
        sides.notes.emplace_back(
            "no pull request and no origin/HEAD: compared with the committed baselines only");
      }
      break;
  }
  return sides;
}

}  // namespace pgduet::harness

#include "pgduet/harness/git.h"

#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/harness/process.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

CommandResult git(const fs::path& directory, const std::vector<std::string>& arguments) {
  CommandOptions options;
  // In a CI container the checkout often belongs to another user than the one who runs.
  options.arguments = {"git", "-c", "safe.directory=*", "-C", directory.string()};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  // A pager, a prompt or another repository's variables (in a hook) must not get in the way.
  options.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_OPTIONAL_LOCKS", "0"}};
  return run_command(options);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string abbreviated(const std::string& commit) { return commit.substr(0, 10); }

}  // namespace

std::optional<fs::path> git_top(const fs::path& directory) {
  try {
    const CommandResult result = git(directory, {"rev-parse", "--show-toplevel"});
    if (result.exit_status != 0) return std::nullopt;
    return fs::path(first_line(result.output));
  } catch (const gate::Error&) {
    return std::nullopt;  // git is not installed: then nothing is under its control for us
  }
}

std::optional<std::string> default_base(const fs::path& top,
                                        const std::map<std::string, std::string>& environment) {
  for (const char* variable : {"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"}) {
    const auto found = environment.find(variable);
    if (found != environment.end() && !found->second.empty()) return "origin/" + found->second;
  }
  const CommandResult head =
      git(top, {"rev-parse", "--verify", "--quiet", "--abbrev-ref", "origin/HEAD"});
  if (head.exit_status == 0) return first_line(head.output);
  return std::nullopt;
}

GitRevision merge_base(const fs::path& top, const std::string& revision) {
  const CommandResult resolved =
      git(top, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  if (resolved.exit_status != 0) {
    throw gate::Error(gate::Error::Kind::usage, {},
                      "base revision \"" + revision + "\" does not exist in this repository",
                      "Fetch it (in GitHub Actions: actions/checkout with fetch-depth: 0), or name "
                      "another with --base; --base none compares with the baselines alone.");
  }
  const std::string commit = first_line(resolved.output);
  const CommandResult base = git(top, {"merge-base", commit, "HEAD"});
  if (base.exit_status != 0) {
    throw gate::Error(
        gate::Error::Kind::environment, {},
        "base revision \"" + revision + "\" and HEAD have no commit in common",
        "A shallow clone does not reach back to it: fetch the whole history (in GitHub "
        "Actions: actions/checkout with fetch-depth: 0).");
  }
  const std::string found = first_line(base.output);
  return {found,
          abbreviated(found) + " (" + (found == commit ? "" : "merge base with ") + revision + ")"};
}

std::string describe_work_tree(const fs::path& top) {
  const CommandResult head = git(top, {"rev-parse", "--verify", "--quiet", "HEAD"});
  if (head.exit_status != 0) return "no commit yet";
  const CommandResult status = git(top, {"status", "--porcelain", "--untracked-files=normal"});
  return abbreviated(first_line(head.output)) +
         (status.output.empty() ? "" : " and uncommitted changes");
}

bool exists_in(const fs::path& top, const std::string& commit, const fs::path& path) {
  const std::string object = commit + ":" + (path == "." ? "" : path.generic_string());
  return git(top, {"cat-file", "-e", object}).exit_status == 0;
}

void export_files(const fs::path& top, const std::string& commit, const fs::path& path,
                  const fs::path& destination) {
  const fs::path archive = destination / ".pgduet-export.tar";
  const CommandResult packed = git(top, {"archive", "--format=tar", "-o", archive.string(), commit,
                                         "--", path.generic_string()});
  if (packed.exit_status != 0) {
    throw gate::Error(gate::Error::Kind::environment, {},
                      "could not read \"" + path.generic_string() + "\" of commit " +
                          abbreviated(commit) + ": " + first_line(packed.errors));
  }
  CommandOptions unpack;
  unpack.arguments = {"tar", "-xf", archive.string(), "-C", destination.string()};
  const CommandResult unpacked = run_command(unpack);
  std::error_code ignored;
  fs::remove(archive, ignored);
  if (unpacked.exit_status != 0) {
    throw gate::Error(
        gate::Error::Kind::environment, {destination.string(), 0, 0},
        "could not unpack commit " + abbreviated(commit) + ": " + first_line(unpacked.errors));
  }
}

}  // namespace pgduet::harness

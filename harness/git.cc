#include "pgduet/harness/git.h"

#include <sstream>
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
  options.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_OPTIONAL_LOCKS", "0"}, {"TZ", "UTC"}};
  return run_command(options);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string abbreviated(const std::string& commit) { return commit.substr(0, 10); }

// The first of the variables that is set and not empty; "" for none.
std::string first_of(const std::map<std::string, std::string>& environment,
                     std::initializer_list<const char*> variables) {
  for (const char* variable : variables) {
    const auto found = environment.find(variable);
    if (found != environment.end() && !found->second.empty()) return found->second;
  }
  return "";
}

struct LoggedCommit {
  gate::CommitRecord record;  // without branch
  std::string parents;        // full object names with spaces between
};

// Those of the revisions that are there, in their order.
std::vector<LoggedCommit> read_commits(const fs::path& top,
                                       const std::vector<std::string>& revisions) {
  // The subject stands last: it may hold anything but a line end and a NUL.
  std::vector<std::string> arguments = {"log",
                                        "-z",
                                        "--no-walk=unsorted",
                                        "--ignore-missing",
                                        "--no-patch",
                                        "--no-show-signature",
                                        "--encoding=UTF-8",
                                        "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
                                        "--format=%H%n%P%n%cd%n%s"};
  arguments.insert(arguments.end(), revisions.begin(), revisions.end());
  arguments.emplace_back("--");
  std::istringstream output(git(top, arguments).output);
  std::vector<LoggedCommit> commits;
  for (std::string text; std::getline(output, text, '\0');) {
    std::istringstream lines(text);
    LoggedCommit& commit = commits.emplace_back();
    std::getline(lines, commit.record.id);
    std::getline(lines, commit.parents);
    std::getline(lines, commit.record.committed_at);
    std::getline(lines, commit.record.subject);
  }
  return commits;
}

// The branch, local or of a remote, that a revision names: "origin/main"; "" when it names none.
std::string branch_named(const fs::path& top, const std::string& revision) {
  const std::string name =
      first_line(git(top, {"rev-parse", "--verify", "--quiet", "--symbolic-full-name",
                           "--end-of-options", revision})
                     .output);
  for (const std::string prefix : {"refs/heads/", "refs/remotes/"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return "";
}

// Whether GitHub made HEAD to try a pull request: "Merge HEAD^2 into HEAD^1", with full object
// names. Another merge commit's second parent is not what is being built.
bool is_trial_merge(const LoggedCommit& head, const LoggedCommit& second_parent) {
  const std::string& id = second_parent.record.id;
  const std::string first_parent = head.parents.substr(0, head.parents.find(' '));
  return head.parents == first_parent + " " + id &&
         head.record.subject == "Merge " + id + " into " + first_parent;
}

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
  const std::string target =
      first_of(environment, {"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"});
  if (!target.empty()) return "origin/" + target;
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
  GitRevision result;
  for (LoggedCommit& logged : read_commits(top, {found})) result.commit = std::move(logged.record);
  result.commit.id = found;
  result.commit.branch = branch_named(top, revision);
  result.shown =
      abbreviated(found) + " (" + (found == commit ? "" : "merge base with ") + revision + ")";
  return result;
}

WorkTree read_work_tree(const fs::path& top,
                        const std::map<std::string, std::string>& environment) {
  std::vector<LoggedCommit> commits = read_commits(top, {"HEAD", "HEAD^2"});
  if (commits.empty()) return {"no commit yet", std::nullopt};
  const LoggedCommit& head = commits.front();
  const bool is_trial = commits.size() == 2 && is_trial_merge(head, commits.back());
  gate::CommitRecord commit = is_trial ? commits.back().record : head.record;

  commit.branch =
      first_of(environment, {"GITHUB_HEAD_REF", "GITHUB_REF_NAME",
                             "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"});
  const std::string branch_header = "# branch.head ";
  std::istringstream status(git(top, {"status", "--porcelain=v2", "--branch", "--no-ahead-behind",
                                      "--untracked-files=normal"})
                                .output);
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("# ")) commit.modified = true;
    if (commit.branch.empty() && line.starts_with(branch_header))
      commit.branch = line.substr(branch_header.size());
  }
  if (commit.branch == "(detached)") commit.branch.clear();
  return {abbreviated(head.record.id) + (commit.modified ? " and uncommitted changes" : ""),
          std::move(commit)};
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

// What pgduet asks of git. Nothing here touches the work tree, the index or the references.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace pgduet::harness {

// The top of the work tree that `directory` is in; nothing when it is in none, or git is not
// installed.
std::optional<std::filesystem::path> git_top(const std::filesystem::path& directory);

struct GitRevision {
  std::string commit;  // full object name
  std::string shown;   // "3f2a91c (merge base with origin/main)"
};

// The revision that a change is compared with when none is named: the target branch of the pull or
// merge request that CI is building (GITHUB_BASE_REF, CI_MERGE_REQUEST_TARGET_BRANCH_NAME), else
// origin/HEAD; nothing when there is none.
std::optional<std::string> default_base(const std::filesystem::path& top,
                                        const std::map<std::string, std::string>& environment);

// The merge base of `revision` and HEAD. Throws Error(usage) when there is no such revision,
// Error(environment) when the histories have no commit in common (a shallow clone, as a rule).
GitRevision merge_base(const std::filesystem::path& top, const std::string& revision);

// "3f2a91c", with " and uncommitted changes" where the work tree has some; "no commit yet" in a new
// repository.
std::string describe_work_tree(const std::filesystem::path& top);

// Whether `path` (relative to the top) is in the commit.
bool exists_in(const std::filesystem::path& top, const std::string& commit,
               const std::filesystem::path& path);

// Writes the files of a commit below `path` (relative to the top, "." for all) to
// `destination`/`path`.
void export_files(const std::filesystem::path& top, const std::string& commit,
                  const std::filesystem::path& path, const std::filesystem::path& destination);

}  // namespace pgduet::harness

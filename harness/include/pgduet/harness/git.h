// What pgduet asks of git. Nothing here touches the work tree, the index or the references.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pgduet/gate/run_record.h"

namespace pgduet::harness {

// The top of the work tree that `directory` is in; nothing when it is in none, or git is not
// installed.
std::optional<std::filesystem::path> git_top(const std::filesystem::path& directory);

struct GitRevision {
  gate::CommitRecord commit;
  std::string shown;  // "3f2a91c (merge base with origin/main)"
};

// The revision that a change is compared with when none is named: the target branch of the pull or
// merge request that CI is building (GITHUB_BASE_REF, CI_MERGE_REQUEST_TARGET_BRANCH_NAME), else
// origin/HEAD; nothing when there is none.
std::optional<std::string> default_base(const std::filesystem::path& top,
                                        const std::map<std::string, std::string>& environment);

// The merge base of `revision` and HEAD; its branch is the one that `revision` names
// ("origin/main"), "" when that is no branch's name. Throws Error(usage) when there is no such
// revision, Error(environment) when the histories have no commit in common (a shallow clone, as a
// rule).
GitRevision merge_base(const std::filesystem::path& top, const std::string& revision);

struct WorkTree {
  // HEAD, "3f2a91c", with " and uncommitted changes" where there are some; "no commit yet" in a new
  // repository.
  std::string shown;
  std::optional<gate::CommitRecord> commit;  // nothing in a new repository
};

// What is checked out. The branch is the one that CI says it is building (GITHUB_HEAD_REF of a pull
// request, GITHUB_REF_NAME, CI_MERGE_REQUEST_SOURCE_BRANCH_NAME, CI_COMMIT_REF_NAME), else the one
// that HEAD is on; "" where it is on none.
// The commit is HEAD, but for a merge that GitHub made to try a pull request (its subject is "Merge
// HEAD^2 into HEAD^1" with full object names): that one vanishes with the next push, and has
// neither an author's words nor their time. There it is HEAD^2, the pull request's own newest
// commit; HEAD again in a clone so shallow that HEAD^2 is not in it.
WorkTree read_work_tree(const std::filesystem::path& top,
                        const std::map<std::string, std::string>& environment);

// Whether `path` (relative to the top) is in the commit.
bool exists_in(const std::filesystem::path& top, const std::string& commit,
               const std::filesystem::path& path);

// Writes the files of a commit below `path` (relative to the top, "." for all) to
// `destination`/`path`.
void export_files(const std::filesystem::path& top, const std::string& commit,
                  const std::filesystem::path& path, const std::filesystem::path& destination);

}  // namespace pgduet::harness

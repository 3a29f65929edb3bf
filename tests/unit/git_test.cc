#include "pgduet/harness/git.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {
namespace fs = std::filesystem;

// A repository with one commit on main, a second one on branch change, and the work tree on change.
class GitTest : public testing::Test {
 protected:
  GitTest() : directory_(fs::temp_directory_path(), "pgduet-git-test-") {
    git({"init", "--quiet", "--initial-branch=main"});
    write("db/shop/workload.json", "{}");
    write("other.txt", "one");
    commit("first");
    git({"checkout", "--quiet", "-b", "change"});
    write("db/shop/workload.json", "{\"changed\": true}");
    commit("second");
  }

  void git(std::vector<std::string> arguments) {
    CommandOptions options;
    options.arguments = {"git", "-C", top().string(), "-c", "user.name=a", "-c", "user.email=a@b"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    const CommandResult result = run_command(options);
    ASSERT_EQ(result.exit_status, 0) << result.errors;
  }
  void write(const std::string& name, const std::string& text) {
    write_file_atomically(top() / name, text);
  }
  void commit(const std::string& message) {
    git({"add", "--all"});
    git({"commit", "--quiet", "-m", message});
  }
  const fs::path& top() const { return directory_.path(); }

  TempDir directory_;
};

TEST_F(GitTest, FindsTheTopFromBelowAndNothingOutside) {
  EXPECT_EQ(fs::canonical(*git_top(top() / "db" / "shop")), fs::canonical(top()));
  const TempDir outside(fs::temp_directory_path(), "pgduet-no-git-");
  EXPECT_EQ(git_top(outside.path()), std::nullopt);
}

TEST_F(GitTest, BaseIsTheTargetOfThePullRequestElseOriginHead) {
  EXPECT_EQ(default_base(top(), {{"GITHUB_BASE_REF", "main"}}), "origin/main");
  EXPECT_EQ(default_base(top(), {{"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "dev"}}), "origin/dev");
  EXPECT_EQ(default_base(top(), {{"GITHUB_BASE_REF", ""}}), std::nullopt);
  git({"update-ref", "refs/remotes/origin/main", "main"});
  git({"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"});
  EXPECT_EQ(default_base(top(), {}), "origin/main");
}

TEST_F(GitTest, ComparesWithTheMergeBase) {
  git({"checkout", "--quiet", "main"});
  write("other.txt", "two");
  commit("third, after the branch");
  git({"checkout", "--quiet", "change"});
  const GitRevision base = merge_base(top(), "main");
  EXPECT_EQ(base.commit.size(), 40U);
  EXPECT_EQ(base.shown, base.commit.substr(0, 10) + " (merge base with main)");
  EXPECT_EQ(merge_base(top(), base.commit).shown,
            base.commit.substr(0, 10) + " (" + base.commit + ")");
}

TEST_F(GitTest, SaysThatARevisionDoesNotExist) {
  EXPECT_EQ(error_text([&] { merge_base(top(), "origin/gone"); }),
            "base revision \"origin/gone\" does not exist in this repository\n"
            "  hint: Fetch it (in GitHub Actions: actions/checkout with fetch-depth: 0), or name "
            "another with --base; --base none compares with the baselines alone.");
  EXPECT_THAT(error_text([&] { merge_base(top(), "--output=x"); }),
              testing::StartsWith("base revision \"--output=x\" does not exist"));
}

TEST_F(GitTest, SaysThatHistoriesHaveNothingInCommon) {
  git({"checkout", "--quiet", "--orphan", "elsewhere"});
  commit("unrelated");
  EXPECT_THAT(error_text([&] { merge_base(top(), "main"); }),
              testing::StartsWith("base revision \"main\" and HEAD have no commit in common"));
}

TEST_F(GitTest, ExportsFilesOfACommitAndLeavesTheWorkTreeAlone) {
  const std::string base = merge_base(top(), "main").commit;
  EXPECT_TRUE(exists_in(top(), base, "db/shop/workload.json"));
  EXPECT_FALSE(exists_in(top(), base, "db/gone"));
  const TempDir exported(fs::temp_directory_path(), "pgduet-export-");
  export_files(top(), base, "db/shop", exported.path());
  EXPECT_EQ(read_file(exported.path() / "db/shop/workload.json"), "{}");
  EXPECT_FALSE(fs::exists(exported.path() / "other.txt"));
  EXPECT_EQ(read_file(top() / "db/shop/workload.json"), "{\"changed\": true}");
}

TEST_F(GitTest, DescribesTheWorkTree) {
  const std::string clean = describe_work_tree(top());
  EXPECT_EQ(clean.size(), 10U);
  write("new.txt", "");
  EXPECT_EQ(describe_work_tree(top()), clean + " and uncommitted changes");
}

}  // namespace
}  // namespace pgduet::harness

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

  // Returns what it prints, without the last line end.
  std::string git(const std::vector<std::string>& arguments) {
    CommandOptions options;
    options.arguments = {"git", "-C", top().string(), "-c", "user.name=a", "-c", "user.email=a@b"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = {{"GIT_COMMITTER_DATE", "2026-11-21T23:30:00-0800"}};
    const CommandResult result = run_command(options);
    EXPECT_EQ(result.exit_status, 0) << result.errors;
    return result.output.substr(0, result.output.find_last_not_of('\n') + 1);
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
  EXPECT_EQ(base.commit.id.size(), 40U);
  EXPECT_EQ(base.shown, base.commit.id.substr(0, 10) + " (merge base with main)");
  EXPECT_EQ(merge_base(top(), base.commit.id).shown,
            base.commit.id.substr(0, 10) + " (" + base.commit.id + ")");
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
  const std::string base = merge_base(top(), "main").commit.id;
  EXPECT_TRUE(exists_in(top(), base, "db/shop/workload.json"));
  EXPECT_FALSE(exists_in(top(), base, "db/gone"));
  const TempDir exported(fs::temp_directory_path(), "pgduet-export-");
  export_files(top(), base, "db/shop", exported.path());
  EXPECT_EQ(read_file(exported.path() / "db/shop/workload.json"), "{}");
  EXPECT_FALSE(fs::exists(exported.path() / "other.txt"));
  EXPECT_EQ(read_file(top() / "db/shop/workload.json"), "{\"changed\": true}");
}

TEST_F(GitTest, ReadsTheCommitOfTheBase) {
  gate::CommitRecord expected;
  expected.id = git({"rev-parse", "main"});
  expected.committed_at = "2026-11-22T07:30:00Z";
  expected.subject = "first";
  expected.branch = "main";
  write("other.txt", "changes of the work tree are not the base's");
  EXPECT_EQ(merge_base(top(), "main").commit, expected);
  git({"update-ref", "refs/remotes/origin/main", "main"});
  git({"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"});
  expected.branch = "origin/main";
  EXPECT_EQ(merge_base(top(), "origin/main").commit, expected);
  EXPECT_EQ(merge_base(top(), "origin/HEAD").commit, expected);
  expected.branch = "";
  git({"tag", "v1", "main"});
  for (const std::string& revision : {expected.id, std::string("HEAD~1"), std::string("v1")})
    EXPECT_EQ(merge_base(top(), revision).commit, expected) << revision;
}

TEST_F(GitTest, ReadsTheWorkTree) {
  gate::CommitRecord expected;
  expected.id = git({"rev-parse", "HEAD"});
  expected.committed_at = "2026-11-22T07:30:00Z";
  expected.subject = "second";
  expected.branch = "change";
  const WorkTree clean = read_work_tree(top(), {});
  EXPECT_EQ(clean.shown, expected.id.substr(0, 10));
  EXPECT_EQ(clean.commit, expected);

  write("new.txt", "");
  expected.modified = true;
  const WorkTree modified = read_work_tree(top(), {});
  EXPECT_EQ(modified.shown, clean.shown + " and uncommitted changes");
  EXPECT_EQ(modified.commit, expected);
}

TEST_F(GitTest, ANewRepositoryHasNoCommit) {
  git({"update-ref", "-d", "HEAD"});
  const WorkTree tree = read_work_tree(top(), {{"GITHUB_REF_NAME", "main"}});
  EXPECT_EQ(tree.shown, "no commit yet");
  EXPECT_EQ(tree.commit, std::nullopt);
}

TEST_F(GitTest, BranchIsTheOneThatCiBuildsElseTheOneThatHeadIsOn) {
  const auto branch = [this](const std::map<std::string, std::string>& environment) {
    return read_work_tree(top(), environment).commit->branch;
  };
  EXPECT_EQ(branch({{"GITHUB_HEAD_REF", ""}, {"GITHUB_REF_NAME", "push"}}), "push");
  EXPECT_EQ(branch({{"GITHUB_HEAD_REF", "topic"}, {"GITHUB_REF_NAME", "12/merge"}}), "topic");
  EXPECT_EQ(branch({{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "mr"}, {"CI_COMMIT_REF_NAME", "x"}}),
            "mr");
  EXPECT_EQ(branch({{"CI_COMMIT_REF_NAME", "x"}}), "x");
  git({"branch", "-m", "a/b"});
  EXPECT_EQ(branch({}), "a/b");
  git({"checkout", "--quiet", "--detach"});
  EXPECT_EQ(branch({}), "");
  EXPECT_EQ(branch({{"CI_COMMIT_REF_NAME", "x"}}), "x");
}

TEST_F(GitTest, SubjectsAreOnlyText) {
  for (const std::string subject :
       {"%H <script> \"'`$(id)` \x1b[31m \xe2\x80\xae", "# branch.head x", "Merge main into change",
        "\xc3\xa9 \\n -- --output=x"}) {
    git({"commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", subject + "\n\nbody"});
    EXPECT_EQ(read_work_tree(top(), {}).commit->subject, subject);
  }
  git({"commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", ""});
  EXPECT_EQ(read_work_tree(top(), {}).commit->subject, "");
}

// "git commit" makes UTF-8 of it; other programs do not.
TEST_F(GitTest, SubjectsMayBeBadUtf8) {
  const std::string bytes = git({"cat-file", "commit", "HEAD"});
  write("commit.txt", bytes.substr(0, bytes.find("\n\n") + 2) + "\xff\xfe\n");
  git({"reset", "--soft", git({"hash-object", "-t", "commit", "-w", "commit.txt"})});
  EXPECT_EQ(read_work_tree(top(), {}).commit->subject, "\xff\xfe");
}

// What the user's settings add to git's output for people.
TEST_F(GitTest, SettingsDoNotChangeWhatIsRead) {
  const WorkTree plain = read_work_tree(top(), {});
  for (const char* setting : {"log.showSignature=true", "color.ui=always", "status.showStash=true",
                              "status.branch=true", "log.date=relative", "format.pretty=fuller",
                              "i18n.logOutputEncoding=UTF-16", "log.decorate=full"}) {
    const std::string text = setting;
    const std::size_t sign = text.find('=');
    git({"config", text.substr(0, sign), text.substr(sign + 1)});
  }
  write("other.txt", "stashed");
  git({"stash", "--quiet"});
  EXPECT_EQ(read_work_tree(top(), {}).commit, plain.commit);
}

// A pull request as GitHub's actions/checkout leaves it.
class PullRequestTest : public GitTest {
 protected:
  PullRequestTest() {
    change_ = git({"rev-parse", "change"});
    git({"checkout", "--quiet", "main"});
    write("other.txt", "two");
    commit("third, after the branch");
    main_ = git({"rev-parse", "main"});
    git({"checkout", "--quiet", "--detach"});
  }
  void merge(const std::string& subject) {
    git({"merge", "--quiet", "--no-ff", "-m", subject, "change"});
  }
  std::string trial_subject() const { return "Merge " + change_ + " into " + main_; }

  std::string change_;
  std::string main_;
};

TEST_F(PullRequestTest, CommitIsThePullRequestsOwn) {
  merge(trial_subject());
  const WorkTree tree = read_work_tree(top(), {{"GITHUB_HEAD_REF", "change"}});
  EXPECT_EQ(tree.shown, git({"rev-parse", "HEAD"}).substr(0, 10));
  EXPECT_EQ(tree.commit->id, change_);
  EXPECT_EQ(tree.commit->subject, "second");
  EXPECT_EQ(tree.commit->branch, "change");
  EXPECT_FALSE(tree.commit->modified);
}

// The pull request's head itself, checked out, may be a merge of main into the branch; and with
// pull_request_target HEAD is what main is at, often a merge as well.
TEST_F(PullRequestTest, OtherMergesStandForThemselves) {
  merge("Merge pull request #1 from them/change");
  EXPECT_EQ(read_work_tree(top(), {{"GITHUB_EVENT_NAME", "pull_request_target"}}).commit->id,
            git({"rev-parse", "HEAD"}));
  git({"commit", "--quiet", "--allow-empty", "-m", trial_subject()});
  EXPECT_EQ(read_work_tree(top(), {}).commit->id, git({"rev-parse", "HEAD"}));
}

TEST_F(PullRequestTest, AShallowCloneHasTheMergeOnly) {
  merge(trial_subject());
  const TempDir clone(fs::temp_directory_path(), "pgduet-shallow-");
  git({"clone", "--quiet", "--depth=1", "file://" + top().string(), clone.path() / "shop"});
  EXPECT_EQ(read_work_tree(clone.path() / "shop", {}).commit->id, git({"rev-parse", "HEAD"}));
}

}  // namespace
}  // namespace pgduet::harness

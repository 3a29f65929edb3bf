// The hook that is shipped for git, with a program in place of pgduet that says how it was called.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class PrePushTest : public testing::Test {
 protected:
  PrePushTest() : directory_(fs::temp_directory_path(), "pgduet-hook-test-") {
    fs::create_directories(directory_.path() / "work");
    pgduet_ends_with(0);
    git({"init", "--quiet", "--bare", "--initial-branch=main", "../remote"});
    git({"init", "--quiet", "--initial-branch=main"});
    git({"remote", "add", "origin", "../remote"});
    commit();
    git({"push", "--quiet", "origin", "main"});
    git({"remote", "set-head", "origin", "main"});
    const fs::path hook = fs::path(PGDUET_SOURCE_DIR) / "harness/cli/package/pre-push";
    fs::copy_file(hook, directory_.path() / "work/.git/hooks/pre-push");
  }

  void pgduet_ends_with(int status) const {
    const fs::path program = directory_.path() / "bin/pgduet";
    harness::write_file_atomically(program, "#!/bin/sh\necho \"called: pgduet $*\" >&2\nexit " +
                                                std::to_string(status) + "\n");
    fs::permissions(program, fs::perms(0755));
  }

  harness::CommandResult run_git(std::vector<std::string> arguments) const {
    harness::CommandOptions command;
    arguments.insert(arguments.begin(), "git");
    command.arguments = arguments;
    command.working_directory = directory_.path() / "work";
    command.environment = {
        {"PATH", (directory_.path() / "bin").string() + ":" + std::getenv("PATH")},
        {"HOME", directory_.path().string()},
        {"GIT_CONFIG_NOSYSTEM", "1"},
        {"GIT_AUTHOR_NAME", "A"},
        {"GIT_AUTHOR_EMAIL", "a@example.org"},
        {"GIT_COMMITTER_NAME", "A"},
        {"GIT_COMMITTER_EMAIL", "a@example.org"}};
    return harness::run_command(command);
  }
  void git(const std::vector<std::string>& arguments) const {
    const harness::CommandResult result = run_git(arguments);
    EXPECT_EQ(result.exit_status, 0) << arguments[0] << ": " << result.errors;
  }
  void commit() const { git({"commit", "--quiet", "--allow-empty", "--message", "x"}); }

  harness::TempDir directory_;
};

TEST_F(PrePushTest, ChecksWhatIsPushedAgainstTheRemotesBranch) {
  commit();
  const harness::CommandResult pushed = run_git({"push", "origin", "main"});
  EXPECT_EQ(pushed.exit_status, 0) << pushed.errors;
  EXPECT_THAT(pushed.errors, HasSubstr("called: pgduet check --changed --base origin/HEAD\n"));
}

TEST_F(PrePushTest, KeepsThePushBackWhenAQueryFailsTheGate) {
  commit();
  pgduet_ends_with(1);
  const harness::CommandResult pushed = run_git({"push", "origin", "main"});
  EXPECT_NE(pushed.exit_status, 0);
  EXPECT_THAT(pushed.errors, HasSubstr("git push --no-verify pushes all the same"));
}

TEST_F(PrePushTest, LetsThePushGoWhenNothingCouldBeMeasured) {
  commit();
  pgduet_ends_with(3);
  const harness::CommandResult pushed = run_git({"push", "origin", "main"});
  EXPECT_EQ(pushed.exit_status, 0) << pushed.errors;
  EXPECT_THAT(pushed.errors, HasSubstr("could not measure (status 3)"));
}

TEST_F(PrePushTest, DoesNotCheckWhatIsNotCheckedOut) {
  git({"checkout", "--quiet", "-b", "other"});
  commit();
  git({"checkout", "--quiet", "main"});
  const harness::CommandResult pushed = run_git({"push", "origin", "other"});
  EXPECT_EQ(pushed.exit_status, 0) << pushed.errors;
  EXPECT_THAT(pushed.errors, Not(HasSubstr("called")));
  const harness::CommandResult deleted = run_git({"push", "origin", ":other"});
  EXPECT_EQ(deleted.exit_status, 0) << deleted.errors;
  EXPECT_THAT(deleted.errors, Not(HasSubstr("called")));
}

TEST_F(PrePushTest, TakesMoreArgumentsFromGitsConfiguration) {
  git({"config", "pgduet.check", "--only orders*"});
  commit();
  EXPECT_THAT(run_git({"push", "origin", "main"}).errors,
              HasSubstr("check --changed --base origin/HEAD --only orders*\n"));
}

TEST_F(PrePushTest, ChecksWithoutABaseWhereTheRemotesBranchIsNotKnown) {
  git({"remote", "set-head", "origin", "--delete"});
  commit();
  EXPECT_THAT(run_git({"push", "origin", "main"}).errors, HasSubstr("pgduet check --changed\n"));
}

}  // namespace
}  // namespace pgduet::cli

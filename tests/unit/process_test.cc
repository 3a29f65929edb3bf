#include "pgduet/harness/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "error_text.h"
#include "pgduet/harness/interrupt.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

CommandOptions shell(const std::string& script) {
  CommandOptions options;
  options.arguments = {"sh", "-c", script};
  return options;
}

// Runs `body` in a child process that ends with what it returns. Returns its number.
template <typename Body>
pid_t fork_and(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(body());
    } catch (...) {
      _exit(99);
    }
  }
  return child;
}

// The exit status of a child, or 128 and its signal.
int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(RunCommand, ReturnsOutputErrorsAndStatus) {
  const CommandResult result = run_command(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_FALSE(result.timed_out);
}

TEST(RunCommand, PassesArgumentsAsTheyAre) {
  CommandOptions options;
  options.arguments = {"printf", "%s|", "a b", "$HOME", "'; rm", ""};
  EXPECT_EQ(run_command(options).output, "a b|$HOME|'; rm||");
}

TEST(RunCommand, TellsTheSignalThatKilled) {
  EXPECT_EQ(run_command(shell("kill -TERM $$")).exit_status, 128 + SIGTERM);
}

TEST(RunCommand, ReadsBothPipesHoweverMuchComes) {
  const CommandResult result =
      run_command(shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero; "
                        "head -c 1000000 /dev/zero >&2"));
  EXPECT_EQ(result.output.size(), 1000000u);
  EXPECT_EQ(result.errors.size(), 2000000u);
}

TEST(RunCommand, AddsToTheEnvironment) {
  setenv("PGDUET_TEST_KEPT", "kept", 1);
  setenv("PGDUET_TEST_REPLACED", "old", 1);
  CommandOptions options = shell("echo $PGDUET_TEST_KEPT $PGDUET_TEST_REPLACED $PGDUET_TEST_NEW");
  options.environment = {{"PGDUET_TEST_REPLACED", "replaced"}, {"PGDUET_TEST_NEW", "new"}};
  EXPECT_EQ(run_command(options).output, "kept replaced new\n");
}

TEST(RunCommand, ReadsItsInputFromAFileAndElseNothing) {
  const TempDir directory("/tmp", "pgduet-test-");
  std::ofstream(directory.path() / "input") << "from a file";
  CommandOptions options = shell("cat");
  EXPECT_EQ(run_command(options).output, "");
  options.standard_input = directory.path() / "input";
  EXPECT_EQ(run_command(options).output, "from a file");
}

TEST(RunCommand, RunsInTheWorkingDirectory) {
  CommandOptions options = shell("pwd");
  options.working_directory = "/usr";
  EXPECT_EQ(run_command(options).output, "/usr\n");
}

TEST(RunCommand, SaysWhyAProgramCannotBeRun) {
  CommandOptions options;
  options.arguments = {"no-such-program-of-pgduet"};
  EXPECT_EQ(error_text([&] { run_command(options); }),
            "could not run \"no-such-program-of-pgduet\": No such file or directory");
  options.arguments = {"/etc/passwd"};
  EXPECT_EQ(error_text([&] { run_command(options); }),
            "could not run \"/etc/passwd\": Permission denied");
  options.arguments = {"true"};
  options.working_directory = "/no/such/place";
  EXPECT_EQ(error_text([&] { run_command(options); }),
            "could not change to directory \"/no/such/place\": No such file or directory");
  options.working_directory.clear();
  if (const auto user = server_user()) {
    const TempDir closed("/tmp", "pgduet-test-");
    std::filesystem::copy("/bin/true", closed.path() / "true");
    options.arguments = {(closed.path() / "true").string()};
    EXPECT_EQ(run_command(options).exit_status, 0);
    options.user = user;
    EXPECT_EQ(error_text([&] { run_command(options); }),
              "could not run \"" + options.arguments[0] +
                  "\": Permission denied\n  hint: It is run as user \"" + user->name +
                  "\", who must be able to reach and run it.");
  }
  options.standard_input = "/no/such/file";
  EXPECT_EQ(error_text([&] { run_command(options); }),
            "could not open \"/no/such/file\": No such file or directory");
}

TEST(RunCommand, HandsNoDescriptorsOn) {
  const int open_here = open("/dev/null", O_RDONLY);  // not close-on-exec
  ASSERT_GE(open_here, 0);
  CommandOptions options;
  options.arguments = {"ls", "/proc/self/fd"};
  EXPECT_EQ(run_command(options).output, "0\n1\n2\n3\n");  // ls itself opens the directory
  close(open_here);
}

TEST(RunCommand, KillsTheProcessGroupAtItsTimeout) {
  CommandOptions options = shell("sleep 1000 & echo started; wait");
  options.timeout = seconds(1);
  const CommandResult result = run_command(options);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.output, "started\n");
  EXPECT_EQ(result.exit_status, 128 + SIGKILL);
}

TEST(RunCommand, DoesNotWaitForWhatTheCommandLeftBehind) {
  const CommandResult result = run_command(shell("sleep 1000 & echo $!"));
  EXPECT_EQ(result.exit_status, 0);
  const pid_t left = std::stoi(result.output);
  // Killed with its group. Who reaps it may take a while.
  const auto state = [left] {
    std::ifstream stat("/proc/" + std::to_string(left) + "/stat");
    std::string pid, name, letter;
    stat >> pid >> name >> letter;
    return letter;
  };
  while (!state().empty() && state() != "Z") sched_yield();
}

TEST(RunCommand, EndsByASignalToThisProcess) {
  const pid_t child = fork_and([] {
    install_signal_handlers();
    try {
      run_command(shell("kill -INT $PPID; sleep 1000"));
    } catch (const Interrupted& interrupted) {
      return interrupted.signal == SIGINT && pending_signal() == SIGINT ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(RunInTerminal, KeepsCtrlCAndPassesOtherSignalsOn) {
  const pid_t child = fork_and([] {
    install_signal_handlers();
    // Late enough for us to wait already.
    return run_in_terminal(
        shell("sleep 0.3; kill -INT $PPID; sleep 0.1; kill -TERM $PPID; exec sleep 1000"));
  });
  EXPECT_EQ(wait_for(child), 128 + SIGTERM);
}

TEST(InstallSignalHandlers, LetsTheSecondSignalOfAKindEndTheProcess) {
  const pid_t child = fork_and([] {
    install_signal_handlers();
    raise(SIGTERM);
    if (pending_signal() != SIGTERM) return 1;
    raise(SIGTERM);
    return 2;
  });
  EXPECT_EQ(wait_for(child), 128 + SIGTERM);
}

TEST(CheckInterrupt, ThrowsNothingWithoutASignal) {
  EXPECT_EQ(pending_signal(), 0);
  EXPECT_NO_THROW(check_interrupt());
}

class ServerProcessTest : public testing::Test {
 protected:
  ServerProcessTest() {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0711));
  }
  ServerProcess::Options server(const std::string& script) const {
    ServerProcess::Options options;
    options.command = shell(script);
    options.log_file = directory_.path() / "log";
    options.stop_signal = SIGINT;
    return options;
  }
  // Blocks until the script has made the fifo readable and written a line to it.
  std::string line_from(const std::string& fifo) const {
    std::ifstream in(directory_.path() / fifo);
    std::string line;
    std::getline(in, line);
    return line;
  }
  std::string fifo(const std::string& name) const {
    const auto path = directory_.path() / name;
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::filesystem::permissions(path, std::filesystem::perms(0666));  // for the servers' user
    return path.string();
  }
  std::string log() const {
    std::ifstream file(directory_.path() / "log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  TempDir directory_{"/tmp", "pgduet-test-"};
};

TEST_F(ServerProcessTest, AppendsBothOutputsToItsLog) {
  for (int start = 0; start < 2; ++start) {
    ServerProcess process(server("echo out; echo err >&2"));
    while (!process.exit_status()) sched_yield();
  }
  EXPECT_EQ(log(), "out\nerr\nout\nerr\n");
}

TEST_F(ServerProcessTest, TellsHowItEnded) {
  ServerProcess process(server("exit 7"));
  while (!process.exit_status()) sched_yield();
  EXPECT_EQ(process.exit_status(), 7);
  process.stop();  // harmless
  EXPECT_EQ(process.exit_status(), 7);
}

TEST_F(ServerProcessTest, StopsByItsSignal) {
  const std::string ready = fifo("ready");
  ServerProcess process(
      server("trap 'echo stopped; exit 5' INT; echo >" + ready + "; while :; do :; done"));
  line_from("ready");
  EXPECT_FALSE(process.exit_status());
  process.stop();
  EXPECT_EQ(process.exit_status(), 5);
  EXPECT_EQ(log(), "stopped\n");
}

TEST_F(ServerProcessTest, IsKilledWhenItDoesNotHeedItsSignals) {
  const std::string ready = fifo("ready");
  ServerProcess::Options options =
      server("trap '' INT QUIT; echo >" + ready + "; while :; do :; done");
  options.death_signal = SIGQUIT;
  options.stop_timeout = milliseconds(50);
  ServerProcess process(options);
  line_from("ready");
  process.stop();
  EXPECT_EQ(process.exit_status(), 128 + SIGKILL);
}

TEST_F(ServerProcessTest, GetsItsDeathSignalWhenThisProcessIsKilled) {
  // Orphans come to us, so that we see how they end.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const std::string ready = fifo("ready");
  ServerProcess::Options options = server("echo $$ >" + ready + "; exec sleep 1000");
  options.death_signal = SIGTERM;
  options.command.user = server_user();  // when root: the change of user must not lose the signal
  const pid_t owner = fork_and([&] {
    const ServerProcess process(options);
    pause();
    return 0;
  });
  const pid_t orphan = std::stoi(line_from("ready"));
  kill(owner, SIGKILL);
  EXPECT_EQ(wait_for(owner), 128 + SIGKILL);
  EXPECT_EQ(wait_for(orphan), 128 + SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ServerProcessTest, MovesWithItsOwner) {
  ServerProcess first(server("exec sleep 1000"));
  const pid_t pid = first.pid();
  ServerProcess second(std::move(first));
  EXPECT_EQ(second.pid(), pid);
  EXPECT_FALSE(second.exit_status());
  second.stop();
  EXPECT_EQ(second.exit_status(), 128 + SIGINT);
}

TEST(ServerUser, IsAnOrdinaryUserOrWhoWeAre) {
  const auto user = server_user();
  if (geteuid() == 0) {
    ASSERT_TRUE(user);
    EXPECT_NE(user->uid, 0u);
    EXPECT_EQ(server_user("nobody")->name, "nobody");
    EXPECT_EQ(error_text([] { server_user("no_such_user"); }),
              "user \"no_such_user\" does not exist");
    EXPECT_EQ(error_text([] { server_user("root"); }),
              "PostgreSQL refuses to run as user \"root\"\n  hint: Name an ordinary user.");
  } else {
    EXPECT_FALSE(user);
  }
}

TEST(FindUser, ReturnsNothingForAnUnknownName) {
  EXPECT_FALSE(find_user("no_such_user"));
  ASSERT_TRUE(find_user("root"));
  EXPECT_EQ(find_user("root")->uid, 0u);
}

}  // namespace
}  // namespace pgduet::harness

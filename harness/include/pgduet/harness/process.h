// Child processes: an argument list (never a shell string), an own process group, close-on-exec
// everywhere, always reaped, and never outliving this process, not even after SIGKILL
// (PR_SET_PDEATHSIG; children of theirs are not reached then, but by the end of the server that
// they talk to).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgduet::harness {

// The user that a child runs as.
struct SystemUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

// The user of that name; nothing when there is none.
std::optional<SystemUser> find_user(const std::string& name);

// The ordinary user that servers are started as: nothing (stay who we are) unless this process is
// root; then `wanted`, or "postgres", or "nobody". Throws Error(usage) when `wanted` does not
// exist, Error(environment) when there is none.
std::optional<SystemUser> server_user(const std::string& wanted = {});

struct CommandOptions {
  std::vector<std::string> arguments;  // [0] is the program, searched in PATH when without a slash
  std::map<std::string, std::string> environment;       // added to ours
  std::filesystem::path working_directory;              // ours when empty
  std::optional<SystemUser> user;                       // dropped to before exec
  std::optional<std::filesystem::path> standard_input;  // a file; /dev/null when nothing
  std::chrono::seconds timeout{0};                      // 0: none; the process group is killed
};

struct CommandResult {
  int exit_status = 0;  // 128 + signal when it was killed
  std::string output;   // standard output
  std::string errors;   // standard error
  bool timed_out = false;
};

// Runs a command to its end. Throws Error(environment) when it cannot be started, and Interrupted
// (see interrupt.h) when a signal asks this process to stop; the child is gone by then.
CommandResult run_command(const CommandOptions& options);

// Runs a program that people talk to, on our own terminal, and returns its exit status (128 +
// signal when it was killed). Ctrl-C is its business meanwhile, not ours; a signal that asks us to
// stop is passed on to it. Throws as run_command does.
int run_in_terminal(const CommandOptions& options);

// A server process: started and left running, its output appended to a log file. Destroyed:
// `stop_signal` to it, SIGKILL to its process group after `stop_timeout`. Move-only.
class ServerProcess {
 public:
  struct Options {
    CommandOptions command;
    std::filesystem::path log_file;
    int stop_signal = 0;  // SIGINT for PostgreSQL's fast shutdown
    int death_signal =
        0;  // sent to it by the kernel when this process dies: SIGQUIT for PostgreSQL
    std::chrono::milliseconds stop_timeout{10000};
  };
  explicit ServerProcess(const Options& options);
  ~ServerProcess();
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  // Nothing while it runs; its exit status (128 + signal) after it has ended.
  std::optional<int> exit_status();
  // Stops it and waits. Harmless when it has ended.
  void stop();

 private:
  Options options_;
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
};

}  // namespace pgduet::harness

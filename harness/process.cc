#include "pgduet/harness/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "pgduet/gate/error.h"
#include "pgduet/harness/interrupt.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

using Clock = std::chrono::steady_clock;
using gate::Error;

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close() {
    if (is_open()) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

// A descriptor above 2. One that is itself 0, 1 or 2 (when we were started with these closed) would
// keep its close-on-exec flag in the child, where dup2() onto itself does nothing.
Descriptor above_stdio(Descriptor descriptor) {
  if (descriptor.get() > 2) return descriptor;
  return Descriptor(fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
}

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("make", "a pipe", errno);
  return {above_stdio(Descriptor(ends[0])), above_stdio(Descriptor(ends[1]))};
}

Descriptor open_file(const std::filesystem::path& path, int flags) {
  const int number = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (number < 0) throw system_error("open", path, errno);
  return above_stdio(Descriptor(number));
}

// What the child reports before exec succeeds.
struct StartFailure {
  enum class Step { working_directory, user, program };
  Step step = Step::program;
  int error = 0;
};

// Everything that the child needs, made before the fork: between fork and exec only
// async-signal-safe calls are allowed.
struct Start {
  std::string program;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string working_directory;
  std::optional<SystemUser> user;
  std::vector<gid_t> groups;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  int death_signal = 0;
  bool own_group = true;  // else it may read from the terminal
};

std::string find_program(const std::string& name, const std::map<std::string, std::string>& extra) {
  if (name.find('/') != std::string::npos) return name;
  const auto added = extra.find("PATH");
  const char* ours = getenv("PATH");
  const std::string path = added != extra.end() ? added->second : ours != nullptr ? ours : "";
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (end > begin && access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return name;  // exec then says "No such file or directory"
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& extra) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (extra.count(std::string(text.substr(0, text.find('=')))) == 0) merged.emplace_back(text);
  }
  for (const auto& [name, value] : extra) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<gid_t> groups_of(const SystemUser& user) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

bool become(const Start& start) {
  if (!start.user) return true;
  return setgroups(start.groups.size(), start.groups.data()) == 0 && setgid(start.user->gid) == 0 &&
         setuid(start.user->uid) == 0;
}

[[noreturn]] void report_failure(int pipe, StartFailure::Step step) {
  const StartFailure failure{step, errno};
  const ssize_t written = write(pipe, &failure, sizeof failure);
  _exit(written == sizeof failure ? 127 : 126);
}

// The child's side of the fork.
[[noreturn]] void start_in_child(const Start& start, pid_t parent, int failure_pipe) {
  if (start.own_group) setpgid(0, 0);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(start.standard_input, STDIN_FILENO);
  dup2(start.standard_output, STDOUT_FILENO);
  dup2(start.standard_error, STDERR_FILENO);
  // Ours are close-on-exec; these are what we were started with ourselves, and libraries' own.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (!start.working_directory.empty() && chdir(start.working_directory.c_str()) != 0)
    report_failure(failure_pipe, StartFailure::Step::working_directory);
  if (!become(start)) report_failure(failure_pipe, StartFailure::Step::user);
  // After the change of user, which clears it. A parent that died before this line sends nothing.
  prctl(PR_SET_PDEATHSIG, start.death_signal);
  if (getppid() != parent) _exit(126);
  execve(start.program.c_str(), start.argv.data(), start.envp.data());
  report_failure(failure_pipe, StartFailure::Step::program);
}

Error to_error(const StartFailure& failure, const Start& start, const CommandOptions& options) {
  switch (failure.step) {
    case StartFailure::Step::working_directory:
      return system_error("change to directory", start.working_directory, failure.error);
    case StartFailure::Step::user:
      return system_error("become user", options.user->name, failure.error);
    case StartFailure::Step::program:
      break;
  }
  std::string hint;
  if (failure.error == EACCES && start.user)
    hint = "It is run as user \"" + start.user->name + "\", who must be able to reach and run it.";
  return system_error("run", start.program, failure.error, hint);
}

// Starts the program in its own process group. Returns when exec has succeeded.
pid_t spawn(Start start, const CommandOptions& options) {
  start.program = find_program(options.arguments.at(0), options.environment);
  start.environment = merged_environment(options.environment);
  start.argv = pointers(options.arguments);
  start.envp = pointers(start.environment);
  start.working_directory = options.working_directory.string();
  if (options.user && options.user->uid != geteuid()) {
    start.user = options.user;
    start.groups = groups_of(*options.user);
  }
  Pipe failure_pipe = make_pipe();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw system_error("start", start.program, errno);
  if (child == 0) start_in_child(start, parent, failure_pipe.write_end.get());
  failure_pipe.write_end.close();
  StartFailure failure;
  ssize_t got = 0;
  do {
    got = read(failure_pipe.read_end.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return child;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  throw to_error(failure, start, options);
}

int exit_status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

bool has_ended(pid_t child) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

// Ends the whole process group and reaps its leader. The group goes before its leader is reaped:
// until then its number cannot belong to anybody else.
int end_group(pid_t child) {
  kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return exit_status_of(status);
}

// The child of run_command(): gone with its group when this goes.
class RunningCommand {
 public:
  explicit RunningCommand(pid_t pid) : pid_(pid) {}
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;
  ~RunningCommand() {
    if (pid_ > 0) end_group(pid_);
  }
  bool ended() const { return has_ended(pid_); }
  int end() { return end_group(std::exchange(pid_, -1)); }

 private:
  pid_t pid_;
};

// Reads what is there; closes at the end of the file.
void read_some(Descriptor& descriptor, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t got = read(descriptor.get(), buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) descriptor.close();
}

void wait_1_ms() { poll(nullptr, 0, 1); }

// Waits until one of the pipes has something, and reads it. poll() leaves out negative descriptors.
void read_ready(Descriptor& output, Descriptor& errors, CommandResult& result, int timeout_ms) {
  std::array<pollfd, 2> ready = {{{output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
  if (poll(ready.data(), ready.size(), timeout_ms) <= 0) return;
  if (ready[0].revents != 0) read_some(output, result.output);
  if (ready[1].revents != 0) read_some(errors, result.errors);
}

}  // namespace

std::optional<SystemUser> find_user(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry = {};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return SystemUser{.uid = entry.pw_uid, .gid = entry.pw_gid, .name = name};
}

std::optional<SystemUser> server_user(const std::string& wanted) {
  if (geteuid() != 0) return std::nullopt;
  if (!wanted.empty()) {
    const auto user = find_user(wanted);
    if (!user) throw Error(Error::Kind::usage, {}, "user \"" + wanted + "\" does not exist");
    if (user->uid == 0)
      throw Error(Error::Kind::usage, {}, "PostgreSQL refuses to run as user \"" + wanted + "\"",
                  "Name an ordinary user.");
    return user;
  }
  for (const char* name : {"postgres", "nobody"})
    if (const auto user = find_user(name)) return user;
  throw Error(Error::Kind::environment, {},
              "there is no ordinary user to start PostgreSQL as: neither \"postgres\" nor "
              "\"nobody\" exists",
              "Name one with --pg-user.");
}

CommandResult run_command(const CommandOptions& options) {
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  const Descriptor input = open_file(options.standard_input.value_or("/dev/null"), O_RDONLY);
  Start start;
  start.standard_input = input.get();
  start.standard_output = output.write_end.get();
  start.standard_error = errors.write_end.get();
  start.death_signal = SIGKILL;
  RunningCommand command(spawn(start, options));
  output.write_end.close();
  errors.write_end.close();

  CommandResult result;
  const auto deadline = Clock::now() + options.timeout;
  while (true) {
    check_interrupt();
    if (options.timeout.count() > 0 && Clock::now() >= deadline) {
      result.timed_out = true;
      break;
    }
    if (command.ended()) break;
    if (output.read_end.is_open() || errors.read_end.is_open())
      read_ready(output.read_end, errors.read_end, result, 20);
    else
      wait_1_ms();
  }
  result.exit_status = command.end();
  // One read empties a pipe (64 KiB). Not until the end of the file: what the command left running
  // in a session of its own may hold the pipes open.
  read_ready(output.read_end, errors.read_end, result, 0);
  return result;
}

int run_in_terminal(const CommandOptions& options) {
  Start start;
  start.standard_input = STDIN_FILENO;
  start.standard_output = STDOUT_FILENO;
  start.standard_error = STDERR_FILENO;
  start.death_signal = SIGHUP;
  start.own_group = false;
  const pid_t child = spawn(start, options);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction interrupt = {};
  struct sigaction quit = {};
  sigaction(SIGINT, &ignore, &interrupt);
  sigaction(SIGQUIT, &ignore, &quit);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (pending_signal() != 0) kill(child, pending_signal());
  }
  sigaction(SIGINT, &interrupt, nullptr);
  sigaction(SIGQUIT, &quit, nullptr);
  return exit_status_of(status);
}

ServerProcess::ServerProcess(const Options& options) : options_(options) {
  const Descriptor input =
      open_file(options.command.standard_input.value_or("/dev/null"), O_RDONLY);
  const Descriptor log = open_file(options.log_file, O_WRONLY | O_CREAT | O_APPEND);
  Start start;
  start.standard_input = input.get();
  start.standard_output = log.get();
  start.standard_error = log.get();
  start.death_signal = options.death_signal != 0 ? options.death_signal : SIGKILL;
  pid_ = spawn(start, options.command);
}

ServerProcess::~ServerProcess() { stop(); }

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : options_(std::move(other.options_)),
      pid_(std::exchange(other.pid_, -1)),
      exit_status_(other.exit_status_) {}

ServerProcess& ServerProcess::operator=(ServerProcess&& other) noexcept {
  std::swap(options_, other.options_);
  std::swap(pid_, other.pid_);
  std::swap(exit_status_, other.exit_status_);
  return *this;
}

std::optional<int> ServerProcess::exit_status() {
  if (pid_ > 0 && !exit_status_ && has_ended(pid_)) exit_status_ = end_group(pid_);
  return exit_status_;
}

void ServerProcess::stop() {
  if (pid_ <= 0) return;
  // A server that does not heed its stop signal is asked as its death signal would ask it: that
  // lets postgres take its children with it, which have process groups of their own.
  for (const int signal : {options_.stop_signal, options_.death_signal}) {
    if (signal == 0) continue;
    if (exit_status()) return;
    kill(pid_, signal);
    const auto deadline = Clock::now() + options_.stop_timeout;
    while (!exit_status() && Clock::now() < deadline) wait_1_ms();
  }
  if (!exit_status()) exit_status_ = end_group(pid_);
}

}  // namespace pgduet::harness

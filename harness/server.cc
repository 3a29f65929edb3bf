#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "connection_string.h"
#include "file_lock.h"
#include "file_tree.h"
#include "leftovers.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/interrupt.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using gate::Error;

constexpr const char* port = "5432";  // part of the socket's name only
constexpr const char* superuser = "pgduet";
// Crash recovery of a killed run's cluster is the longest that a start may take.
constexpr std::chrono::seconds start_timeout{120};

// The private directory of one server: socket, log, seed, preloaded library.
struct RunDirectory {
  FileLock owner;  // first in, last out: the directory goes while it is still ours
  TempDir directory;
};

RunDirectory make_run_directory(const std::optional<SystemUser>& user) {
  const fs::path parent = run_directory_parent(user.has_value());
  for (int attempt = 1;; ++attempt) {
    TempDir directory(parent, run_directory_prefix);
    try {
      // Another pgduet that cleans up may get at the directory before it is locked: then the next.
      if (auto lock = FileLock::try_lock(directory.path() / run_owner_file)) {
        if (user && chown(directory.path().c_str(), user->uid, user->gid) != 0)
          throw system_error("change the owner of", directory.path(), errno);
        return {std::move(*lock), std::move(directory)};
      }
    } catch (const Error&) {
      if (attempt == 5) throw;
    }
  }
}

// Writes a file of the run directory and gives it to the server's user.
void write_file(const fs::path& path, const std::string& contents,
                const std::optional<SystemUser>& user) {
  // Renamed into place, so that a session never reads a seed half written.
  const fs::path written = path.string() + ".new";
  errno = 0;
  std::ofstream(written, std::ios::binary) << contents;
  std::error_code error;
  if (fs::file_size(written, error) != contents.size())
    throw system_error("write", written, errno != 0 ? errno : EIO);
  if (user && chown(written.c_str(), user->uid, user->gid) != 0)
    throw system_error("change the owner of", written, errno);
  fs::rename(written, path);
}

// fixed_random.so: PGDUET_FIXED_RANDOM, else at its place below the prefix of the program.
fs::path find_fixed_random() {
  if (const char* variable = getenv("PGDUET_FIXED_RANDOM")) return variable;
  std::error_code error;
  const fs::path prefix = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  fs::path library = prefix / "lib/pgduet/preload/fixed_random.so";
  if (fs::exists(library, error)) return library;
  throw Error(Error::Kind::environment, {}, "could not find \"" + library.string() + "\"",
              "It is built with pgduet; PGDUET_FIXED_RANDOM names it elsewhere.");
}

std::string last_lines(const fs::path& path, int count) {
  constexpr std::streamoff tail_bytes = 65536;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  file.seekg(std::max(std::streamoff{0}, std::streamoff{file.tellg()} - tail_bytes));
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t begin = text.size();
  for (int line = 0; line < count && begin != 0 && begin != std::string::npos; ++line)
    begin = text.rfind('\n', begin - 1);
  if (begin == std::string::npos || begin == 0) return text;
  return text.substr(begin + 1);
}

// The line of postmaster.pid that tells the state (LOCK_FILE_LINE_PM_STATUS in pidfile.h), once the
// file is that of `postmaster` and not of a run that was killed.
bool is_ready(const fs::path& data_directory, pid_t postmaster) {
  constexpr int status_line = 8;
  std::ifstream file(data_directory / "postmaster.pid");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (number == 1 && line != std::to_string(postmaster)) return false;
    if (number == status_line) return line.rfind("ready", 0) == 0;
  }
  return false;
}

// The message of a FATAL line in the log that blames a setting, else "".
std::string refused_setting(const std::string& log) {
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("FATAL:  ");
    if (at == std::string::npos) continue;
    const std::string message = line.substr(at + 8);
    for (const char* kind : {"unrecognized configuration parameter", "invalid value for parameter",
                             "is outside the valid range for parameter", "requires a "})
      if (message.find(kind) != std::string::npos && message.find("parameter") != std::string::npos)
        return message;
  }
  return {};
}

}  // namespace

struct Server::State {
  ServerOptions options;
  RunDirectory run;
  std::optional<ServerProcess> process;

  fs::path log_file() const { return run.directory.path() / "server.log"; }
  fs::path seed_file() const { return run.directory.path() / "seed"; }

  ServerProcess::Options process_options() const;
  void start();
  void wait_until_ready();
  [[noreturn]] void fail(const std::string& what) const;
};

ServerProcess::Options Server::State::process_options() const {
  ServerProcess::Options result;
  CommandOptions& command = result.command;
  command.arguments = {(options.installation.bin_directory / "postgres").string(), "-D",
                       options.data_directory.string()};
  std::map<std::string, std::string> settings = cluster_settings(options.installation.major);
  for (const auto& [name, value] : options.settings) settings[name] = value;
  settings["listen_addresses"] = "";
  settings["port"] = port;
  settings["unix_socket_directories"] = run.directory.path().string();
  settings["unix_socket_permissions"] = "0700";
  for (const auto& [name, value] : settings) {
    command.arguments.push_back("-c");
    command.arguments.push_back(name + "=" + value);
  }
  command.environment["LC_ALL"] = "C";  // messages; databases have their own locale
  if (options.fixed_random) {
    command.environment["LD_PRELOAD"] = (run.directory.path() / "fixed_random.so").string();
    command.environment["PGDUET_RANDOM_SEED_FILE"] = seed_file().string();
  }
  command.working_directory = options.data_directory;
  command.user = options.user;
  result.log_file = log_file();
  result.stop_signal = SIGINT;    // fast shutdown
  result.death_signal = SIGQUIT;  // immediate shutdown
  return result;
}

void Server::State::start() {
  const fs::path lock_file = options.data_directory / "postmaster.pid";
  if (fs::exists(lock_file)) {
    if (!end_servers_in(options.data_directory))
      fail("cannot start: a server of an earlier run does not end");
    // Else the server would look whether a process of that number lives, and take another of the
    // same user for its own.
    fs::remove(lock_file);
  }
  process.emplace(process_options());
  wait_until_ready();
}

void Server::State::wait_until_ready() {
  const auto deadline = Clock::now() + start_timeout;
  while (!is_ready(options.data_directory, process->pid())) {
    check_interrupt();
    if (process->exit_status()) fail("did not start");
    if (Clock::now() >= deadline)
      fail("was not ready after " + std::to_string(start_timeout.count()) + " s");
    poll(nullptr, 0, 1);
  }
}

void Server::State::fail(const std::string& what) const {
  const std::string log = last_lines(log_file(), 20);
  if (means_no_space(log)) throw no_space(options.data_directory);
  if (const std::string refused = refused_setting(log); !refused.empty())
    throw Error(Error::Kind::input, {}, "the server refused its settings: " + refused);
  throw Error(Error::Kind::environment, {},
              "the server (PostgreSQL " + options.installation.version + ") " + what +
                  (log.empty() ? "" : "; its log ends with:" + indented(log)));
}

Server::Server(const ServerOptions& options)
    : state_(new State{options, make_run_directory(options.user), std::nullopt}) {
  State& state = *state_;
  // For who cleans up after us, see leftovers.h.
  write_file(state.run.directory.path() / run_cluster_file,
             fs::absolute(options.data_directory).string(), std::nullopt);
  if (options.fixed_random) {
    // A copy, because the build tree may lie where the server's user cannot read.
    const fs::path library = state.run.directory.path() / "fixed_random.so";
    std::error_code error;
    if (!fs::copy_file(find_fixed_random(), library, error))
      throw system_error("copy fixed_random.so to", library, error.value());
    fs::permissions(library, fs::perms(0755));
    set_random_seed("start");
  }
  state.start();
}

Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::string Server::connection_string(const std::string& database) const {
  return "host=" + state_->run.directory.path().string() + " port=" + port + " user=" + superuser +
         " dbname=" + conninfo_value(database);
}

std::map<std::string, std::string> Server::environment(const std::string& database) const {
  return {{"PGHOST", state_->run.directory.path().string()},
          {"PGPORT", port},
          {"PGUSER", superuser},
          {"PGDATABASE", database}};
}

pid_t Server::postmaster_pid() const { return state_->process->pid(); }

bool Server::running() { return !state_->process->exit_status(); }

std::string Server::log_tail(int lines) const { return last_lines(state_->log_file(), lines); }

void Server::stop() { state_->process->stop(); }

void Server::restart() {
  stop();
  state_->start();
}

void Server::set_random_seed(const std::string& name) {
  if (!state_->options.fixed_random) return;
  // The hash, so that the name may hold anything; the library counts sessions behind the line.
  write_file(state_->seed_file(), gate::hash_hex(name) + "\n", state_->options.user);
}

bool Server::random_is_fixed() {
  if (!state_->options.fixed_random) return false;
  const auto draw = [this] {
    set_random_seed("probe");
    pqxx::connection connection(connection_string("postgres"));
    pqxx::nontransaction session(connection);
    return session.exec("SELECT gen_random_uuid()")[0][0].as<std::string>();
  };
  return draw() == draw();
}

}  // namespace pgduet::harness

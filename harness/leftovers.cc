#include "leftovers.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <set>
#include <string_view>
#include <system_error>

#include "file_lock.h"
#include "file_tree.h"
#include "pgduet/gate/error.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

bool is_in(std::string_view path, const std::string& directory) {
  return path.substr(0, directory.size()) == directory &&
         (path.size() == directory.size() || path[directory.size()] == '/' ||
          path.substr(directory.size()) == " (deleted)");
}

bool is_server_program(const fs::path& process) {
  const std::string name = readable_text(process / "comm");
  return name == "postgres\n" || name == "initdb\n";
}

bool works_in(const fs::path& process, const std::string& directory) {
  if (!is_server_program(process)) return false;
  std::error_code error;
  const fs::path cwd = fs::read_symlink(process / "cwd", error);
  if (!error) return is_in(cwd.native(), directory);
  const std::string arguments = readable_text(process / "cmdline");
  std::size_t begin = 0;
  while (begin < arguments.size()) {
    const std::size_t end = std::min(arguments.find('\0', begin), arguments.size());
    if (is_in(std::string_view(arguments).substr(begin, end - begin), directory)) return true;
    begin = end + 1;
  }
  return false;
}

bool signal_until_gone(const fs::path& directory, int signal, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::set<pid_t> signalled;
  while (true) {
    const std::vector<pid_t> left = server_processes_in(directory);
    if (left.empty()) return true;
    if (Clock::now() >= deadline) return false;
    for (const pid_t pid : left)
      if (signalled.insert(pid).second) kill(pid, signal);
    poll(nullptr, 0, 2);
  }
}

// The directories below which run directories may lie.
std::set<fs::path> run_directory_parents() {
  return {run_directory_parent(false), run_directory_parent(true)};
}

bool is_of_this_user(const fs::path& file) {
  struct stat status = {};
  return lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid();
}

// A run may have been killed before it wrote its owner file. rmdir() takes empty directories only.
void remove_if_abandoned_empty(const fs::path& directory) {
  constexpr std::time_t old_enough_s = 60;
  struct stat status = {};
  if (lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
      status.st_uid == geteuid() && status.st_mtime + old_enough_s < std::time(nullptr))
    rmdir(directory.c_str());
}

void reap_run_directory(const fs::path& directory) {
  // Only what has an owner file of this user: /tmp is everybody's.
  const fs::path owner_file = directory / run_owner_file;
  if (!is_of_this_user(owner_file)) return remove_if_abandoned_empty(directory);
  const auto lock = FileLock::try_lock(owner_file);
  if (!lock) return;
  const fs::path cluster_file = directory / run_cluster_file;
  const std::string cluster = is_of_this_user(cluster_file) ? readable_text(cluster_file) : "";
  if (!cluster.empty()) end_servers_in(cluster);
  remove_tree(directory);
}

}  // namespace

std::vector<pid_t> server_processes_in(const fs::path& directory) {
  std::error_code error;
  const std::string real = fs::weakly_canonical(directory, error).string();
  std::vector<pid_t> pids;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(name.front())) == 0) continue;
    if (works_in(entry->path(), real)) pids.push_back(std::stoi(name));
  }
  return pids;
}

bool end_servers_in(const fs::path& directory) {
  using std::chrono::milliseconds;
  // The postmaster gives its children 5 s before it kills them (SIGKILL_CHILDREN_AFTER_SECS in
  // postmaster.c).
  return signal_until_gone(directory, SIGQUIT, milliseconds(6000)) ||
         signal_until_gone(directory, SIGKILL, milliseconds(5000));
}

fs::path run_directory_parent(bool other_user) {
  const char* variable = getenv("TMPDIR");
  const std::string wanted = variable != nullptr ? variable : "";
  // A socket's name has 107 bytes at most (sun_path); "/pgduet-run-XXXXXX/.s.PGSQL.5432.lock"
  // takes 38. Commas, blanks and quotes have a meaning in unix_socket_directories.
  const bool fits = !wanted.empty() && wanted.front() == '/' && wanted.size() <= 65 &&
                    wanted.find_first_of(", \"'\\") == std::string::npos;
  if (fits && !other_user && access(wanted.c_str(), W_OK | X_OK) == 0) return wanted;
  return "/tmp";
}

void reap_run_directories() {
  for (const fs::path& parent : run_directory_parents()) {
    std::error_code error;
    for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().filename().string().rfind(run_directory_prefix, 0) != 0) continue;
      try {
        reap_run_directory(entry->path());
      } catch (const gate::Error&) {
        continue;  // went in the meantime
      }
    }
  }
}

}  // namespace pgduet::harness

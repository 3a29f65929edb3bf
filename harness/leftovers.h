// What a run that was killed may leave: servers over our directories, and the directories of their
// sockets.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pgduet::harness {

// Server processes that work in `directory` or below: every process of PostgreSQL stands in its
// data directory. Where its directory cannot be read (root in a container without CAP_SYS_PTRACE)
// the postmaster is known by its arguments, and its children go with it.
std::vector<pid_t> server_processes_in(const std::filesystem::path& directory);

// Ends them and waits until they are gone: as PostgreSQL's immediate shutdown, after a while with
// SIGKILL. The caller must hold the lock of `directory`. False when some would not go.
bool end_servers_in(const std::filesystem::path& directory);

// Where run directories lie: $TMPDIR when servers run as who we are and sockets' names stay short,
// else /tmp.
std::filesystem::path run_directory_parent(bool other_user);

constexpr const char* run_directory_prefix = "pgduet-run-";
constexpr const char* run_owner_file = "owner";      // locked while the run lives
constexpr const char* run_cluster_file = "cluster";  // names the data directory of the run's server

// Removes the run directories of dead runs, and ends the servers that they name.
void reap_run_directories();

}  // namespace pgduet::harness

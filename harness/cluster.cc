#include "pgduet/harness/cluster.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "pgduet/gate/error.h"

namespace pgduet::harness {

// Planner settings stay at the server's defaults: plans must look like production's.
const std::map<std::string, std::string>& cluster_settings() {
  static const std::map<std::string, std::string> settings = {
      // The same data, statistics and blocks every time.
      {"autovacuum", "off"},                      // would analyse at a moment of its own
      {"synchronize_seqscans", "off"},            // scans would start where another one is
      {"max_parallel_maintenance_workers", "0"},  // the order of workers shows in an index's pages
      {"full_page_writes", "off"},                // WAL bytes would depend on the last checkpoint
      {"checkpoint_timeout", "1d"},               // no checkpoint in the middle of a measurement
      {"max_wal_size", "4GB"},         // nor one for the amount of WAL, in all but large loads
      {"bgwriter_lru_maxpages", "0"},  // no writer beside what is measured
      {"timezone", "UTC"},
      {"compute_query_id", "on"},  // the identity of statements that libpg_query cannot parse

      // Nothing here must survive a crash of the machine: data can be built again.
      // synchronous_commit
      // stays on: without it, VACUUM right after a load cannot always see that rows are committed,
      // pages stay not all-visible at random, and index-only scans visit the heap.
      {"fsync", "off"},
      {"wal_level", "minimal"},
      {"max_wal_senders", "0"},  // required by wal_level=minimal
      {"max_replication_slots", "0"},
      {"max_logical_replication_workers", "0"},  // no launcher process
      {"wal_recycle", "off"},                    // recycled segments would be kept in the cache
      {"wal_init_zero", "off"},
      {"min_wal_size", "32MB"},

      // Size. Enough for the replay; shared memory is touched, and so paid for, only where used.
      {"shared_buffers", "256MB"},
      {"huge_pages", "off"},                  // the same memory on every machine
      {"max_connections", "60"},              // a duet keeps some dozens of sessions open
      {"max_locks_per_transaction", "256"},   // more in all than 100 connections have by default
      {"min_dynamic_shared_memory", "64MB"},  // parallel queries where /dev/shm is small (Docker)

      // What the server says.
      {"lc_messages", "C"},  // messages that can be compared
      {"log_destination", "stderr"},
      {"logging_collector", "off"},
      {"log_timezone", "UTC"},
      {"log_line_prefix", "%m [%p] "},
      {"log_checkpoints", "off"},
      {"log_statement", "none"},
      {"log_min_duration_statement", "-1"},
      {"cluster_name", "pgduet"},  // in the list of processes

      // What costs time in every statement and is not needed.
      {"update_process_title", "off"},
      {"track_io_timing", "off"},
  };
  return settings;
}

std::map<std::string, std::string> cluster_settings(int major) {
  std::map<std::string, std::string> settings = cluster_settings();
  // Workers that read for the session would take the time of reading out of its CPU time.
  if (major >= 18) settings["io_method"] = "sync";
  return settings;
}

std::filesystem::path default_cache_directory() {
  const auto variable = [](const char* name) {
    const char* value = getenv(name);
    return std::filesystem::path(value != nullptr ? value : "");
  };
  if (const auto named = variable("PGDUET_CACHE_DIR"); !named.empty()) return named;
  if (geteuid() == 0) return "/var/cache/pgduet";
  // The XDG base directory specification: relative paths are invalid and to be ignored.
  if (const auto xdg = variable("XDG_CACHE_HOME"); xdg.is_absolute()) return xdg / "pgduet";
  if (const auto home = variable("HOME"); home.is_absolute()) return home / ".cache" / "pgduet";
  if (const passwd* entry = getpwuid(geteuid()); entry != nullptr && entry->pw_dir != nullptr)
    return std::filesystem::path(entry->pw_dir) / ".cache" / "pgduet";
  throw gate::Error(gate::Error::Kind::environment, {},
                    "there is no directory for cached clusters: HOME is not set",
                    "Set PGDUET_CACHE_DIR.");
}

}  // namespace pgduet::harness

// Private PostgreSQL clusters: started as an ordinary user, reachable through a Unix socket only,
// gone with their owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/harness/installation.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {

// What every cluster of ours is started with, so that plans and counters are the same every time:
// no autovacuum, no synchronized scans, no full page images, no checkpoints in the middle, ... Each
// with its reason in the .cc. Copied into every run record.
const std::map<std::string, std::string>& cluster_settings();
// The same and what only servers of this major know.
std::map<std::string, std::string> cluster_settings(int major);

struct ServerOptions {
  Installation installation;
  std::filesystem::path data_directory;
  std::map<std::string, std::string> settings;  // on top of cluster_settings(major)
  std::optional<SystemUser> user;
  bool fixed_random = false;  // preload the library that fixes what the server takes for random
};

// A running postgres over an existing data directory. The socket lies in a short private directory
// of its own; no TCP port is opened. Destroyed: fast shutdown.
class Server {
 public:
  // Starts it and waits until it answers, polling without pg_ctl. What a killed run left running
  // over the same data directory is ended first. Throws Error(environment) with the log's last
  // lines, Error(input) when the server refuses one of `settings`. The server dies with the thread
  // that starts it (see PR_SET_PDEATHSIG in prctl(2)): use the main thread.
  explicit Server(const ServerOptions& options);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  // A libpq connection string: "host=/tmp/pgduet-x1 port=5432 user=pgduet dbname='NAME'". The user
  // is a superuser.
  std::string connection_string(const std::string& database) const;
  std::map<std::string, std::string> environment(
      const std::string& database) const;  // PGHOST, PGPORT, PGUSER, PGDATABASE
  pid_t postmaster_pid() const;
  bool running();
  // The last lines of the server log, at most `lines`.
  std::string log_tail(int lines = 20) const;
  void stop();     // fast shutdown, waits
  void restart();  // stop and start over the same data directory

  // Fixes the server's randomness anew under a name: sessions that start from now on draw the same
  // numbers whenever this server was started with fixed_random and the same name was set. ANALYZE
  // in a fresh session then takes the same sample.
  // Numbers that differ from session to session, such as those of gen_random_uuid(), follow from
  // the name and the order of the sessions. Does nothing on a server started without fixed_random.
  void set_random_seed(const std::string& name);

  // Whether set_random_seed() works: false without fixed_random and for servers that do not take
  // their random numbers from OpenSSL. Asks the server in two sessions and leaves a seed of its
  // own.
  bool random_is_fixed();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Where clusters are kept between runs. One directory an entry, named by the hash of everything
// that went into it; an entry is made under another name and renamed, so that a killed run leaves
// none half done.
class ClusterCache {
 public:
  struct Options {
    std::filesystem::path directory;  // default_cache_directory() when empty
    std::int64_t size_limit_bytes = std::int64_t{10}
                                    << 30;  // the least recently used entries go first
    std::optional<SystemUser> user;         // owner of the data directories
    std::function<void(const std::string&)>
        message;  // "waiting for another pgduet (pid 4711) that uses this cluster"
  };
  explicit ClusterCache(Options options);

  // An entry in exclusive use: another pgduet that wants it waits until this is destroyed (or its
  // process dies).
  class Entry {
   public:
    Entry(Entry&&) noexcept;
    Entry& operator=(Entry&&) noexcept;
    ~Entry();
    std::filesystem::path data_directory() const;
    bool from_cache() const;   // false: it was built now
    std::string note() const;  // what `build` returned when it was built (setup history as JSON)
   private:
    friend class ClusterCache;
    Entry();
    struct State;
    std::unique_ptr<State> state_;
  };

  // Returns the entry for `key`, made by `build` when it is not there: build gets an empty,
  // initdb'ed data directory (itself cached per version), fills it through a Server of its own
  // which it stops, and returns a note to keep beside it. When build throws, nothing stays. Throws
  // Error(environment) when the disk is full or the directory not writable.
  // The run must leave the entry as it found it: it writes to copies (other databases of the same
  // server) only. A run that is killed leaves its copies, which the next one has to drop.
  using Builder = std::function<std::string(const std::filesystem::path& data_directory)>;
  Entry acquire(const std::string& key, const Installation& installation, const Builder& build);

  struct Usage {
    std::string key;
    std::int64_t bytes = 0;
    std::string last_used;  // ISO 8601
    bool in_use = false;
  };
  std::vector<Usage> usage() const;
  // Removes all entries that no one uses, and what dead runs left (servers, directories, sockets).
  // Returns how many bytes.
  std::int64_t clean();
  // Only what dead runs left. Done at every start, too.
  void reap();

  const std::filesystem::path& directory() const;

 private:
  Entry obtain(const std::string& name, const Builder& build) const;
  void make_entry(const std::string& name, const Builder& build) const;
  void make_room(const std::string& kept) const;
  std::optional<std::int64_t> remove_unused(const std::string& name) const;
  std::vector<std::string> entry_names() const;
  std::filesystem::path entry_path(const std::string& name) const;
  std::filesystem::path lock_path(const std::string& name) const;

  Options options_;
};

// PGDUET_CACHE_DIR, else as root /var/cache/pgduet, else $XDG_CACHE_HOME/pgduet, else
// ~/.cache/pgduet.
std::filesystem::path default_cache_directory();

}  // namespace pgduet::harness

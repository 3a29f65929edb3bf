#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <system_error>
#include <utility>

#include "file_lock.h"
#include "file_tree.h"
#include "init_cluster.h"
#include "leftovers.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/interrupt.h"
#include "system_error.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using gate::Error;

// The directory's files:
//   entries/KEY/data        the data directory
//   entries/KEY/note        what the builder returned
//   entries/KEY/in_use      the machine's boot, while a run uses the entry; stays when it is killed
//   entries/KEY.building/   the same, half done
//   locks/KEY               held by who builds, uses or removes the entry
constexpr const char* entries_name = "entries";
constexpr const char* locks_name = "locks";
constexpr const char* building_suffix = ".building";
constexpr const char* template_prefix = "empty-";

const char* const directory_hint = "Set PGDUET_CACHE_DIR to a directory that this user can write.";

void write_all(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  errno = 0;
  file << text << std::flush;
  if (!file) throw system_error("write", path, errno, directory_hint);
}

// Changes with every start of the machine.
std::string boot_id() { return readable_text("/proc/sys/kernel/random/boot_id"); }

// Servers run without fsync: what a machine that went down had in memory may be missing.
// And a server that was killed empties its unlogged tables when it recovers (their init forks are
// named "16385_init").
bool has_unlogged_relations(const fs::path& data_directory) {
  const std::string suffix = "_init";
  std::error_code error;
  for (fs::recursive_directory_iterator entry(data_directory / "base", error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0)
      return true;
  }
  return false;
}

// Whether an entry, whose lock is held, can be used as it is.
bool is_sound(const fs::path& entry) {
  std::error_code error;
  if (!fs::exists(entry / "data" / "PG_VERSION", error)) return false;
  if (!fs::exists(entry / "in_use", error)) return true;
  return readable_text(entry / "in_use") == boot_id() && !has_unlogged_relations(entry / "data");
}

std::string template_key(const Installation& installation, const std::optional<SystemUser>& user) {
  return template_prefix +
         gate::hash_hex(installation.version + '\n' + installation.bin_directory.string() + '\n' +
                        cluster_locale() + '\n' + std::to_string(user ? user->uid : geteuid()));
}

std::string entry_key(const std::string& key, const Installation& installation,
                      const std::optional<SystemUser>& user) {
  std::string text = key + '\n' + template_key(installation, user);
  for (const auto& [name, value] : cluster_settings(installation.major))
    text += '\n' + name + '=' + value;
  return gate::hash_hex(text);
}

// Throws when the user that servers run as cannot get into `directory`.
void require_reachable(const fs::path& directory, const std::optional<SystemUser>& user) {
  if (!user) return;
  if (const auto closed = closed_above(directory, *user)) {
    throw Error(Error::Kind::environment, {},
                "user \"" + user->name + "\", who runs the servers, cannot enter directory \"" +
                    closed->string() + "\"",
                "Set PGDUET_CACHE_DIR to a directory that every user may enter.");
  }
}

// Directories of ours are entered, not listed, by the servers' user.
constexpr mode_t directory_mode = 0711;

void make_cache_directory(const fs::path& directory, const std::optional<SystemUser>& user) {
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (error) throw system_error("create directory", directory, error.value(), directory_hint);
  if (!fs::exists(directory, error)) {
    try {
      make_directory(directory, directory_mode);
    } catch (const Error& failure) {
      throw Error(failure.kind(), failure.position(), failure.problem(), directory_hint);
    }
    // Backups pass over it, see bford.info/cachedir.
    write_all(directory / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    throw system_error("write to directory", directory, errno, directory_hint);
  make_directory(directory / entries_name, directory_mode);
  make_directory(directory / locks_name, directory_mode);
  require_reachable(directory / entries_name, user);
}

void remove_entry(const fs::path& entry) {
  end_servers_in(entry);
  if (!remove_tree(entry))
    throw Error(Error::Kind::environment, {}, "could not remove \"" + entry.string() + "\"");
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_building(const std::string& name) { return fs::path(name).extension() == building_suffix; }

// An entry's directory changes when its use begins and when it ends (see in_use).
std::time_t last_used(const fs::path& entry) {
  struct stat status = {};
  return stat(entry.c_str(), &status) == 0 ? status.st_mtime : 0;
}

std::string iso_8601(std::time_t time) {
  std::tm utc = {};
  gmtime_r(&time, &utc);
  char text[sizeof "2026-01-01T00:00:00Z"] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// The kernel's own "now" moves with its clock tick, in which two entries may be used.
void note_use(const fs::path& entry) {
  timespec now[2];
  clock_gettime(CLOCK_REALTIME, &now[0]);
  now[1] = now[0];
  utimensat(AT_FDCWD, entry.c_str(), now, 0);
}

}  // namespace

struct ClusterCache::Entry::State {
  FileLock lock;
  fs::path directory;
  bool from_cache = false;

  ~State() {
    std::error_code error;
    // A server that still runs here keeps the mark, as if we had been killed.
    if (fs::exists(directory / "data" / "postmaster.pid", error)) return;
    fs::remove(directory / "in_use", error);
    note_use(directory);
  }
};

ClusterCache::Entry::Entry() = default;
ClusterCache::Entry::Entry(Entry&&) noexcept = default;
ClusterCache::Entry& ClusterCache::Entry::operator=(Entry&&) noexcept = default;
ClusterCache::Entry::~Entry() = default;

fs::path ClusterCache::Entry::data_directory() const { return state_->directory / "data"; }
bool ClusterCache::Entry::from_cache() const { return state_->from_cache; }
std::string ClusterCache::Entry::note() const { return readable_text(state_->directory / "note"); }

ClusterCache::ClusterCache(Options options) : options_(std::move(options)) {
  if (options_.directory.empty()) options_.directory = default_cache_directory();
  options_.directory = fs::absolute(options_.directory).lexically_normal();
  if (!options_.directory.has_filename()) options_.directory = options_.directory.parent_path();
  make_cache_directory(options_.directory, options_.user);
  reap();
}

const fs::path& ClusterCache::directory() const { return options_.directory; }

fs::path ClusterCache::entry_path(const std::string& name) const {
  return options_.directory / entries_name / name;
}

fs::path ClusterCache::lock_path(const std::string& name) const {
  return options_.directory / locks_name / name;
}

void ClusterCache::make_entry(const std::string& name, const Builder& build) const {
  const fs::path entry = entry_path(name);
  const fs::path building = entry_path(name + building_suffix);
  remove_entry(building);  // of a run that was killed: its lock is ours now
  try {
    make_directory(building, directory_mode);
    write_all(building / "note", build(building / "data"));
    fs::rename(building, entry);
  } catch (const Error& error) {
    remove_entry(building);
    if (means_no_space(error.problem())) throw no_space(options_.directory);
    throw;
  } catch (...) {
    remove_entry(building);
    throw;
  }
}

ClusterCache::Entry ClusterCache::obtain(const std::string& name, const Builder& build) const {
  FileLock lock = wait_for_lock(lock_path(name), "uses this cluster", options_.message);
  const fs::path path = entry_path(name);
  std::error_code error;
  // A server of a run that was killed may still be on its way out.
  if (fs::exists(path / "in_use", error)) end_servers_in(path);
  const bool from_cache = is_sound(path);
  if (!from_cache) {
    remove_entry(path);
    make_entry(name, build);
  }
  write_all(path / "in_use", boot_id());
  note_use(path);
  Entry entry;
  entry.state_.reset(new Entry::State{std::move(lock), path, from_cache});
  return entry;
}

ClusterCache::Entry ClusterCache::acquire(const std::string& key, const Installation& installation,
                                          const Builder& build) {
  const auto make_empty = [&](const fs::path& data_directory) {
    make_directory(data_directory, 0700, options_.user);
    init_cluster(installation, data_directory, options_.user, Checksums::off);
    return std::string();
  };
  const auto fill = [&](const fs::path& data_directory) {
    {
      const Entry empty = obtain(template_key(installation, options_.user), make_empty);
      clone_tree(empty.data_directory(), data_directory, options_.user);
    }
    return build(data_directory);
  };
  const std::string name = entry_key(key, installation, options_.user);
  Entry entry = obtain(name, fill);
  if (!entry.from_cache()) make_room(name);
  return entry;
}

std::vector<std::string> ClusterCache::entry_names() const {
  std::vector<std::string> names = names_in(options_.directory / entries_name);
  names.erase(std::remove_if(names.begin(), names.end(), is_building), names.end());
  return names;
}

std::optional<std::int64_t> ClusterCache::remove_unused(const std::string& name) const {
  auto lock = FileLock::try_lock(lock_path(name));
  if (!lock) return std::nullopt;
  const std::int64_t bytes = tree_bytes(entry_path(name));
  remove_entry(entry_path(name));
  lock->remove_file();
  return bytes;
}

void ClusterCache::make_room(const std::string& kept) const {
  struct Candidate {
    fs::file_time_type last_used;
    std::string name;
  };
  std::vector<Candidate> candidates;
  std::int64_t total_bytes = 0;
  for (const std::string& name : entry_names()) {
    std::error_code gone;
    candidates.push_back({fs::last_write_time(entry_path(name), gone), name});
    total_bytes += tree_bytes(entry_path(name));
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.last_used < b.last_used; });
  for (const Candidate& one : candidates) {
    if (total_bytes <= options_.size_limit_bytes) return;
    if (one.name == kept) continue;
    if (const auto removed_bytes = remove_unused(one.name)) total_bytes -= *removed_bytes;
  }
}

std::vector<ClusterCache::Usage> ClusterCache::usage() const {
  std::vector<Usage> result;
  for (const std::string& name : entry_names()) {
    const fs::path path = entry_path(name);
    result.push_back({.key = name,
                      .bytes = tree_bytes(path),
                      .last_used = iso_8601(last_used(path)),
                      .in_use = !FileLock::try_lock(lock_path(name))});
  }
  return result;
}

std::int64_t ClusterCache::clean() {
  reap();
  std::int64_t bytes = 0;
  for (const std::string& name : entry_names()) bytes += remove_unused(name).value_or(0);
  return bytes;
}

void ClusterCache::reap() {
  reap_run_directories();
  for (const std::string& name : names_in(options_.directory / entries_name)) {
    const fs::path path = entry_path(name);
    const bool building = is_building(name);
    std::error_code error;
    if (!building && !fs::exists(path / "data" / "postmaster.pid", error)) continue;
    const auto lock = FileLock::try_lock(lock_path(building ? path.stem().string() : name));
    if (!lock) continue;
    if (building)
      remove_entry(path);
    else
      end_servers_in(path);
  }
}

}  // namespace pgduet::harness

#include "embedded_cluster.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "../file_tree.h"
#include "../init_cluster.h"
#include "../leftovers.h"
#include "../session.h"
#include "../system_error.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using gate::Error;

constexpr const char* database = "pgduet";
constexpr mode_t directory_mode = 0711;  // the servers' user passes through

// What a store has otherwise than the clusters that are measured: it is kept.
const std::map<std::string, std::string>& store_settings() {
  static const std::map<std::string, std::string> settings = {
      {"fsync", "on"},
      {"full_page_writes", "on"},
      {"checkpoint_timeout", "5min"},
      {"max_wal_size", "1GB"},
      {"work_mem", "32MB"},
      {"maintenance_work_mem", "128MB"},
      {"max_connections", "20"},
      {"jit", "off"},  // our questions take less time than their compilation would
  };
  return settings;
}

// Whether a server that runs as `user` (as we do when nothing) can have its data in `directory`,
// which is made when it is not there; its parent must be.
bool can_hold(const fs::path& directory, const std::optional<SystemUser>& user) {
  if (user && closed_above(directory, *user)) return false;
  struct stat data = {};
  const uid_t owner = user ? user->uid : geteuid();
  if (stat((directory / "data").c_str(), &data) == 0 && data.st_uid != owner) return false;
  std::error_code error;
  const fs::path written = fs::exists(directory, error) ? directory : directory.parent_path();
  return access(written.c_str(), W_OK | X_OK) == 0;
}

// In a state directory that is only to be read, is another user's, or lies where the servers' user
// may not enter, as root's home does, the store needs another place. Which one does not matter: it
// is made of the run records.
fs::path make_place(const fs::path& state_directory, fs::path cache_directory,
                    const std::optional<SystemUser>& user) {
  const fs::path state = fs::absolute(state_directory).lexically_normal();
  std::error_code error;
  fs::create_directories(state, error);
  if (error == std::errc::not_a_directory)
    throw system_error("create directory", state, error.value());
  fs::path place = state / "store";
  if (!can_hold(place, user)) {
    if (cache_directory.empty()) cache_directory = default_cache_directory();
    cache_directory = fs::absolute(cache_directory).lexically_normal();
    fs::create_directories(cache_directory.parent_path(), error);
    make_directory(cache_directory, directory_mode);
    make_directory(cache_directory / "stores", directory_mode);
    place = cache_directory / "stores" / gate::hash_hex(state.string());
  }
  make_directory(place, directory_mode);
  return place;
}

int major_of(const fs::path& data_directory) {
  const std::string version = readable_text(data_directory / "PG_VERSION");
  return version.empty() ? 0 : std::atoi(version.c_str());
}

}  // namespace

EmbeddedCluster::EmbeddedCluster(Options options)
    : options_(std::move(options)),
      user_(server_user(options_.pg_user)),
      directory_(make_place(options_.state_directory, options_.cache_directory, user_)),
      lock_(wait_for_lock(directory_ / "lock", "uses the store", options_.message)) {
  reap_run_directories();
  choose_installation();
  start_or_make_anew();
}

void EmbeddedCluster::choose_installation() {
  const int major = major_of(data_directory());
  const auto same = std::find_if(options_.installations.begin(), options_.installations.end(),
                                 [major](const Installation& one) { return one.major == major; });
  installation_ = same != options_.installations.end()
                      ? *same
                      : harness::choose_installation(options_.installations, 0);
  if (major == 0 || major == installation_.major) return;
  if (options_.message)
    options_.message("the store is of PostgreSQL " + std::to_string(major) +
                     ", which is not installed: it is made anew from the run records");
  remove_tree(data_directory());
}

void EmbeddedCluster::make_data_directory() {
  end_servers_in(directory_);
  const fs::path made = directory_ / "data.new";
  remove_tree(made);
  remove_tree(data_directory());
  make_directory(made, 0700, user_);
  init_cluster(installation_, made, user_, Checksums::on);
  std::error_code error;
  fs::rename(made, data_directory(), error);
  if (error) throw system_error("make", data_directory(), error.value());
}

void EmbeddedCluster::start() {
  if (major_of(data_directory()) == 0) make_data_directory();
  ServerOptions options;
  options.installation = installation_;
  options.data_directory = data_directory();
  options.settings = store_settings();
  options.user = user_;
  server_.emplace(options);
  Session session(server_->connection_string("postgres"));
  if (session.text("SELECT 1 FROM pg_database WHERE datname = 'pgduet'").empty())
    session.execute(std::string("CREATE DATABASE ") + database);
  const Session database_opens(connection_string());
}

void EmbeddedCluster::start_or_make_anew() {
  const bool was_there = major_of(data_directory()) != 0;
  std::string problem;
  try {
    start();
    return;
  } catch (const Error& error) {
    if (!was_there || means_no_space(error.problem())) throw;
    problem = error.problem();
  } catch (const StatementFailure& failure) {
    if (!was_there) throw connection_error(failure);
    problem = failure.what();
  }
  if (options_.message)
    options_.message("the store is damaged and made anew from the run records: " + problem);
  reset();
}

void EmbeddedCluster::reset() {
  server_.reset();
  end_servers_in(directory_);
  const fs::path former = directory_ / "data.former";
  std::error_code ignored;
  remove_tree(former);
  fs::rename(data_directory(), former, ignored);
  try {
    make_data_directory();
    start();
  } catch (...) {
    // What keeps a new one from starting may be what kept the old one.
    server_.reset();
    remove_tree(data_directory());
    fs::rename(former, data_directory(), ignored);
    throw;
  }
  remove_tree(former);
}

std::string EmbeddedCluster::connection_string() const {
  return server_->connection_string(database);
}

std::map<std::string, std::string> EmbeddedCluster::environment() const {
  return server_->environment(database);
}

}  // namespace pgduet::harness

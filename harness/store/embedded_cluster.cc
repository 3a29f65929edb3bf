#include "embedded_cluster.h"

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

// As root in a home directory that nobody else may enter, the servers' user needs another place.
// Which one does not matter: the store is made of the run records.
fs::path place_of(const fs::path& state_directory, const std::optional<SystemUser>& user) {
  const fs::path state = fs::absolute(state_directory).lexically_normal();
  if (!user || !closed_above(state, *user)) return state / "store";
  return default_cache_directory() / "stores" / gate::hash_hex(state.string());
}

fs::path make_place(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  make_directory(directory, 0711);
  return directory;
}

int major_of(const fs::path& data_directory) {
  const std::string version = readable_text(data_directory / "PG_VERSION");
  return version.empty() ? 0 : std::atoi(version.c_str());
}

}  // namespace

EmbeddedCluster::EmbeddedCluster(Options options)
    : options_(std::move(options)),
      user_(server_user(options_.pg_user)),
      directory_(make_place(place_of(options_.state_directory, user_))),
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
  fs::rename(made, data_directory());
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
    options_.message("the store is damaged (" + problem.substr(0, problem.find('\n')) +
                     "): it is made anew from the run records");
  reset();
}

void EmbeddedCluster::reset() {
  server_.reset();
  make_data_directory();
  start();
}

std::string EmbeddedCluster::connection_string() const {
  return server_->connection_string(database);
}

std::map<std::string, std::string> EmbeddedCluster::environment() const {
  return server_->environment(database);
}

}  // namespace pgduet::harness

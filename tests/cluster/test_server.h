// One private server for all tests of a binary: started at first use, gone at exit.
//
//   const std::string database = new_test_database();          // a connection string
//   test_server().restart();
//
// The binary links PkgConfig::pqxx.
// PGDUET_TEST_PG_BIN names the installation to test with; else the first that is found.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "pgduet/harness/cluster.h"
#include "pgduet/harness/installation.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {

// Every cluster test's server. Throws Error(environment) when there is none.
inline const Installation& test_installation() {
  static const Installation installation = [] {
    InstallationSearch search;
    if (const char* directory = std::getenv("PGDUET_TEST_PG_BIN"))
      search.pg_bin.emplace_back(directory);
    return choose_installation(find_installations(search), 0);
  }();
  return installation;
}

// The installation above and those of PGDUET_TEST_OTHER_PG_BIN (directories separated by ":"), for
// tests of what differs between majors.
inline const std::vector<Installation>& test_installations() {
  static const std::vector<Installation> installations = [] {
    InstallationSearch search;
    search.pg_bin.push_back(test_installation().bin_directory);
    if (const char* others = std::getenv("PGDUET_TEST_OTHER_PG_BIN"))
      search.pg_bin_variable = others;
    std::vector<Installation> found = find_installations(search);
    // What else is installed on this machine is not what the tests are about.
    std::erase_if(found, [](const Installation& one) {
      return one.found_by != "--pg-bin" && one.found_by != "PGDUET_PG_BIN";
    });
    return found;
  }();
  return installations;
}

// The user that servers run as when the tests are run as root.
inline const std::optional<SystemUser>& test_user() {
  static const std::optional<SystemUser> user = server_user();
  return user;
}

// A new directory below /tmp that the servers' user can enter, for caches and the like.
inline TempDir test_directory() {
  TempDir directory("/tmp", "pgduet-test-");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0711));
  return directory;
}

// Of this binary's server; other caches of a test lie in directories of their own.
inline const std::filesystem::path& test_cache_directory() {
  static const TempDir directory = test_directory();
  static const std::filesystem::path path = directory.path() / "cache";
  return path;
}

inline ClusterCache::Options test_cache_options(const std::filesystem::path& directory) {
  ClusterCache::Options options;
  options.directory = directory;
  options.user = test_user();
  return options;
}

inline ServerOptions test_server_options(const std::filesystem::path& data_directory) {
  ServerOptions options;
  options.installation = test_installation();
  options.data_directory = data_directory;
  options.user = test_user();
  options.fixed_random = true;
  return options;
}

// The first column of the first row of one statement, in a session of its own; "" without rows or
// for NULL.
inline std::string query_text(const std::string& connection_string, const std::string& sql) {
  pqxx::connection connection(connection_string);
  pqxx::nontransaction session(connection);
  const pqxx::result rows = session.exec(sql);
  return rows.empty() ? std::string() : std::string(rows[0][0].c_str());
}

// The server, over an empty cluster.
inline Server& test_server() {
  struct Running {
    ClusterCache cache{test_cache_options(test_cache_directory())};
    ClusterCache::Entry entry = cache.acquire(
        "tests", test_installation(), [](const std::filesystem::path&) { return std::string(); });
    Server server{test_server_options(entry.data_directory())};
  };
  test_cache_directory();  // made first, so that it goes last
  static Running running;
  return running.server;
}

// Creates an empty database. Returns its connection string. `name` is made unique where empty.
inline std::string new_test_database(std::string name = {}) {
  static int count = 0;
  if (name.empty()) name = "test_" + std::to_string(++count);
  query_text(test_server().connection_string("postgres"), "CREATE DATABASE \"" + name + "\"");
  return test_server().connection_string(name);
}

}  // namespace pgduet::harness

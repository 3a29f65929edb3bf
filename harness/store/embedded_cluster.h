// The private cluster of the embedded store.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "../file_lock.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/installation.h"

namespace pgduet::harness {

// A running server over `state_directory`/store/data, in exclusive use: another pgduet that wants
// it waits. What it holds can be made again, so a data directory that is not there, does not start
// or is of a major version that is not installed is made anew, empty. Unlike the clusters that are
// measured it is kept, and survives a crash of the machine as any server does.
class EmbeddedCluster {
 public:
  struct Options {
    std::filesystem::path state_directory;
    std::filesystem::path cache_directory;  // default_cache_directory() when empty
    std::vector<Installation> installations;
    std::string pg_user;
    std::function<void(const std::string&)> message;
  };
  // Throws Error(environment) when there is no PostgreSQL, or neither directory can be written and
  // reached by the servers' user.
  explicit EmbeddedCluster(Options options);

  std::string connection_string() const;
  std::map<std::string, std::string> environment() const;
  // Where it is: below the state directory, or below the cache where the state directory cannot be
  // written, the servers' user cannot enter it, or the store in it is another user's.
  const std::filesystem::path& directory() const { return directory_; }

  // Makes an empty one.
  void reset();

 private:
  std::filesystem::path data_directory() const { return directory_ / "data"; }
  void choose_installation();
  void make_data_directory();
  void start();
  void start_or_make_anew();

  Options options_;
  std::optional<SystemUser> user_;
  std::filesystem::path directory_;
  FileLock lock_;
  Installation installation_;
  std::optional<Server> server_;
};

}  // namespace pgduet::harness

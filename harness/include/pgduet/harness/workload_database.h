// The database of one side of a workload: built or taken from the cache, ready for queries, gone
// with its owner.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "pgduet/gate/error.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/executor.h"
#include "pgduet/harness/setup.h"
#include "pgduet/harness/workload.h"

namespace pgduet::harness {

class WorkloadDatabase {
 public:
  virtual ~WorkloadDatabase() = default;

  // The database as setup left it. Only statements that change nothing may run there: it is kept
  // for later runs.
  virtual Database database() const = 0;

  // A copy for statements that write, made at the first call with that label and dropped by the
  // destructor.
  virtual Database copy(const std::string& label) = 0;

  // The same, made anew: without what statements that were rolled back left in it. No session may
  // be on it.
  virtual Database fresh_copy(const std::string& label) = 0;

  // Starts the server anew, so that its memory lies elsewhere; nothing where it is not ours. No
  // session survives.
  virtual void restart() = 0;

  // The CPU time of all sessions that begin from now on, with their parallel workers; null where
  // that is not to be had. While it lives, it costs each of them a little.
  virtual std::shared_ptr<const TaskClock> watch_sessions() = 0;

  // How it was made: all of a SideRecord but the revision and commit.
  virtual const gate::SideRecord& description() const = 0;

  // Whether ANALYZE takes another sample each time, so that one plan a binding is not all there may
  // be.
  virtual bool sampling_is_random() const = 0;

  // Runs ANALYZE on every table again.
  virtual void analyze() = 0;

  // The last lines of the server's log; "" where they cannot be seen.
  virtual std::string log_tail() const = 0;
};

struct PrivateServerOptions {
  Installation installation;
  std::string label;  // not "": a cluster of its own, beside that of the same setup without a label
  std::optional<SystemUser> user;
  std::function<void(const std::string&)>
      progress;  // "building the database: setup/002_seed.sql"; may be empty
};

// What makes two sides share one private cluster: equal keys, equal databases.
std::string cluster_key(const Workload& workload, const Installation& installation,
                        const std::string& label = {});

// On a private cluster, from `cache` where it is there. Throws what ClusterCache::acquire, Server
// and build_database throw.
std::unique_ptr<WorkloadDatabase> open_private_database(const Workload& workload,
                                                        ClusterCache& cache,
                                                        const PrivateServerOptions& options);

// On a server that is already there: a database of our own beside its others, dropped at the end;
// databases that a killed run left are dropped first. `url` is any libpq connection string to a
// database where CREATE DATABASE may be called. Its password appears nowhere.
std::unique_ptr<WorkloadDatabase> open_external_database(
    const Workload& workload, const std::string& url,
    const std::function<void(const std::string&)>& progress);

// An error of the server's, told of the query that it happened to: where that is, what was `doing`
// ("replaying"), and the last lines of the log.
gate::Error error_at_query(const gate::Error& error, const std::string& doing, const Query& query,
                           const WorkloadDatabase& database);

}  // namespace pgduet::harness

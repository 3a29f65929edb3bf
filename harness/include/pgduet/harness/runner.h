// One run: both sides of each workload built, their queries replayed, everything kept in a run
// record.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pgduet/gate/run_record.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/executor.h"
#include "pgduet/harness/installation.h"

namespace pgduet::harness {

// What head is compared with.
struct BaseChoice {
  enum class Kind {
    automatic,  // the merge base with default_base(), where there is one; with another base_major,
                // head's own files
    none,       // only the committed baselines
    revision,   // the merge base with `value`
    directory,  // `value`: a workload directory, or one that holds a directory of the workload's
                // name
  };
  Kind kind = Kind::automatic;
  std::string value;
};

struct RunOptions {
  std::vector<std::filesystem::path> workloads;  // directories with a workload.json
  BaseChoice base;
  std::filesystem::path baselines = "baselines";  // holds one directory a workload
  int head_major = 0;      // --head-pg; 0: the first found that the workload allows
  int base_major = 0;      // --base-pg; 0: head's
  std::string server_url;  // --server; "": private clusters
  std::vector<Installation> installations;
  std::string pg_user;  // --pg-user
  ClusterCache::Options cache;
  std::vector<std::string> only;  // globs of query names; empty: all. Workloads without such a
                                  // query are left out
  ExecutorOptions executor;
  int analyze_repetitions = 8;                     // where the sample of ANALYZE cannot be fixed
  std::map<std::string, std::string> environment;  // of this process: CI's variables
};

// Told what the run is doing.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void phase(
      const std::string& text) = 0;  // worth a line in a log: "shop: replaying 31 queries"
  virtual void detail(const std::string& text) = 0;  // for who watches: "shop: replaying 12 of 31:
                                                     // orders_of_customer"
};

// Throws Error for everything that keeps a side from being built or a server from running, and for
// a glob that selects nothing; what happens to a single query is in the record.
std::shared_ptr<const gate::RunRecord> run_workloads(const RunOptions& options, Progress& progress);

}  // namespace pgduet::harness

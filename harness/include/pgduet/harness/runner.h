// One run: both sides of each workload built, their queries replayed, everything kept in a run
// record.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/run_record.h"
#include "pgduet/harness/cluster.h"
#include "pgduet/harness/executor.h"
#include "pgduet/harness/installation.h"
#include "pgduet/harness/workload.h"

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
    same,       // head's own files
  };
  Kind kind = Kind::automatic;
  std::string value;
};

// How far times are taken: not at all; of all queries, as carefully as baselines need it; or of
// those that are nominated as often as it takes to decide.
enum class Times { none, baselines, duet };

// What a run does to itself to find out what the gate is worth: see `pgduet doctor --self-test`.
struct SelfTest {
  // A cluster for each side although both are made of the same, as those of a change to the setup;
  // else both sides share one, and are timed although nothing can differ.
  bool separate_clusters = true;
  // Extra work, by "workload/query": the query is wrapped on both sides in one that generates so
  // many rows on head, and none on base. It is a change of nothing but time. Only for queries that
  // can_be_slowed().
  std::map<std::string, int> extra_rows;
  std::map<std::string, double> time_ratios;  // policy of those queries, where it is not their own
};

// Whether the query only reads, so that it can stand in another one's FROM.
bool can_be_slowed(const Query& query);

// Shard `index` of `count`, from 1.
struct ShardChoice {
  int index = 1;
  int count = 1;
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
  // Only the part of the queries (that `only` left) which falls to this shard; see gate's shard.h.
  std::optional<ShardChoice> shard;
  // Only the queries that the difference from base can touch; see gate's touched.h. Chosen when
  // both databases are built, from the shard's part where there is one: who runs what has to be
  // known before.
  bool changed = false;
  ExecutorOptions executor;
  Times times = Times::duet;
  std::optional<SelfTest> self_test;
  bool pin = true;              // keep client and server on one core while times are taken
  int analyze_repetitions = 8;  // where the sample of ANALYZE cannot be fixed
  std::map<std::string, std::string> environment;  // of this process: CI's variables
};

// Told what the run is doing.
class Progress {
 public:
  virtual ~Progress() = default;
  // Worth a line in a log: "shop: replaying 31 queries".
  virtual void phase(const std::string& /*text*/) {}
  // For who watches: "shop: replaying 12 of 31: orders_of_customer".
  virtual void detail(const std::string& /*text*/) {}
};

// Throws Error for everything that keeps a side from being built or a server from running, and for
// a glob that selects nothing; what happens to a single query is in the record.
std::shared_ptr<const gate::RunRecord> run_workloads(const RunOptions& options, Progress& progress);

}  // namespace pgduet::harness

// The times of a workload's bindings, beside those that they are compared with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/gate/time.h"

namespace pgduet::gate {

// So many other queries must tell how this machine differs from that of the baselines.
constexpr std::size_t least_other_queries = 3;
// Those of about the same length are asked, so many bindings: a larger cache makes long queries
// faster and short ones not.
constexpr std::size_t asked_bindings = 15;

class WorkloadTimes {
 public:
  // Where times come from that head's are compared with.
  enum class Reference { base, baselines };

  // Both have to outlive it. Baselines are the reference where there is no base side.
  WorkloadTimes(const WorkloadRecord& record, const WorkloadBaselines& baselines)
      : WorkloadTimes(record, baselines, record.base ? Reference::base : Reference::baselines) {}
  WorkloadTimes(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                Reference reference);

  // Against which rule stages count.
  StageRule stage_rule() const;

  // The query's part of the workload's time, 0 to 1: executions by weight, the mean of its
  // bindings.
  double share_of(const QueryRecord& query) const;

  // Slower from here on: by the query's policy, its share (the planned one, where the run was
  // split) and what it is compared with.
  TimeLimits limits_of(const QueryRecord& query, const BindingRun& head, bool only_time) const;

  // ln(head / reference) of the screening; nothing when there is nothing to compare with, or the
  // machines cannot be compared.
  std::optional<double> screening_score(const QueryRecord& query, const BindingRun& head) const;

  // head / baseline of the other queries of about its length: how much longer this machine takes.
  // Nothing where too few others are there to tell, and where baselines are not the reference.
  std::optional<double> machine_ratio(const QueryRecord& query) const;

  std::vector<StageTimes> stages_of(const QueryRecord& query, const BindingRun& head) const;

  // The binding on base with the same values; null when there is none.
  static const BindingRun* base_of(const QueryRecord& query, const BindingRun& head);

  const BindingBaseline* baseline_of(const QueryRecord& query, const BindingRun& head) const;

 private:
  // A binding of one stage beside its baseline.
  struct Observation {
    double length = 0;  // ln(microseconds) of the baseline
    double ratio = 0;   // ln(head / baseline)
    const QueryRecord* query = nullptr;
  };
  // How this machine differs from that of the baselines, by the other queries of about the same
  // length that ran on it, in logarithms.
  struct Machine {
    double median = 0;
    double spread = 0;  // by how much most of them are slower than the median, at the worst
  };
  void observe(const QueryRecord& query);
  std::optional<Machine> machine_of(int stage, const QueryRecord& query, double length) const;
  std::optional<double> logarithm_of(const QueryRecord& query, const BindingRun& head,
                                     int stage) const;

  const WorkloadRecord& record_;
  const WorkloadBaselines& baselines_;
  double total_us_ = 0;
  std::map<const QueryRecord*, double> weighted_us_;
  // By stage and shard (each on a machine of its own), in order of length; where baselines are the
  // reference.
  std::map<std::pair<int, int>, std::vector<Observation>> against_baselines_;
};

}  // namespace pgduet::gate

// Takes the times of a run's queries: the screening of all, and the duet of those that are
// nominated. What to run next, and when to stop, is gate's to say (duet.h, nomination.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machine.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/nomination.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/harness/executor.h"
#include "pgduet/harness/workload.h"
#include "pgduet/harness/workload_database.h"

namespace pgduet::harness {

// A query of one side, and where its samples go.
struct TimedSide {
  const Query* query = nullptr;
  Bindings bindings;
  gate::QueryRun* run = nullptr;
};

// A query that was observed. `record` is that of the run: its QueryRuns are added to.
struct TimedQuery {
  gate::QueryRecord* record = nullptr;
  std::size_t index = 0;  // in WorkloadRecord::queries
  std::optional<TimedSide> base;
  TimedSide head;
  bool writes = false;
};

struct TimingOptions {
  bool pin = true;
  std::uint64_t seed = 0;      // of the random orders
  bool for_baselines = false;  // other runs will be compared with what screen() takes
  std::function<void(const std::string&)> phase;
};

class Timing {
 public:
  // `base` may be the same as `head`, or null. All references have to outlive it.
  Timing(WorkloadDatabase* base, WorkloadDatabase& head, std::vector<TimedQuery>& queries,
         TimingOptions options);

  void screen();

  // Nominates by what the screening and the plans say, and times the nominees stage by stage, until
  // all are decided.
  void duet(gate::WorkloadRecord& record, const gate::WorkloadBaselines& baselines);

  // Whether client and sessions could be kept on one core all the time; why not.
  bool pinned() const { return pinned_; }
  const std::string& pin_problem() const { return pin_problem_; }

 private:
  struct Item;
  class Sessions;

  bool has_two_databases() const { return base_ != nullptr && base_ != &head_; }
  std::size_t queries_at_a_time() const;
  Item screening_item(TimedQuery& query, std::size_t binding) const;
  Item stage_item(TimedQuery& query, const gate::Nominee& nominee) const;
  void take(int stage, std::vector<Item>& items);
  void take_group(int stage, std::vector<Item*>& group, std::uint64_t seed);
  void warm_up(int stage, Item& item, Sessions& sessions);
  void attempt(int stage, Item& item, gate::DuetSide side, Sessions& sessions,
               const std::function<void()>& action);
  std::unique_ptr<PinnedThread> pin();
  void not_pinned(const std::string& problem);
  void restart();
  void refresh(int stage, const std::vector<Item>& items);
  WorkloadDatabase& database_of(gate::DuetSide side) const;

  WorkloadDatabase* base_;
  WorkloadDatabase& head_;
  std::vector<TimedQuery>& queries_;
  TimingOptions options_;
  std::size_t queries_of_group_;
  std::uint64_t takes_ = 0;
  std::optional<int> core_;
  bool pinned_ = true;
  std::string pin_problem_;
};

}  // namespace pgduet::harness

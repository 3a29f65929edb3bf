#include "pgduet/gate/nomination.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "comparison.h"
#include "pgduet/gate/catalog.h"
#include "side_differences.h"
#include "work_findings.h"
#include "workload_times.h"

namespace pgduet::gate {
namespace {

// Faster queries are nominated as well, but only those that are clearly faster: they fail nothing.
// Not those that are faster than a baseline: to measure most of all what was recorded in a bad
// moment would make this machine look faster than it is.
const double nominating_gain = std::log(1.25);
// As many bindings tell how machines differ as are asked.
constexpr std::size_t most_references = asked_bindings;

struct Candidate {
  Nominee nominee;
  bool by_plan_or_work = false;
  bool by_screening = false;

  bool nominated() const { return by_plan_or_work || by_screening; }
};

bool settings_differ(const SideRecord& base, const SideRecord& head) {
  const SideDifferences differences = compare_sides(&base, head, "");
  return !differences.settings.empty() ||
         std::any_of(differences.objects.begin(), differences.objects.end(),
                     [](const ObjectDifference& difference) {
                       return difference.object.kind == "setting";
                     });
}

class Nominator {
 public:
  Nominator(const WorkloadRecord& record, const WorkloadBaselines& baselines)
      : record_(record),
        times_(record, baselines),
        base_indexes_(index_definitions(record.base ? record.base->catalog : record.head.catalog)),
        head_indexes_(index_definitions(record.head.catalog)) {
    for (std::size_t i = 0; i < record.queries.size(); ++i) add_query(i);
  }

  Nominations nominations() {
    Nominations result;
    if (record_.base) result.everything_because = everything_because();
    std::vector<Nominee> others;
    for (Candidate& candidate : candidates_) {
      const bool taken = candidate.nominated() || !result.everything_because.empty();
      if (taken)
        result.nominees.push_back(candidate.nominee);
      else
        others.push_back(candidate.nominee);
    }
    if (!record_.base && !result.nominees.empty())
      add_references(std::move(others), result.nominees);
    return result;
  }

 private:
  void add_query(std::size_t index) {
    const QueryRecord& query = record_.queries[index];
    if (!query.head || query.unchanged) return;
    for (std::size_t i = 0; i < query.head->bindings.size(); ++i) {
      const BindingRun& head = query.head->bindings[i];
      const BindingRun* base = WorkloadTimes::base_of(query, head);
      const auto times = minimum_times(head);
      if (head.failure || !times) continue;
      const auto score = times_.screening_score(query, head);
      if (!score || (base != nullptr && base->failure)) continue;
      Candidate candidate;
      candidate.by_plan_or_work = has_other_plan_or_work(query, base, head);
      const TimeLimits limits = times_.limits_of(query, head, !candidate.by_plan_or_work);
      candidate.by_screening = *score > nominating_score(limits.report) ||
                               (base != nullptr && *score < -nominating_gain);
      Nominee& nominee = candidate.nominee;
      nominee.query = index;
      nominee.binding = i;
      nominee.item.limits = limits;
      nominee.item.rule = times_.stage_rule();
      nominee.execution_us = times->wall_us;
      if (base != nullptr) {
        nominee.execution_us = std::max(nominee.execution_us, minimum_times(*base)->wall_us);
      }
      candidates_.push_back(candidate);
    }
  }

  bool has_other_plan_or_work(const QueryRecord& query, const BindingRun* base,
                              const BindingRun& head) const {
    Reference reference;
    if (base != nullptr) {
      reference = base_reference(*query.base, *base, base_indexes_);
    } else if (const BindingBaseline* baseline = times_.baseline_of(query, head)) {
      reference = baseline_reference({}, *baseline);
    }
    return !has_expected_plan(reference, *query.head, head, head_indexes_) ||
           compare_work(reference.work, head.work, query.policy).verdict != Verdict::passed;
  }

  std::string everything_because() const {
    if (record_.base->postgres_version != record_.head.postgres_version) {
      return "the PostgreSQL versions differ";
    }
    if (settings_differ(*record_.base, record_.head)) return "the settings differ";
    std::set<std::size_t> all;
    std::set<std::size_t> nominated;
    for (const Candidate& candidate : candidates_) {
      all.insert(candidate.nominee.query);
      if (candidate.nominated()) nominated.insert(candidate.nominee.query);
    }
    if (all.size() < few_queries && !all.empty()) return "few queries can differ";
    if (all.empty() || double(nominated.size()) < everything_from(all.size())) return "";
    return is_shard() ? "about half of the queries may differ" : "half of the queries differ";
  }

  bool is_shard() const { return !record_.queries.empty() && record_.queries.front().shard != 0; }

  // Half of the queries. A shard sees a sample of them: where half of all differ, its own are fewer
  // by two standard deviations at most, sqrt(n / 4) each, but for one case in 40.
  double everything_from(std::size_t queries) const {
    const auto count = static_cast<double>(queries);
    return count / 2 - (is_shard() ? std::sqrt(count) : 0);
  }

  // Evenly spread over the lengths of those that nobody suspects.
  static void add_references(std::vector<Nominee> others, std::vector<Nominee>& nominees) {
    std::stable_sort(others.begin(), others.end(), [](const Nominee& a, const Nominee& b) {
      return a.execution_us < b.execution_us;
    });
    const std::size_t count = std::min(most_references, others.size());
    for (std::size_t i = 0; i < count; ++i) {
      nominees.push_back(others[i * others.size() / count]);
      nominees.back().item.reference = true;
    }
  }

  const WorkloadRecord& record_;
  WorkloadTimes times_;
  IndexDefinitions base_indexes_;
  IndexDefinitions head_indexes_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Nominations nominate(const WorkloadRecord& record, const WorkloadBaselines& baselines) {
  return Nominator(record, baselines).nominations();
}

std::vector<std::vector<StageTimes>> stages_of(const WorkloadRecord& record,
                                               const WorkloadBaselines& baselines,
                                               const std::vector<Nominee>& nominees) {
  const WorkloadTimes times(record, baselines);
  std::vector<std::vector<StageTimes>> stages;
  for (const Nominee& nominee : nominees) {
    const QueryRecord& query = record.queries.at(nominee.query);
    stages.push_back(times.stages_of(query, query.head->bindings.at(nominee.binding)));
  }
  return stages;
}

double machine_ratio(const WorkloadRecord& record, const WorkloadBaselines& baselines,
                     const QueryRecord& query) {
  return WorkloadTimes(record, baselines, WorkloadTimes::Reference::baselines)
      .machine_ratio(query)
      .value_or(1);
}

}  // namespace pgduet::gate

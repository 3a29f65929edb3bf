#include "other_rules.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "pgduet/gate/time.h"

namespace pgduet::cli {
namespace {

constexpr double limit = 1.10;

struct Samples {
  const gate::BindingRun* run = nullptr;
  std::vector<double> wall;
  std::vector<double> cpu;
};

Samples samples_of(const gate::BindingRun& run) {
  Samples samples;
  samples.run = &run;
  for (const gate::Execution& execution : run.executions) {
    if (execution.stage != 0) continue;
    samples.wall.push_back(execution.wall_us);
    if (execution.cpu_us) samples.cpu.push_back(*execution.cpu_us);
  }
  return samples;
}

double minimum(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

struct Rule {
  const char* name;
  bool (*convicts)(const Samples& base, const Samples& head);
};

bool wall_minimum(const Samples& base, const Samples& head) {
  return minimum(head.wall) > limit * minimum(base.wall);
}

bool cpu_minimum(const Samples& base, const Samples& head) {
  return minimum(head.cpu) > limit * minimum(base.cpu);
}

constexpr Rule all_rules[] = {
    {"Mann-Whitney U of wall times, p < 0.05",
     [](const Samples& base, const Samples& head) {
       return mann_whitney_p(base.wall, head.wall) < 0.05;
     }},
    {"median of wall times 1.10 times as large",
     [](const Samples& base, const Samples& head) {
       return gate::median(head.wall) > limit * gate::median(base.wall);
     }},
    {"minimum of wall times 1.10 times as large", wall_minimum},
    {"minimum of CPU times 1.10 times as large", cpu_minimum},
    {"both minima 1.10 times as large",
     [](const Samples& base, const Samples& head) {
       return wall_minimum(base, head) && cpu_minimum(base, head);
     }},
    {"what makes one stage of pgduet's vote",
     [](const Samples& base, const Samples& head) {
       gate::StageTimes stage;
       stage.base = *gate::minimum_times(*base.run);
       stage.head = *gate::minimum_times(*head.run);
       stage.paired = gate::paired_score(*base.run, *head.run, 0);
       return gate::judge_stage(stage, limit).vote == gate::StageVote::slower;
     }},
};

}  // namespace

double mann_whitney_p(const std::vector<double>& base, const std::vector<double>& head) {
  double u = 0;
  for (const double b : base) {
    for (const double h : head) u += h > b ? 1 : h == b ? 0.5 : 0;
  }
  const auto n = static_cast<double>(base.size());
  const auto m = static_cast<double>(head.size());
  const double deviation = std::sqrt(n * m * (n + m + 1) / 12);
  return deviation > 0 ? std::erfc((u - n * m / 2) / deviation / std::sqrt(2.0)) / 2 : 1;
}

OtherRules::OtherRules() {
  for (const Rule& rule : all_rules) rules_.push_back({rule.name});
}

void OtherRules::add(const gate::RunRecord& record) {
  std::vector<std::int64_t> convicted(rules_.size());
  for (const gate::WorkloadRecord& workload : record.workloads) {
    for (const gate::QueryRecord& query : workload.queries) {
      if (!query.base || !query.head) continue;
      const std::size_t count = std::min(query.base->bindings.size(), query.head->bindings.size());
      for (std::size_t i = 0; i < count; ++i) {
        const Samples base = samples_of(query.base->bindings[i]);
        const Samples head = samples_of(query.head->bindings[i]);
        if (base.cpu.empty() || head.cpu.empty()) continue;
        ++bindings_;
        for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
          if (all_rules[rule].convicts(base, head)) ++convicted[rule];
        }
      }
    }
  }
  ++runs_;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    rules_[rule].bindings += convicted[rule];
    if (convicted[rule] > 0) ++rules_[rule].runs;
  }
}

}  // namespace pgduet::cli

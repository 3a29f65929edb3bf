// The same workload built again and again, each time from nothing and in another directory: the
// same statistics, costs, shapes and blocks. PGDUET_BUILDS builds (3 when not set);
// tests/experiments/determinism runs 20.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "pgduet/gate/plan.h"
#include "pgduet/harness/runner.h"
#include "pgduet/harness/workload.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

// What must not move, of every binding and of every generic plan: "shop/open_orders 1" -> "shape
// ...".
std::map<std::string, std::string> facts_of(const gate::RunRecord& record) {
  std::map<std::string, std::string> facts;
  for (const gate::WorkloadRecord& workload : record.workloads) {
    for (const gate::QueryRecord& query : workload.queries) {
      const std::string name = workload.name + "/" + query.name + " ";
      if (!query.head->generic_plan.is_null()) {
        const gate::Plan generic = gate::read_plan(query.head->generic_plan);
        facts[name + "generic"] =
            query.head->generic_shape + ", cost " + std::to_string(generic.root.total_cost);
      }
      for (const gate::BindingRun& binding : query.head->bindings) {
        const std::string key = name + std::to_string(binding.number);
        if (binding.failure) {
          facts[key] = "failed: " + binding.failure->message;
          continue;
        }
        const gate::Plan plan = gate::read_plan(binding.plan);
        facts[key] = "shape " + binding.shape + ", cost " + std::to_string(plan.root.total_cost) +
                     ", rows " + std::to_string(plan.root.plan_rows) + ", blocks " +
                     std::to_string(binding.work.blocks());
      }
    }
  }
  return facts;
}

std::map<std::string, std::string> facts_of_a_new_build() {
  const TempDir cache = test_directory();
  RunOptions options;
  options.workloads = find_workloads(std::filesystem::path(PGDUET_SOURCE_DIR) / "workloads");
  options.base.kind = BaseChoice::Kind::none;
  options.installations = {test_installation()};
  options.cache = test_cache_options(cache.path() / "cache");
  options.times = Times::none;
  Progress silence;
  return facts_of(*run_workloads(options, silence));
}

TEST(Determinism, BuildsFromNothingGiveTheSameCostsShapesAndBlocks) {
  const char* variable = std::getenv("PGDUET_BUILDS");
  const int builds = variable != nullptr ? std::atoi(variable) : 3;
  ASSERT_GE(builds, 2);
  const std::map<std::string, std::string> first = facts_of_a_new_build();
  ASSERT_GT(first.size(), 100U);
  for (const auto& [name, fact] : first) EXPECT_EQ(fact.find("failed"), std::string::npos) << name;
  int changes = 0;
  for (int build = 2; build <= builds; ++build) {
    const std::map<std::string, std::string> again = facts_of_a_new_build();
    ASSERT_EQ(again.size(), first.size());
    for (const auto& [name, fact] : first) {
      EXPECT_EQ(again.at(name), fact) << name << ", build " << build;
      changes += again.at(name) != fact ? 1 : 0;
    }
  }
  std::printf("%d builds, %zu plans in each, %d changes of shape, cost or blocks\n", builds,
              first.size(), changes);
}

}  // namespace
}  // namespace pgduet::harness

// Uses what needs each dependency: the plan diff (JSON), the parser (libpg_query), the hash
// (xxHash).
#include <iostream>

#include "pgduet/gate/hash.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/sql.h"

using namespace pgduet;

int main() {
  const auto plan = [](const char* root) { return gate::read_plan(gate::Json::parse(root)[0]); };
  const gate::Plan before = plan(
      R"([{"Plan": {"Node Type": "Index Scan", "Index Name": "orders_pkey", "Relation Name": "orders", "Alias": "orders"}}])");
  const gate::Plan after = plan(
      R"([{"Plan": {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders"}}])");
  for (const gate::PlanChange& change : gate::diff_plans(before, after))
    std::cout << change.sentence << "\n";
  std::cout << gate::normalize_sql("SELECT 1") << "\n" << gate::hash_hex("").size() << "\n";
}

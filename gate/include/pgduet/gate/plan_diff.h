// Compares two plans of one statement and lists what changed, as a person would say it.
// Every function here depends on its arguments alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pgduet/gate/plan.h"
#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {

// One difference between two plans.
struct PlanChange {
  enum class Kind {
    access,      // the way a relation is read: another scan type or another index
    join,        // another join method, join type, or sides swapped
    join_order,  // the same relations joined in another order
    condition,   // a condition that moved (Index Cond to Filter), appeared or went
    sort,        // a sort or its kind appeared, went or changed its keys
    aggregate,   // another strategy of grouping
    parallel,    // parallel where it was not, or the other way round
    partitions,  // other partitions are scanned
    subplan,     // a subplan, CTE or InitPlan appeared, went or became a join
    node,        // anything else that appeared or went
  };

  Kind kind = Kind::node;
  std::string path;  // where, in the current plan (before when it went): "Limit > Sort > Seq Scan
                     // on orders o"
  std::string subject;   // "orders o", or the node type where nothing is read
  std::string before;    // "Index Scan using orders_customer_id_idx"; "" when it appeared
  std::string after;     // "Seq Scan"; "" when it went
  std::string sentence;  // "orders o: Index Scan using orders_customer_id_idx → Seq Scan, filter
                         // removes 99,980 of 100,000 rows"
  std::string index_before;  // "schema.index", where an index was used and is not any more; else ""
  std::string relation;      // "schema.relation" that the change is about; "" when none

  bool operator==(const PlanChange&) const = default;
};

// The changes from `before` to `after`, parent before child, the most telling first among equals;
// empty exactly when both have the same shape under these definitions. Nodes are aligned by place
// and alias, so that an added node (a Sort, a Gather) is one change and not a change of everything
// below it.
std::vector<PlanChange> diff_plans(const Plan& before, const Plan& after,
                                   const IndexDefinitions& indexes_before = {},
                                   const IndexDefinitions& indexes_after = {});

// Where the planner was most wrong in one plan.
struct EstimateError {
  std::string path;  // "Nested Loop > Index Scan using orders_pkey on orders o"
  std::string subject;
  double estimated_rows = 0;  // per loop
  double actual_rows = 0;     // per loop
  double q_error = 1;         // see q_error()
};

// max(estimated, actual) / min(estimated, actual), both taken as at least 1.
double q_error(double estimated_rows, double actual_rows);

// The nodes that found fewer rows than estimated, and may have done so only because their parents
// had seen enough (a Limit, a join that needs one match): nothing is known of their estimates.
std::set<const PlanNode*> cut_off_nodes(const Plan& plan);

// The executed node with the largest q-error of a plan with ANALYZE; q_error 1 when there is none.
// Source of the measure: Moerkotte, Neumann, Steidl (2009), "Preventing Bad Plans by Bounding the
// Impact of Cardinality Estimation Errors", PVLDB 2.
EstimateError worst_estimate(const Plan& plan);

}  // namespace pgduet::gate

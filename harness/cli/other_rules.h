// What other rules than pgduet's would have said of the screening's samples: the evidence for the
// choice, from runs in which nothing changed.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/run_record.h"

namespace pgduet::cli {

struct OtherRule {
  std::string name;
  int runs = 0;               // in which it would have convicted a query
  std::int64_t bindings = 0;  // that it would have convicted
};

class OtherRules {
 public:
  OtherRules();

  // A run of two sides between which nothing differs.
  void add(const gate::RunRecord& record);

  const std::vector<OtherRule>& rules() const { return rules_; }
  int runs() const { return runs_; }
  std::int64_t bindings() const { return bindings_; }

 private:
  std::vector<OtherRule> rules_;
  int runs_ = 0;
  std::int64_t bindings_ = 0;
};

// The one-sided p-value of the Mann-Whitney U test for `head` being larger, by its normal
// approximation: good from some eight samples a side on.
double mann_whitney_p(const std::vector<double>& base, const std::vector<double>& head);

}  // namespace pgduet::cli

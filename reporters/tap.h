// TAP version 14 (https://testanything.org): one test point a query, "shop/orders_of_customer", in
// a flat list, as not every consumer reads subtests. A query fails its point exactly when it fails
// the gate. What could not be judged (new, skipped, inconclusive) is skipped with the reason; what
// is not simply passed has its facts in a YAML block.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_tap_reporter(const ReportOptions& options);

// Text as a description or a directive's reason: "#" and "\" escaped.
std::string tap_text(std::string_view text);

// Text as a YAML scalar in double quotes, which may hold anything, in one line.
std::string yaml_scalar(std::string_view text);

}  // namespace pgduet::reporters

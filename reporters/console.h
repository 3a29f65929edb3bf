// A summary for a terminal or a CI log: the worst query first, the outcome last.
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_console_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters

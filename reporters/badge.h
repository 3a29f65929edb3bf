// A badge: the JSON that shields.io's endpoint badge reads, to be put where a URL can name it.
// Source: https://shields.io/badges/endpoint-badge
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_badge_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters

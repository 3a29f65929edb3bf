// The report as one HTML file for people: summary, a table that sorts and filters, and for each
// query its plans side by side, statement, bindings, samples and evidence.
//
// The file needs nothing else: no network, no other file, no server; its security policy forbids
// all but its own script. Everything can be read without that script, which adds sorting,
// filtering and copying. Same report, same bytes.
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_html_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters

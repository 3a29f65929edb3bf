// SARIF 2.1.0, for code scanning (github/codeql-action/upload-sarif) and what else reads it.
//
// A result is a query that fails the gate (error), could not be judged (warning) or does its work
// in another way (note); the rule is the verdict. Places are relative to the root of the repository
// (%SRCROOT%); what has no line, as a baseline, is at line 1. At most 5,000 results, as code
// scanning takes no more of a run, the worst first; a notification counts the rest. A run that
// could not measure is an invocation without success. Source:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_sarif_reporter(const ReportOptions& options);

// Text as part of a plain text message: braces, which would be placeholders, are doubled, and "]("
// is parted by a blank, so that no link comes about (SARIF 3.11.5 and 3.11.6).
std::string sarif_text(std::string_view text);

// Text as that of a link: square brackets and backslashes escaped, too.
std::string sarif_link_text(std::string_view text);

// A path as a URI reference (RFC 3986): "a b/ü.sql" is "a%20b/%C3%BC.sql".
std::string uri_of_path(std::string_view path);

}  // namespace pgduet::reporters

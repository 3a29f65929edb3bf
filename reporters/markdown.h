// GitHub-flavoured Markdown: the job summary, the comment on a pull request, or a file.
//
// The first line is a comment that nobody sees, by which the pull request's comment is found again
// and updated. Below: what got worse, why and what to do, the worst first; what did not get worse
// is folded. At most 60,000 bytes, as GitHub takes 65,536 characters in a comment (and 1 MiB in a
// summary): what finds no room is counted, and the reader told where it is.
#pragma once

#include <memory>
#include <string_view>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

constexpr std::string_view markdown_marker = "<!-- pgduet -->";

std::unique_ptr<Reporter> make_markdown_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters

// Workflow commands that make GitHub show annotations at the queries' lines.
//
// GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest, so that no
// more are written, the worst first; the last error says how many queries are left out. What fails
// the gate is an error, what was changed or could not be judged is a warning, what became faster is
// a notice. The rest needs no reader: it is in the job summary (the markdown report).
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions and
// actions/toolkit, packages/core/src/command.ts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_github_reporter(const ReportOptions& options);

// Text as a command's message and as the value of one of its properties.
std::string command_message(std::string_view text);
std::string command_property(std::string_view text);

}  // namespace pgduet::reporters

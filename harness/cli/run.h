// The program as a function, so that a whole invocation is a test.
#pragma once

#include <ostream>
#include <span>
#include <string>

namespace pgduet::cli {

// Runs `pgduet args...` and returns the exit status: 0 passed, 1 a verdict that fails, 2 usage or
// unreadable input, 3 the environment failed. Never throws, never ends the process.
int run(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace pgduet::cli

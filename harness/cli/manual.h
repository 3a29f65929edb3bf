// The manual page pgduet(1), made from the commands as they are registered.
#pragma once

#include <string>

#include "command_tree.h"

namespace pgduet::cli {

// In roff with the macros of man(7). The same bytes for the same commands and version.
std::string manual_page(const CommandInfo& program, const std::string& version);

}  // namespace pgduet::cli

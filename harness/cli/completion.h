// Shell completion, made from the commands as they are registered.
#pragma once

#include <string>

#include "command_tree.h"

namespace pgduet::cli {

// Scripts to be loaded by the shell. They offer commands, options, choices, directories and git
// revisions without running pgduet.
std::string bash_completion(const ProgramInfo& info);
std::string zsh_completion(const ProgramInfo& info);
std::string fish_completion(const ProgramInfo& info);

}  // namespace pgduet::cli

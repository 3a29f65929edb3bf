// Shell completion, made from the commands as they are registered.
#pragma once

#include <string>

#include "command_tree.h"

namespace pgduet::cli {

// Scripts to be loaded by the shell. They offer commands, options, choices, directories and git
// revisions without running pgduet.
std::string bash_completion(const CommandInfo& program);
std::string zsh_completion(const CommandInfo& program);
std::string fish_completion(const CommandInfo& program);

}  // namespace pgduet::cli

// The commands and options of the program as values: what completion scripts and the manual page
// are made from, so that neither can fall behind. The program is a command itself; commands may
// have commands of their own, to any depth.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <vector>

namespace pgduet::cli {

struct OptionInfo {
  // What a shell can offer for the value.
  enum class Value { none, text, choice, directory, file, revision };

  std::vector<std::string> flags;  // "-h", "--help"; empty for a positional
  std::string value_name;          // "DIR", a positional's "workload"; "" for a flag
  Value value = Value::none;
  std::vector<std::string> choices;  // of Value::choice
  std::string description;
  std::string environment;    // "PGDUET_BASELINES"; "" without
  std::string default_value;  // "" without
  bool repeatable = false;
  bool required = false;

  bool positional() const { return flags.empty(); }
  bool operator==(const OptionInfo&) const = default;
};

struct CommandInfo {
  std::string name;  // "store"
  std::string description;
  std::string footer;
  std::vector<OptionInfo> options;    // in the order of --help
  std::vector<CommandInfo> commands;  // in the order of --help; empty for most
};

// The program with all below it; without what is hidden in --help.
CommandInfo describe(const CLI::App& app);

// Throws Error(usage) with the nearest name where `args` names a command that there is not, such as
// "store migrat": CLI11 would only say that a command is required. What else is wrong with the
// arguments is left to CLI11.
void require_known_command(const CLI::App& app, std::span<const std::string> args);

// The first sentence, on one line, without its full stop or colon.
std::string first_line(const std::string& text);

}  // namespace pgduet::cli

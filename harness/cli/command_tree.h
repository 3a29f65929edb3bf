// The commands and options of the program as values: what completion scripts and the manual page
// are made from, so that neither can fall behind.
#pragma once

#include <CLI/CLI.hpp>
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
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionInfo> options;  // in the order of --help
};

// The program itself, and its commands in the order of --help; without what is hidden there.
struct ProgramInfo {
  CommandInfo program;
  std::vector<CommandInfo> commands;
};
ProgramInfo describe(const CLI::App& app);

// The first sentence, on one line, without its full stop or colon.
std::string first_line(const std::string& text);

}  // namespace pgduet::cli

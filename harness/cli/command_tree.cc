#include "command_tree.h"

#include <algorithm>
#include <map>
#include <optional>

#include "pgduet/gate/error.h"

namespace pgduet::cli {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// CLI11 keeps the choices of IsMember in the type's name only: "TEXT:{auto,always,never}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find(":{");
  const std::size_t close = type.find('}', std::min(open, type.size()));
  if (close == std::string::npos) return {};
  return split(type.substr(open + 2, close - open - 2), ',');
}

// Of add_report_options(): a line a format behind the first, "junit: JUnit XML for CI test views".
std::vector<std::string> described_formats(const std::string& description) {
  std::vector<std::string> lines = split(description, '\n');
  lines.erase(lines.begin());
  for (std::string& line : lines) line.erase(std::min(line.find(':'), line.size()));
  return lines;
}

void read_value(OptionInfo& info, const std::string& type) {
  using Value = OptionInfo::Value;
  static const std::map<std::string, Value> values = {
      {"DIR", Value::directory}, {"FILE", Value::file}, {"REV", Value::revision}};
  info.choices = choices_of(type);
  info.value_name = type.substr(0, type.find(':'));
  if (info.value_name == "FORMAT[=PATH]") info.choices = described_formats(info.description);
  const auto known = values.find(info.value_name);
  info.value = !info.choices.empty()   ? Value::choice
               : known != values.end() ? known->second
                                       : Value::text;
}

// A flag has a type in CLI11, too.
bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

OptionInfo describe_option(const CLI::Option& option) {
  OptionInfo info;
  for (const std::string& name : option.get_snames()) info.flags.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.flags.push_back("--" + name);
  info.description = option.get_description();
  if (takes_value(option)) read_value(info, option.get_type_name());
  if (info.positional()) info.value_name = option.get_name(true);
  info.environment = option.get_envname();
  info.default_value = option.get_default_str();
  info.repeatable = option.get_expected_max() > 1;
  info.required = option.get_required();
  return info;
}

// Where in `args` the name of a command stands, behind the app's options and their values. Nothing
// where there is none, or CLI11 is to speak first: to help, or of an unknown option.
std::optional<std::size_t> command_index(const CLI::App& app, std::span<const std::string> args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!args[i].starts_with('-')) return i;
    const std::size_t sign = args[i].find('=');
    const CLI::Option* option = app.get_option_no_throw(args[i].substr(0, sign));
    if (option == nullptr || option == app.get_help_ptr() || option == app.get_version_ptr()) break;
    if (sign == std::string::npos && takes_value(*option)) ++i;
  }
  return std::nullopt;
}

// `parents`: "store " for what is below "pgduet store", "" for the program's own commands.
void require_known_command(const CLI::App& app, std::span<const std::string> args,
                           const std::string& parents) {
  const std::vector<const CLI::App*> commands = app.get_subcommands({});
  if (commands.empty()) return;
  const std::optional<std::size_t> index = command_index(app, args);
  if (!index) return;
  const std::string& name = args[*index];
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    if (command->get_name() == name)
      return require_known_command(*command, args.subspan(*index + 1), parents + name + " ");
    names.push_back(command->get_name());
  }
  const auto nearest = gate::nearest_name(name, names);
  throw gate::Error(gate::Error::Kind::usage, {}, "unrecognized command \"" + parents + name + "\"",
                    nearest ? "Did you mean \"" + parents + *nearest + "\"?"
                            : "\"pgduet " + parents + "--help\" lists the commands.");
}

}  // namespace

CommandInfo describe(const CLI::App& app) {
  CommandInfo info;
  info.name = app.get_name();
  info.description = app.get_description();
  info.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) info.options.push_back(describe_option(*option));
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) info.commands.push_back(describe(*command));
  }
  return info;
}

void require_known_command(const CLI::App& app, std::span<const std::string> args) {
  require_known_command(app, args, "");
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (const std::size_t end = line.find(". "); end != std::string::npos) line.erase(end);
  while (!line.empty() && (line.back() == ':' || line.back() == '.')) line.pop_back();
  return line;
}

}  // namespace pgduet::cli

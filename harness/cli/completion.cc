#include "completion.h"

#include <sstream>

#include "commands.h"

namespace pgduet::cli {
namespace {

using Value = OptionInfo::Value;

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

std::vector<std::string> names_of(const std::vector<CommandInfo>& commands) {
  std::vector<std::string> names;
  for (const CommandInfo& command : commands) names.push_back(command.name);
  return names;
}

// Each character of `special` with a backslash before it.
std::string escaped(const std::string& text, const std::string& special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) result += '\\';
    result += c;
  }
  return result;
}

// A word of a POSIX shell.
std::string in_single_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string bash_offer(const OptionInfo& option) {
  switch (option.value) {
    case Value::choice:
      return "_pgduet_words " + in_single_quotes(joined(option.choices, " "));
    case Value::directory:
      return "_pgduet_paths -d";
    case Value::file:
      return "_pgduet_paths -f";
    case Value::revision:
      return "_pgduet_revisions";
    case Value::none:
    case Value::text:
      break;
  }
  return ":";
}

// The branch of a "case" that offers the options of a command and what comes behind them.
void write_bash_branch(const std::string& pattern, const CommandInfo& command,
                       const std::string& indentation, std::ostream& out) {
  std::vector<std::string> flags;
  std::string positional = ":";
  if (!command.commands.empty())
    positional = "_pgduet_words " + in_single_quotes(joined(names_of(command.commands), " "));
  out << indentation << pattern << ")\n" << indentation << "  case $previous in\n";
  for (const OptionInfo& option : command.options) {
    if (option.positional()) positional = bash_offer(option);
    flags.insert(flags.end(), option.flags.begin(), option.flags.end());
    if (option.positional() || option.value == Value::none) continue;
    out << indentation << "    " << joined(option.flags, " | ") << ") " << bash_offer(option)
        << "; return ;;\n";
  }
  out << indentation << "  esac\n"
      << indentation << "  if [[ $current == -* ]]; then\n"
      << indentation << "    _pgduet_words " << in_single_quotes(joined(flags, " ")) << "\n"
      << indentation << "  else\n"
      << indentation << "    " << positional << "\n"
      << indentation << "  fi\n"
      << indentation << "  ;;\n";
}

void write_bash_command(const CommandInfo& command, const std::string& indentation,
                        std::ostream& out) {
  if (command.commands.empty()) {
    write_bash_branch(command.name, command, indentation, out);
    return;
  }
  const std::string inner = indentation + "  ";
  // The first word that names one of its commands, whatever options and values stand before it:
  // bash may have broken a value into several words.
  out << indentation << command.name << ")\n"
      << inner << "command=''\n"
      << inner << "for ((++index; index < COMP_CWORD; ++index)); do\n"
      << inner << "  case ${COMP_WORDS[index]} in\n"
      << inner << "    " << joined(names_of(command.commands), " | ") << ")\n"
      << inner << "      command=${COMP_WORDS[index]}\n"
      << inner << "      break\n"
      << inner << "      ;;\n"
      << inner << "  esac\n"
      << inner << "done\n"
      << inner << "case $command in\n";
  write_bash_branch("''", command, inner + "  ", out);
  for (const CommandInfo& one : command.commands) write_bash_command(one, inner + "  ", out);
  out << inner << "esac\n" << inner << ";;\n";
}

// "_arguments" takes option descriptions in brackets, and the parts of a specification with colons
// between them.
std::string zsh_specification(const OptionInfo& option, const std::string& flag) {
  const std::string value_name = escaped(option.value_name, ":\\");
  std::string offer;
  switch (option.value) {
    case Value::choice:
      offer = "(" + joined(option.choices, " ") + ")";
      break;
    case Value::directory:
      offer = "_files -/";
      break;
    case Value::file:
      offer = "_files";
      break;
    case Value::revision:
      offer = "_pgduet_revisions";
      break;
    case Value::none:
    case Value::text:
      offer = " ";
      break;
  }
  if (option.positional()) return (option.repeatable ? "*:" : ":") + value_name + ":" + offer;
  std::string specification = option.repeatable ? "*" : "";
  specification += flag + (option.value != Value::none && flag.starts_with("--") ? "=" : "");
  specification += "[" + escaped(first_line(option.description), "[]:\\") + "]";
  if (option.value != Value::none) specification += ":" + value_name + ":" + offer;
  return specification;
}

void write_zsh_arguments(const CommandInfo& command, const std::string& indentation,
                         std::ostream& out) {
  for (const OptionInfo& option : command.options) {
    const std::vector<std::string> flags =
        option.positional() ? std::vector<std::string>{""} : option.flags;
    for (const std::string& flag : flags) {
      out << " \\\n" << indentation << in_single_quotes(zsh_specification(option, flag));
    }
  }
}

// A function that completes a command with commands of its own; before it, those for them.
void write_zsh_function(const CommandInfo& command, const std::string& name, std::ostream& out) {
  const auto function_of = [&](const CommandInfo& one) { return name + "_command_" + one.name; };
  for (const CommandInfo& one : command.commands) {
    if (!one.commands.empty()) write_zsh_function(one, function_of(one), out);
  }
  out << name << R"shell(() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
)shell";
  for (const CommandInfo& one : command.commands) {
    out << "    " << in_single_quotes(one.name + ":" + escaped(first_line(one.description), ":\\"))
        << "\n";
  }
  out << "  )\n  _arguments -C";
  write_zsh_arguments(command, "    ", out);
  out << " \\\n    '1:command:->command' \\\n    '*::argument:->arguments'\n"
      << "  case $state in\n"
      << "    command) _describe command commands ;;\n"
      << "    arguments)\n"
      << "      case $words[1] in\n";
  for (const CommandInfo& one : command.commands) {
    out << "        " << one.name << ")\n          ";
    if (one.commands.empty()) {
      out << "_arguments";
      write_zsh_arguments(one, "            ", out);
    } else {
      out << function_of(one);
    }
    out << "\n          ;;\n";
  }
  out << R"shell(      esac
      ;;
  esac
}

)shell";
}

std::string fish_word(const std::string& text) { return "'" + escaped(text, "'\\") + "'"; }

void write_fish_option(const OptionInfo& option, const std::string& condition, std::ostream& out) {
  out << "complete -c pgduet -n " << fish_word(condition);
  for (const std::string& flag : option.flags) {
    out << (flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1));
  }
  switch (option.value) {
    case Value::choice:
      out << " -x -a " << fish_word(joined(option.choices, " "));
      break;
    case Value::directory:
      out << " -x -a '(__fish_complete_directories)'";
      break;
    case Value::file:
      out << " -r -F";
      break;
    case Value::revision:
      out << " -x -a '(git for-each-ref --format=\"%(refname:short)\" 2>/dev/null)'";
      break;
    case Value::text:
      out << " -x";
      break;
    case Value::none:
      break;
  }
  if (!option.positional()) out << " -d " << fish_word(first_line(option.description));
  out << "\n";
}

// `condition` as a word of fish.
void write_fish_names(const std::vector<CommandInfo>& commands, const std::string& condition,
                      std::ostream& out) {
  for (const CommandInfo& command : commands) {
    out << "complete -c pgduet -n " << condition << " -a " << command.name << " -d "
        << fish_word(first_line(command.description)) << "\n";
  }
}

// `seen` is true behind the command's name.
void write_fish_command(const CommandInfo& command, const std::string& seen, std::ostream& out) {
  const std::string any_of = "__fish_seen_subcommand_from ";
  std::string condition = seen;
  if (!command.commands.empty())
    condition += "; and not " + any_of + joined(names_of(command.commands), " ");
  out << "\n";
  for (const OptionInfo& option : command.options) write_fish_option(option, condition, out);
  write_fish_names(command.commands, fish_word(condition), out);
  for (const CommandInfo& one : command.commands)
    write_fish_command(one, seen + "; and " + any_of + one.name, out);
}

void write_completion(const CLI::App& app, const std::string& shell, std::ostream& out) {
  const CommandInfo program = describe(app);
  if (shell == "bash") out << bash_completion(program);
  if (shell == "zsh") out << zsh_completion(program);
  if (shell == "fish") out << fish_completion(program);
}

}  // namespace

std::string bash_completion(const CommandInfo& program) {
  std::ostringstream out;
  out << R"shell(# Completion of pgduet for bash. Load it with: source <(pgduet completion bash)
# shellcheck shell=bash

_pgduet_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_pgduet_paths() {
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
  compopt -o filenames 2>/dev/null
}

_pgduet_revisions() {
  _pgduet_words "$(git for-each-ref --format='%(refname:short)' 2>/dev/null)"
}

_pgduet() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' index
  COMPREPLY=()
  # Bash breaks "--option=value" at the sign.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # "--report FORMAT=PATH" too.
  if [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    if [[ $previous != -* ]]; then
      _pgduet_paths -f
      return
    fi
  fi
  for ((index = 1; index < COMP_CWORD; ++index)); do
    if [[ ${COMP_WORDS[index]} != -* ]]; then
      command=${COMP_WORDS[index]}
      break
    fi
  done
  case $command in
)shell";
  std::vector<std::string> words = names_of(program.commands);
  for (const OptionInfo& option : program.options)
    words.insert(words.end(), option.flags.begin(), option.flags.end());
  out << "    '') _pgduet_words " << in_single_quotes(joined(words, " ")) << " ;;\n";
  for (const CommandInfo& command : program.commands) write_bash_command(command, "    ", out);
  out << "  esac\n}\n\ncomplete -F _pgduet pgduet\n";
  return out.str();
}

std::string zsh_completion(const CommandInfo& program) {
  std::ostringstream out;
  out << R"shell(#compdef pgduet
# Completion of pgduet for zsh: a file "_pgduet" in a directory of $fpath.

_pgduet_revisions() {
  local -a revisions
  revisions=(${(f)"$(git for-each-ref --format='%(refname:short)' 2>/dev/null)"})
  compadd -a revisions
}

)shell";
  write_zsh_function(program, "_pgduet", out);
  out << R"shell(if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _pgduet "$@"
else
  compdef _pgduet pgduet
fi
)shell";
  return out.str();
}

std::string fish_completion(const CommandInfo& program) {
  std::ostringstream out;
  out << "# Completion of pgduet for fish. Load it with: pgduet completion fish | source\n\n"
      << "complete -c pgduet -f\n";
  const std::string none = "__fish_use_subcommand";
  for (const OptionInfo& option : program.options) write_fish_option(option, none, out);
  write_fish_names(program.commands, none, out);
  for (const CommandInfo& command : program.commands)
    write_fish_command(command, "__fish_seen_subcommand_from " + command.name, out);
  return out.str();
}

void add_completion(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "completion", "Print a script that completes pgduet's commands in a shell");
  command->footer("Example: source <(pgduet completion bash)");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, streams, &app, &action] {
    action = [shell, streams, &app] {
      write_completion(app, *shell, streams.out);
      return 0;
    };
  });
}

}  // namespace pgduet::cli

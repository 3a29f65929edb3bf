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

void write_bash_command(const CommandInfo& command, std::ostream& out) {
  std::vector<std::string> flags;
  std::string positional = ":";
  out << "    " << command.name << ")\n      case $previous in\n";
  for (const OptionInfo& option : command.options) {
    if (option.positional()) positional = bash_offer(option);
    flags.insert(flags.end(), option.flags.begin(), option.flags.end());
    if (option.positional() || option.value == Value::none) continue;
    out << "        " << joined(option.flags, " | ") << ") " << bash_offer(option)
        << "; return ;;\n";
  }
  out << "      esac\n"
      << "      if [[ $current == -* ]]; then\n"
      << "        _pgduet_words " << in_single_quotes(joined(flags, " ")) << "\n"
      << "      else\n"
      << "        " << positional << "\n"
      << "      fi\n"
      << "      ;;\n";
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

void write_completion(const CLI::App& app, const std::string& shell, std::ostream& out) {
  const ProgramInfo info = describe(app);
  if (shell == "bash") out << bash_completion(info);
  if (shell == "zsh") out << zsh_completion(info);
  if (shell == "fish") out << fish_completion(info);
}

}  // namespace

std::string bash_completion(const ProgramInfo& info) {
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
  std::vector<std::string> words;
  for (const CommandInfo& command : info.commands) words.push_back(command.name);
  for (const OptionInfo& option : info.program.options)
    words.insert(words.end(), option.flags.begin(), option.flags.end());
  out << "    '') _pgduet_words " << in_single_quotes(joined(words, " ")) << " ;;\n";
  for (const CommandInfo& command : info.commands) write_bash_command(command, out);
  out << "  esac\n}\n\ncomplete -F _pgduet pgduet\n";
  return out.str();
}

std::string zsh_completion(const ProgramInfo& info) {
  std::ostringstream out;
  out << R"shell(#compdef pgduet
# Completion of pgduet for zsh: a file "_pgduet" in a directory of $fpath.

_pgduet_revisions() {
  local -a revisions
  revisions=(${(f)"$(git for-each-ref --format='%(refname:short)' 2>/dev/null)"})
  compadd -a revisions
}

_pgduet() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
)shell";
  for (const CommandInfo& command : info.commands) {
    out << "    "
        << in_single_quotes(command.name + ":" + escaped(first_line(command.description), ":\\"))
        << "\n";
  }
  out << "  )\n  _arguments -C";
  write_zsh_arguments(info.program, "    ", out);
  out << " \\\n    '1:command:->command' \\\n    '*::argument:->arguments'\n"
      << "  case $state in\n"
      << "    command) _describe command commands ;;\n"
      << "    arguments)\n"
      << "      case $words[1] in\n";
  for (const CommandInfo& command : info.commands) {
    out << "        " << command.name << ")\n          _arguments";
    write_zsh_arguments(command, "            ", out);
    out << "\n          ;;\n";
  }
  out << R"shell(      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _pgduet "$@"
else
  compdef _pgduet pgduet
fi
)shell";
  return out.str();
}

std::string fish_completion(const ProgramInfo& info) {
  std::ostringstream out;
  out << "# Completion of pgduet for fish. Load it with: pgduet completion fish | source\n\n"
      << "complete -c pgduet -f\n";
  const std::string none = "__fish_use_subcommand";
  for (const OptionInfo& option : info.program.options) write_fish_option(option, none, out);
  for (const CommandInfo& command : info.commands) {
    out << "complete -c pgduet -n " << none << " -a " << command.name << " -d "
        << fish_word(first_line(command.description)) << "\n";
  }
  for (const CommandInfo& command : info.commands) {
    out << "\n";
    for (const OptionInfo& option : command.options)
      write_fish_option(option, "__fish_seen_subcommand_from " + command.name, out);
  }
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

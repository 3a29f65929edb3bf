#include "manual.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "commands.h"

namespace pgduet::cli {
namespace {

struct NamedCommand {
  std::string name;  // with those that it belongs to: "store migrate"
  const CommandInfo* info = nullptr;
};

// An option, and which commands have just that.
struct SharedOption {
  OptionInfo option;
  std::vector<std::string> commands;
};

// Text as roff prints it. A hyphen is a minus sign, so that options can be copied and searched.
std::string roff(const std::string& text) {
  std::string result;
  bool at_line_begin = true;
  for (const char c : text) {
    if (at_line_begin && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
    at_line_begin = c == '\n';
  }
  return result;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

// Paragraphs as --help shows them: their line ends and indentation mean something.
void write_lines(const std::string& text, std::ostream& out) {
  out << ".PP\n.nf\n" << roff(text) << "\n.fi\n";
}

std::string heading(const OptionInfo& option) {
  if (option.positional()) return italic(option.value_name) + (option.repeatable ? " ..." : "");
  std::string text;
  for (const std::string& flag : option.flags) text += (text.empty() ? "" : ", ") + bold(flag);
  if (option.value != OptionInfo::Value::none) text += " " + italic(option.value_name);
  return text;
}

void write_option(const OptionInfo& option, const std::string& note, std::ostream& out) {
  out << ".TP\n" << heading(option) << "\n";
  std::istringstream lines(option.description);
  std::string line;
  for (bool first = true; std::getline(lines, line); first = false)
    out << (first ? "" : ".br\n") << roff(line) << "\n";
  std::string more;
  if (!option.default_value.empty()) more += " Default: " + option.default_value + ".";
  if (!option.environment.empty()) more += " Environment: " + option.environment + ".";
  more += note;
  if (!more.empty()) out << ".br\n" << roff(more.substr(more.find_first_not_of(' '))) << "\n";
}

// All below `parent`, each behind the one that it belongs to.
void add_commands(const CommandInfo& parent, const std::string& parents,
                  std::vector<NamedCommand>& commands) {
  for (const CommandInfo& command : parent.commands) {
    commands.push_back({parents + command.name, &command});
    add_commands(command, parents + command.name + " ", commands);
  }
}

std::vector<SharedOption> shared_options(const std::vector<NamedCommand>& commands) {
  std::vector<SharedOption> shared;
  for (const NamedCommand& command : commands) {
    for (const OptionInfo& option : command.info->options) {
      auto known = std::find_if(shared.begin(), shared.end(),
                                [&](const SharedOption& one) { return one.option == option; });
      if (known == shared.end()) known = shared.insert(known, {option, {}});
      known->commands.push_back(command.name);
    }
  }
  std::erase_if(shared, [](const SharedOption& one) { return one.commands.size() < 2; });
  return shared;
}

std::string synopsis(const CommandInfo& command) {
  std::string text = "[OPTION]...";
  for (const OptionInfo& option : command.options) {
    if (!option.positional()) continue;
    const std::string name = option.value_name + (option.repeatable ? "..." : "");
    text += option.required ? " " + name : " [" + name + "]";
  }
  if (!command.commands.empty()) text += " COMMAND";
  return text;
}

void write_commands(const std::vector<NamedCommand>& commands,
                    const std::vector<SharedOption>& shared, std::ostream& out) {
  for (const NamedCommand& command : commands) {
    const CommandInfo& info = *command.info;
    out << ".SS pgduet " << roff(command.name + " " + synopsis(info)) << "\n"
        << roff(info.description) << ".\n";
    for (const OptionInfo& option : info.options) {
      const bool elsewhere =
          std::any_of(shared.begin(), shared.end(),
                      [&](const SharedOption& one) { return one.option == option; });
      if (!elsewhere) write_option(option, "", out);
    }
    if (!info.footer.empty()) write_lines(info.footer, out);
  }
}

void write_shared(const std::vector<SharedOption>& shared, std::size_t commands,
                  std::ostream& out) {
  for (const SharedOption& one : shared) {
    std::string note;
    if (one.commands.size() < commands) {
      for (const std::string& name : one.commands) note += (note.empty() ? " With " : ", ") + name;
      note += ".";
    }
    write_option(one.option, note, out);
  }
}

constexpr const char* description = R"(.SH DESCRIPTION
.B pgduet
builds two versions of a database \- as it was before a change, and with the change \- on private
PostgreSQL servers of its own, runs the queries that are declared in the directory
.I workloads
on both, and says which of them got slower, changed their result or fail, and why: plans, the work
that executions did, results and times are compared.
.PP
A workload is a directory with a
.IR workload.json ,
the SQL files that build its database, and files of named queries.
.B pgduet init
makes one from the migrations and query files of an application.
)";

constexpr const char* environment = R"(.TP
.B PGDUET_PG_BIN
Directories with postgres and initdb, separated by ":".
.TP
.B PGDUET_SHARE
The directory that holds the sample workloads and their baselines, where it is not
.IR PREFIX/share/pgduet .
.TP
.B PGDUET_FIXED_RANDOM
The library that fixes what a server takes for random, where it is not
.IR PREFIX/lib/pgduet/preload/fixed_random.so .
.TP
.B NO_COLOR
Not empty: no colours.
)";

constexpr const char* closing = R"(.SH FILES
.TP
.I workloads/*/workload.json
The workloads of a project. The format is specified in
.IR PREFIX/share/doc/pgduet/workloads/README.md .
.TP
.I baselines/WORKLOAD/QUERY.json
What queries did when they were recorded. To be committed.
.TP
.I .pgduet/runs/*.json, .pgduet/runs/archive/*.json.gz
Records of earlier runs, from which every report can be made again. Not to be committed.
.TP
.I .pgduet/store/
The embedded store, made of the run records. It can be removed.
.TP
.I $XDG_CACHE_HOME/pgduet, ~/.cache/pgduet, /var/cache/pgduet
Built clusters; the last is root's.
.TP
.I PREFIX/share/pgduet/workloads/workload.schema.json
The JSON Schema of workload.json.
.TP
.I PREFIX/share/pgduet/hooks/pre\-push
A hook for git that checks what is pushed.
.SH EXIT STATUS
.TP
.B 0
Passed.
.TP
.B 1
A query fails the gate.
.TP
.B 2
Wrong usage, or input that cannot be read.
.TP
.B 3
The environment failed, or nothing could be measured.
.TP
.B 128 + signal
Interrupted; servers and temporary files are gone.
.SH EXAMPLES
.TP
Begin in a repository with migrations and query files:
.EX
pgduet init
pgduet record
git add workloads baselines
.EE
.TP
Judge the work tree against the branch that it goes to:
.EX
pgduet check \-\-base origin/main
.EE
.TP
Accept a slowdown until a day:
.EX
pgduet accept shop/orders_of_customer \-\-until 2027\-03\-31 \-\-owner @payments \-\-reason "fraud check"
.EE
.SH SEE ALSO
.BR postgres (1),
.BR psql (1),
.BR git (1)
)";

}  // namespace

std::string manual_page(const CommandInfo& program, const std::string& version) {
  std::vector<NamedCommand> commands;
  add_commands(program, "", commands);
  std::ostringstream out;
  out << ".\\\" Made by \"pgduet man\".\n"
      << ".TH PGDUET 1 \"\" \"pgduet " << roff(version) << "\" \"User Commands\"\n"
      << ".SH NAME\npgduet \\- CI gate against slower PostgreSQL queries\n"
      << ".SH SYNOPSIS\n.B pgduet\n"
      << italic("COMMAND") << " [" << italic("OPTION") << "]...\n"
      << description << ".SH COMMANDS\n";
  const std::vector<SharedOption> shared = shared_options(commands);
  write_commands(commands, shared, out);
  out << ".SH OPTIONS OF SEVERAL COMMANDS\n";
  write_shared(shared, commands.size(), out);
  out << ".SH ENVIRONMENT\nOptions come before variables.\n";
  std::set<std::string> told;
  for (const NamedCommand& command : commands) {
    for (const OptionInfo& option : command.info->options) {
      if (option.environment.empty() || !told.insert(option.environment).second) continue;
      out << ".TP\n" << bold(option.environment) << "\nAs " << bold(option.flags.back()) << ".\n";
    }
  }
  out << environment << closing;
  return out.str();
}

void add_man(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand("man", "Print the manual page");
  command->group("");  // for the build; people have man(1)
  command->callback([streams, &app, &action] {
    action = [streams, &app] {
      streams.out << manual_page(describe(app), PGDUET_VERSION);
      return 0;
    };
  });
}

}  // namespace pgduet::cli

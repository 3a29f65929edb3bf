#include "completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "error_text.h"
#include "manual.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/temp_dir.h"
#include "run.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

std::string output_of(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run(arguments, out, err), 0) << err.str();
  return out.str();
}

// A directory in which a shell completes.
class CompletionTest : public testing::Test {
 protected:
  CompletionTest() : directory_(fs::temp_directory_path(), "pgduet-completion-test-") {
    fs::create_directory(directory_.path() / "workloads");
    write("work.txt", "");
  }

  void write(const std::string& name, const std::string& text) const {
    harness::write_file_atomically(directory_.path() / name, text);
  }

  // The lines that a command prints there, without empty ones.
  std::vector<std::string> lines_of(const std::vector<std::string>& arguments) const {
    harness::CommandOptions command;
    command.working_directory = directory_.path();
    command.environment = {{"HOME", directory_.path().string()}, {"TERM", "dumb"}};
    command.arguments = arguments;
    const harness::CommandResult result = harness::run_command(command);
    EXPECT_EQ(result.exit_status, 0) << result.errors;
    std::vector<std::string> lines;
    std::istringstream text(result.output);
    for (std::string line; std::getline(text, line);) {
      if (!line.empty()) lines.push_back(line);
    }
    return lines;
  }

  static bool is_installed(const std::string& shell) {
    harness::CommandOptions command;
    command.arguments = {"sh", "-c", "command -v " + shell};
    return harness::run_command(command).exit_status == 0;
  }

  harness::TempDir directory_;
};

class BashCompletionTest : public CompletionTest {
 protected:
  BashCompletionTest() { write("completion", output_of({"completion", "bash"})); }

  // What bash offers for the last of `words`, as it breaks the command line into them.
  std::vector<std::string> offers(const std::vector<std::string>& words) const {
    std::vector<std::string> arguments = {
        "bash", "--norc", "-c",
        "source ./completion; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
        "_pgduet; printf '%s\\n' \"${COMPREPLY[@]}\"",
        "bash"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return lines_of(arguments);
  }
};

TEST_F(BashCompletionTest, OffersCommandsFirst) {
  EXPECT_THAT(offers({"pgduet", ""}), IsSupersetOf({"check", "record", "completion", "--help"}));
  EXPECT_THAT(offers({"pgduet", "chec"}), ElementsAre("check"));
  EXPECT_THAT(offers({"pgduet", ""}), Not(Contains("man")));
}

TEST_F(BashCompletionTest, OffersTheOptionsOfTheCommand) {
  EXPECT_THAT(offers({"pgduet", "check", "--bas"}),
              ElementsAre("--baselines", "--base", "--base-dir", "--base-pg"));
  EXPECT_THAT(offers({"pgduet", "demo", "--bas"}), IsEmpty());
}

TEST_F(BashCompletionTest, OffersTheChoicesOfAnOption) {
  EXPECT_THAT(offers({"pgduet", "check", "--color", "a"}), ElementsAre("auto", "always"));
  EXPECT_THAT(offers({"pgduet", "check", "--color", "=", "n"}), ElementsAre("never"));
  EXPECT_THAT(offers({"pgduet", "check", "--report", "ju"}), ElementsAre("junit"));
  EXPECT_THAT(offers({"pgduet", "completion", "z"}), ElementsAre("zsh"));
}

TEST_F(BashCompletionTest, OffersDirectoriesWhereOneIsWanted) {
  EXPECT_THAT(offers({"pgduet", "check", "wo"}), ElementsAre("workloads"));
  EXPECT_THAT(offers({"pgduet", "check", "--base-dir", "wo"}), ElementsAre("workloads"));
}

TEST_F(BashCompletionTest, OffersFilesForTheOutputOfAReport) {
  EXPECT_THAT(offers({"pgduet", "check", "--report", "junit", "=", "work."}),
              ElementsAre("work.txt"));
}

TEST_F(BashCompletionTest, OffersTheSameBehindAFlag) {
  EXPECT_THAT(offers({"pgduet", "check", "--changed", "wo"}), ElementsAre("workloads"));
}

TEST_F(BashCompletionTest, OffersNothingForFreeText) {
  EXPECT_THAT(offers({"pgduet", "check", "--only", "w"}), IsEmpty());
}

// A program whose commands have commands, three deep.
class NestedCommands {
 public:
  NestedCommands() {
    app.name("pgduet");
    app.set_version_flag("--version", "pgduet 1");
    app.require_subcommand(1);
    app.add_subcommand("check", "Check")->add_option("--base", text_, "Base")->type_name("DIR");
    CLI::App* store = app.add_subcommand("store", "Look after the store");
    store->require_subcommand(1);
    store->add_option("--store", text_, "Where it is")->type_name("URL")->envname("PGDUET_STORE");
    store->add_flag("--quiet", quiet_, "Say less");
    CLI::App* migrate = store->add_subcommand("migrate", "Bring it to this version. And more");
    migrate->add_option("--how", text_, "How")->check(CLI::IsMember({"fast", "safe"}));
    store->add_subcommand("import", "Read records")
        ->add_option("runs", text_, "Where")
        ->type_name("DIR");
    CLI::App* copies = store->add_subcommand("copies", "Look after copies");
    copies->add_subcommand("make", "Make one")->add_flag("--packed", quiet_, "Packed");
    copies->add_subcommand("drop", "Drop one");
    store->add_subcommand("psql", "Not offered")->group("");
    store->footer("Example: pgduet store status");  // last: those that are added inherit it
  }
  CommandInfo described() const { return describe(app); }

  CLI::App app;

 private:
  std::string text_;
  bool quiet_ = false;
};

TEST(CommandTree, HasTheCommandsOfCommands) {
  const CommandInfo program = NestedCommands().described();
  ASSERT_EQ(program.commands.size(), 2U);
  EXPECT_THAT(program.commands[0].commands, IsEmpty());
  const CommandInfo& store = program.commands[1];
  ASSERT_EQ(store.commands.size(), 3U);
  EXPECT_EQ(store.commands[0].name, "migrate");
  EXPECT_EQ(store.commands[2].commands.at(0).options.back().flags.at(0), "--packed");
}

TEST(CommandTree, SaysWhichCommandThereIsNot) {
  const NestedCommands commands;
  const auto error = [&](const std::vector<std::string>& arguments) {
    return error_text([&] { require_known_command(commands.app, arguments); });
  };
  EXPECT_EQ(error({"stor", "migrate"}),
            "unrecognized command \"stor\"\n  hint: Did you mean \"store\"?");
  EXPECT_EQ(error({"store", "migrat"}),
            "unrecognized command \"store migrat\"\n  hint: Did you mean \"store migrate\"?");
  EXPECT_EQ(error({"store", "frobnicate"}),
            "unrecognized command \"store frobnicate\"\n"
            "  hint: \"pgduet store --help\" lists the commands.");
  EXPECT_EQ(error({"frobnicate"}),
            "unrecognized command \"frobnicate\"\n  hint: \"pgduet --help\" lists the commands.");
  EXPECT_EQ(error({"store", "copies", "mak"}),
            "unrecognized command \"store copies mak\"\n"
            "  hint: Did you mean \"store copies make\"?");
  const std::string migrat =
      "unrecognized command \"store migrat\"\n  hint: Did you mean \"store migrate\"?";
  EXPECT_EQ(error({"store", "--store", "status", "--quiet", "migrat"}), migrat);
  EXPECT_EQ(error({"store", "--store=status", "migrat"}), migrat);
}

TEST(CommandTree, LeavesAllElseToTheParser) {
  const NestedCommands commands;
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"store"},
                                                       {"store", "psql"},
                                                       {"store", "import", "migrat"},
                                                       {"store", "--store"},
                                                       {"store", "--help", "migrat"},
                                                       {"--version", "stor"},
                                                       {"store", "--unknown", "migrat"},
                                                       {"check", "stor"},
                                                       {"store", "copies", "make", "x"}};
  for (const std::vector<std::string>& line : lines) {
    EXPECT_EQ(error_text([&] { require_known_command(commands.app, line); }), "no error")
        << testing::PrintToString(line);
  }
}

TEST_F(BashCompletionTest, OffersTheCommandsOfACommand) {
  write("completion", bash_completion(NestedCommands().described()));
  EXPECT_THAT(offers({"pgduet", "store", ""}), ElementsAre("migrate", "import", "copies"));
  EXPECT_THAT(offers({"pgduet", "store", "m"}), ElementsAre("migrate"));
  EXPECT_THAT(offers({"pgduet", "store", "-"}), IsSupersetOf({"--help", "--store", "--quiet"}));
  EXPECT_THAT(offers({"pgduet", "store", "--store", "m"}), IsEmpty());
  EXPECT_THAT(offers({"pgduet", "store", "migrate", "--how", ""}), ElementsAre("fast", "safe"));
  EXPECT_THAT(offers({"pgduet", "store", "import", "wo"}), ElementsAre("workloads"));
  EXPECT_THAT(offers({"pgduet", "store", "--store", "postgresql", ":", "//u@h/x", "--quiet", ""}),
              ElementsAre("migrate", "import", "copies"));
  EXPECT_THAT(
      offers({"pgduet", "store", "--store", "=", "postgresql", ":", "//h/x", "migrate", "--h"}),
      ElementsAre("--help", "--how"));
  EXPECT_THAT(offers({"pgduet", "store", "copies", ""}), ElementsAre("make", "drop"));
  EXPECT_THAT(offers({"pgduet", "store", "copies", "make", "--p"}), ElementsAre("--packed"));
  EXPECT_THAT(offers({"pgduet", "check", "--base", "wo"}), ElementsAre("workloads"));
}

// A terminal in which zsh completes the command line $1; what it offers, a line each.
constexpr const char* zsh_offers = R"shell(
zmodload zsh/zpty
rm -f offers done
zpty shell zsh -f -i
zpty -w shell 'source ./setup.zsh'
zpty -n -w shell "$1"$'\t'
for ((i = 0; i < 600; ++i)); do
  [[ -e done ]] && break
  zpty -r -t shell _
  sleep 0.05
done
zpty -d shell
[[ -e done ]] && sort -u offers
)shell";

constexpr const char* zsh_setup = R"shell(
autoload -Uz compinit && compinit -u -D
source ./completion
bindkey '^I' complete-word
compadd() {
  local -a hits
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >>offers
  fi
  builtin compadd "$@"
}
finished() { touch offers done }
comppostfuncs=(finished)
)shell";

class ZshCompletionTest : public CompletionTest {
 protected:
  void SetUp() override {
    if (!is_installed("zsh")) GTEST_SKIP() << "zsh is not installed";
    write("offers.zsh", zsh_offers);
    write("setup.zsh", zsh_setup);
  }
  std::vector<std::string> offers(const std::string& line) const {
    return lines_of({"zsh", "-f", "offers.zsh", line});
  }
};

TEST_F(ZshCompletionTest, OffersTheCommandsOfACommand) {
  write("completion", zsh_completion(NestedCommands().described()));
  EXPECT_THAT(offers("pgduet "), ElementsAre("check", "store"));
  EXPECT_THAT(offers("pgduet store "), ElementsAre("copies", "import", "migrate"));
  EXPECT_THAT(offers("pgduet store --s"), ElementsAre("--store"));
  EXPECT_THAT(offers("pgduet store --store postgresql://h/x m"), ElementsAre("migrate"));
  EXPECT_THAT(offers("pgduet store migrate --how "), ElementsAre("fast", "safe"));
  EXPECT_THAT(offers("pgduet store import wo"), ElementsAre("workloads"));
  EXPECT_THAT(offers("pgduet store copies "), ElementsAre("drop", "make"));
  EXPECT_THAT(offers("pgduet store copies make --p"), ElementsAre("--packed"));
}

TEST_F(ZshCompletionTest, OffersWhatThereIs) {
  write("completion", output_of({"completion", "zsh"}));
  EXPECT_THAT(offers("pgduet chec"), ElementsAre("check"));
  EXPECT_THAT(offers("pgduet check --base-"), ElementsAre("--base-dir", "--base-pg"));
  EXPECT_THAT(offers("pgduet completion "), ElementsAre("bash", "fish", "zsh"));
}

class FishCompletionTest : public CompletionTest {
 protected:
  void SetUp() override {
    if (!is_installed("fish")) GTEST_SKIP() << "fish is not installed";
  }
  // Without the descriptions.
  std::vector<std::string> offers(const std::string& line) const {
    return lines_of(
        {"fish", "--no-config", "-c",
         "source ./completion; complete -C $argv[1] | string replace -r '\\t.*' ''; true", line});
  }
};

TEST_F(FishCompletionTest, OffersTheCommandsOfACommand) {
  write("completion", fish_completion(NestedCommands().described()));
  EXPECT_THAT(offers("pgduet "), ElementsAre("check", "store"));
  EXPECT_THAT(offers("pgduet store "), ElementsAre("copies", "import", "migrate"));
  EXPECT_THAT(offers("pgduet store --s"), ElementsAre("--store"));
  EXPECT_THAT(offers("pgduet store --store postgresql://h/x m"), ElementsAre("migrate"));
  EXPECT_THAT(offers("pgduet store migrate --how "), ElementsAre("fast", "safe"));
  EXPECT_THAT(offers("pgduet store migrate --q"), IsEmpty());
  EXPECT_THAT(offers("pgduet store import wo"), ElementsAre("workloads/"));
  EXPECT_THAT(offers("pgduet store copies "), ElementsAre("drop", "make"));
  EXPECT_THAT(offers("pgduet store copies make --p"), ElementsAre("--packed"));
}

TEST_F(FishCompletionTest, OffersWhatThereIs) {
  write("completion", output_of({"completion", "fish"}));
  EXPECT_THAT(offers("pgduet chec"), ElementsAre("check"));
  EXPECT_THAT(offers("pgduet check --base-"), ElementsAre("--base-dir", "--base-pg"));
  EXPECT_THAT(offers("pgduet completion "), ElementsAre("bash", "fish", "zsh"));
}

// A program with what the scripts have to escape.
CommandInfo hostile_program() {
  CommandInfo info;
  info.name = "pgduet";
  CommandInfo command;
  command.name = "check";
  command.description = "It's 50% \\o/ [now]: \"here\"";
  OptionInfo option;
  option.flags = {"--what"};
  option.value_name = "A:B";
  option.value = OptionInfo::Value::text;
  option.description = ".It's [a]: 'b'\n'second line";
  command.options = {option};
  info.commands = {command};
  return info;
}

TEST(ZshCompletion, EscapesDescriptions) {
  EXPECT_THAT(zsh_completion(hostile_program()),
              AllOf(HasSubstr(R"('check:It'\''s 50% \\o/ [now]\: "here"')"),
                    HasSubstr(R"('--what=[.It'\''s \[a\]\: '\''b'\'']:A\:B: ')")));
}

TEST(ZshCompletion, OffersChoicesDirectoriesAndRevisions) {
  EXPECT_THAT(output_of({"completion", "zsh"}),
              AllOf(HasSubstr(":(auto always never)'"), HasSubstr(":DIR:_files -/'"),
                    HasSubstr(":REV:_pgduet_revisions'"), HasSubstr("'*:workload:_files -/'")));
}

TEST(FishCompletion, EscapesDescriptions) {
  EXPECT_THAT(fish_completion(hostile_program()),
              AllOf(HasSubstr(R"(-a check -d 'It\'s 50% \\o/ [now]: "here"')"),
                    HasSubstr(R"(-l what -x -d '.It\'s [a]: \'b\'')")));
}

TEST(FishCompletion, OffersChoicesOfTheCommandOnly) {
  EXPECT_THAT(output_of({"completion", "fish"}),
              HasSubstr("complete -c pgduet -n '__fish_seen_subcommand_from check' -l color -x -a "
                        "'auto always never'"));
}

TEST(Manual, NamesEveryCommandAndEveryOption) {
  const std::string page = output_of({"man"});
  EXPECT_THAT(page, AllOf(HasSubstr(".SS pgduet check "), HasSubstr("\\fB\\-\\-base\\-dir\\fR"),
                          HasSubstr("\\fBPGDUET_BASELINES\\fR"), HasSubstr(".SH EXIT STATUS"),
                          HasSubstr("\n\\fB\\-\\-changed\\fR\n")));
  EXPECT_THAT(page, Not(HasSubstr(".SS pgduet man")));
}

TEST(Manual, CommandsOfCommandsHaveSectionsOfTheirOwn) {
  const std::string page = manual_page(NestedCommands().described(), "1");
  EXPECT_THAT(page,
              AllOf(HasSubstr(".SS pgduet store [OPTION]... COMMAND\nLook after the store.\n"),
                    HasSubstr(".SS pgduet store migrate [OPTION]...\n"),
                    HasSubstr(".SS pgduet store import [OPTION]... [runs]\n"),
                    HasSubstr(".SS pgduet store copies make [OPTION]...\n"),
                    HasSubstr("\nExample: pgduet store status\n.fi\n.SS pgduet store migrate"),
                    HasSubstr("\\fBPGDUET_STORE\\fR\nAs \\fB\\-\\-store\\fR")));
  EXPECT_THAT(page, Not(HasSubstr("psql [OPTION]")));
  // An option of all commands does not name them.
  EXPECT_THAT(page, HasSubstr("\\-\\-help\\fR\nPrint this help message and exit\n.SH ENV"));
}

TEST(Manual, OptionsOfSomeCommandsNameThem) {
  CommandInfo program = NestedCommands().described();
  CommandInfo& store = program.commands[1];
  store.commands[0].options.push_back(program.commands[0].options.back());
  EXPECT_THAT(manual_page(program, "1"), HasSubstr("\nWith check, store migrate.\n"));
}

TEST(Manual, TextIsNeverARequest) {
  const std::string page = manual_page(hostile_program(), "1");
  EXPECT_THAT(page, AllOf(HasSubstr("\n\\&.It's [a]: 'b'\n.br\n\\&'second line\n"),
                          HasSubstr("It's 50% \\eo/")));
}

}  // namespace
}  // namespace pgduet::cli

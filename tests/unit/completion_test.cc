#include "completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

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

class BashCompletionTest : public testing::Test {
 protected:
  BashCompletionTest() : directory_(fs::temp_directory_path(), "pgduet-completion-test-") {
    harness::write_file_atomically(directory_.path() / "completion",
                                   output_of({"completion", "bash"}));
    fs::create_directory(directory_.path() / "workloads");
    harness::write_file_atomically(directory_.path() / "work.txt", "");
  }

  // What bash offers for the last of `words`, as it breaks the command line into them.
  std::vector<std::string> offers(const std::vector<std::string>& words) const {
    harness::CommandOptions command;
    command.working_directory = directory_.path();
    command.arguments = {"bash", "--norc", "-c",
                         "source ./completion; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                         "_pgduet; printf '%s\\n' \"${COMPREPLY[@]}\"",
                         "bash"};
    command.arguments.insert(command.arguments.end(), words.begin(), words.end());
    const harness::CommandResult result = harness::run_command(command);
    EXPECT_EQ(result.exit_status, 0) << result.errors;
    std::vector<std::string> lines;
    std::istringstream text(result.output);
    for (std::string line; std::getline(text, line);) {
      if (!line.empty()) lines.push_back(line);
    }
    return lines;
  }

  harness::TempDir directory_;
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

// A program with what the scripts have to escape.
ProgramInfo hostile_program() {
  ProgramInfo info;
  info.program.name = "pgduet";
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

TEST(Manual, TextIsNeverARequest) {
  const std::string page = manual_page(hostile_program(), "1");
  EXPECT_THAT(page, AllOf(HasSubstr("\n\\&.It's [a]: 'b'\n.br\n\\&'second line\n"),
                          HasSubstr("It's 50% \\eo/")));
}

}  // namespace
}  // namespace pgduet::cli

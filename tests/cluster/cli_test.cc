// Whole invocations of pgduet, on a small workload of the test's own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "cli_fixture.h"
#include "other_rules.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/git.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/reporters/reporter.h"
#include "run.h"
#include "test_server.h"

namespace pgduet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(CliTest, FirstCheckHasNothingToCompareAndSaysHowToBegin) {
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 3) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("pgduet record"));
}

// The baseline without its times: those may move on a busy machine.
std::string without_times(const std::string& text) {
  gate::Json baseline = gate::Json::parse(text);
  for (gate::Json& version : baseline["postgres"]) {
    for (gate::Json& binding : version["bindings"]) binding.erase("time");
  }
  return baseline.dump();
}

TEST_F(CliTest, RecordsBaselinesThatTheNextCheckMeets) {
  const Outcome recorded = pgduet({"record"});
  ASSERT_EQ(recorded.status, 0) << recorded.err;
  EXPECT_THAT(recorded.out, HasSubstr("3 baselines written, 0 unchanged"));
  const fs::path file = top() / "baselines" / "tiny" / "items_of_owner.json";
  const std::string before = without_times(harness::read_file(file));
  const Outcome checked = pgduet({"check", "--base", "none"});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  ASSERT_EQ(pgduet({"record"}).status, 0);
  EXPECT_EQ(without_times(harness::read_file(file)), before);
}

TEST_F(CliTest, NamesTheStepThatDroppedTheIndex) {
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "-- tidy up\n\nDROP INDEX items_owner_idx;\n");
  const Outcome outcome = check_against_base();
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("items_of_owner"), HasSubstr("regressed"),
                                 HasSubstr("items_owner_idx"), HasSubstr("setup/002_cleanup.sql:3"),
                                 HasSubstr("Seq Scan")));
}

TEST_F(CliTest, ConvictsAnotherResult) {
  keep_as_base();
  write("workloads/tiny/queries/items.sql",
        "-- name: items_of_owner\n-- param owner: values(7, 1999)\n"
        "SELECT id, name FROM items WHERE owner = :owner AND id > 7 ORDER BY id;\n");
  const Outcome outcome = check_against_base();
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("broken"), HasSubstr("19 rows instead of 20")));
}

TEST_F(CliTest, PassesWhenNothingChanged) {
  keep_as_base();
  const Outcome outcome = check_against_base();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("3 passed"));
}

TEST_F(CliTest, AFailingQueryIsItsOwnErrorAndTheOthersGoOn) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  write("workloads/tiny/queries/items.sql",
        "-- name: items_of_owner\n-- param owner: values(7, 1999)\n"
        "SELECT id, nme FROM items WHERE owner = :owner ORDER BY id;\n\n"
        "-- name: item_by_id\n-- param id: values(1, 40000)\n-- timeout: 100ms\n"
        "SELECT name FROM items WHERE id = :id AND pg_sleep(20) IS NOT NULL;\n\n"
        "-- name: rename_item\n-- param id: values(5)\n"
        "UPDATE items SET name = 'new' WHERE id = :id RETURNING name;\n\n"
        "-- name: crash\n"
        "SELECT pg_terminate_backend(pg_backend_pid());\n");
  const Outcome outcome = pgduet({"check", "--base", "none", "--json"});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const gate::Json report = gate::Json::parse(outcome.out);
  std::map<std::string, std::string> verdicts;
  for (const gate::Json& query : report["workloads"][0]["queries"]) {
    verdicts[query["name"].get<std::string>()] = query["verdict"].get<std::string>();
  }
  EXPECT_EQ(verdicts["items_of_owner"], "broken");
  EXPECT_EQ(verdicts["item_by_id"], "broken");
  EXPECT_EQ(verdicts["rename_item"], "passed");
  EXPECT_EQ(verdicts.count("crash"), 1U);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("column \\\"nme\\\" does not exist"),
                                 HasSubstr("canceled after 100 ms")));
}

TEST_F(CliTest, AServerThatIsGoneIsNoVerdict) {
  // Gone at the fourth execution: the replay has at most two.
  write("workloads/tiny/queries/items.sql",
        "-- name: kill\n"
        "COPY (SELECT 1) TO PROGRAM 'cat >> executions; test $(wc -l < executions) -lt 4 || head "
        "-n 1 "
        "postmaster.pid | xargs kill -9';\n");
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 3) << outcome.out;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("queries/items.sql:1: the server is gone: "),
                                 HasSubstr(", while timing query \"kill\"\n"
                                           "  hint: The last lines of the server log:\n"),
                                 HasSubstr("database system is ready to accept connections")));
}

TEST_F(CliTest, ListsWhatHasNoBaselineAndFailsABaselineWithoutItsQuery) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  write("workloads/tiny/queries/items.sql",
        "-- name: items_of_owner\n-- param owner: values(7, 1999)\n"
        "SELECT id, name FROM items WHERE owner = :owner ORDER BY id;\n\n"
        "-- name: item_by_key\n-- param id: values(1, 40000)\n"
        "SELECT name FROM items WHERE id = :id;\n\n"
        "-- name: rename_item\n-- skip: not now\n-- param id: values(5)\n"
        "UPDATE items SET name = 'new' WHERE id = :id RETURNING name;\n");
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("missing"), HasSubstr("item_by_id"), HasSubstr("new"),
                                 HasSubstr("item_by_key"), HasSubstr("not now")));
}

TEST_F(CliTest, AcceptsAnExceptionUntilItExpires) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  ASSERT_EQ(check_against_base().status, 1);
  const std::vector<std::string> places = {"--baselines", (top() / "baselines").string(),
                                           "--state-dir", (top() / "state").string()};
  const auto accept = [&](std::vector<std::string> given) {
    given.insert(given.begin(), {"accept", "tiny/items_of_owner"});
    given.insert(given.end(), places.begin(), places.end());
    return run_exactly(given);
  };
  EXPECT_EQ(accept({"--until", "2000-01-01", "--owner", "@a", "--reason", "b"}).err,
            "pgduet: --until \"2000-01-01\" is in the past\n"
            "  hint: Name the last day on which the exception holds, as 2027-03-31.\n");
  EXPECT_EQ(accept({"--until", "2999-01-01"}).err,
            "pgduet: --until needs --owner and --reason\n"
            "  hint: Who answers for the exception, and why is it made?\n");
  const Outcome accepted =
      accept({"--until", "2999-01-01", "--owner", "@shop", "--reason", "index is too large"});
  ASSERT_EQ(accepted.status, 0) << accepted.err;
  const Outcome checked = check_against_base();
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr("accepted"), HasSubstr("@shop"), HasSubstr("index is too large")));
  const fs::path file = top() / "baselines" / "tiny" / "items_of_owner.json";
  std::string text = harness::read_file(file);
  text.replace(text.find("2999-01-01"), 10, "2001-01-01");
  harness::write_file_atomically(file, text);
  const Outcome expired = check_against_base();
  EXPECT_EQ(expired.status, 1);
  EXPECT_THAT(expired.out, HasSubstr("expired"));
}

TEST_F(CliTest, AcceptsNoQueryThatFails) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  write("workloads/tiny/queries/items.sql",
        "-- name: item_by_id\n-- param id: values(1, 40000)\n"
        "SELECT nme FROM items WHERE id = :id;\n");
  ASSERT_EQ(pgduet({"check", "--base", "none"}).status, 1);
  const std::vector<std::string> places = {"--baselines", (top() / "baselines").string(),
                                           "--state-dir", (top() / "state").string()};
  std::vector<std::string> given = {"accept",  "item_by_id", "--until",  "2999-01-01",
                                    "--owner", "@shop",      "--reason", "later"};
  given.insert(given.end(), places.begin(), places.end());
  const Outcome excepted = run_exactly(given);
  EXPECT_EQ(excepted.status, 2);
  EXPECT_EQ(excepted.err,
            "pgduet: query \"item_by_id\" fails, and no exception covers that\n"
            "  hint: Repair the query, or leave it out with \"-- skip: REASON\" in its header.\n");
  given = {"accept", "item_by_id"};
  given.insert(given.end(), places.begin(), places.end());
  EXPECT_EQ(run_exactly(given).err,
            "pgduet: query \"item_by_id\" has no result in this run to accept\n"
            "  hint: A query that failed, was skipped or is gone gets no baseline.\n");
}

TEST_F(CliTest, AcceptMakesTheRunTheNewBaseline) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  ASSERT_EQ(pgduet({"check", "--base", "none"}).status, 1);
  ASSERT_EQ(run_exactly({"accept", "items_of_owner", "--baselines", (top() / "baselines").string(),
                         "--state-dir", (top() / "state").string()})
                .status,
            0);
  const Outcome checked = pgduet({"check", "--base", "none"});
  EXPECT_EQ(checked.status, 0) << checked.out;
}

TEST_F(CliTest, ReportsLaterWhatItReportedAtOnce) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  const Outcome checked = pgduet({"check", "--base", "none"});
  const Outcome later = run_exactly({"report", "--state-dir", (top() / "state").string()});
  EXPECT_EQ(later.out, checked.out);
  EXPECT_EQ(later.status, 1);
}

TEST_F(CliTest, EveryFormatIsTheSameByteForByteLater) {
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  const auto with_reports = [&](std::vector<std::string> given, const std::string& directory) {
    for (const reporters::Format& format : reporters::all_formats()) {
      const std::string name(format.name);
      given.insert(given.end(), {"--report", name + "=" + (top() / directory / name).string()});
    }
    return given;
  };
  ASSERT_EQ(pgduet(with_reports({"check", "--base-dir", (top() / "base").string()}, "now")).status,
            1);
  ASSERT_EQ(
      run_exactly(with_reports({"report", "--state-dir", (top() / "state").string()}, "later"))
          .status,
      1);
  for (const reporters::Format& format : reporters::all_formats()) {
    EXPECT_EQ(harness::read_file(top() / "later" / format.name),
              harness::read_file(top() / "now" / format.name));
  }
}

TEST_F(CliTest, AnnotationsGoToStandardOutputBesideTheConsoleReport) {
  const Outcome outcome =
      pgduet({"check", "--base", "none", "--report", "console", "--report", "github"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("NOT MEASURED"),
                                 HasSubstr("\n::error title=pgduet%3A not measured::")));
}

TEST_F(CliTest, SetupThatFailsNamesStepAndLine) {
  write("workloads/tiny/setup/002_more.sql", "SELECT 1;\n\nALTER TABLE itmes ADD COLUMN x int;\n");
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("setup/002_more.sql:3: "),
                                 HasSubstr("relation \"itmes\" does not exist")));
}

TEST_F(CliTest, ABaseThatCannotBeBuiltIsNotBlamedOnTheChange) {
  append("workloads/tiny/setup/001_items.sql", "SELECT nonsense;\n");
  keep_as_base();
  write("workloads/tiny/setup/001_items.sql",
        "CREATE TABLE items (id integer PRIMARY KEY, owner integer, name text);\n");
  const Outcome outcome = check_against_base();
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, HasSubstr("the base side could not be built"));
}

TEST_F(CliTest, RefusesABaselineThatIsNone) {
  write("baselines/tiny/item_by_id.json", "{\n  \"format_version\": 1,\n  \"query\": ");
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("baselines/tiny/item_by_id.json:3"));
  write("baselines/tiny/item_by_id.json", "{\"format_version\": 99, \"query\": \"item_by_id\"}");
  EXPECT_THAT(pgduet({"check", "--base", "none"}).err, HasSubstr("format version 99"));
}

TEST_F(CliTest, FailsInTheFirstSecondOnWhatCannotWork) {
  EXPECT_EQ(pgduet({"check", "--report", "junt"}).err,
            "pgduet: unrecognized report format \"junt\"\n  hint: Did you mean \"junit\"?\n");
  EXPECT_EQ(pgduet({"check", "--report", "junit="}).status, 2);
  write("file", "");
  const Outcome no_directory =
      pgduet({"check", "--report", "junit=" + (top() / "file" / "x.xml").string()});
  EXPECT_EQ(no_directory.status, 3);
  EXPECT_THAT(no_directory.err, HasSubstr("could not open the report for writing"));
  EXPECT_EQ(pgduet({"check", "--base", "none", "--base-dir", "x"}).status, 2);
  const Outcome misspelt = run_exactly({"chekc"});
  EXPECT_EQ(misspelt.err,
            "pgduet: unrecognized command \"chekc\"\n  hint: Did you mean \"check\"?\n");
  EXPECT_EQ(misspelt.status, 2);
  EXPECT_EQ(run_exactly({}).status, 2);
  const Outcome nowhere = run_exactly({"check", "/nowhere"});
  EXPECT_EQ(nowhere.err,
            "pgduet: /nowhere: there is no workload here\n"
            "  hint: A workload is a directory with a workload.json. Name one, or a directory that "
            "holds some.\n");
  EXPECT_EQ(nowhere.status, 2);
}

TEST_F(CliTest, SaysThatItsOutputIsLost) {
  std::ostream full(nullptr);
  std::ostringstream err;
  EXPECT_EQ(cli::run(std::vector<std::string>{"man"}, full, err), 3);
  EXPECT_EQ(err.str(), "pgduet: could not write to standard output\n");
}

TEST_F(CliTest, OnlyTakesOneGlobAndWhatItSelects) {
  std::vector<std::string> given = arguments({"check", "--base", "none", "--only", "item_*"});
  std::rotate(given.begin() + 1, given.begin() + 2, given.begin() + 6);  // the workload comes last
  const Outcome selected = run_exactly(given);
  EXPECT_EQ(selected.status, 3) << selected.err;  // no baselines yet
  EXPECT_THAT(selected.out, HasSubstr("1 query: 1 new"));
  EXPECT_THAT(selected.out, Not(HasSubstr("items_of_owner")));
  const Outcome none = pgduet({"check", "--only", "item_by_di"});
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.err,
            "pgduet: no query is named \"item_by_di\"\n  hint: Did you mean \"item_by_id\"?\n");
  EXPECT_EQ(pgduet({"record", "--only", "zzz*"}).err,
            "pgduet: no query is named \"zzz*\"\n"
            "  hint: Names are given by \"-- name:\" in the query files.\n");
}

TEST_F(CliTest, SaysWhichServersThereAreWhenTheWantedOneIsNot) {
  const std::string wanted = harness::test_installation().major == 14 ? "15" : "14";
  write("workloads/tiny/workload.json",
        R"({"format_version": 1, "name": "tiny", "postgres": {"versions": [")" + wanted +
            R"("]}, "setup": [{"sql": "setup/*.sql"}], "queries": ["queries/*.sql"]})");
  const fs::path only = harness::test_installation().bin_directory;
  const Outcome outcome =
      run_exactly({"check", workload().string(), "--base", "none", "--pg-bin", only.string(),
                   "--head-pg", wanted, "--cache-dir", harness::test_cache_directory().string(),
                   "--state-dir", (top() / "state").string()});
  EXPECT_EQ(outcome.status, 3) << outcome.out;
  EXPECT_THAT(outcome.err,
              HasSubstr("pgduet: no PostgreSQL server of version " + wanted + " was found\n"));
}

TEST_F(CliTest, StateDirectoryThatCannotBeWrittenIsAnErrorOfTheEnvironment) {
  write("state", "a file, not a directory");
  const Outcome outcome = pgduet({"check", "--base", "none"});
  EXPECT_EQ(outcome.status, 3);
  const std::string runs = (top() / "state" / "runs").string();
  EXPECT_EQ(outcome.err,
            "pgduet: " + runs +
                ": could not write run records here: Not a directory\n"
                "  hint: Name another directory with --state-dir or PGDUET_STATE_DIR.\n");
}

TEST_F(CliTest, BaseIsReadFromGitWithoutTouchingTheWorkTree) {
  const auto git = [&](std::vector<std::string> given) {
    harness::CommandOptions options;
    options.arguments = {"git", "-C", top().string(), "-c", "user.name=a", "-c", "user.email=a@b"};
    options.arguments.insert(options.arguments.end(), given.begin(), given.end());
    const harness::CommandResult result = harness::run_command(options);
    ASSERT_EQ(result.exit_status, 0) << result.errors;
  };
  git({"init", "--quiet", "--initial-branch=main"});
  git({"add", "workloads"});
  git({"commit", "--quiet", "-m", "first"});
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  const Outcome outcome = pgduet({"check", "--base", "main"});
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("index items_owner_idx was dropped"));
  EXPECT_TRUE(fs::exists(workload() / "setup" / "002_cleanup.sql"));
  const fs::path runs = top() / "state" / "runs";
  const gate::RunRecord record = harness::load_run_record(harness::find_run_record(runs, "last"));
  gate::CommitRecord expected = *harness::read_work_tree(top(), {}).commit;
  EXPECT_EQ(expected.branch, "main");
  EXPECT_TRUE(expected.modified);
  EXPECT_EQ(record.workloads.at(0).head.commit->id, expected.id);
  EXPECT_TRUE(record.workloads.at(0).head.commit->modified);
  expected.modified = false;
  EXPECT_EQ(record.workloads.at(0).base->commit, expected);
  const Outcome gone = pgduet({"check", "--base", "no-such-branch"});
  EXPECT_EQ(gone.status, 2);
  EXPECT_THAT(gone.err, StartsWith("pgduet: base revision \"no-such-branch\" does not exist"));
}

TEST_F(CliTest, TwoRunsAtOnceBothPass) {
  keep_as_base();
  ASSERT_EQ(check_against_base().status, 0);
  Outcome other;
  std::thread second([&] { other = check_against_base(); });
  const Outcome first = check_against_base();
  second.join();
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(other.status, 0) << other.err;
}

TEST_F(CliTest, UsesAServerThatIsAlreadyThereAndDropsItsDatabase) {
  const std::string url = harness::test_server().connection_string("postgres") + " password=secret";
  const Outcome recorded = pgduet({"record", "--server", url});
  ASSERT_EQ(recorded.status, 0) << recorded.err;
  const Outcome checked = pgduet({"check", "--base", "none", "--server", url});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("not started by pgduet"));
  EXPECT_EQ(harness::query_text(url,
                                "SELECT count(*) FROM pg_database WHERE datname LIKE 'pgduet\\_%'"
                                " AND datname <> 'pgduet'"),
            "0");
  for (const fs::directory_entry& record : fs::directory_iterator(top() / "state" / "runs")) {
    EXPECT_THAT(harness::read_file(record.path()), Not(HasSubstr("secret")));
  }
  const Outcome unreachable =
      pgduet({"check", "--server", "postgresql://u:topsecret@127.0.0.1:1/x"});
  EXPECT_EQ(unreachable.status, 3);
  EXPECT_THAT(unreachable.err,
              AllOf(HasSubstr("could not connect to --server"), Not(HasSubstr("topsecret"))));
}

TEST_F(CliTest, ExplainShowsPlanBindingsBaselineAndLineage) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  std::vector<std::string> given = arguments({"explain"});
  given.insert(given.begin() + 1, "items_of_owner");
  const Outcome outcome = run_exactly(given);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("owner = 1999"), HasSubstr("items_owner_idx"),
                                 HasSubstr("public.items.owner"), HasSubstr("Baseline ")));
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  ASSERT_EQ(check_against_base().status, 1);
  given.insert(given.begin() + 2, {"--run", "last"});
  const Outcome both = run_exactly(given);
  EXPECT_THAT(both.out, AllOf(HasSubstr("\nPlan "), HasSubstr("Seq Scan"),
                              HasSubstr("\nPlan on base "), HasSubstr("items_owner_idx")));
}

TEST_F(CliTest, DemoShowsFiveVerdictsWithTheirReasons) {
  const fs::path junit = top() / "junit.xml";
  const Outcome outcome =
      run_exactly({"demo", "--report", "console", "--report", "junit=" + junit.string(),
                   "--cache-dir", harness::test_cache_directory().string(), "--pg-bin",
                   harness::test_installation().bin_directory.string(), "--head-pg",
                   std::to_string(harness::test_installation().major)});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("dropped by\n      shop/setup/901_cleanup.sql:3"),
                    HasSubstr("is no longer an Index Cond: now a"),
                    HasSubstr("returns other rows (100, as before)"),
                    HasSubstr("What became of the changes:\n\n"
                              "  regressed  drop an index that \"nobody uses\"\n"
                              "  regressed  find the orders of a day by date()\n"
                              "  passed     write a join with a comma\n"
                              "  improved   find the page first, join the names then\n"
                              "  broken     an open order has a payment, doesn't it?\n")));
  harness::CommandOptions xmllint;
  xmllint.arguments = {"xmllint", "--noout", "--schema", PGDUET_SOURCE_DIR "/tests/data/junit.xsd",
                       junit.string()};
  const harness::CommandResult valid = harness::run_command(xmllint);
  EXPECT_EQ(valid.exit_status, 0) << valid.errors;
}

TEST_F(CliTest, DoctorListsServersAsJson) {
  const Outcome outcome =
      run_exactly({"doctor", "--json", "--cache-dir", harness::test_cache_directory().string(),
                   "--pg-bin", harness::test_installation().bin_directory.string()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(gate::Json::parse(outcome.out)["servers"][0]["version"],
            harness::test_installation().version);
}

// The program, killed at random moments: the next run must find nothing in its way.
TEST_F(CliTest, TestsItself) {
  const Outcome outcome =
      pgduet({"doctor", "--self-test", "--runs", "4", "--cases", "1", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err << outcome.out;
  const gate::Json result = gate::Json::parse(outcome.out);
  int runs = 0;
  for (const gate::Json& mode : result["nothing_changed"]) {
    runs += mode["runs"].get<int>();
    EXPECT_EQ(mode["false_alarms"], 0) << mode;
  }
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(result["nothing_changed"].size(), 4U) << "three ways of comparing, and one under load";
  EXPECT_EQ(result["slowdowns"].size(), 7U);
  const gate::Json& largest = result["slowdowns"].back();
  EXPECT_EQ(largest["slowdown"], 1.0);
  EXPECT_EQ(largest["reported"], 1) << outcome.err;
  EXPECT_EQ(largest["failed"], 1) << outcome.err;
}

TEST(MannWhitney, IsSureOnlyWhereNearlyAllAreLarger) {
  const std::vector<double> base = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_NEAR(mann_whitney_p(base, base), 0.5, 1e-9);
  EXPECT_LT(mann_whitney_p(base, {11, 12, 13, 14, 15, 16, 17, 18, 19, 20}), 0.0002);
  EXPECT_GT(mann_whitney_p({11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, base), 0.9998);
  EXPECT_NEAR(mann_whitney_p(base, {4, 5, 6, 7, 8, 9, 10, 11, 12, 13}), 0.024, 0.01);
}

TEST_F(CliTest, KilledAtAnyMomentTheNextRunWorks) {
  keep_as_base();
  const char* program = std::getenv("PGDUET_PROGRAM");
  ASSERT_NE(program, nullptr);
  const fs::path cache = top() / "cache";
  fs::create_directories(cache);
  std::vector<std::string> given = arguments({"check", "--base-dir", (top() / "base").string()});
  *(std::find(given.begin(), given.end(), "--cache-dir") + 1) = cache.string();
  given.insert(given.begin(), program);
  unsigned state = 12345;
  const int signals[] = {SIGKILL, SIGINT, SIGTERM};
  for (int round = 0; round < 12; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::vector<char*> argv;
      for (std::string& argument : given) argv.push_back(argument.data());
      argv.push_back(nullptr);
      if (freopen("/dev/null", "w", stdout) == nullptr ||
          freopen("/dev/null", "w", stderr) == nullptr)
        _exit(126);
      execv(program, argv.data());
      _exit(127);
    }
    state = state * 1103515245U + 12345U;
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + (state >> 16) % 900));
    kill(child, signals[round % 3]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
  }
  given.erase(given.begin());
  const Outcome outcome = run_exactly(given);
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  harness::CommandOptions ps;
  ps.arguments = {"ps", "-eo", "args"};
  EXPECT_THAT(harness::run_command(ps).output, Not(HasSubstr(cache.string() + "/")));
}

}  // namespace
}  // namespace pgduet::cli

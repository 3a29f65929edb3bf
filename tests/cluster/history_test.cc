// Twenty commits, the run of each, and what `pgduet history` makes of them.

#include "pgduet/reporters/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli_fixture.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "terminal_text.h"
#include "test_server.h"

namespace pgduet::cli {
namespace {

using gate::Json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t last_run = 20;
constexpr std::size_t changed_run = 12;
constexpr const char* changed_subject = "Drop an index that nobody uses";
constexpr const char* changed_query = "tiny/items_of_owner";

// Six others, so that they tell how fast the machine was.
constexpr const char* queries =
    "-- name: items_of_owner\n"
    "-- policy: slow_ms=1\n"
    "-- param owner: values(7, 1999)\n"
    "SELECT id, name FROM items WHERE owner = :owner ORDER BY id;\n"
    "\n"
    "-- name: item_by_id\n"
    "-- param id: values(1, 40000)\n"
    "SELECT name FROM items WHERE id = :id;\n"
    "\n"
    "-- name: rename_item\n"
    "-- param id: values(5)\n"
    "UPDATE items SET name = 'new' WHERE id = :id RETURNING name;\n"
    "\n"
    "-- name: newest_items\n"
    "SELECT id, name FROM items ORDER BY id DESC LIMIT 50;\n"
    "\n"
    "-- name: owners_of_items\n"
    "SELECT DISTINCT owner FROM items WHERE id <= 500 ORDER BY owner;\n"
    "\n"
    "-- name: number_of_items\n"
    "SELECT count(*) FROM items WHERE id BETWEEN 1000 AND 4000;\n"
    "\n"
    "-- name: longest_name\n"
    "SELECT max(length(name)) FROM items WHERE id > 38000;\n";

// A git repository with a workload and baselines, and the run records of its commits.
class Project : public CliTest {
 public:
  struct Run {
    std::string commit;
    std::string subject;
  };

  Project() {
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    // A job of a CI says what its own branch is.
    for (const char* variable : {"GITHUB_HEAD_REF", "GITHUB_REF_NAME",
                                 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"})
      unsetenv(variable);
    write("workloads/tiny/queries/items.sql", queries);
    write(".gitignore", "state\n");
    git({"init", "--quiet", "--initial-branch=main"});
  }

  // With the repository and the records of `other`, but not its store.
  explicit Project(const Project& other) : Project() {
    for (const char* name : {".git", "workloads", "baselines", "state/runs"}) {
      fs::remove_all(top() / name);
      fs::create_directories((top() / name).parent_path());
      harness::copy_tree(other.top() / name, top() / name);
    }
    write("CHANGES", harness::read_file(other.top() / "CHANGES"));
    runs_ = other.runs_;
  }

  const fs::path& directory() const { return top(); }
  fs::path state() const { return top() / "state"; }
  const std::vector<Run>& runs() const { return runs_; }

  std::string git(const std::vector<std::string>& given) const {
    harness::CommandOptions options;
    options.arguments = {"git", "-C", top().string(), "-c", "user.name=a", "-c", "user.email=a@b"};
    options.arguments.insert(options.arguments.end(), given.begin(), given.end());
    const harness::CommandResult result = harness::run_command(options);
    EXPECT_EQ(result.exit_status, 0) << result.errors;
    return result.output.substr(0, result.output.find_last_not_of('\n') + 1);
  }

  void record_baselines() {
    std::vector<std::string> given = arguments({"record"});
    *(std::find(given.begin(), given.end(), "--state-dir") + 1) = (top() / "elsewhere").string();
    const Outcome outcome = run_exactly(given);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    fs::remove_all(top() / "elsewhere");
  }

  void replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = harness::read_file(top() / file);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write(file, text.replace(at, from.size(), to));
  }
  using CliTest::write;

  void commit(const std::string& subject) {
    write("CHANGES", subject + "\n");
    git({"add", "--all"});
    git({"commit", "--quiet", "-m", subject});
  }

  Outcome check() {
    Outcome outcome = pgduet({"check", "--base", "none"});
    EXPECT_LE(outcome.status, 1) << outcome.err;
    runs_.push_back({git({"rev-parse", "HEAD"}), git({"log", "-1", "--format=%s"})});
    return outcome;
  }

  // Makes the newest run's plan and work the baseline.
  void accept(const std::string& query) {
    const Outcome outcome =
        run_exactly({"accept", query, "--baselines", (top() / "baselines").string(), "--state-dir",
                     state().string()});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }

  // pgduet on the store of `state`.
  static Outcome on_store(std::vector<std::string> given, const fs::path& state) {
    const std::vector<std::string> places = {"--state-dir", state.string(), "--pg-bin",
                                             harness::test_installation().bin_directory.string()};
    given.insert(given.end(), places.begin(), places.end());
    return run_exactly(given);
  }
  Outcome history(std::vector<std::string> given) const {
    given.insert(given.begin(), "history");
    return on_store(std::move(given), state());
  }
  // A report that has to be there.
  Json history_json(std::vector<std::string> given) const {
    given.emplace_back("--json");
    const Outcome outcome = history(std::move(given));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.status == 0 ? Json::parse(outcome.out) : Json();
  }

 private:
  void TestBody() override {}

  std::vector<Run> runs_;
};

// Made once; tests that go on from it take a copy.
Project& twenty_commits() {
  static const std::unique_ptr<Project> project = [] {
    auto made = std::make_unique<Project>();
    made->record_baselines();
    for (std::size_t run = 1; run <= last_run; ++run) {
      if (run == changed_run) {
        made->write("workloads/tiny/setup/002_cleanup.sql",
                    "-- tidy up\n\nDROP INDEX items_owner_idx;\n");
      }
      if (run == changed_run + 1) made->accept("items_of_owner");
      made->commit(run == changed_run ? changed_subject : "Change " + std::to_string(run));
      made->check();
    }
    return made;
  }();
  return *project;
}

std::vector<std::string> kinds_of(const Json& event) {
  std::vector<std::string> kinds;
  for (const Json& change : event["changes"]) kinds.push_back(change["kind"]);
  return kinds;
}

const Json* event_with(const Json& history, const std::string& kind) {
  for (const Json& event : history["events"]) {
    const std::vector<std::string> kinds = kinds_of(event);
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return &event;
  }
  return nullptr;
}

std::vector<std::string> queries_of(const Json& overview) {
  std::vector<std::string> names;
  for (const Json& row : overview["rows"]) names.push_back(row["query"]);
  return names;
}

std::string short_id(const Project::Run& run) { return run.commit.substr(0, 10); }

TEST(History, NamesTheCommitThatDroppedTheIndex) {
  const Project& project = twenty_commits();
  const Json history = project.history_json({changed_query});
  ASSERT_THAT(history["runs"], SizeIs(last_run));
  for (std::size_t i = 0; i < last_run; ++i) {
    const Json& run = history["runs"][i];
    EXPECT_EQ(run["run"], i + 1);
    EXPECT_EQ(run["commit"]["id"], project.runs()[i].commit);
    EXPECT_EQ(run["commit"]["subject"], project.runs()[i].subject);
    EXPECT_EQ(run["commit"]["branch"], "main");
    EXPECT_EQ(run["commit"]["modified"], false);
    EXPECT_EQ(run["verdict"], i + 1 == changed_run ? "regressed" : "passed");
    EXPECT_EQ(run["plan"], i + 1 < changed_run ? "A" : "B");
  }
  ASSERT_THAT(history["events"], SizeIs(1)) << history["events"].dump(1);
  const Json& event = history["events"][0];
  EXPECT_EQ(event["run"], changed_run);
  EXPECT_EQ(event["run_id"], history["runs"][changed_run - 1]["run_id"]);
  EXPECT_THAT(kinds_of(event), ElementsAre("slower", "more work", "plan"));
  const Project::Run& changed = project.runs()[changed_run - 1];
  EXPECT_EQ(changed.subject, changed_subject);
  EXPECT_EQ(event["commits"], short_id(project.runs()[changed_run - 2]) + ".." + short_id(changed));
  const Json& slower = event["changes"][0];
  EXPECT_GT(slower["after"].get<double>(), 3 * slower["before"].get<double>());
  EXPECT_LT(slower["p_value"].get<double>(), 1e-5);
  EXPECT_EQ(slower["bindings"], 2);
  EXPECT_EQ(event["changes"][2]["plan_before"], "A");
  EXPECT_EQ(event["changes"][2]["plan_after"], "B");
  EXPECT_THAT(event["sentence"].get<std::string>(),
              StartsWith("since run 12, commit " + short_id(changed) + " \"" + changed_subject +
                         "\" (branch main): "));
  EXPECT_THAT(history["levels"], SizeIs(2));
  // The name is enough where one workload has it.
  EXPECT_EQ(project.history_json({"items_of_owner"}), history);
}

TEST(History, SeesNothingInTheOtherQueries) {
  const Project& project = twenty_commits();
  for (const char* query : {"item_by_id", "rename_item", "newest_items", "owners_of_items",
                            "number_of_items", "longest_name"}) {
    const Json history = project.history_json({query});
    EXPECT_THAT(history["runs"], SizeIs(last_run));
    EXPECT_THAT(history["events"], IsEmpty()) << history.dump(1);
  }
}

TEST(History, ReportsForTerminalsAndBrowsersNameTheCommit) {
  const Project& project = twenty_commits();
  const fs::path html = project.directory() / "state" / "history.html";
  const Outcome outcome =
      project.history({changed_query, "--all", "--report", "html=" + html.string()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Project::Run& changed = project.runs()[changed_run - 1];
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(short_id(changed)), HasSubstr(changed_subject),
                                 HasSubstr("slower"), HasSubstr(short_id(project.runs().front()))));
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(reporters::display_width(line), 80) << line;
  EXPECT_THAT(harness::read_file(html),
              AllOf(HasSubstr(short_id(changed)), HasSubstr(changed_subject)));
}

TEST(History, ListsQueriesByTheirPartOfTheTime) {
  const Json top = twenty_commits().history_json({"--top"});
  ASSERT_THAT(top["rows"], SizeIs(7));
  EXPECT_EQ(top["rows"][0]["query"], "items_of_owner");
  double sum = 0;
  for (const Json& row : top["rows"]) sum += row["share"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_GT(top["rows"][0]["trend"].get<double>(), 3);
  EXPECT_THAT(top["rows"][0]["times_us"], SizeIs(last_run));
  EXPECT_EQ(twenty_commits().history_json({}), top) << "what is listed without a query";
}

TEST(History, ListsSlowQueriesSinceTheCommit) {
  const Project& project = twenty_commits();
  const Json slow = project.history_json({"--slow"});
  ASSERT_THAT(queries_of(slow), ElementsAre("items_of_owner")) << "it alone has a limit of 1 ms";
  const Json& row = slow["rows"][0];
  EXPECT_EQ(row["state"], "always");
  EXPECT_EQ(row["since_run"], changed_run);
  EXPECT_EQ(row["since_commit"], short_id(project.runs()[changed_run - 1]));
  EXPECT_GE(row["longest_us"].get<double>(), 1000);
  EXPECT_EQ(row["runs"], last_run);
}

TEST(History, ListsQueriesWithOtherVerdictsForTheSameCommit) {
  EXPECT_THAT(twenty_commits().history_json({"--flaky"})["rows"], IsEmpty());
  Project project(twenty_commits());
  // Without the accepted baseline the same commit does not pass.
  const std::string baseline = "baselines/tiny/items_of_owner.json";
  project.write(baseline, project.git({"show", project.runs()[0].commit + ":" + baseline}) + "\n");
  project.git({"update-index", "--assume-unchanged", baseline});
  project.check();
  const Json flaky = project.history_json({"--flaky"});
  ASSERT_THAT(queries_of(flaky), ElementsAre("items_of_owner"));
  EXPECT_EQ(flaky["rows"][0]["other_verdicts"], 1);
  EXPECT_EQ(flaky["rows"][0]["odd_runs"], 1);
}

TEST(History, GoesOnUnderAnotherNameAndAsAnotherStatement) {
  Project project(twenty_commits());
  const std::string file = "workloads/tiny/queries/items.sql";
  project.replace(file, "-- name: items_of_owner\n", "-- name: items_by_owner\n");
  project.commit("Rename a query");
  project.check();
  const auto expect_the_old_event = [&](const Json& history) {
    const Json* slower = event_with(history, "slower");
    ASSERT_NE(slower, nullptr);
    EXPECT_EQ((*slower)["run"], changed_run);
    EXPECT_EQ(history["runs"][0]["commit"]["id"], project.runs()[0].commit);
  };
  const Json renamed = project.history_json({"tiny/items_by_owner"});
  ASSERT_THAT(renamed["runs"], SizeIs(last_run + 1));
  ASSERT_THAT(renamed["events"], SizeIs(2)) << renamed["events"].dump(1);
  EXPECT_EQ(renamed["events"][1]["run"], last_run + 1);
  EXPECT_THAT(kinds_of(renamed["events"][1]), ElementsAre("renamed"));
  expect_the_old_event(renamed);
  EXPECT_THAT(project.history_json({"items_of_owner"})["runs"], SizeIs(last_run));
  // One query, not two.
  const Json top = project.history_json({"--top"});
  EXPECT_THAT(queries_of(top), AllOf(SizeIs(7), Contains("items_by_owner")));
  for (const Json& row : top["rows"]) EXPECT_THAT(row["times_us"], SizeIs(last_run)) << row;

  project.replace(file, "WHERE owner = :owner ORDER", "WHERE owner = :owner AND id > 0 ORDER");
  project.git({"checkout", "--quiet", "-b", "change"});
  project.commit("Rewrite a query");
  project.check();
  const Json rewritten = project.history_json({"tiny/items_by_owner"});
  ASSERT_THAT(rewritten["runs"], SizeIs(last_run + 2));
  const Json* event = event_with(rewritten, "rewritten");
  ASSERT_NE(event, nullptr);
  EXPECT_EQ((*event)["run"], last_run + 2);
  expect_the_old_event(rewritten);

  // A branch's history is that of its own runs.
  const Json change = project.history_json({"items_by_owner", "--branch", "change"});
  ASSERT_THAT(change["runs"], SizeIs(1));
  EXPECT_EQ(change["runs"][0]["commit"]["subject"], "Rewrite a query");
  EXPECT_THAT(project.history_json({"items_by_owner", "--branch", "main"})["runs"],
              SizeIs(last_run + 1));
  const Outcome nowhere = project.history({"--branch", "nowhere"});
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_EQ(nowhere.err,
            "pgduet: no run of branch \"nowhere\" is in the store\n"
            "  hint: Name a branch as it was called when it ran.\n");
}

TEST(History, TakesTheNewestRunsAndThoseOfAVersion) {
  const Project& project = twenty_commits();
  const Json newest = project.history_json({changed_query, "--last", "5"});
  ASSERT_THAT(newest["runs"], SizeIs(5));
  EXPECT_EQ(newest["runs"][0]["commit"]["id"], project.runs()[last_run - 5].commit);
  EXPECT_THAT(newest["events"], IsEmpty());
  EXPECT_THAT(project.history_json({"--top", "--last", "5"})["rows"][0]["times_us"], SizeIs(5));
  EXPECT_THAT(project.history_json({changed_query, "--last", "0"})["runs"], SizeIs(last_run));

  const int major = harness::test_installation().major;
  EXPECT_EQ(project.history_json({changed_query, "--pg", std::to_string(major)}),
            project.history_json({changed_query}));
  const std::string other = std::to_string(major == 14 ? 15 : 14);
  const auto expect_none = [&](const char* what, const std::string& problem) {
    const Outcome none = project.history({what, "--pg", other});
    EXPECT_EQ(none.status, 2);
    EXPECT_EQ(none.err, "pgduet: no run on PostgreSQL " + other + problem +
                            "\n  hint: Leave --pg out for the version of the newest run.\n");
  };
  expect_none("--top", " is in the store");
  expect_none(changed_query, " has query \"tiny/items_of_owner\"");
}

TEST(History, RefusesWhatItCannotShow) {
  const Project& project = twenty_commits();
  const Outcome unknown = project.history({"tiny/items_of_ownr"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.out, "");
  EXPECT_EQ(unknown.err,
            "pgduet: there is no query \"tiny/items_of_ownr\" in the store\n"
            "  hint: Did you mean \"tiny/items_of_owner\"?\n");
  const Outcome format = project.history({changed_query, "--report", "htm=x"});
  EXPECT_EQ(format.status, 2);
  EXPECT_EQ(format.err,
            "pgduet: unrecognized report format \"htm\"\n  hint: Did you mean \"html\"?\n");
  const Outcome of_all = project.history({changed_query, "--slow"});
  EXPECT_EQ(of_all.status, 2);
  EXPECT_THAT(of_all.err, StartsWith("pgduet: --slow is about all queries\n"));
  EXPECT_EQ(project.history({"--top", "--flaky"}).status, 2);
}

TEST(History, WithoutRunsSaysHowToMakeOne) {
  const harness::TempDir empty = harness::test_directory();
  const Outcome all = Project::on_store({"history"}, empty.path() / "state");
  EXPECT_EQ(all.status, 2);
  EXPECT_EQ(all.err, "pgduet: no run is in the store yet\n  hint: Run \"pgduet check\" first.\n");
  const Outcome one = Project::on_store({"history", "x"}, empty.path() / "state");
  EXPECT_EQ(one.status, 2);
  EXPECT_THAT(one.err, HasSubstr("pgduet check"));
}

// Every report in every format, under what was asked.
std::map<std::string, std::string> all_reports(const fs::path& state,
                                               const std::vector<std::string>& options) {
  std::map<std::string, std::string> reports;
  for (const char* what : {changed_query, "rename_item", "--top", "--slow", "--flaky"}) {
    std::vector<std::string> given = {"history", what, "--all"};
    for (const reporters::HistoryFormat& format : reporters::all_history_formats())
      given.insert(given.end(), {"--report", std::string(format.name)});
    given.insert(given.end(), options.begin(), options.end());
    const Outcome outcome = Project::on_store(given, state);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    reports[what] = outcome.out;
  }
  return reports;
}

TEST(History, IsTheSameByteForByteFromAStoreThatWasMadeAnew) {
  const Project& project = twenty_commits();
  const std::map<std::string, std::string> before = all_reports(project.state(), {});
  ASSERT_TRUE(fs::exists(project.state() / "store" / "data"));
  fs::remove_all(project.state() / "store");
  EXPECT_EQ(all_reports(project.state(), {}), before);

  // The team's server, told by another directory in which nothing ran.
  const fs::path nothing = project.directory() / "state" / "nothing";
  const std::vector<std::string> store = {"--store", harness::new_test_database()};
  std::vector<std::string> given = {"store", "import", (project.state() / "runs").string()};
  given.insert(given.end(), store.begin(), store.end());
  const Outcome imported = Project::on_store(given, nothing);
  ASSERT_EQ(imported.status, 0) << imported.err;
  EXPECT_EQ(imported.out, "20 runs loaded, 0 there already\n");
  EXPECT_EQ(all_reports(nothing, store), before);
}

TEST(History, IsShownWhereTheStateDirectoryCannotHoldAStore) {
  const Project project(twenty_commits());
  const harness::TempDir cache = harness::test_directory();
  // Root's servers may not enter it; others may not write.
  fs::permissions(project.state(), fs::perms(geteuid() == 0 ? 0700 : 0500));
  const Json history = project.history_json({changed_query, "--cache-dir", cache.path().string()});
  fs::permissions(project.state(), fs::perms(0755));
  EXPECT_THAT(history["runs"], SizeIs(last_run));
  EXPECT_FALSE(fs::exists(project.state() / "store"));
  EXPECT_FALSE(fs::is_empty(cache.path() / "stores"));
}

}  // namespace
}  // namespace pgduet::cli

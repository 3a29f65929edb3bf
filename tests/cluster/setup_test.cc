#include "pgduet/harness/setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test_server.h"

namespace pgduet::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A workload in a directory of its own, made of files that a test writes.
class SetupTest : public testing::Test {
 protected:
  SetupTest() {
    workload_.directory = directory_.path();
    workload_.shown_directory = "workloads/w";
    workload_.name = "w";
  }

  void file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((directory_.path() / name).parent_path());
    std::ofstream(directory_.path() / name) << text;
  }

  void sql_step(const std::string& name, const std::string& text) {
    file(name, text);
    step(SetupStep::Kind::sql, name);
  }

  void step(SetupStep::Kind kind, const std::string& name, const std::string& into = {}) {
    SetupStep one;
    one.kind = kind;
    one.file = name;
    one.into = into;
    one.at = {"workloads/w/workload.json", 9, 0};
    workload_.setup.push_back(std::move(one));
  }

  void run_step(const std::vector<std::string>& command) {
    step(SetupStep::Kind::run, {});
    workload_.setup.back().command = command;
  }

  SetupTarget new_target() {
    const std::string name = "setup_" + std::to_string(++databases_);
    SetupTarget target;
    target.connection_string = new_test_database(name);
    target.environment = test_server().environment(name);
    target.reseed = [](const std::string& seed) { test_server().set_random_seed(seed); };
    return target;
  }

  SetupResult build() { return build_database(workload_, last_ = new_target()); }

  std::string error_of_build() {
    try {
      build();
    } catch (const gate::Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string ask(const std::string& sql) { return query_text(last_.connection_string, sql); }

  TempDir directory_ = test_directory();
  Workload workload_;
  SetupTarget last_;
  static inline int databases_ = 0;
};

TEST_F(SetupTest, RunsTheStepsInOrderAndLeavesStatistics) {
  workload_.scale = 2;
  sql_step("setup/001.sql", "CREATE TABLE t (id int);\nCREATE INDEX t_id_idx ON t (id);\n");
  sql_step("setup/002.sql", "INSERT INTO t SELECT generate_series(1, :scale * 1000);\n");
  std::vector<std::string> seen;
  last_ = new_target();
  last_.progress = [&](const std::string& text) { seen.push_back(text); };
  const SetupResult result = build_database(workload_, last_);
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "2000");
  EXPECT_EQ(ask("SELECT reltuples FROM pg_class WHERE relname = 't'"), "2000");
  EXPECT_EQ(ask("SELECT n_distinct FROM pg_stats WHERE tablename = 't'"), "-1");
  EXPECT_THAT(seen,
              ElementsAre("setup/001.sql", "setup/002.sql", "VACUUM (FREEZE)", "ANALYZE public.t"));
  ASSERT_THAT(result.steps, SizeIs(2));
  EXPECT_EQ(result.steps[0].name, "setup/001.sql");
  EXPECT_THAT(result.steps[0].content_hash, SizeIs(32));
  EXPECT_THAT(result.steps[1].changes, IsEmpty());
}

TEST_F(SetupTest, TracesEachChangeToItsLine) {
  sql_step("setup/001.sql",
           "CREATE TABLE orders (id int, total int);\n"
           "CREATE TABLE other (id int);\n"
           "CREATE INDEX orders_total_idx ON orders (total);\n"
           "INSERT INTO orders VALUES (1, 2);\n");
  sql_step("setup/002.sql",
           "-- drops an index\n"
           "ALTER TABLE other ADD COLUMN total int;\n\n"
           "DROP INDEX orders_total_idx;\n"
           "ALTER TABLE orders ALTER COLUMN total TYPE bigint;\n"
           "SELECT count(*) FROM orders;\n");
  const SetupResult result = build();
  std::vector<std::string> changes;
  for (const gate::CatalogChange& change : result.steps[1].changes)
    changes.push_back(change.object.kind + " " + change.object.name + " at " +
                      gate::to_text(change.at));
  EXPECT_THAT(changes, ElementsAre("column public.orders.total at setup/002.sql:5",
                                   "column public.other.total at setup/002.sql:2",
                                   "index public.orders_total_idx at setup/002.sql:4"));
  EXPECT_THAT(
      result.steps[1].statements,
      ElementsAre(gate::StepStatement{2, "ALTER TABLE other ADD COLUMN total int"},
                  gate::StepStatement{4, "DROP INDEX orders_total_idx"},
                  gate::StepStatement{5, "ALTER TABLE orders ALTER COLUMN total TYPE bigint"}));
  const gate::CatalogChange& dropped = result.steps[1].changes[2];
  EXPECT_EQ(dropped.before, "public.orders USING btree (total)");
  EXPECT_EQ(dropped.after, std::nullopt);
  EXPECT_EQ(result.steps[1].changes[0].before, "integer");
  EXPECT_EQ(result.steps[1].changes[0].after, "bigint");
  EXPECT_EQ(result.catalog, read_catalog(last_.connection_string));
}

TEST_F(SetupTest, AFailingStatementNamesItsLineAndTheServersWords) {
  sql_step("setup/001.sql",
           "CREATE TABLE t (id int PRIMARY KEY);\n\n"
           "INSERT INTO t\n  SELECT 1 FROM nowhere;\n");
  EXPECT_EQ(error_of_build(),
            "workloads/w/setup/001.sql:4: setup step failed: relation \"nowhere\" does not exist");
  workload_.setup.clear();
  sql_step("setup/001.sql",
           "CREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1),\n  (1);\n");
  EXPECT_EQ(error_of_build(),
            "workloads/w/setup/001.sql:2: setup step failed: duplicate key value violates unique "
            "constraint \"t_pkey\"\n  hint: Key (id)=(1) already exists.");
}

TEST_F(SetupTest, RefusesAnOpenTransaction) {
  sql_step("setup/001.sql", "BEGIN;\nCREATE TABLE t (id int);\n");
  EXPECT_EQ(error_of_build(),
            "workloads/w/setup/001.sql: setup step leaves a transaction open\n"
            "  hint: Add the missing COMMIT: all that it did since BEGIN would be lost.");
}

TEST_F(SetupTest, RefusesCopyFromStdin) {
  sql_step("setup/001.sql", "CREATE TABLE t (id int);\nCOPY t (id) FROM STDIN;\n");
  EXPECT_EQ(
      error_of_build(),
      "workloads/w/setup/001.sql:2:1: COPY FROM STDIN in a SQL script\n"
      "  hint: Keep the rows in a file of their own and load it by a \"copy\" step, or load a "
      "dump by a \"restore\" step.");
}

TEST_F(SetupTest, AStepSeesNoSettingsOfAnother) {
  sql_step("setup/001.sql", "SET search_path = pg_temp; SET work_mem = '64kB';\n");
  sql_step("setup/002.sql", "CREATE TABLE t AS SELECT current_setting('work_mem') AS work_mem;\n");
  build();
  EXPECT_NE(ask("SELECT work_mem FROM t"), "64kB");
}

TEST_F(SetupTest, CopiesCsvAndTabSeparatedFiles) {
  sql_step("setup/001.sql", "CREATE TABLE p (id int, name text);\n");
  file("data/p.csv", "id,name\n1,\"a,\nb\"\n2,\n");
  file("data/p.tsv", "3\tü\n4\t\\N\n");
  step(SetupStep::Kind::copy, "data/p.csv", "p");
  step(SetupStep::Kind::copy, "data/p.tsv", "p (id, name)");
  const SetupResult result = build();
  EXPECT_EQ(ask("SELECT string_agg(id || ':' || coalesce(name, 'NULL'), ' ' ORDER BY id) FROM p"),
            "1:a,\nb 2:NULL 3:ü 4:NULL");
  EXPECT_EQ(result.steps[1].name, "copy data/p.csv into p");
}

TEST_F(SetupTest, ABadFileToCopyNamesItsLine) {
  sql_step("setup/001.sql", "CREATE TABLE p (id int);\n");
  file("data/p.csv", "id\n1\nx\n");
  step(SetupStep::Kind::copy, "data/p.csv", "p");
  EXPECT_EQ(error_of_build(),
            "workloads/w/data/p.csv:3: could not copy into p: invalid input syntax for type "
            "integer: \"x\"");
  workload_.setup[1].into = "nowhere";
  EXPECT_EQ(error_of_build(),
            "workloads/w/data/p.csv: could not copy into nowhere: relation \"nowhere\" does not "
            "exist");
}

TEST_F(SetupTest, RunsAProgramOnTheDatabase) {
  file("migrate.sh", "psql -X -q -c \"CREATE TABLE $1 (id int)\"\n");
  run_step({"sh", "migrate.sh", "made_by_program"});
  const SetupResult result = build();
  EXPECT_EQ(ask("SELECT count(*) FROM made_by_program"), "0");
  ASSERT_THAT(result.steps[0].changes, SizeIs(2));
  EXPECT_EQ(gate::to_text(result.steps[0].changes[1].at), "run sh migrate.sh made_by_program");
}

TEST_F(SetupTest, RunsAProgramWhereItIsToRunWithTheDatabasesUrl) {
  std::filesystem::create_directory(directory_.path() / "tools");
  run_step({"sh", "-c", "printf %s \"$DATABASE_URL\" >url"});
  workload_.setup.back().working_directory = "tools";
  build();
  std::ifstream url_file(directory_.path() / "tools" / "url");
  std::string url;
  std::getline(url_file, url);
  EXPECT_THAT(url, HasSubstr("?host=%2F"));
  EXPECT_EQ(query_text(url, "SELECT current_database()"), ask("SELECT current_database()"));
}

TEST_F(SetupTest, AProgramThatFailsIsQuoted) {
  run_step({"sh", "-c", "echo went wrong >&2; exit 3"});
  EXPECT_EQ(error_of_build(),
            "workloads/w/workload.json:9: \"sh -c echo went wrong >&2; exit 3\" ended with exit "
            "status 3\n  hint: It said: went wrong");
}

TEST_F(SetupTest, RestoresDumpsOfAllFormats) {
  // Made by pg_dump 15: one table "t" with one row, 7.
  workload_.directory = std::filesystem::path(PGDUET_SOURCE_DIR) / "tests/data/dumps";
  for (const std::string format : {"plain", "custom", "tar", "directory"}) {
    workload_.setup.clear();
    step(SetupStep::Kind::restore, "dump." + format);
    const SetupResult result = build();
    EXPECT_EQ(ask("SELECT id FROM t"), "7") << format;
    ASSERT_THAT(result.steps[0].changes, testing::Not(IsEmpty()));
    EXPECT_EQ(gate::to_text(result.steps[0].changes[0].at), "restore dump." + format);
  }
}

TEST_F(SetupTest, ADumpThatCannotBeRestoredIsQuoted) {
  file("bad.sql", "CREATE TABLE t (id int);\nSELECT nothing;\n");
  step(SetupStep::Kind::restore, "bad.sql");
  EXPECT_THAT(error_of_build(),
              testing::MatchesRegex(
                  "workloads/w/workload.json:9: \"restore bad.sql\" ended with exit status 3\n"
                  "  hint: It said: .*bad.sql:2: ERROR:  column \"nothing\" does not exist\n.*"));
}

TEST_F(SetupTest, AMissingExtensionIsNamed) {
  workload_.extensions = {"no_such_extension"};
  EXPECT_THAT(error_of_build(), HasSubstr("workloads/w/workload.json: could not create extension "
                                          "\"no_such_extension\": "));
}

TEST_F(SetupTest, StatisticsAreEqualOverTwoBuildsAndWithoutRegardToOtherTables) {
  const std::string load =
      "CREATE TABLE t (id int, a int, b text);\n"
      "INSERT INTO t SELECT i, i % 9973 * i % 9973, md5(i::text) FROM generate_series(1, 100000) "
      "i;\n";
  const std::string statistics =
      "SELECT md5(string_agg(attname || coalesce(most_common_vals::text, '')"
      " || coalesce(histogram_bounds::text, '') || n_distinct || correlation, ' '"
      " ORDER BY attname)) FROM pg_stats WHERE tablename = 't'";
  sql_step("setup/001.sql", load);
  build();
  const std::string first = ask(statistics);
  build();
  EXPECT_EQ(ask(statistics), first);
  sql_step("setup/002.sql",
           "CREATE TABLE a (id int);\nINSERT INTO a SELECT generate_series(1, 50000);\n");
  build();
  EXPECT_EQ(ask(statistics), first);
  test_server().set_random_seed("another");
  query_text(last_.connection_string, "ANALYZE t");
  EXPECT_NE(ask(statistics), first) << "the sample has to be random for this to show anything";
}

TEST_F(SetupTest, PartitionsAndMaterializedViewsHaveStatistics) {
  sql_step("setup/001.sql",
           "CREATE TABLE e (id int, d date) PARTITION BY RANGE (d);\n"
           "CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');\n"
           "INSERT INTO e SELECT i, '2026-01-05' FROM generate_series(1, 100) i;\n"
           "CREATE MATERIALIZED VIEW m AS SELECT id FROM e;\n");
  build();
  EXPECT_EQ(ask("SELECT string_agg(DISTINCT tablename, ' ' ORDER BY tablename) FROM pg_stats"
                " WHERE schemaname = 'public'"),
            "e e_1 m");
}

TEST_F(SetupTest, TheCatalogueKeepsWhatPlansAndResultsDependOn) {
  sql_step("setup/001.sql", R"sql(
    CREATE TYPE status AS ENUM ('open', 'shut');
    CREATE TABLE t (id int PRIMARY KEY, name text COLLATE "C" NOT NULL, s status DEFAULT 'open');
    ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    ALTER TABLE t ALTER COLUMN name SET STATISTICS 500;
    CREATE UNIQUE INDEX "Odd ON name" ON t (lower(name)) WHERE s = 'open';
    CREATE STATISTICS st ON id, s FROM t;
    CREATE VIEW v AS SELECT id FROM t;
    CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql STABLE AS 'SELECT a';
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END $$;
  )sql");
  const SetupResult result = build();
  std::vector<std::string> objects;
  for (const gate::CatalogObject& object : result.catalog)
    if (object.kind != "function" && object.kind != "view")
      objects.push_back(object.kind + " " + object.name + ": " + object.definition);
  EXPECT_THAT(
      objects,
      ElementsAre("column public.t.id: integer not null",
                  "column public.t.name: text not null collate \"C\" statistics 500",
                  "column public.t.s: public.status default 'open'::public.status",
                  "constraint public.t.t_pkey: PRIMARY KEY (id)",
                  "index public.Odd ON name: UNIQUE public.t USING btree (lower(name)) WHERE (s = "
                  "'open'::public.status)",
                  "index public.t_pkey: UNIQUE public.t USING btree (id)", "setting work_mem: 8MB",
                  "statistics object public.st: CREATE STATISTICS public.st ON id, s FROM public.t",
                  "table public.t: table, row security",
                  "type public.status: enum ('open', 'shut')"));
  const auto function =
      std::find_if(result.catalog.begin(), result.catalog.end(),
                   [](const gate::CatalogObject& object) { return object.kind == "function"; });
  ASSERT_NE(function, result.catalog.end());
  EXPECT_EQ(function->name, "public.f(a integer)");
  EXPECT_THAT(function->definition, HasSubstr("STABLE"));
}

TEST_F(SetupTest, ALostConnectionIsTheEnvironmentsFault) {
  sql_step("setup/001.sql", "SELECT pg_terminate_backend(pg_backend_pid());\n");
  try {
    build();
    FAIL();
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_STREQ(
        error.what(),
        "workloads/w/setup/001.sql:1: setup step failed: the server closed the connection");
  }
}

}  // namespace
}  // namespace pgduet::harness

#include "pgduet/harness/scaffold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* table = "CREATE TABLE t (id int);\n";

// A project with the files that a test writes.
class ScaffoldTest : public testing::Test {
 protected:
  ScaffoldTest() : directory_(fs::temp_directory_path(), "pgduet-scaffold-test-") {}

  const fs::path& root() const { return directory_.path(); }
  void add(const std::string& file, const std::string& text = table) const {
    write_file_atomically(root() / file, text);
  }
  FoundSetup setup(const std::optional<std::string>& directory = std::nullopt) const {
    return find_setup(root(), project_files(root()), directory);
  }
  std::string setup_error(const std::optional<std::string>& directory = std::nullopt) const {
    return error_text([&] { setup(directory); });
  }
  FoundQueries queries(const std::optional<std::string>& pattern = std::nullopt) const {
    return find_queries(root(), project_files(root()), pattern);
  }

  TempDir directory_;
};

std::vector<std::string> paths(const FoundSetup& setup) {
  std::vector<std::string> paths;
  for (const FoundStep& step : setup.steps) paths.push_back(step.path);
  return paths;
}

TEST_F(ScaffoldTest, LeavesOutWhatIsInstalledBuiltOrHidden) {
  for (const char* file : {"a.sql", "db/b.sql", "node_modules/x/c.sql", ".git/d.sql", "build/e.sql",
                           "workloads/shop/workload.json", "workloads/shop/setup/f.sql"})
    add(file);
  EXPECT_THAT(project_files(root()), ElementsAre("a.sql", "db/b.sql"));
}

TEST_F(ScaffoldTest, FindsNumberedFiles) {
  add("db/migrations/001_t.sql");
  add("db/migrations/002_u.sql", "CREATE INDEX ON t (id);");
  add("reports/2026_totals.sql", "SELECT 1;");
  EXPECT_EQ(setup().what, "numbered SQL files");
  EXPECT_THAT(paths(setup()), ElementsAre("db/migrations/[0-9]*.sql"));
}

TEST_F(ScaffoldTest, FindsTheWayUpInFilesOfItsOwn) {
  add("migrations/000001_t.up.sql");
  add("migrations/000001_t.down.sql", "DROP TABLE t;");
  EXPECT_THAT(paths(setup()), ElementsAre("migrations/*.up.sql"));
}

TEST_F(ScaffoldTest, ListsFilesWhereNamesDoNotSortAsVersions) {
  for (const char* file : {"sql/V1__t.sql", "sql/V2__u.sql", "sql/V10__v.sql", "sql/V2.1__w.sql"})
    add(file);
  add("sql/R__views.sql", "CREATE VIEW v AS SELECT 1;");
  add("sql/U1__t.sql", "DROP TABLE t;");
  EXPECT_EQ(setup().what, "Flyway migrations");
  EXPECT_THAT(paths(setup()), ElementsAre("sql/V1__t.sql", "sql/V2__u.sql", "sql/V2.1__w.sql",
                                          "sql/V10__v.sql", "sql/R__*.sql"));
  EXPECT_THAT(setup().notes, ElementsAre(HasSubstr("add new ones there")));
}

TEST_F(ScaffoldTest, ListsNumbersWithoutLeadingZeros) {
  add("migrations/9_a.sql");
  add("migrations/10_b.sql");
  EXPECT_THAT(paths(setup()), ElementsAre("migrations/9_a.sql", "migrations/10_b.sql"));
}

TEST_F(ScaffoldTest, ListsFilesWhereThePatternTakesTheWayDown) {
  for (const char* down : {"migrations/001_a.undo.sql", "migrations/001_a.down.sql"}) {
    add("migrations/001_a.sql");
    add("migrations/002_b.sql");
    add(down, "DROP TABLE t;");
    EXPECT_THAT(paths(setup()), ElementsAre("migrations/001_a.sql", "migrations/002_b.sql"));
    EXPECT_THAT(setup().notes, ElementsAre(HasSubstr("add new ones there")));
    fs::remove(root() / down);
    EXPECT_THAT(paths(setup()), ElementsAre("migrations/[0-9]*.sql"));
  }
}

TEST_F(ScaffoldTest, ListsFilesWhereThePatternTakesOneWithoutAVersion) {
  add("migrations/001_t.up.sql");
  add("migrations/reset.up.sql", "DROP TABLE t;");
  EXPECT_THAT(paths(setup()), ElementsAre("migrations/001_t.up.sql"));
}

TEST_F(ScaffoldTest, ListsFilesOfSeveralNamingSchemes) {
  add("db/001_t.sql");
  add("db/V2__u.sql");
  EXPECT_THAT(paths(setup()), ElementsAre("db/001_t.sql", "db/V2__u.sql"));
}

TEST_F(ScaffoldTest, TakesOneMigrationThatIsNamed) {
  add("db/0001_t.sql");
  add("db/0002_u.sql");
  EXPECT_THAT(paths(setup("db/0001_t.sql")), ElementsAre("db/0001_t.sql"));
}

TEST_F(ScaffoldTest, KnowsToolsByTheirComments) {
  const std::pair<const char*, const char*> tools[] = {
      {"dbmate migrations", "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\n"},
      {"goose migrations", "-- +goose Up\nCREATE TABLE t ();\n-- +goose Down\n"},
      {"sql-migrate migrations", "-- +migrate Up\nCREATE TABLE t ();\n"},
      {"node-pg-migrate migrations", "-- Up Migration\nCREATE TABLE t ();\n"}};
  for (const auto& [what, text] : tools) {
    add("db/20260101_t.sql", text);
    EXPECT_EQ(setup().what, what);
    EXPECT_THAT(paths(setup()), ElementsAre("db/[0-9]*.sql"));
  }
}

TEST_F(ScaffoldTest, FindsOneDirectoryAMigration) {
  add("prisma/schema.prisma", "");
  add("prisma/migrations/20260101_init/migration.sql");
  add("prisma/migrations/20260102_more/migration.sql");
  EXPECT_EQ(setup().what, "Prisma migrations");
  EXPECT_THAT(paths(setup()), ElementsAre("prisma/migrations/*/migration.sql"));
}

TEST_F(ScaffoldTest, TakesTheOrderOfSqitchFromItsPlan) {
  add("sqitch.plan",
      "%syntax-version=1.0.0\n%project=app\n\nusers 2026-01-01T00:00:00Z A <a@example.org> # u\n"
      "@v1 2026-01-01T00:00:00Z A <a@example.org> # tag\n"
      "accounts [users] 2026-01-01T00:00:00Z A <a@example.org> # a\n");
  EXPECT_THAT(paths(setup()), ElementsAre("deploy/users.sql", "deploy/accounts.sql"));
}

TEST_F(ScaffoldTest, RunsAToolWhoseMigrationsArePrograms) {
  add("backend/alembic.ini", "[alembic]\nscript_location = migrations\n");
  add("backend/migrations/versions/1a_init.py", "");
  const FoundSetup found = setup();
  EXPECT_EQ(found.what, "Alembic");
  ASSERT_EQ(found.steps.size(), 1U);
  EXPECT_EQ(found.steps[0].kind, SetupStep::Kind::run);
  EXPECT_THAT(found.steps[0].command, ElementsAre("alembic", "upgrade", "head"));
  EXPECT_EQ(found.steps[0].in, "backend");
  EXPECT_THAT(found.steps[0].inputs, ElementsAre("backend/migrations/versions/*.py"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("DATABASE_URL")));
}

TEST_F(ScaffoldTest, KnowsDjangoAndRails) {
  add("manage.py", "");
  add("shop/migrations/0001_initial.py", "");
  EXPECT_EQ(setup().what, "Django");
  fs::remove_all(root() / "shop");
  add("db/schema.rb", "");
  EXPECT_EQ(setup().what, "Rails");
}

TEST_F(ScaffoldTest, RestoresADumpOfTheSchema) {
  add("db/structure.sql", "--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.t (id int);\n");
  ASSERT_EQ(setup().steps.size(), 1U);
  EXPECT_EQ(setup().steps[0].kind, SetupStep::Kind::restore);
  EXPECT_EQ(setup().steps[0].path, "db/structure.sql");
}

TEST_F(ScaffoldTest, SaysWhatItLookedForWhenThereAreNoMigrations) {
  add("queries.sql", "-- name: q\nSELECT 1;");
  EXPECT_THAT(setup_error(), AllOf(StartsWith(".: found no migrations\n  hint: Looked for "),
                                   HasSubstr("Alembic"), HasSubstr("--migrations")));
  add("db/changelog-master.xml", "");
  EXPECT_THAT(setup_error(), AllOf(StartsWith("db/changelog-master.xml: a Liquibase changelog"),
                                   HasSubstr("update-sql")));
}

TEST_F(ScaffoldTest, DoesNotChooseAmongSeveralSetsOfMigrations) {
  add("a/migrations/001_t.sql");
  add("b/migrations/001_t.sql");
  EXPECT_EQ(setup_error(),
            ".: found several sets of migrations: \"a/migrations\", \"b/migrations\"\n"
            "  hint: Name one with --migrations, and make a workload of each.");
  EXPECT_THAT(paths(setup("b")), ElementsAre("b/migrations/[0-9]*.sql"));
}

TEST_F(ScaffoldTest, TakesASchemaFileThatIsNamed) {
  add("tables.sql");
  EXPECT_THAT(paths(setup("tables.sql")), ElementsAre("tables.sql"));
}

TEST_F(ScaffoldTest, TakesTheProjectsOwnDirectory) {
  add("001_t.sql");
  add("sql/x.sql", "-- name: x\nSELECT 1;\n");
  EXPECT_THAT(paths(setup(".")), ElementsAre("[0-9]*.sql"));
  EXPECT_THAT(queries(".").files, ElementsAre("sql/x.sql"));
}

TEST_F(ScaffoldTest, FindsFilesWithRows) {
  for (const char* file : {"migrations/001_t.sql", "db/seeds.sql", "db/fixtures/t.sql"}) add(file);
  EXPECT_THAT(find_seeds(project_files(root()), setup()),
              ElementsAre("db/fixtures/t.sql", "db/seeds.sql"));
}

TEST_F(ScaffoldTest, PathsInTheWorkloadAreRelativeToIt) {
  add("db/001_t.sql");
  add("workloads/app/x", "");
  const fs::path workload = root() / "workloads" / "app";
  const FoundStep step = relative_to(setup().steps[0], root(), workload);
  EXPECT_EQ(step.path, "../../db/[0-9]*.sql");
  const std::vector<SetupStep> steps = setup_steps(workload, {step});
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].file, "../../db/001_t.sql");
}

TEST_F(ScaffoldTest, FindsQueryFilesByTheirNameLines) {
  add("app/sql/orders.sql", "-- name: ListOrders :many\nSELECT $1::int;\n");
  add("app/sql/plain.sql", "SELECT 1;\n");
  const FoundQueries found = queries();
  EXPECT_THAT(found.files, ElementsAre("app/sql/orders.sql"));
  ASSERT_EQ(found.queries.size(), 1U);
  EXPECT_EQ(found.queries[0].name, "ListOrders");
  EXPECT_THAT(found.left_out, IsEmpty());
}

TEST_F(ScaffoldTest, SaysWhyAQueryFileIsLeftOut) {
  add("sql/a.sql", "-- name: q\nSELECT 1;\n");
  add("sql/b.sql", "-- name: q\nSELECT 2;\n");
  add("sql/c.sql", "-- name: c\nSELECT 1; SELECT 2;\n");
  add("sql/d.sql", "/* @name Users */\nSELECT 1;\n");
  add("sql/e.sql", "SELECT 1;\n");
  std::vector<std::string> reasons;
  for (const FoundQueries::LeftOut& one : queries("sql").left_out)
    reasons.push_back(one.file + ": " + one.reason);
  EXPECT_THAT(reasons,
              ElementsAre("sql/b.sql: sql/b.sql:1: query \"q\" is defined in another file, too",
                          "sql/c.sql: sql/c.sql:2: query \"c\" has more than one statement",
                          HasSubstr("PgTyped"), HasSubstr("no \"-- name:\" line")));
}

TEST_F(ScaffoldTest, SaysWhatItLookedForWhenThereAreNoQueries) {
  add("migrations/001_t.sql");
  EXPECT_THAT(
      error_text([&] { queries(); }),
      AllOf(StartsWith(".: found no query files\n  hint: Looked for "), HasSubstr("--queries")));
}

TEST_F(ScaffoldTest, TakesQueryFilesByAGlob) {
  add("a/x.sql", "-- name: x\nSELECT 1;\n");
  add("b/y.sql", "-- name: y\nSELECT 1;\n");
  EXPECT_THAT(queries("b/*.sql").files, ElementsAre("b/y.sql"));
  EXPECT_THAT(queries("a").files, ElementsAre("a/x.sql"));
}

}  // namespace
}  // namespace pgduet::harness

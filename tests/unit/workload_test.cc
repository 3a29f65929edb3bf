#include "pgduet/harness/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "error_text.h"
#include "migration_file.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {
namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* smallest = R"("format_version": 1, "name": "w", "queries": ["q.sql"])";

// A workload directory; messages call it "w".
class WorkloadTest : public testing::Test {
 protected:
  WorkloadTest() : directory_(fs::temp_directory_path(), "pgduet-workload-test-") {
    add("q.sql", "-- name: q\nSELECT 1;\n");
  }

  const fs::path& path() const { return directory_.path(); }
  void add(const std::string& file, const std::string& text) const {
    fs::create_directories((path() / file).parent_path());
    std::ofstream(path() / file) << text;
  }

  Workload load(const std::string& workload_json) const {
    add("workload.json", workload_json);
    return load_workload(path(), "w");
  }
  // With more members than the smallest workload.
  Workload load_with(const std::string& members) const {
    return load("{" + std::string(smallest) + ",\n" + members + "}");
  }

  std::string error_of(const std::string& workload_json) const {
    return error_text([&] { load(workload_json); });
  }
  std::string error_with(const std::string& members) const {
    return error_text([&] { load_with(members); });
  }

  std::string hash_with(const std::string& members) const { return setup_hash(load_with(members)); }

  TempDir directory_;
};

std::vector<std::string> step_names(const Workload& workload) {
  std::vector<std::string> names;
  for (const SetupStep& step : workload.setup) names.push_back(step.name());
  return names;
}

TEST_F(WorkloadTest, ReadsTheSmallestWorkload) {
  const Workload workload = load("{" + std::string(smallest) + "}");
  EXPECT_EQ(workload.directory, path());
  EXPECT_EQ(workload.shown_directory, "w");
  EXPECT_EQ(workload.name, "w");
  EXPECT_EQ(workload.scale, 1);
  EXPECT_THAT(workload.versions, IsEmpty());
  EXPECT_THAT(workload.setup, IsEmpty());
  ASSERT_EQ(workload.queries.size(), 1U);
  EXPECT_EQ(workload.queries[0].at, (gate::SourcePosition{"w/q.sql", 1, 0}));
}

TEST_F(WorkloadTest, ReadsEveryKey) {
  for (const char* file : {"setup/002.sql", "setup/010.sql", "setup/1.sql", "setup/B.sql",
                           "setup/notes.txt", "setup/x.sql/inside", "data/p.csv", "d.dump"})
    add(file, "");
  const Workload workload = load(R"json({
    // comments are allowed
    "$schema": "../workload.schema.json",
    "format_version": 1,
    "name": "shop",
    "description": "A web shop.",
    "postgres": {
      "versions": ["14", 17],
      "settings": { "work_mem": "4MB", "random_page_cost": 1.1, "jit": false },
      "extensions": ["pg_trgm", "hstore"]
    },
    "setup": [
      { "sql": "setup/*.sql" },
      { "copy": "data/p.csv", "into": "products (id, name)" },
      { "run": ["alembic", "upgrade", "head"] },
      { "restore": "d.dump" }
    ],
    "scale": 2.5,
    "queries": ["q.sql"],
    "policy": { "time_ratio": 1.3, "slow_ms": 20.5, "work_blocks": 100, "changed": "fail" }
  })json");
  EXPECT_EQ(workload.description, "A web shop.");
  EXPECT_THAT(workload.versions, ElementsAre(14, 17));
  EXPECT_EQ(workload.settings,
            (std::map<std::string, std::string>{
                {"work_mem", "4MB"}, {"random_page_cost", "1.1"}, {"jit", "off"}}));
  EXPECT_THAT(workload.extensions, ElementsAre("pg_trgm", "hstore"));
  EXPECT_THAT(step_names(workload),
              ElementsAre("setup/002.sql", "setup/010.sql", "setup/1.sql", "setup/B.sql",
                          "copy data/p.csv into products (id, name)", "run alembic upgrade head",
                          "restore d.dump"));
  EXPECT_EQ(workload.setup[0].at, (gate::SourcePosition{"w/workload.json", 13, 0}));
  EXPECT_EQ(workload.setup[6].at, (gate::SourcePosition{"w/workload.json", 16, 0}));
  EXPECT_EQ(workload.scale, 2.5);
  EXPECT_EQ(workload.policy.time_ratio, 1.3);
  EXPECT_EQ(workload.policy.slow_ms, 20.5);
  EXPECT_EQ(workload.policy.work_blocks, 100);
  EXPECT_EQ(workload.policy.changed, gate::Policy::Action::fail);
  EXPECT_EQ(workload.queries[0].policy, workload.policy);
}

TEST_F(WorkloadTest, ReadsEachQueryFileOnceInTheOrderOfThePatterns) {
  add("queries/a.sql", "-- name: a\nSELECT 1");
  add("queries/b.sql", "-- name: b\nSELECT 1");
  const Workload workload =
      load(R"({"format_version": 1, "name": "w", "queries": ["queries/b.sql", "queries/*.sql"]})");
  ASSERT_EQ(workload.queries.size(), 2U);
  EXPECT_EQ(workload.queries[0].name, "b");
  EXPECT_EQ(workload.queries[1].name, "a");
}

TEST_F(WorkloadTest, TakesADirectoryWhoseNameLooksLikeAPattern) {
  add("a[b]*/workload.json", "{" + std::string(smallest) + "}");
  add("a[b]*/q.sql", "-- name: q\nSELECT 1");
  EXPECT_EQ(load_workload(path() / "a[b]*", "odd").queries.size(), 1U);
}

TEST_F(WorkloadTest, SaysThatThereIsNoWorkload) {
  EXPECT_EQ(error_text([&] { load_workload(path() / "gone", "gone"); }),
            "gone/workload.json: could not read the file: No such file or directory\n"
            "  hint: A workload is a directory with a workload.json.");
  EXPECT_EQ(error_of("{\n  \"name\" 2\n}"),
            "w/workload.json:2:10: this is not JSON: syntax error while parsing object separator - "
            "unexpected number literal; expected ':'");
}

TEST_F(WorkloadTest, NamesUnknownKeys) {
  EXPECT_EQ(error_with(R"("setings": {})"),
            "w/workload.json:2: unrecognized key \"setings\"\n"
            "  hint: Known keys are $schema, format_version, name, description, postgres, setup, "
            "scale, queries, params, policy.");
  EXPECT_EQ(error_with(R"("scal": 2)"),
            "w/workload.json:2: unrecognized key \"scal\"\n  hint: Did you mean \"scale\"?");
  EXPECT_EQ(error_with("\"postgres\": {\n\"setings\": {}}"),
            "w/workload.json:3: unrecognized key \"setings\"\n  hint: Did you mean \"settings\"?");
  EXPECT_EQ(error_with("\"setup\": [\n{\"sq\": \"a\"}]"),
            "w/workload.json:3: unrecognized key \"sq\"\n  hint: Did you mean \"sql\"?");
  EXPECT_EQ(error_with("\"policy\": {\n\"time_ration\": 2}"),
            "w/workload.json:3: unrecognized policy \"time_ration\"\n"
            "  hint: Did you mean \"time_ratio\"?");
}

TEST_F(WorkloadTest, NamesMissingKeys) {
  EXPECT_EQ(error_of(R"({"name": "w", "queries": ["q.sql"]})"),
            "w/workload.json:1: key \"format_version\" is missing\n"
            "  hint: Add \"format_version\": 1.");
  EXPECT_EQ(error_of(R"({"format_version": 1, "queries": ["q.sql"]})"),
            "w/workload.json:1: key \"name\" is missing\n  hint: Name the workload.");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "w"})"),
            "w/workload.json:1: key \"queries\" is missing\n"
            "  hint: Add \"queries\": [\"queries/*.sql\"].");
}

TEST_F(WorkloadTest, RefusesWrongTypes) {
  EXPECT_EQ(error_of("[]"), "w/workload.json:1: the file must be an object, not an array");
  EXPECT_EQ(error_with(R"("description": 7)"),
            "w/workload.json:2: \"description\" must be a string, not a number");
  EXPECT_EQ(error_with(R"("postgres": ["15"])"),
            "w/workload.json:2: \"postgres\" must be an object, not an array");
  EXPECT_EQ(error_with(R"("postgres": {"versions": "15"})"),
            "w/workload.json:2: \"versions\" must be an array of versions, not a string");
  EXPECT_EQ(error_with(R"("postgres": {"settings": {"work_mem": null}})"),
            "w/workload.json:2: \"work_mem\" must be a string or a number, not null");
  EXPECT_EQ(error_with("\"postgres\": {\"extensions\": [\n\"a\",\ntrue]}"),
            "w/workload.json:4: item 2 of \"extensions\" must be a string, not true or false");
  EXPECT_EQ(error_with(R"("scale": "2")"),
            "w/workload.json:2: \"scale\" must be a number, not a string");
  EXPECT_EQ(error_with(R"("setup": {"sql": "a"})"),
            "w/workload.json:2: \"setup\" must be an array of steps, not an object");
  EXPECT_EQ(error_with(R"("setup": ["a.sql"])"),
            "w/workload.json:2: item 1 of \"setup\" must be an object, not a string");
  EXPECT_EQ(error_with(R"("setup": [{"run": "make"}])"),
            "w/workload.json:2: \"run\" must be an array of strings, not a string");
  EXPECT_EQ(error_with(R"("policy": {"time_ratio": true})"),
            "w/workload.json:2: \"time_ratio\" must be a string or a number, not true or false");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "w", "queries": "q.sql"})"),
            "w/workload.json:1: \"queries\" must be an array of strings, not a string");
}

TEST_F(WorkloadTest, RefusesWrongValues) {
  EXPECT_EQ(error_of(R"({"format_version": 2, "name": "w", "queries": ["q.sql"]})"),
            "w/workload.json:1: format_version 2 is not supported\n"
            "  hint: This pgduet reads format_version 1.");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "a/b", "queries": ["q.sql"]})"),
            "w/workload.json:1: \"a/b\" cannot name a workload\n"
            "  hint: Use letters, digits, \"_\", \"-\" and \".\", and a letter, digit or \"_\" "
            "first.");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "w", "queries": []})"),
            "w/workload.json:1: \"queries\" must not be empty\n"
            "  hint: Name the query files, as in [\"queries/*.sql\"].");
  EXPECT_EQ(error_with("\"postgres\": {\"versions\": [\"15\",\n\"13\"]}"),
            "w/workload.json:3: PostgreSQL version \"13\" is not supported\n"
            "  hint: Supported are the majors 14 to 18.");
  EXPECT_EQ(error_with(R"("postgres": {"extensions": [""]})"),
            "w/workload.json:2: item 1 of \"extensions\" must not be empty");
  EXPECT_EQ(error_with(R"("scale": 0)"), "w/workload.json:2: \"scale\" must be above 0, not 0");
  EXPECT_EQ(error_with(R"("policy": {"time_ratio": 0.5})"),
            "w/workload.json:2: policy \"time_ratio\" must be a number above 1, not \"0.5\"");
  EXPECT_EQ(error_with(R"("policy": {"slow_ms": 0})"),
            "w/workload.json:2: policy \"slow_ms\" must be a number above 0, not \"0\"");
}

TEST_F(WorkloadTest, RefusesStepsThatSayTooLittleOrTooMuch) {
  add("a.sql", "");
  EXPECT_EQ(error_with(R"("setup": [{}])"),
            "w/workload.json:2: a setup step needs one of \"sql\", \"copy\", \"run\" and "
            "\"restore\"");
  EXPECT_EQ(error_with(R"("setup": [{"sql": "a.sql", "run": ["x"]}])"),
            "w/workload.json:2: a setup step cannot have both \"sql\" and \"run\"\n"
            "  hint: Make it two steps.");
  EXPECT_EQ(error_with(R"("setup": [{"copy": "a.sql"}])"),
            "w/workload.json:2: \"copy\" without \"into\"\n"
            "  hint: Name the table: \"into\": \"products\".");
  EXPECT_EQ(error_with(R"("setup": [{"sql": "a.sql", "into": "t"}])"),
            "w/workload.json:2: \"into\" without \"copy\"");
  EXPECT_EQ(error_with(R"("setup": [{"run": []}])"),
            "w/workload.json:2: \"run\" must name a program");
  EXPECT_EQ(error_with("\"setup\": [{\"sql\": \"a.sql\"},\n{\"sql\": \"*.sql\"}]"),
            "w/workload.json:3: file \"a.sql\" is a setup step already");
}

TEST_F(WorkloadTest, RefusesFilesThatAreNotThere) {
  EXPECT_EQ(error_with(R"("setup": [{"sql": "setup/*.sql"}])"),
            "w/workload.json:2: no file matches \"setup/*.sql\"\n"
            "  hint: Patterns are relative to the workload's directory.");
  EXPECT_EQ(error_of("{\"format_version\": 1, \"name\": \"w\", \"queries\": [\n\"gone.sql\"]}"),
            "w/workload.json:2: no file matches \"gone.sql\"\n"
            "  hint: Patterns are relative to the workload's directory.");
  EXPECT_EQ(error_with(R"("setup": [{"copy": "gone.csv", "into": "t"}])"),
            "w/workload.json:2: file \"gone.csv\" does not exist\n"
            "  hint: Paths are relative to the workload's directory.");
  EXPECT_EQ(error_with(R"("setup": [{"restore": "/etc/hosts"}])"),
            "w/workload.json:2: path \"/etc/hosts\" is absolute\n"
            "  hint: Paths are relative to the workload's directory.");
}

TEST_F(WorkloadTest, NamesBothPlacesOfAQueryThatIsDefinedTwice) {
  add("r.sql", "-- name: r\nSELECT 1;\n\n-- name: q\nSELECT 2");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "w", "queries": ["q.sql", "r.sql"]})"),
            "w/r.sql:4: query \"q\" is defined twice\n  hint: The other one is at w/q.sql:1.");
}

TEST_F(WorkloadTest, NamesTheQueryFileOfAnError) {
  add("queries/bad.sql", "\n-- name: x\nSELECT 'a");
  EXPECT_EQ(error_of(R"({"format_version": 1, "name": "w", "queries": ["queries/*.sql"]})"),
            "w/queries/bad.sql:3:8: unterminated quoted string at or near \"'a\"");
}

TEST_F(WorkloadTest, HashesWhatMakesTheDatabase) {
  add("s/1.sql", "CREATE TABLE a (x int)");
  add("s/2.sql", "SELECT 1");
  const std::string setup = R"("setup": [{"sql": "s/*.sql"}])";
  const std::string hash = hash_with(setup);
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(hash_with(setup + R"(, "description": "d", "postgres": {"versions": [15]})"), hash);
  EXPECT_NE(hash_with(setup + R"(, "scale": 2)"), hash);
  EXPECT_NE(hash_with(setup + R"(, "postgres": {"settings": {"a": "b"}})"), hash);
  EXPECT_NE(hash_with(setup + R"(, "postgres": {"extensions": ["a"]})"), hash);
  EXPECT_NE(hash_with(R"("setup": [{"sql": "s/2.sql"}, {"sql": "s/1.sql"}])"), hash);
  add("q.sql", "-- name: other\nSELECT 2");
  EXPECT_EQ(hash_with(setup), hash);
  add("s/2.sql", "SELECT 2");
  EXPECT_NE(hash_with(setup), hash);
  add("s/2.sql", "SELECT 1");
  EXPECT_EQ(hash_with(setup), hash);
  fs::rename(path() / "s/2.sql", path() / "s/3.sql");
  EXPECT_NE(hash_with(setup), hash);
}

TEST_F(WorkloadTest, HashesAllFilesForARunStep) {
  const std::string setup = R"("setup": [{"run": ["make"]}])";
  const std::string hash = hash_with(setup);
  EXPECT_EQ(hash_with(setup), hash);
  add(".pgduet/runs/1.json", "{}");
  add(".git/HEAD", "");
  EXPECT_EQ(hash_with(setup), hash);
  add("migrations/1.py", "");
  const std::string with_migration = hash_with(setup);
  EXPECT_NE(with_migration, hash);
  fs::rename(path() / "migrations/1.py", path() / "migrations/2.py");
  EXPECT_NE(hash_with(setup), with_migration);
}

TEST_F(WorkloadTest, HashesADumpThatIsADirectory) {
  add("dump/toc.dat", "a");
  const std::string setup = R"("setup": [{"restore": "dump"}])";
  const std::string hash = hash_with(setup);
  add("dump/toc.dat", "b");
  EXPECT_NE(hash_with(setup), hash);
}

TEST_F(WorkloadTest, SaysWhichSetupFileCannotBeRead) {
  add("a.sql", "");
  const Workload workload = load_with(R"("setup": [{"sql": "a.sql"}])");
  fs::remove(path() / "a.sql");
  EXPECT_EQ(error_text([&] { setup_hash(workload); }),
            "w/a.sql: could not read the file: No such file or directory");
}

TEST_F(WorkloadTest, FindsWorkloads) {
  EXPECT_THAT(find_workloads(path() / "gone"), IsEmpty());
  EXPECT_THAT(find_workloads(path()), IsEmpty());
  add("b/workload.json", "");
  add("a/workload.json", "");
  add("c/other.json", "");
  EXPECT_THAT(find_workloads(path()), ElementsAre(path() / "a", path() / "b"));
  EXPECT_THAT(find_workloads(path() / "b"), ElementsAre(path() / "b"));
}

// The published schema and the loader have to know the same keys.
class SchemaTest : public WorkloadTest {
 protected:
  SchemaTest()
      : schema_(gate::parse_json_document(
                    read_file(fs::path(PGDUET_SOURCE_DIR) / "workloads" / "workload.schema.json"),
                    "workload.schema.json")
                    .root) {
    add("a.sql", "");
    add("b.sql", "");
  }

  static std::vector<std::string> keys_of(const gate::Json& object) {
    std::vector<std::string> keys;
    for (const auto& item : object["properties"].items()) keys.push_back(item.key());
    return keys;
  }

  gate::Json schema_;
};

TEST_F(SchemaTest, ListsTheKeysThatTheLoaderKnows) {
  // An unknown key far from all others makes the loader list the keys that it knows.
  const auto known = [&](const std::string& error, const std::string& start) {
    const std::size_t begin = error.find(start);
    return begin == std::string::npos ? error : error.substr(begin + start.size());
  };
  const auto joined = [](const std::vector<std::string>& keys) {
    std::string text;
    for (const std::string& key : keys) text += (text.empty() ? " " : ", ") + key;
    return text + ".";
  };
  const std::string keys_are = "Known keys are";
  EXPECT_EQ(known(error_with(R"("zzzzzzzzzzzz": 1)"), keys_are), joined(keys_of(schema_)));
  EXPECT_EQ(known(error_with(R"("postgres": {"zzzzzzzzzzzz": 1})"), keys_are),
            joined(keys_of(schema_["properties"]["postgres"])));
  EXPECT_EQ(known(error_with(R"("policy": {"zzzzzzzzzzzz": 1})"), "Known policies are"),
            joined(keys_of(schema_["$defs"]["policy"])));
  std::vector<std::string> step_keys;
  for (const gate::Json& step : schema_["$defs"]["step"]["oneOf"]) {
    for (const std::string& key : keys_of(step)) step_keys.push_back(key);
  }
  EXPECT_EQ(known(error_with(R"("setup": [{"zzzzzzzzzzzz": 1}])"), keys_are), joined(step_keys));
}

TEST_F(SchemaTest, HasTheLoadersDefaultsAndVersions) {
  const gate::Json policy = gate::to_json(gate::Policy());
  for (const auto& item : schema_["$defs"]["policy"]["properties"].items())
    EXPECT_EQ(item.value()["default"], policy[item.key()]) << item.key();
  const Workload workload = load("{" + std::string(smallest) + "}");
  EXPECT_EQ(schema_["properties"]["scale"]["default"], workload.scale);
  for (const gate::Json& version :
       schema_["properties"]["postgres"]["properties"]["versions"]["items"]["enum"])
    EXPECT_NO_THROW(load_with(R"("postgres": {"versions": [)" + version.dump() + "]}"));
}

TEST_F(SchemaTest, DescribesEveryKey) {
  for (const gate::Json* object :
       {&schema_, &schema_["properties"]["postgres"], &schema_["$defs"]["policy"]}) {
    for (const auto& item : (*object)["properties"].items())
      EXPECT_TRUE(item.value().contains("description") || item.value().contains("$ref"))
          << item.key();
  }
}

// The first block of that kind in the specification.
std::string example_of(const std::string& kind) {
  const std::string text = read_file(fs::path(PGDUET_SOURCE_DIR) / "workloads" / "README.md");
  const std::string fence = "```" + kind + "\n";
  const std::size_t begin = text.find(fence) + fence.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST_F(WorkloadTest, TakesGeneratorsOfParametersThatQueriesGiveNone) {
  add("q.sql",
      "-- name: one\n-- param b: values(1)\nSELECT :a, :b, :c;\n"
      "-- name: two\nSELECT $1::int;\n");
  const Workload workload = load_with(R"json("params": {
    "a": "values(2)", "b": "values(3)", "c": "values(4)", "one.c": "values(5)", "two.1": "values(6)"
  })json");
  const auto value = [&](std::size_t query, std::size_t parameter) {
    return workload.queries[query].parameters[parameter].generator.values.at(0);
  };
  EXPECT_EQ(value(0, 0), "2");
  EXPECT_EQ(value(0, 1), "1");  // its header comes first
  EXPECT_EQ(value(0, 2), "5");
  EXPECT_EQ(value(1, 0), "6");
}

TEST_F(WorkloadTest, RejectsGeneratorsOfParametersThatNoQueryHas) {
  add("q.sql", "-- name: q\nSELECT :owner;\n");
  EXPECT_EQ(error_with(R"json("params": {"owner": "values(1)", "ownr": "values(1)"})json"),
            "w/workload.json:2: no query has the parameter \"ownr\"\n"
            "  hint: Did you mean \"owner\"?");
  EXPECT_EQ(error_with(R"json("params": {"q/owner": "values(1)"})json"),
            "w/workload.json:2: \"q/owner\" cannot name a parameter\n"
            "  hint: Write \"NAME\", or \"QUERY.NAME\" for the parameter of one query.");
  EXPECT_THAT(error_with(R"json("params": {"owner": "value(1)"})json"),
              testing::StartsWith("w/workload.json:2: unrecognized generator \"value\""));
}

TEST_F(WorkloadTest, ReadsWhereAProgramRunsAndWhatElseItReads) {
  add("up/a.rb", "");
  add("up/b.rb", "");
  const Workload workload =
      load_with(R"json("setup": [{"run": ["tool"], "in": "up", "files": ["up/*.rb"]}])json");
  EXPECT_EQ(workload.setup[0].working_directory, "up");
  EXPECT_THAT(workload.setup[0].inputs, ElementsAre("up/a.rb", "up/b.rb"));
  EXPECT_EQ(error_with(R"json("setup": [{"sql": "q.sql", "in": "up"}])json"),
            "w/workload.json:2: \"in\" without \"run\"");
  EXPECT_EQ(error_with(R"json("setup": [{"run": ["tool"], "files": ["down/*"]}])json"),
            "w/workload.json:2: no file matches \"down/*\"\n"
            "  hint: Patterns are relative to the workload's directory.");
}

TEST(MigrationUp, LeavesOutWhatUndoes) {
  EXPECT_EQ(migration_up("-- migrate:up\nCREATE;\n\n-- migrate:down\nDROP;\nDROP;\n"),
            "-- migrate:up\nCREATE;\n\n\n\n\n");
  EXPECT_EQ(migration_up("-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n"
                         "-- +goose Down\nB;"),
            "-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n\n");
  EXPECT_EQ(migration_up("--  Down Migration\nB;\n-- Up Migration\nA;\n"),
            "\n\n-- Up Migration\nA;\n");
}

TEST(MigrationUp, LeavesOtherScriptsAlone) {
  const std::string script = "-- up and away\nCREATE;\n-- +migrate Down only is no section\nB;";
  EXPECT_EQ(migration_up(script), script);
  EXPECT_EQ(migration_up(""), "");
}

TEST_F(WorkloadTest, ReadsTheExamplesOfItsSpecification) {
  for (const char* file : {"setup/001_schema.sql", "data/products.csv", "data/reviews.dump"})
    add(file, "");
  add("queries/orders.sql", example_of("sql"));
  const Workload workload = load(example_of("jsonc"));
  EXPECT_EQ(workload.name, "shop");
  EXPECT_EQ(workload.setup.size(), 4U);
  ASSERT_EQ(workload.queries.size(), 1U);
  EXPECT_EQ(workload.queries[0].weight, 120);
  EXPECT_EQ(workload.queries[0].policy.time_ratio, 1.3);
}

TEST(SampleWorkloads, AreReadable) {
  const std::vector<fs::path> found = find_workloads(fs::path(PGDUET_SOURCE_DIR) / "workloads");
  ASSERT_FALSE(found.empty());
  for (const fs::path& directory : found) {
    const Workload workload = load_workload(directory, directory.filename().string());
    EXPECT_EQ(workload.name, directory.filename().string());
    for (const Query& query : workload.queries) {
      EXPECT_TRUE(query.traits.parsed) << query.name;
      EXPECT_FALSE(query.description.empty()) << query.name;
    }
  }
}

}  // namespace
}  // namespace pgduet::harness

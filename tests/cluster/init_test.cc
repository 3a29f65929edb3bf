// `pgduet init` in repositories as they are found, and the gate on what it wrote.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "test_server.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class InitTest : public testing::Test {
 protected:
  InitTest() { fs::create_directory(top()); }

  fs::path top() const { return directory_.path() / "my shop"; }
  void write(const std::string& file, const std::string& text) const {
    harness::write_file_atomically(top() / file, text);
  }
  std::string read(const std::string& file) const { return harness::read_file(top() / file); }

  harness::CommandResult pgduet(const std::vector<std::string>& arguments) const {
    harness::CommandOptions command;
    command.arguments = {std::getenv("PGDUET_PROGRAM")};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.working_directory = top();
    const harness::Installation& installation = harness::test_installation();
    command.environment = {{"PGDUET_CACHE_DIR", harness::test_cache_directory().string()},
                           {"PGDUET_PG_BIN", installation.bin_directory.string()},
                           {"PGDUET_HEAD_PG", std::to_string(installation.major)}};
    return harness::run_command(command);
  }

  harness::TempDir directory_ = harness::test_directory();
};

constexpr const char* schema = R"sql(
CREATE TYPE status AS ENUM ('new', 'paid', 'sent');
CREATE TABLE order_lines (id bigserial PRIMARY KEY, order_id bigint NOT NULL, "the name" text NOT NULL);
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email varchar(40) NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  parent_id bigint REFERENCES orders,
  status status NOT NULL,
  total numeric(10, 2) NOT NULL CHECK (total >= 0));
ALTER TABLE order_lines ADD FOREIGN KEY (order_id) REFERENCES orders;
CREATE TABLE below_zero (a integer CHECK (a < 0));
)sql";

TEST_F(InitTest, MigrationsAndQueriesOfSqlcBecomeAWorkloadThatTheGateTakes) {
  write("db/migrations/0001_init.up.sql", schema);
  write("db/migrations/0001_init.down.sql", "DROP TABLE orders;\n");
  write("db/migrations/0002_indexes.up.sql", "CREATE INDEX ON orders (customer_id);\n");
  const std::string queries =
      "-- name: ListOrders :many\n"
      "SELECT o.id, c.email FROM orders AS o JOIN customers AS c ON c.id = o.customer_id\n"
      "WHERE o.customer_id = $1 AND status = $2 ORDER BY o.id LIMIT $3;\n\n"
      "-- name: OrdersByIds :many\n"
      "SELECT id, total FROM orders WHERE id = ANY($1::bigint[]);\n\n"
      "-- name: CreateOrder :one\n"
      "INSERT INTO orders (customer_id, status, total) VALUES ($1, $2, $3) RETURNING total;\n\n"
      "-- name: CustomersLike :many\n"
      "SELECT id FROM customers WHERE email LIKE $1 AND created_at > $2 ORDER BY id;\n";
  write("app/sql/orders.sql", queries);
  write("app/sql/with_arg.sql",
        "-- name: WithArg :one\nSELECT 1 FROM orders WHERE id = sqlc.arg(id);\n");

  const harness::CommandResult made = pgduet({"init"});
  ASSERT_EQ(made.exit_status, 0) << made.output << made.errors;
  EXPECT_THAT(made.output,
              AllOf(HasSubstr("found numbered SQL files in db/migrations"),
                    HasSubstr("found 4 queries in 1 file"),
                    HasSubstr("left out app/sql/with_arg.sql\n  app/sql/with_arg.sql:1: the server "
                              "does not accept query \"WithArg\": schema \"sqlc\" does not exist"),
                    HasSubstr("the server refused those of below_zero: mend them"),
                    HasSubstr("pgduet record"), HasSubstr("pgduet check")));
  const gate::Json workload = gate::Json::parse(read("workloads/my-shop/workload.json"));
  EXPECT_EQ(workload["name"], "my-shop");
  EXPECT_EQ(workload["setup"][0]["sql"], "../../db/migrations/*.up.sql");
  EXPECT_EQ(workload["setup"][1]["sql"], "setup/900_seed.sql");
  EXPECT_EQ(workload["params"]["ListOrders.3"], "values(20)");
  EXPECT_THAT(workload["params"]["ListOrders.1"].get<std::string>(),
              HasSubstr("SELECT customer_id FROM orders"));
  EXPECT_THAT(read("workloads/my-shop/setup/900_seed.sql"),
              AllOf(HasSubstr("INSERT INTO orders"), HasSubstr("\n-- INSERT INTO below_zero"),
                    HasSubstr("violates check constraint")));
  EXPECT_EQ(read("app/sql/orders.sql"), queries);

  const harness::CommandResult recorded = pgduet({"record"});
  EXPECT_EQ(recorded.exit_status, 0) << recorded.output << recorded.errors;
  EXPECT_THAT(recorded.output, HasSubstr("4 baselines written"));
  const harness::CommandResult checked = pgduet({"check", "--base", "none"});
  EXPECT_EQ(checked.exit_status, 0) << checked.output << checked.errors;

  const harness::CommandResult again = pgduet({"init"});
  EXPECT_EQ(again.exit_status, 2);
  EXPECT_THAT(again.errors,
              HasSubstr("workloads/my-shop/workload.json: this file is there already"));
}

TEST_F(InitTest, UsesTheWayUpTheRowsAndTheNamesThatAreThere) {
  write("migrations/20260101_items.sql",
        "-- migrate:up\nCREATE TABLE items (id int PRIMARY KEY, owner_id int NOT NULL);\n"
        "-- migrate:down\nDROP TABLE items;\n");
  write("seeds/items.sql",
        "INSERT INTO items SELECT i, i % 7 FROM generate_series(1, 500) AS i;\n");
  write("queries/items.sql",
        "-- name: items_of\nSELECT id FROM items WHERE owner_id = :owner ORDER BY id;\n"
        "-- name: count_of\nSELECT count(*) FROM items WHERE owner_id = :owner;\n"
        "-- name: item\n-- param id: values(5)\nSELECT * FROM items WHERE id = :id;\n");
  const harness::CommandResult made = pgduet({"init", "bench/items", "--name", "stock"});
  ASSERT_EQ(made.exit_status, 0) << made.output << made.errors;
  EXPECT_EQ(read("bench/items/workload.json"), R"json({
  "format_version": 1,
  "name": "stock",
  "setup": [
    { "sql": "../../migrations/[0-9]*.sql" },
    { "sql": "../../seeds/items.sql" }
  ],
  "queries": ["../../queries/*.sql"],
  "params": {
    "owner": "query(SELECT owner_id FROM items WHERE owner_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 5)"
  }
}
)json");
  EXPECT_FALSE(fs::exists(top() / "bench/items/setup"));
  EXPECT_THAT(made.output, HasSubstr("pgduet record bench/items"));
}

TEST_F(InitTest, WritesThePatternOfADirectoryOnce) {
  write("db/001_t.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  // By name, the directory stands between the files.
  for (const std::string name : {"a", "m/b", "z"})
    write("sql/" + name + ".sql", "-- name: " + name.substr(name.size() - 1) + "\nSELECT 1;\n");
  const harness::CommandResult made = pgduet({"init", "w", "--queries", "."});
  ASSERT_EQ(made.exit_status, 0) << made.output << made.errors;
  EXPECT_EQ(gate::Json::parse(read("w/workload.json"))["queries"],
            gate::Json({"../sql/*.sql", "../sql/m/*.sql"}));
}

TEST_F(InitTest, LeavesNothingBehindWhenTheMigrationsFail) {
  write("migrations/1_a.sql", "CREATE TABLE a ();\nCREATE TABEL b ();\n");
  write("queries/a.sql", "-- name: a\nSELECT 1;\n");
  const harness::CommandResult failed = pgduet({"init"});
  EXPECT_EQ(failed.exit_status, 2);
  EXPECT_THAT(failed.errors, HasSubstr("migrations/1_a.sql:2: setup step failed: syntax error"));
  EXPECT_FALSE(fs::exists(top() / "workloads"));
}

TEST_F(InitTest, SaysWhenThereIsNothingToMakeAWorkloadOf) {
  const harness::CommandResult failed = pgduet({"init"});
  EXPECT_EQ(failed.exit_status, 2);
  EXPECT_THAT(failed.errors, HasSubstr("found no migrations"));
  EXPECT_FALSE(fs::exists(top() / "workloads"));
}

}  // namespace
}  // namespace pgduet::cli

#include "pgduet/gate/touched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "setup_effects.h"

namespace pgduet::gate {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A shop: orders of customers, order lines by month, a view, functions, a trigger on jobs.
Catalog shop() {
  return {
      {"table", "public.customers", "", "table"},
      {"table", "public.orders", "", "table"},
      {"table", "public.lines", "", "partitioned by RANGE (month)"},
      {"table", "public.lines_2026", "",
       "table, inherits public.lines, FOR VALUES FROM (1) TO (2)"},
      {"table", "public.jobs", "", "table"},
      {"table", "public.log", "", "table"},
      {"table", "public.totals", "", "table"},
      {"column", "public.orders.id", "public.orders", "bigint"},
      {"column", "public.log.id", "public.log", "uuid default gen_random_uuid()"},
      {"column", "public.jobs.id", "public.jobs",
       "bigint default nextval('jobs_id_seq'::regclass)"},
      {"sequence", "public.jobs_id_seq", "", "bigint"},
      {"index", "public.orders_customer_idx", "public.orders",
       "public.orders USING btree (customer_id)"},
      {"constraint", "public.orders.orders_customer_fkey", "public.orders",
       "FOREIGN KEY (customer_id) REFERENCES public.customers(id) ON DELETE CASCADE"},
      {"view", "public.open_orders", "", "SELECT id FROM public.orders WHERE open"},
      {"function", "public.order_count(integer)", "",
       "CREATE FUNCTION public.order_count(integer) LANGUAGE sql AS $$ SELECT count(*) FROM "
       "open_orders $$"},
      {"function", "public.write_log()", "",
       "CREATE FUNCTION public.write_log() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log DEFAULT "
       "VALUES; END $$"},
      {"trigger", "public.jobs.logged", "public.jobs",
       "CREATE TRIGGER logged AFTER INSERT ON public.jobs EXECUTE FUNCTION write_log()"},
  };
}

class TouchedTest : public ::testing::Test {
 protected:
  TouchedTest() {
    record_.postgres_version = "15.4";
    record_.catalog = shop();
    base_.record = head_.record = &record_;
    base_.steps = {
        step("setup/001_schema.sql", {"CREATE TABLE orders (id bigint)"}),
        step("setup/002_data.sql",
             {"INSERT INTO customers SELECT generate_series(1, 10)", "INSERT INTO orders SELECT 1",
              "INSERT INTO log DEFAULT VALUES", "INSERT INTO totals SELECT count(*) FROM orders"}),
        step("setup/003_indexes.sql",
             {"CREATE INDEX orders_customer_idx ON orders (customer_id)"})};
    head_.steps = base_.steps;
  }

  static SetupStepText step(const std::string& name, const std::vector<std::string>& statements) {
    SetupStepText text;
    text.name = name;
    int line = 0;
    for (const std::string& statement : statements) text.statements.push_back({statement, ++line});
    return text;
  }

  static SetupStepText of_kind(SetupStepText::Kind kind, const std::string& name) {
    SetupStepText text;
    text.kind = kind;
    text.name = name;
    return text;
  }

  // What head's change touches when it does this at the end.
  Touched after(const std::string& statement) {
    head_.steps.push_back(step("setup/004_more.sql", {statement}));
    const Touched result = touched_by(base_, head_);
    head_.steps.pop_back();
    return result;
  }

  SideRecord record_;
  SetupSide base_;
  SetupSide head_;
};

bool reads(const Touched& touched, const std::string& sql) {
  return can_touch(touched, {sql}, false);
}
bool writes(const Touched& touched, const std::string& sql) {
  return can_touch(touched, {sql}, true);
}

TEST_F(TouchedTest, TheSameSetupTouchesNothing) {
  const Touched touched = touched_by(base_, head_);
  EXPECT_EQ(touched.everything_because, "");
  EXPECT_THAT(touched.changed, IsEmpty());
  EXPECT_FALSE(reads(touched, "SELECT * FROM orders, pg_class"));
}

TEST_F(TouchedTest, AnIndexTouchesItsTable) {
  for (const char* statement : {"CREATE INDEX ON orders (total)", "DROP INDEX orders_customer_idx",
                                "ALTER INDEX orders_customer_idx SET (fillfactor = 70)",
                                "REINDEX INDEX orders_customer_idx"}) {
    const Touched touched = after(statement);
    EXPECT_EQ(touched.everything_because, "") << statement;
    EXPECT_THAT(touched.changed, ElementsAre("orders")) << statement;
    EXPECT_TRUE(reads(touched, "SELECT 1 FROM public.Orders"));
    EXPECT_FALSE(reads(touched, "SELECT 1 FROM customers, lines, jobs"));
  }
}

TEST_F(TouchedTest, ViewsAndFunctionsAboveATableAreTouchedWithIt) {
  const Touched touched = after("ALTER TABLE orders ALTER COLUMN id SET STATISTICS 1000");
  EXPECT_TRUE(reads(touched, "SELECT * FROM open_orders"));
  EXPECT_TRUE(reads(touched, "SELECT order_count(7)"));
  EXPECT_FALSE(reads(touched, "SELECT write_log()"));
}

TEST_F(TouchedTest, AForeignKeyConcernsWhoWrites) {
  const Touched orders = after("DROP INDEX orders_customer_idx");
  EXPECT_FALSE(reads(orders, "SELECT * FROM customers"));
  EXPECT_TRUE(writes(orders, "DELETE FROM customers"));
  const Touched customers = after("CREATE INDEX ON customers (name)");
  EXPECT_FALSE(reads(customers, "SELECT * FROM orders"));
  EXPECT_TRUE(writes(customers, "INSERT INTO orders DEFAULT VALUES"));
}

TEST_F(TouchedTest, ATriggerConcernsWhoWrites) {
  const Touched touched = after("CREATE INDEX ON log (id)");
  EXPECT_FALSE(reads(touched, "SELECT * FROM jobs"));
  EXPECT_TRUE(writes(touched, "INSERT INTO jobs DEFAULT VALUES"));
}

TEST_F(TouchedTest, PartitionsAndTheirParentsAreTouchedTogether) {
  EXPECT_TRUE(reads(after("CREATE INDEX ON lines_2026 (id)"), "SELECT * FROM lines"));
  EXPECT_TRUE(reads(after("CREATE INDEX ON lines (id)"), "SELECT * FROM lines_2026"));
}

TEST_F(TouchedTest, LaterStatementsCarryDataOn) {
  head_.steps[1].statements[1].text = "INSERT INTO orders SELECT 2";
  const Touched touched = touched_by(base_, head_);
  EXPECT_THAT(touched.changed, Contains("totals"));
  EXPECT_THAT(touched.changed, Not(Contains("customers")));
}

TEST_F(TouchedTest, EarlierStatementsDoNot) {
  EXPECT_THAT(after("DROP INDEX orders_customer_idx").changed, Not(Contains("totals")));
}

TEST_F(TouchedTest, OrderCounts) {
  std::swap(head_.steps[1].statements[1], head_.steps[1].statements[3]);
  EXPECT_THAT(touched_by(base_, head_).changed, Contains("totals"));
}

TEST_F(TouchedTest, InAStepThatDiffersRandomNumbersDiffer) {
  head_.steps[1].statements.insert(head_.steps[1].statements.begin(),
                                   {"INSERT INTO lines VALUES (1)", 1});
  const Touched touched = touched_by(base_, head_);
  EXPECT_THAT(touched.changed,
              ElementsAre("lines", "lines_2026", "log"));  // whose default is random
}

TEST_F(TouchedTest, AStepThatIsOnlyRenamedDrawsOtherRandomNumbers) {
  head_.steps[1].name = "setup/002_more_data.sql";
  EXPECT_THAT(touched_by(base_, head_).changed, ElementsAre("log"));
}

TEST_F(TouchedTest, DeletingRowsTouchesWhatCascades) {
  EXPECT_THAT(after("DELETE FROM customers WHERE id = 1").changed,
              ElementsAre("customers", "orders"));
  EXPECT_THAT(after("INSERT INTO customers VALUES (1)").changed, ElementsAre("customers"));
}

TEST_F(TouchedTest, WritingToAPartitionedTableWritesToItsPartitions) {
  EXPECT_THAT(after("INSERT INTO lines VALUES (1)").changed, ElementsAre("lines", "lines_2026"));
}

TEST_F(TouchedTest, AStatementThatMovedOutOfItsSessionDiffers) {
  const auto steps = [](const std::string& first) {
    return std::vector<SetupStepText>{
        step("setup/001.sql", {first, "INSERT INTO orders SELECT 1", "INSERT INTO log VALUES (1)"}),
        step("setup/002.sql", {"INSERT INTO lines VALUES (1)"})};
  };
  const auto moved = [](std::vector<SetupStepText> steps_of_base) {
    steps_of_base[1].statements.insert(steps_of_base[1].statements.begin(),
                                       steps_of_base[0].statements.back());
    steps_of_base[0].statements.pop_back();
    return steps_of_base;
  };
  base_.steps = steps("INSERT INTO totals VALUES (1)");
  head_.steps = moved(base_.steps);
  EXPECT_THAT(touched_by(base_, head_).changed, ElementsAre("log"));  // by its random default
  base_.steps = steps("SET datestyle = 'German'");
  head_.steps = moved(base_.steps);
  EXPECT_THAT(touched_by(base_, head_).changed, Contains("log"));
  base_.steps[0].statements[2].text = head_.steps[1].statements[0].text =
      "INSERT INTO customers VALUES (1)";
  EXPECT_THAT(touched_by(base_, head_).changed, ElementsAre("customers"));
}

TEST_F(TouchedTest, SettingASequenceTouchesIt) {
  EXPECT_THAT(after("SELECT setval('jobs_id_seq', (SELECT max(id) FROM log))").changed,
              ElementsAre("jobs_id_seq", "log"));
  EXPECT_TRUE(reads(after("SELECT setval('jobs_id_seq', 9)"), "SELECT nextval('jobs_id_seq')"));
}

TEST_F(TouchedTest, AnUnchangedBlockThatMayNameAnythingTouchesEverything) {
  for (SetupSide* side : {&base_, &head_}) {
    side->steps.push_back(step("setup/005.sql", {"DO $$ BEGIN EXECUTE 'a' || 'b'; END $$",
                                                 "DO $$ BEGIN PERFORM FROM pg_class; END $$"}));
  }
  head_.steps.insert(head_.steps.begin() + 3, step("setup/004.sql", {"CREATE INDEX ON log (id)"}));
  EXPECT_THAT(touched_by(base_, head_).everything_because, HasSubstr("setup/005.sql:1 (DO)"));
  for (SetupSide* side : {&base_, &head_}) {
    side->steps.back().statements.erase(side->steps.back().statements.begin());
  }
  EXPECT_THAT(touched_by(base_, head_).everything_because, HasSubstr("setup/005.sql:2 (DO)"));
}

TEST_F(TouchedTest, ACommentTouchesNothing) {
  const Touched touched = after("COMMENT ON TABLE orders IS 'x'");
  EXPECT_EQ(touched.everything_because, "");
  EXPECT_THAT(touched.changed, IsEmpty());
}

TEST_F(TouchedTest, ATableThatIsFilledFromAFileIsTouched) {
  SetupStepText copy =
      of_kind(SetupStepText::Kind::copy, "copy data/orders.csv into public.orders (id)");
  copy.into = "public.orders (id)";
  copy.content_hash = "a";
  base_.steps.push_back(copy);
  copy.content_hash = "b";
  head_.steps.push_back(copy);
  EXPECT_THAT(touched_by(base_, head_).changed, ElementsAre("orders"));
}

TEST_F(TouchedTest, WhoReadsTheServersCatalogueSeesEveryChange) {
  const Touched touched = after("CREATE INDEX ON log (id)");
  EXPECT_TRUE(reads(touched, "SELECT reltuples FROM pg_class"));
  EXPECT_TRUE(reads(touched, "SELECT * FROM information_schema.tables"));
  EXPECT_FALSE(reads(touched, "SELECT pg_sleep(1), pg_catalog.lower('x')"));
}

TEST_F(TouchedTest, AFunctionThatPutsItsStatementsTogetherMayDoAnything) {
  record_.catalog.push_back({"function", "public.count_of(text)", "",
                             "CREATE FUNCTION count_of(text) LANGUAGE plpgsql AS $$ EXECUTE "
                             "'SELECT count(*) FROM ' || $1 $$"});
  EXPECT_TRUE(reads(after("CREATE INDEX ON log (id)"), "SELECT count_of('o' || 'rders')"));
}

TEST_F(TouchedTest, WhatTheStatementsDoNotTellTheCataloguesDo) {
  SideRecord head = record_;
  head.catalog[0].definition = "table, unlogged";
  head_.record = &head;
  EXPECT_THAT(touched_by(base_, head_).changed, ElementsAre("customers"));
  head.catalog.push_back({"setting", "work_mem", "", "64kB"});
  EXPECT_EQ(touched_by(base_, head_).everything_because, "setting work_mem differs");
}

TEST_F(TouchedTest, WhatCannotBeFollowedTouchesEverything) {
  for (const char* statement :
       {"DO $$ BEGIN END $$",
        "SET work_mem = '64kB'",
        "SELECT order_count(9)",
        "SELECT 1 INTO orders",
        "ALTER ROLE app SET work_mem = '64kB'",
        "ALTER SYSTEM SET jit = off",
        "CREATE EXTENSION pg_trgm",
        "CREATE OPERATOR === (FUNCTION = f, LEFTARG = int)",
        "CREATE RULE r AS ON INSERT TO orders DO NOTHING",
        "ALTER TYPE mood ADD VALUE 'sad'",
        "DROP SCHEMA app",
        "DROP TYPE mood",
        "TRUNCATE orders CASCADE",
        "ROLLBACK",
        "COPY orders TO '/tmp/x'",
        "COPY orders FROM PROGRAM 'cat'",
        "GRANT app TO someone",
        "DROP INDEX of_no_table",
        "ANALYZE",
        "ALTER TABLE orders SET SCHEMA app",
        "INSERT INTO orders SELECT order_count(1)",
        "INSERT INTO jobs DEFAULT VALUES",
        "WITH x AS (DELETE FROM log RETURNING 1) INSERT INTO orders SELECT * FROM x",
        "CREATE TABLE copy AS SELECT order_count(1)",
        "FORM orders"}) {
    EXPECT_NE(after(statement).everything_because, "") << statement;
  }
  EXPECT_EQ(after("DO $$ BEGIN END $$").everything_because,
            "setup/004_more.sql:1 (DO) differs, and cannot be followed");
  EXPECT_TRUE(reads(after("DO $$ BEGIN END $$"), "SELECT 1"));
}

TEST_F(TouchedTest, AnUnchangedBlockThatNamesWhatDiffersTouchesEverything) {
  for (SetupSide* side : {&base_, &head_}) {
    side->steps.push_back(step("setup/005_block.sql", {"DO $$ BEGIN PERFORM 1 FROM log; END $$"}));
  }
  EXPECT_EQ(touched_by(base_, head_).everything_because, "");
  head_.steps.insert(head_.steps.begin() + 3,
                     step("setup/004.sql", {"INSERT INTO log VALUES (1)"}));
  EXPECT_EQ(touched_by(base_, head_).everything_because,
            "setup/005_block.sql:1 (DO) names what differs, and cannot be followed");
}

TEST_F(TouchedTest, OtherSurroundingsTouchEverything) {
  const auto because = [this](const auto& change) {
    SideRecord record = record_;
    SetupSide head = head_;
    head.record = &record;
    change(head, record);
    return touched_by(base_, head).everything_because;
  };
  EXPECT_EQ(because([](SetupSide&, SideRecord& record) { record.postgres_version = "17.1"; }),
            "the PostgreSQL versions differ");
  EXPECT_EQ(because([](SetupSide&, SideRecord& record) { record.settings["jit"] = "off"; }),
            "the settings of workload.json differ");
  EXPECT_EQ(because([](SetupSide&, SideRecord& record) { record.external_server = true; }),
            "the server is not pgduet's own");
  EXPECT_EQ(because([](SetupSide& head, SideRecord&) { head.extensions = {"pg_trgm"}; }),
            "the extensions of workload.json differ");
  EXPECT_EQ(because([](SetupSide& head, SideRecord&) { head.scale = 2; }),
            "the scale of workload.json differs");
  EXPECT_THAT(
      because([](SetupSide& head, SideRecord&) { head.unnamed_dependencies = {"operator ==="}; }),
      HasSubstr("what depends on operator === cannot be followed"));
  EXPECT_THAT(because([](SetupSide& head, SideRecord&) {
                head.steps.push_back(of_kind(SetupStepText::Kind::run, "run alembic upgrade head"));
              }),
              HasSubstr("what \"run alembic upgrade head\" does cannot be followed"));
  EXPECT_EQ(because([](SetupSide& head, SideRecord&) {
              head.steps.push_back(of_kind(SetupStepText::Kind::restore, "restore dump.pgc"));
            }),
            "restore dump.pgc differs, and cannot be followed");
}

// The statements that are followed, and what each is taken to change.
TEST(EffectOf, NamesWhatAStatementChanges) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"CREATE TABLE a (id int REFERENCES b(id))", "a"},
      {"CREATE TABLE a PARTITION OF b FOR VALUES IN (1)", "a b"},
      {"CREATE TABLE a AS SELECT * FROM b", "a"},
      {"CREATE MATERIALIZED VIEW a AS SELECT * FROM b", "a"},
      {"REFRESH MATERIALIZED VIEW a", "a"},
      {"CREATE VIEW a AS SELECT * FROM b", "a"},
      {"CREATE OR REPLACE FUNCTION s.a() RETURNS int LANGUAGE sql AS 'SELECT 1'", "a"},
      {"DROP FUNCTION a(int)", "a"},
      {"DROP TABLE s.a, b CASCADE", "a b"},
      {"DROP TRIGGER t ON s.a", "a"},
      {"DROP POLICY p ON a", "a"},
      {"ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b(id)", "a"},
      {"ALTER TABLE a ATTACH PARTITION b DEFAULT", "a b"},
      {"ALTER TABLE a RENAME TO b", "a b"},
      {"ALTER TABLE a RENAME COLUMN x TO y", "a"},
      {"CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "a"},
      {"CREATE POLICY p ON a USING (EXISTS (SELECT FROM b))", "a"},
      {"CREATE STATISTICS s ON x, y FROM a", "a"},
      {"CREATE SEQUENCE a", "a"},
      {"CREATE TYPE a AS ENUM ('x')", "a"},
      {"CREATE DOMAIN a AS int", "a"},
      {"GRANT SELECT ON a TO someone", "a"},
      {"UPDATE \"A\" SET x = 1 FROM b", "a"},
      {"INSERT INTO a SELECT * FROM b ON CONFLICT DO NOTHING", "a"},
      {"DELETE FROM a USING b", "a"},
      {"TRUNCATE a, b", "a b"},
      {"COPY a FROM '/data/a.csv'", "a"},
      {"CLUSTER a", "a"},
      {"VACUUM a", "a"},
      {"BEGIN", ""},
  };
  for (const auto& [sql, expected] : cases) {
    const StatementEffect effect = effect_of(sql);
    EXPECT_FALSE(effect.unknown) << sql;
    std::string names;
    for (const std::string& name : effect.names) names += (names.empty() ? "" : " ") + name;
    EXPECT_EQ(names, expected) << sql;
  }
}

TEST(EffectOf, TwoStatementsInOneAreUnknown) {
  EXPECT_TRUE(effect_of("CREATE INDEX ON a (x); CREATE INDEX ON b (x)").unknown);
  EXPECT_TRUE(effect_of("").unknown);
}

}  // namespace
}  // namespace pgduet::gate

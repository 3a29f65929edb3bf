#include "migrations.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "migration_files.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"

namespace pgduet::harness {
namespace {

using gate::Error;

struct Step {
  int number;
  const char* layer;
  const char* name;
  std::string_view up;
  std::string_view down;
};

const std::vector<Step>& steps() {
  static const std::vector<Step> all = {
      {1, "core", "core_runs", sql_0001_core_runs_up_sql, sql_0001_core_runs_down_sql},
      {2, "core", "core_executions", sql_0002_core_executions_up_sql,
       sql_0002_core_executions_down_sql},
      {3, "analysis", "analysis_plans_and_verdicts", sql_0003_analysis_plans_and_verdicts_up_sql,
       sql_0003_analysis_plans_and_verdicts_down_sql},
      {4, "analysis", "analysis_views", sql_0004_analysis_views_up_sql,
       sql_0004_analysis_views_down_sql},
      {5, "intelligence", "intelligence_recommendations",
       sql_0005_intelligence_recommendations_up_sql,
       sql_0005_intelligence_recommendations_down_sql}};
  return all;
}

std::string checksum(const Step& step) {
  return gate::hash_hex(std::string(step.up) + '\0' + std::string(step.down));
}

// Who migrates a store holds this lock.
constexpr const char* lock_sql = "SELECT pg_advisory_xact_lock(hashtext('pgduet store'))";

struct Applied {
  std::string name;
  std::string checksum;
  std::string at;
  std::string pgduet_version;
};

std::map<int, Applied> read_applied(Session& session) {
  std::map<int, Applied> applied;
  if (!has_table(session, "schema_migrations")) return applied;
  const pqxx::result result = session.execute(
      "SELECT number, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), pgduet_version FROM pgduet.schema_migrations");
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    applied[row[0].as<int>()] = {row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str()};
  }
  return applied;
}

// Throws for what this program must not touch.
void require_known(const std::map<int, Applied>& applied) {
  for (const auto& [number, one] : applied) {
    const std::string name = "migration " + std::to_string(number) + " (" + one.name + ")";
    const auto step = std::find_if(steps().begin(), steps().end(),
                                   [number = number](const Step& s) { return s.number == number; });
    if (step == steps().end()) {
      throw Error(Error::Kind::environment, {},
                  "the store was migrated by a newer pgduet: it has " + name + " of pgduet " +
                      one.pgduet_version +
                      ", and this pgduet " PGDUET_VERSION " knows those up to " +
                      std::to_string(steps().back().number),
                  "Use that pgduet, or let it run \"pgduet store rollback --to " +
                      std::to_string(steps().back().number) + "\".");
    }
    if (one.checksum != checksum(*step)) {
      throw Error(Error::Kind::environment, {},
                  "the store has " + name + " of pgduet " + one.pgduet_version +
                      " with another text than this pgduet " PGDUET_VERSION " has",
                  "Use that pgduet, or \"pgduet store rollback --to " + std::to_string(number - 1) +
                      "\" with it and then migrate with this one.");
    }
  }
}

std::map<int, Applied> read_known(Session& session) {
  auto applied = read_applied(session);
  require_known(applied);
  return applied;
}

void make_bookkeeping(Session& session) {
  if (has_table(session, "schema_migrations")) return;
  session.execute(
      "CREATE SCHEMA IF NOT EXISTS pgduet;"
      "COMMENT ON SCHEMA pgduet IS 'The store of pgduet: run records as tables';"
      "CREATE TABLE pgduet.schema_migrations ("
      "  number integer PRIMARY KEY,"
      "  layer text NOT NULL,"
      "  name text NOT NULL,"
      "  checksum text NOT NULL,"
      "  applied_at timestamptz NOT NULL,"
      "  pgduet_version text NOT NULL);"
      "COMMENT ON TABLE pgduet.schema_migrations IS 'What \"pgduet store migrate\" applied'");
}

bool apply(StoreSession& store, const Step& step) {
  bool applied = false;
  store.transaction([&](Session& session) {
    session.execute(lock_sql);
    make_bookkeeping(session);
    applied = !read_known(session).contains(step.number);
    if (!applied) return;
    session.execute(std::string(step.up));
    session.execute_params(
        "INSERT INTO pgduet.schema_migrations VALUES ($1, $2, $3, $4, now(), $5)",
        {std::to_string(step.number), step.layer, step.name, checksum(step), PGDUET_VERSION});
  });
  return applied;
}

bool take_back(StoreSession& store, const Step& step) {
  bool taken_back = false;
  store.transaction([&](Session& session) {
    session.execute(lock_sql);
    taken_back = read_known(session).contains(step.number);
    if (!taken_back) return;
    session.execute(std::string(step.down));
    const std::string number = std::to_string(step.number);
    session.execute("DELETE FROM pgduet.schema_migrations WHERE number = " + number);
    if (step.number == 1) return;
    session.execute("UPDATE pgduet.runs SET loaded_version = least(loaded_version, " + number +
                    " - 1) WHERE loaded_version >= " + number);
  });
  return taken_back;
}

}  // namespace

std::vector<Migration> migration_status(StoreSession& store) {
  std::map<int, Applied> applied;
  store.transaction([&](Session& session) { applied = read_known(session); });
  std::vector<Migration> migrations;
  for (const Step& step : steps()) {
    const auto found = applied.find(step.number);
    const bool there = found != applied.end();
    migrations.push_back(
        {step.number, step.layer, step.name, checksum(step), there, there ? found->second.at : ""});
  }
  return migrations;
}

std::vector<int> apply_migrations(StoreSession& store) {
  std::vector<int> numbers;
  for (const Migration& migration : migration_status(store)) {
    if (migration.applied) continue;
    const Step& step = steps()[static_cast<std::size_t>(migration.number) - 1];
    if (apply(store, step)) numbers.push_back(step.number);
  }
  return numbers;
}

std::vector<int> take_back_migrations(StoreSession& store, int number) {
  std::vector<int> numbers;
  for (auto step = steps().rbegin(); step != steps().rend() && step->number > number; ++step) {
    if (take_back(store, *step)) numbers.push_back(step->number);
  }
  return numbers;
}

}  // namespace pgduet::harness

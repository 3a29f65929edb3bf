#include "pgduet/harness/setup.h"

#include <algorithm>
#include <chrono>

#include "change_locator.h"
#include "pgduet/gate/hash.h"
#include "pgduet/harness/interrupt.h"
#include "session.h"
#include "setup_step.h"

namespace pgduet::harness {
namespace {

// Before each session whose statements may draw random numbers.
void reseed(const SetupTarget& target, const std::string& name) {
  if (target.reseed) target.reseed(name);
}

void show(const SetupTarget& target, const std::string& text) {
  if (target.progress) target.progress(text);
}

// Compares the catalogue with what it was, and traces each change to a line of `statements`.
std::vector<gate::CatalogChange> changes_since(gate::Catalog& catalog, const SetupTarget& target,
                                               const std::string& file,
                                               const std::vector<gate::SqlStatement>& statements) {
  gate::Catalog now = read_catalog(target.connection_string);
  std::vector<gate::CatalogChange> changes = gate::compare_catalogs(catalog, now);
  for (gate::CatalogChange& change : changes)
    change.at = {file, line_of_change(change.object, statements), 0};
  catalog = std::move(now);
  return changes;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Cut before a character that does not fit.
std::string shown_statement(const std::string& text) {
  if (text.size() <= gate::longest_step_statement) return text;
  std::size_t end = gate::longest_step_statement;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::vector<gate::StepStatement> statements_behind(
    const std::vector<gate::CatalogChange>& changes,
    const std::vector<gate::SqlStatement>& statements) {
  std::vector<gate::StepStatement> behind;
  for (const gate::SqlStatement& statement : statements) {
    const bool named = std::any_of(
        changes.begin(), changes.end(),
        [&](const gate::CatalogChange& change) { return change.at.line == statement.line; });
    if (named) behind.push_back({statement.line, shown_statement(statement.text)});
  }
  return behind;
}

gate::StepRecord create_extensions(const Workload& workload, const SetupTarget& target,
                                   gate::Catalog& catalog) {
  const auto start = std::chrono::steady_clock::now();
  reseed(target, "extensions");
  Session session(target.connection_string);
  std::string names;
  for (const std::string& name : workload.extensions) {
    show(target, "extension " + name);
    try {
      session.execute("CREATE EXTENSION IF NOT EXISTS " + gate::quote_identifier(name));
    } catch (const StatementFailure& failure) {
      throw setup_error(failure, {workload.shown_directory + "/workload.json", 0, 0},
                        "could not create extension \"" + name + "\"");
    }
    names += name + '\0';
  }
  return {.name = "extensions",
          .content_hash = gate::hash_hex(names),
          .seconds = seconds_since(start),
          .changes = changes_since(catalog, target, "workload.json", {})};
}

gate::StepRecord record_step(const Workload& workload, const SetupStep& step,
                             const SetupTarget& target, gate::Catalog& catalog) {
  const auto start = std::chrono::steady_clock::now();
  const std::string name = step.name();
  show(target, name);
  reseed(target, name);
  const RanStep ran = run_step(workload, step, target);
  const double seconds = seconds_since(start);
  const std::string file = step.kind == SetupStep::Kind::sql ? step.file : name;
  std::vector<gate::CatalogChange> changes = changes_since(catalog, target, file, ran.statements);
  std::vector<gate::StepStatement> statements = statements_behind(changes, ran.statements);
  return {.name = name,
          .content_hash = ran.content_hash,
          .seconds = seconds,
          .changes = std::move(changes),
          .statements = std::move(statements)};
}

void vacuum(const SetupTarget& target) {
  show(target, "VACUUM (FREEZE)");
  reseed(target, "vacuum");
  Session session(target.connection_string);
  session.execute("VACUUM (FREEZE)");
}

struct AnalyzedTable {
  std::string quoted;  // as a statement names it
  std::string shown;   // "public.orders"
};

// Partitioned tables before the others, parents first: ANALYZE of a partitioned table analyses its
// partitions, too, and the sample that stays has to be the one that depends on the partition alone.
std::vector<AnalyzedTable> tables_to_analyze(const SetupTarget& target) {
  Session session(target.connection_string);
  const pqxx::result result = session.execute(R"sql(
    SELECT quote_ident(nspname) || '.' || quote_ident(relname), nspname || '.' || relname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'm') AND relpersistence <> 't'
      AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    ORDER BY relkind <> 'p',
             CASE relkind WHEN 'p' THEN (SELECT count(*) FROM pg_partition_ancestors(pg_class.oid)) END,
             nspname COLLATE "C", relname COLLATE "C")sql");
  std::vector<AnalyzedTable> tables;
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    tables.push_back({.quoted = row[0].c_str(), .shown = row[1].c_str()});
  }
  return tables;
}

}  // namespace

SetupResult build_database(const Workload& workload, const SetupTarget& target) try {
  SetupResult result;
  gate::Catalog catalog = read_catalog(target.connection_string);
  if (!workload.extensions.empty())
    result.steps.push_back(create_extensions(workload, target, catalog));
  for (const SetupStep& step : workload.setup) {
    check_interrupt();
    result.steps.push_back(record_step(workload, step, target, catalog));
  }
  vacuum(target);
  analyze_database(target);
  result.catalog = std::move(catalog);
  return result;
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

void analyze_database(const SetupTarget& target) try {
  for (const AnalyzedTable& table : tables_to_analyze(target)) {
    check_interrupt();
    show(target, "ANALYZE " + table.shown);
    reseed(target, "analyze " + table.shown);
    Session session(target.connection_string);
    session.execute("ANALYZE " + table.quoted);
  }
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

}  // namespace pgduet::harness

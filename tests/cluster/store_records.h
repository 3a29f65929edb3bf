// Run records for tests of the store, and what a store holds in a form that two can be compared by.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "../unit/record_builders.h"
#include "pgduet/gate/error.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/store.h"

namespace pgduet::harness {

struct RecordSize {
  int queries = 4;     // of each of the two workloads
  int executions = 5;  // samples of each binding
};

// "20261003T101503.000Z-000003": of one of the months from September to November 2026, in turns.
inline std::string store_run_id(int number) {
  char text[48];
  std::snprintf(text, sizeof text, "2026%04dT10%02d%02d.000Z-%06x", 901 + number % 3 * 100,
                number / 60 % 60, number % 60, static_cast<unsigned>(number));
  return text;
}

inline std::string store_time(int number) {
  char text[48];
  std::snprintf(text, sizeof text, "2026-%02d-01T10:%02d:%02dZ", 9 + number % 3, number / 60 % 60,
                number % 60);
  return text;
}

// The queries of a run: some change their plan from run to run, one fails on head, one is new.
inline gate::QueryRecord store_query(int run, int query, const RecordSize& size) {
  using namespace gate::testing;
  const auto one_side = [&](const gate::PlanNode& plan, int blocks) {
    std::vector<gate::BindingRun> bindings = {binding(plan, blocks, "42", 1),
                                              binding(plan, blocks + 1, "it's {7}", 2)};
    for (gate::BindingRun& one : bindings) {
      one.executions.clear();
      for (int i = 0; i < size.executions; ++i) {
        gate::Execution execution;
        execution.wall_us = 60.25 + run + query + i / 3.0;
        if (i % 2 == 0) execution.cpu_us = 40.5 + i;
        execution.stage = i % 4 == 3 ? 1 : 0;
        one.executions.push_back(execution);
      }
    }
    gate::QueryRun made = with_text(query_run(bindings), "SELECT " + std::to_string(query));
    made.generic_plan = gate::to_json(gate::testing::plan(plan));
    made.generic_shape = gate::shape_of(gate::testing::plan(plan)).id;
    return made;
  };
  gate::QueryRun base = one_side(by_index(), 20);
  gate::QueryRun head = (run + query) % 3 == 0 ? one_side(without_index(), 400) : base;
  if (query % 4 == 2)
    for (gate::BindingRun& one : head.bindings)
      one = failing(one, "42703", "column \"nme\" does not exist");
  if (query % 4 == 3) return gate::testing::query("new_" + std::to_string(query), {}, head);
  return gate::testing::query("orders_" + std::to_string(query), base, head);
}

inline gate::RunRecord store_record(int number, const RecordSize& size = {}) {
  gate::RunRecord record;
  record.pgduet_version = "1.0";
  record.run_id = store_run_id(number);
  record.started_at = store_time(number);
  record.seconds = 1.5;
  record.machine.cores = 2;
  for (const char* name : {"shop", "stock"}) {
    gate::WorkloadRecord workload;
    workload.name = name;
    workload.directory = std::string("workloads/") + name;
    workload.base = gate::testing::side("3f2a91c");
    workload.head = gate::testing::side_without_index("work tree");
    workload.head.commit =
        gate::CommitRecord{"c0ffee" + std::to_string(number), "2026-09-01T08:00:00Z",
                           "Say \"it's\" {faster}", number % 2 == 0 ? "main" : "topic", false};
    for (int query = 0; query < size.queries; ++query)
      workload.queries.push_back(store_query(number, query, size));
    record.workloads.push_back(std::move(workload));
  }
  return record;
}

inline void save_records(const std::filesystem::path& state_directory, int first, int last,
                         const RecordSize& size = {}) {
  for (int number = first; number <= last; ++number)
    save_run_record(state_directory / "runs", store_record(number, size));
}

// What each table holds: "12 rows, " and a checksum; and which partitions there are. What the
// migrations keep of themselves is left out: it has the time in it.
using Tables = std::map<std::string, std::string>;
inline Tables tables_of(const std::string& connection_string) {
  pqxx::connection connection(connection_string);
  pqxx::nontransaction session(connection);
  session.exec("SET timezone = 'UTC'");
  const pqxx::result names = session.exec(
      "SELECT relname, relispartition FROM pg_class WHERE relnamespace = (SELECT oid FROM "
      "pg_namespace WHERE nspname = 'pgduet') AND relkind IN ('r', 'p') AND relname <> "
      "'schema_migrations' ORDER BY relname");
  Tables tables;
  for (const auto& row : names) {
    const std::string name = row[0].c_str();
    tables[name] =
        session
            .exec(
                "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER "
                "BY t::text COLLATE \"C\")), 'none') FROM pgduet." +
                name + " AS t")[0][0]
            .c_str();
  }
  return tables;
}

// The connection string of a store that is open.
inline std::string connection_of(const Store& store) {
  std::map<std::string, std::string> values = store.environment();
  return "host=" + values["PGHOST"] + " port=" + values["PGPORT"] + " user=" + values["PGUSER"] +
         " dbname=" + values["PGDATABASE"];
}

inline StoreOptions store_options(const std::string& url,
                                  const std::filesystem::path& state_directory) {
  StoreOptions options;
  options.url = url;
  options.state_directory = state_directory;
  return options;
}

// What a store holds that one process alone loaded the records of the directory into.
inline Tables load_alone(const std::string& url, const std::filesystem::path& state_directory) {
  Store store(store_options(url, state_directory));
  store.synchronize();
  return tables_of(url);
}

// The whole message of the Error, with its kind's exit status: "3: the store ..."; "" without one.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const gate::Error& error) {
    return std::to_string(gate::exit_status(error.kind())) + ": " + error.what();
  }
  return "";
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
    text.replace(at, from.size(), to), at += to.size();
  return text;
}

}  // namespace pgduet::harness

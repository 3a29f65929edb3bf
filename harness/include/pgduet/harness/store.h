// The store: a PostgreSQL database that run records are loaded into, where executions, plans and
// verdicts of all runs can be asked with SQL. It is an index: the run records stay the truth, and
// it can be made again from them at any time. harness/store/README.md describes its tables.
//
// Where it is: by default a private cluster in the state directory (`.pgduet/store/`), started when
// it is needed and made anew where it is lost, damaged or of another major version; or the team's
// server, where many runners write at once. A run is loaded in one transaction, and a run that is
// there is not loaded again; what can be tried again (a serialization failure, a lost connection)
// is tried again.
//
// All functions throw Error(environment) when the store cannot be reached or refuses, with the
// server's reason; no message holds a password. A transaction that was lost has changed nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/history.h"
#include "pgduet/harness/installation.h"

namespace pgduet::harness {

struct StoreOptions {
  // A connection string of the database that holds the store, or is to hold it; the embedded store
  // when empty. Tables are in its schema "pgduet".
  std::string url;
  std::filesystem::path state_directory = ".pgduet";  // of the run records and the embedded store
  // Where the embedded store is when it cannot be there; default_cache_directory() when empty.
  std::filesystem::path cache_directory = {};
  std::vector<Installation> installations;  // for the embedded store
  std::string pg_user;                      // see server_user()
  int keep_months = 13;  // how long runs are kept in the embedded store; 0: always
  // For how long a transaction that failed is tried again, where that can help.
  std::chrono::milliseconds patience{30000};
  std::function<void(const std::string&)> message;  // what the user should know; may be empty
  // "loading run records: 3 of 27", and "" when that is over; may be empty.
  std::function<void(const std::string&)> progress;
};

// Throws Error(usage) for a text that is no connection string. Never quotes it.
void require_store_url(const std::string& url);

// One step of the schema. Layers depend on those before them only: "core", "analysis",
// "intelligence".
struct Migration {
  int number = 0;  // from 1
  std::string layer;
  std::string name;      // "core_runs"
  std::string checksum;  // of its SQL, both ways
  bool applied = false;
  std::string applied_at;  // ISO 8601, UTC; "" when it is not applied

  bool operator==(const Migration&) const = default;
};

// What became of run records that were to be loaded.
struct LoadResult {
  int loaded = 0;
  int already_there = 0;
  int too_old = 0;  // before what the store keeps, see prune()
  int shards = 0;   // parts of a run that was split: their merged record is loaded
  std::vector<std::string> failures;  // one message a record that could not be read
};

struct StoreStatus {
  std::string place;    // "embedded in .pgduet/store", "stats on db.example.com as ci"
  std::string version;  // of the server: "15.18"
  std::vector<Migration> migrations;
  std::int64_t runs = 0;
  std::int64_t queries = 0;
  std::int64_t executions = 0;  // that times rest on
  std::string oldest_run;       // run ids; "" without runs
  std::string newest_run;
  std::int64_t bytes = 0;
  std::string kept_since;  // ISO 8601: older runs were pruned; "" when none were
  int waiting = 0;         // run records of the state directory that are not loaded
};

// Which runs a history takes.
struct HistoryFilter {
  std::string branch;  // of head; "" for all
  // The PostgreSQL major version of head. 0: that of the newest run, and the one before it until
  // the newest's first run; runs of others beside it cannot be compared with it.
  int major = 0;
  int last = 0;  // the newest so many runs; 0 for all
};

class Store {
 public:
  // Starts or connects. Throws Error(usage) for a connection string that is none. The server of the
  // embedded store dies with the thread that opens it (see Server): use the main thread.
  explicit Store(StoreOptions options);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // Applies the migrations that are missing, each in a transaction of its own; safe to call from
  // many runners at once. Returns their numbers. Throws Error(environment) for a store that a newer
  // pgduet migrated, or whose migrations were applied with another text.
  std::vector<int> migrate();

  // Takes back migrations down to `number` (0: all), the last first. What their tables held is
  // gone; runs are loaded into them again from the records that the core layer keeps.
  std::vector<int> rollback(int number);

  // Loads the record of a file unless its run is there. Migrates first. The embedded store also
  // keeps a copy of the file beside the run records.
  LoadResult import(const std::vector<std::filesystem::path>& files);

  // Loads the run records of the state directory that are not there yet.
  LoadResult synchronize();

  // Writes the run records that the store holds to `directory`/<run id>.json; those that are there
  // stay. Returns how many it wrote.
  int export_records(const std::filesystem::path& directory);

  // Removes the runs before the first of the month, `keep_months` months ago ("2026-11-22" and 13:
  // before 2025-10-01); of the embedded store with their records, and another one remembers not to
  // load them again. Returns how many went.
  int prune(int keep_months, std::chrono::year_month_day today);

  // Empties the store and loads everything again: the embedded one from the run records of the
  // state directory, another one from the records that it holds.
  LoadResult rebuild();

  StoreStatus status();

  // All queries that the store knows: "shop/orders_of_customer".
  std::vector<std::string> query_names();

  // The history of "shop/orders_of_customer", or of "orders_of_customer" where only one workload
  // has it, also under its former names. Throws Error(usage) that names the nearest for an unknown
  // one.
  gate::QuerySeries history(const std::string& query, const HistoryFilter& filter);

  // That of every query of the newest runs, with its former names in them, without the times of the
  // others.
  std::vector<gate::QuerySeries> histories(const HistoryFilter& filter);

  // The variables that make psql connect to it.
  std::map<std::string, std::string> environment() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgduet::harness

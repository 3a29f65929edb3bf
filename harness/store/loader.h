// A run record as rows of the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../session.h"
#include "pgduet/gate/report.h"

namespace pgduet::harness {

// The query_id of a statement under a name: the same in every store.
std::int64_t query_id(std::string_view workload, std::string_view name,
                      std::string_view fingerprint);

// The fingerprint by which the store knows a statement: libpg_query's, or a hash of its text where
// that could not parse it, as the server's query identifier differs from database to database.
std::string store_fingerprint(const gate::QueryRun& run);

// Makes the partitions of the month in which a run started, where they are missing. In a
// transaction of its own, so that loaders wait for each other at most once a month.
void make_partitions(Session& session, const std::string& started_at);

// Puts a run and all that it measured into the tables, in one transaction. `compressed_record` is
// its file, by gzip. False when the run is there: nothing has changed then.
bool insert_run(Session& session, const gate::Report& report, std::string_view compressed_record);

// Removes the rows of a run but its record, from which it can be inserted again. False when another
// does that right now, or has just done it: nothing has changed then.
bool clear_run(Session& session, const std::string& run_id);

// Removes runs with all they have: whole partitions where no run of the month is left, and queries
// that no run has any more.
void delete_runs(Session& session, const std::vector<std::string>& run_ids);

// Removes the queries that no run has.
void delete_orphans(Session& session);

}  // namespace pgduet::harness

// The schema of the store: numbered steps, each with its way back.
#pragma once

#include <string>
#include <vector>

#include "pgduet/harness/store.h"
#include "store_session.h"

namespace pgduet::harness {

// The highest migration whose tables the loader fills. Runs that were loaded into an older schema
// are loaded again, see pgduet.runs.loaded_version.
constexpr int loaded_version = 3;

// All migrations that this program knows, and which of them are applied; none where the schema is
// not there. Throws Error(environment) for a store that a newer pgduet migrated, and for one whose
// migrations had another text.
std::vector<Migration> migration_status(StoreSession& store);

// Applies what is missing and returns the numbers. Each is one transaction
// under an advisory lock, so that of many that come at once one applies it.
std::vector<int> apply_migrations(StoreSession& store);

// Takes back what is above `number`, the last first.
std::vector<int> take_back_migrations(StoreSession& store, int number);

}  // namespace pgduet::harness

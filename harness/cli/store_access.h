// The store as the commands use it.
#pragma once

#include "options.h"
#include "pgduet/harness/store.h"

namespace pgduet::cli {

// Opens the store that the options name. Tells on standard error what it waits for and makes anew.
harness::Store open_store(const CommonOptions& options, Streams streams);

// Throws Error(usage) for a --store that is no connection string: that has to show before a run and
// not at its end.
void require_store(const CommonOptions& options);

// Loads the run records that wait into --store, after a run. The embedded store is loaded when it
// is asked. A store that fails changes nothing of the run: it is said on standard error, and the
// records wait.
void load_into_store(const CommonOptions& options, Streams streams);

// Loads what waits before the store is asked. Who may only read, or has no room, asks what is
// there.
void load_what_waits(harness::Store& store, Streams streams);

// Says on standard error which records could not be loaded, and why.
void report_failures(const harness::LoadResult& result, Streams streams);

}  // namespace pgduet::cli

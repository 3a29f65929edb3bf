#include "store_access.h"

#include "pgduet/gate/error.h"
#include "pgduet/gate/wording.h"

namespace pgduet::cli {

harness::Store open_store(const CommonOptions& options, Streams streams) {
  harness::StoreOptions store;
  store.url = options.store_url;
  store.state_directory = options.state_directory;
  store.cache_directory = options.cache_directory;
  if (store.url.empty()) store.installations = installations(options);
  store.pg_user = options.pg_user;
  store.keep_months = options.keep_months;
  const auto line = std::make_shared<ProgressLine>(streams.err, is_terminal(streams.err));
  store.message = [streams, line](const std::string& message) {
    line->clear();
    streams.err << "pgduet: " << message << std::endl;
  };
  store.progress = [line](const std::string& text) { line->detail(text); };
  return harness::Store(std::move(store));
}

void require_store(const CommonOptions& options) {
  if (!options.store_url.empty()) harness::require_store_url(options.store_url);
}

void load_into_store(const CommonOptions& options, Streams streams) {
  if (options.store_url.empty()) return;
  try {
    report_failures(open_store(options, streams).synchronize(), streams);
  } catch (const std::exception& error) {
    streams.err << "pgduet: the run is not in the store yet: " << error.what() << "\n";
  }
}

void load_what_waits(harness::Store& store, Streams streams) {
  try {
    report_failures(store.synchronize(), streams);
  } catch (const gate::Error& error) {
    streams.err << "pgduet: newer runs may be missing: " << gate::to_text(error) << "\n";
  }
}

void report_failures(const harness::LoadResult& result, Streams streams) {
  for (const std::string& failure : result.failures)
    streams.err << "pgduet: not loaded: " << failure << "\n";
}

}  // namespace pgduet::cli

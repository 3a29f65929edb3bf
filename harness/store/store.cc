#include "pgduet/harness/store.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "../connection_string.h"
#include "../gzip.h"
#include "embedded_cluster.h"
#include "loader.h"
#include "migrations.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/project_files.h"
#include "reader.h"
#include "store_session.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using gate::Error;

constexpr const char* store_option = "--store";

// A run id becomes a file's name.
bool is_run_id(const std::string& text) {
  return !text.empty() && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

// "2026-11-21T10:15:00Z", perhaps with a part of a second. Its month becomes a partition's name.
bool is_utc_time(const std::string& text) {
  constexpr std::string_view pattern = "0000-00-00T00:00:00";
  return text.size() > pattern.size() && text.back() == 'Z' &&
         std::equal(pattern.begin(), pattern.end(), text.begin(), [](char wanted, unsigned char c) {
           return wanted == '0' ? std::isdigit(c) != 0 : wanted == static_cast<char>(c);
         });
}

// A record as it is loaded.
struct ReadRecord {
  std::string text;
  std::shared_ptr<const gate::RunRecord> record;
};

ReadRecord read_record(std::string text, const std::string& file) {
  auto record = std::make_shared<gate::RunRecord>(gate::run_record_from_text(text, file));
  if (!is_run_id(record->run_id) || !is_utc_time(record->started_at)) {
    throw Error(Error::Kind::input, {file, 0, 0},
                "run record has no run id or time that pgduet would have given it");
  }
  return {std::move(text), std::move(record)};
}

std::vector<std::string> texts(const pqxx::result& result) {
  std::vector<std::string> values;
  for (int i = 0; i < compat::rows(result); ++i)
    values.emplace_back(compat::row(result, i)[0].c_str());
  return values;
}

std::string bytes_of(std::string_view hexadecimal) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  bytes.reserve(hexadecimal.size() / 2);
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2)
    bytes += static_cast<char>(digit(hexadecimal[i]) * 16 + digit(hexadecimal[i + 1]));
  return bytes;
}

// "2025-10-01".
std::string iso_date(std::chrono::year_month_day date) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

// Ends the display of progress, also where something fails.
struct ProgressEnd {
  const std::function<void(const std::string&)>& progress;
  ~ProgressEnd() {
    if (progress) progress("");
  }
};

enum class Loaded { now, before, too_old, shard };

}  // namespace

struct Store::State {
  explicit State(StoreOptions given) : options(std::move(given)) {
    if (options.url.empty()) {
      embedded.emplace(EmbeddedCluster::Options{options.state_directory, options.cache_directory,
                                                options.installations, options.pg_user,
                                                options.message});
    } else {
      url.emplace(options.url, store_option);
      url->set_default("connect_timeout", "10");
      url->set_default("application_name", "pgduet");
      // A server that is gone without a word is noticed.
      url->set_default("keepalives_idle", "10");
      url->set_default("keepalives_interval", "5");
      url->set_default("keepalives_count", "3");
      url->set_default("tcp_user_timeout", "30000");
    }
    forget_variables();
    connect();
  }

  // Variables of libpq that overrule a host that is named, for us and for psql.
  void forget_variables() const {
    if (url && !url->values().contains("host")) return;
    unsetenv("PGSERVICE");
    if (!url || !url->values().contains("hostaddr")) unsetenv("PGHOSTADDR");
  }

  void connect() {
    session.emplace(
        embedded ? embedded->connection_string() : url->text(), place(), options.patience,
        [this](const std::string& message) {
          return url ? url->without_password(message) : message.substr(0, message.find('\n'));
        },
        embedded ? "If it is damaged, \"pgduet store rebuild\" makes it anew from the run records."
                 : "");
  }

  std::string place() const {
    return embedded ? "embedded in " +
                          embedded->directory().lexically_proximate(fs::current_path()).string()
                    : url->shown();
  }

  void say(const std::string& text) const {
    if (options.message) options.message(text);
  }

  fs::path run_directory() const { return options.state_directory / "runs"; }

  // One answer in a transaction of its own.
  template <typename Question>
  auto ask(const Question& question) {
    decltype(question(std::declval<Session&>())) answer{};
    session->transaction([&](Session& one) { answer = question(one); });
    return answer;
  }

  gate::Report prepare(const ReadRecord& read);
  Loaded load(const ReadRecord& read);
  void count(LoadResult& result, const fs::path& file, bool keep);
  std::vector<std::string> runs_where(const std::string& condition);
  std::string stored_record(const std::string& run_id);
  std::vector<std::string> reload(const std::vector<std::string>& runs);
  LoadResult load_missing();
  void forget_old_runs();
  void analyze(const LoadResult& result);

  StoreOptions options;
  std::optional<EmbeddedCluster> embedded;
  std::optional<ConnectionString> url;
  std::optional<StoreSession> session;
};

// What is needed to insert a run: its report, and a place for its month.
gate::Report Store::State::prepare(const ReadRecord& read) {
  session->transaction([&](Session& one) { make_partitions(one, read.record->started_at); });
  return gate::judge(gate::judge_input(read.record));
}

Loaded Store::State::load(const ReadRecord& read) {
  const gate::RunRecord& record = *read.record;
  if (record.shard) return Loaded::shard;
  const auto is_too_old = [&](Session& one) {
    return compat::rows(
               one.execute_params("SELECT FROM pgduet.retention WHERE kept_since > $1::timestamptz",
                                  {record.started_at})) > 0;
  };
  if (ask(is_too_old)) return Loaded::too_old;
  const gate::Report report = prepare(read);
  const std::string compressed = gzip(read.text, Compression::fast);
  Loaded loaded = Loaded::now;
  session->transaction([&](Session& one) {
    // Again: a prune may have come between.
    if (is_too_old(one))
      loaded = Loaded::too_old;
    else
      loaded = insert_run(one, report, compressed) ? Loaded::now : Loaded::before;
  });
  return loaded;
}

// Loads the record of a file and counts what became of it. What is wrong with the record is its own
// failure; what is wrong with the store ends all.
void Store::State::count(LoadResult& result, const fs::path& file, bool keep) {
  try {
    const ReadRecord read = read_record(read_run_record_text(file), file.string());
    if (keep && embedded && !read.record->shard)
      archive_run_record(run_directory(), read.record->run_id, read.text);
    switch (load(read)) {
      case Loaded::now:
        ++result.loaded;
        break;
      case Loaded::before:
        ++result.already_there;
        break;
      case Loaded::too_old:
        ++result.too_old;
        break;
      case Loaded::shard:
        ++result.shards;
        break;
    }
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::environment) throw;
    const bool says_where = !error.position().file.empty();
    result.failures.push_back((says_where ? "" : file.string() + ": ") + gate::to_text(error));
  }
}

std::vector<std::string> Store::State::runs_where(const std::string& condition) {
  return ask([&](Session& one) {
    return texts(
        one.execute("SELECT run_id FROM pgduet.runs WHERE " + condition + " ORDER BY run_id"));
  });
}

std::string Store::State::stored_record(const std::string& run_id) {
  const std::string hexadecimal = ask([&](Session& one) {
    const pqxx::result result = one.execute_params(
        "SELECT encode(record, 'hex') FROM pgduet.run_records WHERE run_id = $1", {run_id});
    return compat::rows(result) == 0 ? std::string() : std::string(result[0][0].c_str());
  });
  return gunzip(bytes_of(hexadecimal), "record of run " + run_id + " in the store");
}

// Makes the rows of runs again, from the records that the store keeps. Returns what is wrong with
// those that cannot be read.
std::vector<std::string> Store::State::reload(const std::vector<std::string>& runs) {
  std::vector<std::string> failures;
  for (const std::string& run : runs) {
    try {
      const ReadRecord read = read_record(stored_record(run), "record of run " + run);
      const gate::Report report = prepare(read);
      const std::string compressed = gzip(read.text, Compression::fast);
      session->transaction([&](Session& one) {
        if (clear_run(one, run)) insert_run(one, report, compressed);
      });
    } catch (const Error& error) {
      if (error.kind() == Error::Kind::environment) throw;
      failures.push_back(gate::to_text(error));
    }
  }
  return failures;
}

LoadResult Store::State::load_missing() {
  LoadResult result;
  const std::vector<std::string> runs = runs_where("true");
  const std::set<std::string> loaded(runs.begin(), runs.end());
  std::vector<RunRecordFile> missing = list_run_records(run_directory());
  result.already_there = static_cast<int>(
      std::erase_if(missing, [&](const auto& file) { return loaded.contains(file.run_id); }));
  const ProgressEnd end{options.progress};
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (options.progress)
      options.progress("loading run records: " + std::to_string(i + 1) + " of " +
                       std::to_string(missing.size()));
    count(result, missing[i].file, false);
  }
  return result;
}

// The embedded store keeps runs for as long as their records are kept.
void Store::State::forget_old_runs() {
  if (!embedded || options.keep_months == 0) return;
  std::set<std::string> kept;
  for (const RunRecordFile& file : list_run_records(run_directory())) kept.insert(file.run_id);
  std::vector<std::string> old = runs_where("started_at < now() - interval '" +
                                            std::to_string(options.keep_months) + " months'");
  std::erase_if(old, [&](const std::string& run) { return kept.contains(run); });
  if (old.empty()) return;
  session->transaction([&](Session& one) { delete_runs(one, old); });
  session->execute_alone("VACUUM (ANALYZE)");
}

// Autovacuum is off in the embedded store, which lives for moments.
void Store::State::analyze(const LoadResult& result) {
  constexpr int worth_a_tenth = 10;
  if (!embedded || result.loaded == 0 || result.loaded * worth_a_tenth < result.already_there)
    return;
  session->transaction([](Session& one) {
    one.execute(
        "ANALYZE pgduet.runs, pgduet.run_sides, pgduet.queries, pgduet.query_bindings, "
        "pgduet.query_verdicts");
  });
}

void require_store_url(const std::string& url) { ConnectionString(url, store_option); }

Store::Store(StoreOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

std::vector<int> Store::migrate() {
  std::vector<int> applied = apply_migrations(*state_->session);
  const std::vector<std::string> failures =
      state_->reload(state_->runs_where("loaded_version < " + std::to_string(loaded_version)));
  for (const std::string& failure : failures) state_->say("not loaded again: " + failure);
  return applied;
}

std::vector<int> Store::rollback(int number) {
  return take_back_migrations(*state_->session, number);
}

LoadResult Store::import(const std::vector<fs::path>& files) {
  migrate();
  LoadResult result;
  for (const fs::path& file : files) state_->count(result, file, true);
  state_->analyze(result);
  return result;
}

LoadResult Store::synchronize() {
  migrate();
  const LoadResult result = state_->load_missing();
  state_->forget_old_runs();
  state_->analyze(result);
  return result;
}

int Store::export_records(const fs::path& directory) {
  migrate();
  int written = 0;
  for (const std::string& run : state_->runs_where("true")) {
    const fs::path file = directory / (run + ".json");
    std::error_code error;
    if (!is_run_id(run) || fs::exists(file, error)) continue;
    try {
      write_file_atomically(file, state_->stored_record(run));
      ++written;
    } catch (const Error& failure) {
      if (failure.kind() == Error::Kind::environment) throw;
      state_->say("not exported: " + gate::to_text(failure));
    }
  }
  return written;
}

int Store::prune(int keep_months, std::chrono::year_month_day today) {
  migrate();
  const std::chrono::year_month month =
      today.year() / today.month() - std::chrono::months(keep_months);
  const std::chrono::year_month_day first = month / 1;
  if (state_->embedded) remove_run_records_before(state_->run_directory(), first);
  const std::string kept_since = iso_date(first);
  int pruned = 0;
  state_->session->transaction([&](Session& one) {
    // Every loader reads it first: waits for those who load, and makes others wait and then see it.
    one.execute("LOCK TABLE pgduet.retention");
    if (!state_->embedded) {
      one.execute_params(
          "INSERT INTO pgduet.retention (kept_since) VALUES ($1) ON CONFLICT (only_row) DO UPDATE "
          "SET kept_since = greatest(retention.kept_since, excluded.kept_since)",
          {kept_since});
    }
    const std::vector<std::string> old = texts(one.execute_params(
        "SELECT run_id FROM pgduet.runs WHERE started_at < $1::timestamptz", {kept_since}));
    delete_runs(one, old);
    pruned = static_cast<int>(old.size());
  });
  return pruned;
}

LoadResult Store::rebuild() {
  if (state_->embedded) {
    state_->session.reset();
    state_->embedded->reset();
    state_->connect();
    return synchronize();
  }
  migrate();
  const std::vector<std::string> runs = state_->runs_where("true");
  std::vector<std::string> failures = state_->reload(runs);
  state_->session->transaction([](Session& one) { delete_orphans(one); });
  LoadResult result = state_->load_missing();
  result.loaded += static_cast<int>(runs.size() - failures.size());
  result.already_there = 0;
  result.failures.insert(result.failures.end(), failures.begin(), failures.end());
  return result;
}

StoreStatus Store::status() {
  StoreStatus status;
  status.place = state_->place();
  status.version = state_->session->server_version();
  status.migrations = migration_status(*state_->session);
  const auto records = list_run_records(state_->run_directory());
  status.waiting = static_cast<int>(records.size());
  if (!status.migrations.front().applied) return status;
  const std::vector<std::string> runs = state_->runs_where("true");
  status.runs = static_cast<std::int64_t>(runs.size());
  if (!runs.empty()) {
    status.oldest_run = runs.front();
    status.newest_run = runs.back();
  }
  for (const RunRecordFile& file : records) {
    if (std::binary_search(runs.begin(), runs.end(), file.run_id)) --status.waiting;
  }
  const auto number = [this](const std::string& sql) {
    return std::stoll(state_->ask([&](Session& one) { return one.text(sql); }));
  };
  status.queries = number("SELECT count(*) FROM pgduet.queries");
  status.bytes = number(
      "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relnamespace = "
      "'pgduet'::regnamespace AND relkind IN ('r', 'm')");
  status.kept_since = state_->ask([](Session& one) {
    return one.text("SELECT to_char(kept_since, 'YYYY-MM-DD') FROM pgduet.retention");
  });
  if (status.migrations[1].applied)
    status.executions = number("SELECT coalesce(sum(executions), 0) FROM pgduet.query_bindings");
  return status;
}

std::vector<std::string> Store::query_names() {
  return state_->ask([](Session& one) { return read_query_names(one); });
}

gate::QuerySeries Store::history(const std::string& query, const HistoryFilter& filter) {
  return state_->ask([&](Session& one) { return read_history(one, query, filter); });
}

std::vector<gate::QuerySeries> Store::histories(const HistoryFilter& filter) {
  return state_->ask([&](Session& one) { return read_histories(one, filter); });
}

std::map<std::string, std::string> Store::environment() const {
  return state_->embedded ? state_->embedded->environment() : state_->url->environment();
}

}  // namespace pgduet::harness

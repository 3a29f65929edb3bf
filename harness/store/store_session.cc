#include "store_session.h"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "pgduet/harness/interrupt.h"

namespace pgduet::harness {
namespace {

using gate::Error;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{20};
constexpr milliseconds longest_pause{2000};

bool is_one_of(const std::string& sqlstate, std::initializer_list<const char*> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const char* prefix) { return sqlstate.starts_with(prefix); });
}

bool may_pass(const StatementFailure& failure) {
  // Serialization failure, deadlock, lock not available, a query that a prune took away, shutdowns.
  return failure.connection_lost ||
         is_one_of(failure.sqlstate, {"40001", "40P01", "55P03", "23503", "57P01", "57P02"});
}

std::string hint_for(const std::string& sqlstate) {
  if (sqlstate == "42501") {
    return "The store's owner runs \"pgduet store migrate\", and grants USAGE on schema pgduet, "
           "and "
           "SELECT (to load also INSERT, UPDATE and DELETE) on its tables; see "
           "harness/store/README.md.";
  }
  if (is_one_of(sqlstate, {"53100", "58030"})) return "Make room on the disk of the store.";
  if (sqlstate == "25006") return "The server is a standby: name the primary.";
  return "";
}

// Loaders that failed together should not try again together.
milliseconds with_jitter(milliseconds pause) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution<int>(static_cast<int>(pause.count()) / 2,
                                                         static_cast<int>(pause.count()))(random));
}

}  // namespace

bool has_table(Session& session, const std::string& name) {
  const pqxx::result found = session.execute_params(
      "SELECT FROM pg_class WHERE relname = $1 AND relnamespace = (SELECT oid FROM pg_namespace "
      "WHERE nspname = 'pgduet')",
      {name});
  return compat::rows(found) > 0;
}

StoreSession::StoreSession(std::string connection_string, std::string place, milliseconds patience,
                           std::function<std::string(const std::string&)> shown, std::string hint)
    : connection_string_(std::move(connection_string)),
      place_(std::move(place)),
      patience_(patience),
      shown_(std::move(shown)),
      hint_(std::move(hint)) {
  try {
    connect();
  } catch (const StatementFailure& failure) {
    throw Error(Error::Kind::environment, {},
                "could not connect to the store (" + place_ + "): " + shown_(failure.what()),
                "Run records stay in the state directory and are loaded when the store answers.");
  }
}

void StoreSession::connect() {
  Session session(connection_string_);
  // A server that hangs must not hang a gate. Other settings would change how values are read.
  session.execute(
      "SET client_encoding = 'UTF8'; SET lock_timeout = '20s'; SET statement_timeout = '300s'; SET "
      "client_min_messages = error; "
      "SET timezone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET jit = off");
  session_ = std::move(session);
}

void StoreSession::roll_back() noexcept {
  try {
    if (session_) session_->execute("ROLLBACK");
  } catch (const std::exception&) {
    session_.reset();
  }
}

void StoreSession::transaction(const std::function<void(Session&)>& work) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  for (milliseconds pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
    check_interrupt();
    try {
      if (!session_) connect();
      session_->execute("BEGIN");
      work(*session_);
      session_->execute("COMMIT");
      return;
    } catch (const StatementFailure& failure) {
      if (failure.connection_lost)
        session_.reset();
      else
        roll_back();
      if (!may_pass(failure) || std::chrono::steady_clock::now() >= deadline)
        throw error_of(failure);
    } catch (...) {
      roll_back();
      throw;
    }
    std::this_thread::sleep_for(with_jitter(pause));
  }
}

Error StoreSession::error_of(const StatementFailure& failure) const {
  const std::string words = failure.connection_lost ? "lost the connection: " : "";
  // Data that the tables cannot hold are wrong themselves: others may be right.
  const bool refused = is_one_of(failure.sqlstate, {"22", "23", "54"});
  const std::string hint = hint_for(failure.sqlstate);
  return {refused ? Error::Kind::input : Error::Kind::environment,
          {},
          "the store (" + place_ + ") failed: " + words + shown_(failure.what()),
          hint.empty() ? hint_ : hint};
}

void StoreSession::execute_alone(const std::string& sql) {
  try {
    if (!session_) connect();
    session_->execute(sql);
  } catch (const StatementFailure& failure) {
    if (failure.connection_lost) session_.reset();
    throw error_of(failure);
  }
}

std::string StoreSession::server_version() {
  std::string version;
  transaction([&](Session& session) { version = session.text("SHOW server_version"); });
  return version.substr(0, version.find(' '));
}

}  // namespace pgduet::harness

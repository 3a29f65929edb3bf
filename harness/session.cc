#include "session.h"

#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "pgduet/harness/interrupt.h"

namespace pgduet::harness {
namespace {

// libpq sends these to the server, and no connection string can overrule them: a result would then
// depend on who runs pgduet.
void ignore_client_formats() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const char* name : {"PGTZ", "PGDATESTYLE", "PGGEQO", "PGOPTIONS", "PGCLIENTENCODING"})
      unsetenv(name);
  });
}

constexpr std::chrono::milliseconds reconnect_interval{20};

constexpr const char* closed_message = "the server closed the connection";

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// Takes a number from the end of `text` when `mark` stands before it: "... at character 15".
int take_number_after(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return 0;
  const std::string digits(text.substr(at + mark.size()));
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return 0;
  text = text.substr(0, at);
  return std::atoi(digits.c_str());
}

// The text of the field that begins with `label` at the start of a line, up to the next field.
std::string field(std::string_view text, std::string_view label) {
  const std::size_t at = text.find("\n" + std::string(label));
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + 1 + label.size());
  for (const char* next : {"\nLINE ", "\nDETAIL:", "\nHINT:", "\nQUERY:", "\nCONTEXT:", "\nSCHEMA"})
    rest = rest.substr(0, rest.find(next));
  return std::string(without_blanks(rest));
}

template <typename Kind>
bool is(const pqxx::failure& error) {
  return dynamic_cast<const Kind*>(&error) != nullptr;
}

// libpqxx 6.4 leaves it out of some, and throws others that are no sql_error.
std::string sqlstate_of(const pqxx::failure& error) {
  const auto* const known = dynamic_cast<const pqxx::sql_error*>(&error);
  if (known != nullptr && !known->sqlstate().empty()) return known->sqlstate();
  if (is<pqxx::serialization_failure>(error)) return "40001";
  if (is<pqxx::deadlock_detected>(error)) return "40P01";
  if (is<pqxx::statement_completion_unknown>(error)) return "40003";
  if (is<pqxx::transaction_rollback>(error)) return "40000";
  if (is<pqxx::insufficient_privilege>(error)) return "42501";
  return "";
}

}  // namespace

StatementFailure read_server_message(std::string_view text) {
  std::string_view primary = text.substr(0, text.find('\n'));
  // libpqxx 7 says which statement it was: "Failure during '[PREPARE q]': ERROR:  ...".
  constexpr std::string_view during = "Failure during '";
  constexpr std::string_view end_of_name = "': ";
  if (primary.starts_with(during)) {
    const std::size_t end = primary.find(end_of_name, during.size());
    if (end != std::string_view::npos) primary = primary.substr(end + end_of_name.size());
  }
  for (const char* severity : {"ERROR:", "FATAL:", "PANIC:"})
    if (primary.starts_with(severity)) primary = primary.substr(6);
  primary = without_blanks(primary);
  const int character = take_number_after(primary, " at character ");
  StatementFailure failure{std::string(primary)};
  failure.character = character;
  failure.detail = field(text, "DETAIL:");
  failure.hint = field(text, "HINT:");
  // With QUERY the line is that of a statement inside a function, not of ours.
  if (field(text, "QUERY:").empty()) failure.line = std::atoi(field(text, "LINE ").c_str());
  return failure;
}

gate::Error connection_error(const StatementFailure& failure) {
  if (failure.connection_lost)
    return {gate::Error::Kind::environment,
            {},
            "lost the connection to the server: " + std::string(failure.what())};
  return {gate::Error::Kind::environment, {}, "the server failed: " + std::string(failure.what())};
}

void connect_again(std::chrono::milliseconds wait, const std::function<void()>& connect) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    check_interrupt();
    try {
      connect();
      return;
    } catch (const StatementFailure& failure) {
      if (!failure.connection_lost) throw;
      if (std::chrono::steady_clock::now() >= deadline)
        throw gate::Error(gate::Error::Kind::environment, {},
                          "the server is gone: " + std::string(failure.what()));
    }
    std::this_thread::sleep_for(reconnect_interval);
  }
}

bool is_environment_failure(const StatementFailure& failure) {
  // Class 53: disk full, out of memory, too many connections; 58: system errors of the server;
  // 57P0x: shut down.
  return failure.connection_lost || failure.sqlstate.starts_with("53") ||
         failure.sqlstate.starts_with("58030") || failure.sqlstate.starts_with("57P0");
}

// The members' order is that of their construction: notices are silenced before anything runs, and
// the transaction goes before its connection.
struct Session::State {
  explicit State(const std::string& connection_string)
      : connection(connection_string), quiet(connection), transaction(connection) {}

  pqxx::connection connection;
  compat::QuietNotices quiet;
  pqxx::nontransaction transaction;
  bool lost = false;

  // Runs `action`, and turns what libpqxx throws into a StatementFailure.
  template <typename Action>
  auto translated(Action&& action) {
    // libpqxx 6.4 would silently connect anew, with none of the session's settings.
    if (lost) throw lost_failure(closed_message);
    try {
      return action();
    } catch (const pqxx::broken_connection&) {
      // Its text may be about libpqxx ("Could not obtain client encoding") instead of the server.
      lost = true;
      throw lost_failure(closed_message);
    } catch (const pqxx::failure& error) {
      StatementFailure failure = read_server_message(error.what());
      failure.sqlstate = sqlstate_of(error);
      failure.connection_lost = lost = !connection.is_open();
      throw failure;
    }
  }

  static StatementFailure lost_failure(std::string_view message) {
    StatementFailure failure = read_server_message(message);
    failure.connection_lost = true;
    return failure;
  }
};

Session::Session(const std::string& connection_string, Errors errors) {
  ignore_client_formats();
  try {
    state_ = std::make_unique<State>(connection_string);
  } catch (const pqxx::failure& error) {
    throw State::lost_failure(error.what());
  }
  if (errors == Errors::terse) compat::set_terse_errors(state_->connection);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

pqxx::result Session::execute(const std::string& sql) {
  return state_->translated([&] { return state_->transaction.exec(sql); });
}

void Session::prepare(const std::string& name, const std::string& sql) {
  state_->translated([&] { compat::prepare(state_->connection, name, sql); });
}

pqxx::result Session::execute_prepared(const std::string& name, const compat::Values& values) {
  return state_->translated(
      [&] { return compat::execute_prepared(state_->transaction, name, values); });
}

pqxx::result Session::execute_params(const std::string& sql, const compat::Values& values) {
  return state_->translated(
      [&] { return compat::execute_params(state_->transaction, sql, values); });
}

std::string Session::text(const std::string& sql) {
  const pqxx::result result = execute(sql);
  if (compat::rows(result) == 0 || compat::columns(result) == 0) return {};
  const pqxx::row row = compat::row(result, 0);
  return row[0].is_null() ? std::string() : std::string(row[0].c_str());
}

int Session::backend_pid() const { return state_->connection.backendpid(); }

}  // namespace pgduet::harness

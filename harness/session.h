// One session on a server, by libpqxx.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "pgduet/gate/error.h"
#include "pqxx_compat.h"

namespace pgduet::harness {

// What the server said of a statement that failed, or why there is no server to say anything.
// Stays inside this library: callers see a gate::Error or a gate::ExecutionFailure.
struct StatementFailure : std::runtime_error {
  using std::runtime_error::runtime_error;  // what() is the server's primary message

  bool connection_lost = false;
  std::string sqlstate;  // "" when the server could not say
  std::string detail;    // "" unless the session shows full errors
  std::string hint;
  int character = 0;  // where in the statement, from 1; 0 when not known. Terse errors only
  int line = 0;       // of the statement, from 1; 0 when not known. Full errors only
};

class Session {
 public:
  // Full errors have DETAIL, HINT and a line, terse ones the exact character: libpqxx 6.4 hands on
  // nothing but the text that libpq makes of an error, and that holds either the one or the other.
  enum class Errors { full, terse };

  // Throws StatementFailure with connection_lost when there is no connection to be had.
  explicit Session(const std::string& connection_string, Errors errors = Errors::full);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // All throw StatementFailure. Statements run in autocommit unless BEGIN was executed.
  pqxx::result execute(const std::string& sql);
  void prepare(const std::string& name, const std::string& sql);
  pqxx::result execute_prepared(const std::string& name, const compat::Values& values);
  pqxx::result execute_params(const std::string& sql, const compat::Values& values);

  // The one text that `sql` returns; "" when it returns NULL or nothing.
  std::string text(const std::string& sql);

  int backend_pid() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What libpq makes of an error ("ERROR:  ...", terse or full) taken apart again.
StatementFailure read_server_message(std::string_view text);

// The error of a run that cannot go on without its server.
gate::Error connection_error(const StatementFailure& failure);

// Runs `connect` again as long as it loses its connection: a crashed backend takes all others with
// it, and the server needs a moment to come back; it may even let us in before it notices. Throws
// gate::Error where it is not back after `wait`, and StatementFailure where something else fails.
void connect_again(std::chrono::milliseconds wait, const std::function<void()>& connect);

// Whether a failure is the machine's fault and not the statement's: a lost connection, a full
// disk, no memory.
bool is_environment_failure(const StatementFailure& failure);

}  // namespace pgduet::harness

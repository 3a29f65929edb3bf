// The session on the store: transactions that are tried again where that can help.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "../session.h"
#include "pgduet/gate/error.h"

namespace pgduet::harness {

// Whether schema pgduet has the table now. to_regclass() may answer from before the last wait for
// an advisory lock.
bool has_table(Session& session, const std::string& name);

class StoreSession {
 public:
  // Connects. `place` is how messages call the store; `shown` makes a message of the server fit to
  // be shown (without passwords); `hint` is said of failures of which nothing better is known.
  // Throws Error(environment).
  StoreSession(std::string connection_string, std::string place, std::chrono::milliseconds patience,
               std::function<std::string(const std::string&)> shown, std::string hint);

  // Runs `work` in a transaction and commits it. After a serialization failure, a deadlock, a lock
  // that was not to be had, a server that restarts or a lost connection, all of it is run again,
  // for as long as `patience`: `work` must not count on what it did in another attempt, and
  // must itself see whether a transaction was committed whose answer got lost. Throws
  // Error(environment) with the server's reason, Error(input) for data that the tables cannot hold;
  // nothing has changed then.
  void transaction(const std::function<void(Session&)>& work);

  // What cannot run in a transaction, such as VACUUM. Throws Error(environment).
  void execute_alone(const std::string& sql);

  // What the server says of itself: "15.18".
  std::string server_version();

 private:
  void connect();
  void roll_back() noexcept;
  gate::Error error_of(const StatementFailure& failure) const;

  std::string connection_string_;
  std::string place_;
  std::chrono::milliseconds patience_;
  std::function<std::string(const std::string&)> shown_;
  std::string hint_;
  std::optional<Session> session_;
};

}  // namespace pgduet::harness

// A libpq connection string that a user gave, taken apart.
#pragma once

#include <map>
#include <string>

namespace pgduet::harness {

// A value as it stands behind its keyword: in single quotes, with backslashes.
std::string conninfo_value(const std::string& value);

class ConnectionString {
 public:
  // Takes a URL ("postgresql://user@host/database") or keywords and values ("host=... dbname=...").
  // Throws Error(usage) that names `option` (where the string was given) and never quotes it.
  ConnectionString(const std::string& text, const std::string& option);

  // By libpq's keywords: "host", "password", ... Only what the string says.
  const std::map<std::string, std::string>& values() const { return values_; }

  // Sets what the string leaves open.
  void set_default(const std::string& keyword, const std::string& value);

  // As keywords and values, with another database where one is named.
  std::string text(const std::string& database = {}) const;

  // The variables that make libpq's programs connect to the same: PGHOST, PGPASSWORD, ... What has
  // no variable is left out.
  std::map<std::string, std::string> environment() const;

  // The database as people know it: "shop on db.example.com:5433 as ci". No password.
  std::string shown() const;

  // The first line of a message of libpq or the server, with the passwords replaced by "***".
  std::string without_password(const std::string& message) const;

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, std::string> variables_;  // keyword -> environment variable
};

}  // namespace pgduet::harness

#include "connection_string.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "pgduet/gate/error.h"

namespace pgduet::harness {
namespace {

using gate::Error;

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

// libpq takes what follows the first "@" for the host, and without one before a "/" the user for
// the host, the password for port and database: messages name those.
bool has_bare_mark_in_password(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return false;
  const std::string rest = text.substr(scheme + 3);
  const std::size_t path = rest.find('/');
  const std::string authority = rest.substr(0, path);
  if (std::count(authority.begin(), authority.end(), '@') > 1) return true;
  return path < rest.find('?') && rest.find('@', path) < rest.find('?', path);
}

}  // namespace

std::string conninfo_value(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

ConnectionString::ConnectionString(const std::string& text, const std::string& option) {
  char* message = nullptr;
  const Conninfo options(PQconninfoParse(text.c_str(), &message));
  if (options == nullptr || has_bare_mark_in_password(text)) {
    PQfreemem(message);  // it may quote the password
    throw Error(Error::Kind::usage, {}, option + " is not a PostgreSQL connection string",
                "Write postgresql://user@host:port/database (with %40 for an \"@\" and %2F for a "
                "\"/\" in a password), or \"host=... dbname=...\".");
  }
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->envvar != nullptr) variables_[one->keyword] = one->envvar;
    if (one->val != nullptr && *one->val != '\0') values_[one->keyword] = one->val;
  }
}

void ConnectionString::set_default(const std::string& keyword, const std::string& value) {
  values_.emplace(keyword, value);
}

std::string ConnectionString::text(const std::string& database) const {
  std::map<std::string, std::string> values = values_;
  if (!database.empty()) values["dbname"] = database;
  std::string result;
  for (const auto& [keyword, value] : values) {
    result += (result.empty() ? "" : " ") + keyword + "=" + conninfo_value(value);
  }
  return result;
}

std::map<std::string, std::string> ConnectionString::environment() const {
  std::map<std::string, std::string> environment;
  for (const auto& [keyword, value] : values_) {
    const auto variable = variables_.find(keyword);
    if (variable != variables_.end()) environment[variable->second] = value;
  }
  return environment;
}

std::string ConnectionString::shown() const {
  const auto value = [this](const char* keyword) {
    const auto found = values_.find(keyword);
    return found == values_.end() ? std::string() : found->second;
  };
  std::string shown = value("dbname").empty() ? "the default database" : value("dbname");
  const std::string host = value("host").empty() ? value("hostaddr") : value("host");
  if (!host.empty()) shown += " on " + host;
  if (!host.empty() && !value("port").empty()) shown += ":" + value("port");
  if (!value("service").empty()) shown += " of service " + value("service");
  if (!value("user").empty()) shown += " as " + value("user");
  return shown;
}

std::string ConnectionString::without_password(const std::string& message) const {
  std::string text = message.substr(0, message.find('\n'));
  constexpr std::string_view mask = "***";
  for (const char* keyword : {"password", "sslpassword"}) {
    const auto secret = values_.find(keyword);
    if (secret == values_.end()) continue;
    for (std::size_t at = text.find(secret->second); at != std::string::npos;
         at = text.find(secret->second, at + mask.size())) {
      text.replace(at, secret->second.size(), mask);
    }
  }
  return text;
}

}  // namespace pgduet::harness

// What differs between libpqxx 6.4 (Debian 12, Ubuntu 22.04) and 7.x, in one place.
// Nothing else in the project may depend on the version of libpqxx.
#pragma once

#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#if !defined(PQXX_VERSION_MAJOR)
#include <pqxx/version>
#endif

#define PGDUET_PQXX_AT_LEAST(major, minor) \
  (PQXX_VERSION_MAJOR > (major) || (PQXX_VERSION_MAJOR == (major) && PQXX_VERSION_MINOR >= (minor)))

namespace pgduet::harness::compat {

// Parameter values as the calls below take them; nothing is NULL.
using Values = std::vector<std::optional<std::string>>;

#if PQXX_VERSION_MAJOR >= 7
inline pqxx::params parameters(const Values& values) {
  pqxx::params list;
  list.reserve(values.size());
  for (const auto& value : values) {
    if (value)
      list.append(*value);
    else
      list.append();
  }
  return list;
}
#else
inline std::vector<const char*> parameters(const Values& values) {
  std::vector<const char*> list;
  list.reserve(values.size());
  for (const auto& value : values) list.push_back(value ? value->c_str() : nullptr);
  return list;
}
#endif

inline pqxx::result execute_prepared(pqxx::transaction_base& transaction, const std::string& name,
                                     const Values& values) {
#if PGDUET_PQXX_AT_LEAST(7, 10)
  return transaction.exec(pqxx::prepped{name}, parameters(values));
#elif PQXX_VERSION_MAJOR >= 7
  return transaction.exec_prepared(name, parameters(values));
#else
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(parameters(values)));
#endif
}

inline pqxx::result execute_params(pqxx::transaction_base& transaction, const std::string& sql,
                                   const Values& values) {
#if PGDUET_PQXX_AT_LEAST(7, 10)
  return transaction.exec(sql, parameters(values));
#elif PQXX_VERSION_MAJOR >= 7
  return transaction.exec_params(sql, parameters(values));
#else
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters(values)));
#endif
}

// Registers the statement with the server now: 6.4 would wait for its first use.
inline void prepare(pqxx::connection& connection, const std::string& name, const std::string& sql) {
  connection.prepare(name, sql);
#if PQXX_VERSION_MAJOR < 7
  connection.prepare_now(name);
#endif
}

inline void set_terse_errors(pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR >= 7
  connection.set_verbosity(pqxx::error_verbosity::terse);
#else
  connection.set_verbosity(pqxx::connection::terse);
#endif
}

// Keeps a connection's notices away from standard error. Must live no longer than the connection.
class QuietNotices {
 public:
#if PGDUET_PQXX_AT_LEAST(7, 10)
  explicit QuietNotices(pqxx::connection& connection) {
    connection.set_notice_handler([](pqxx::zview) noexcept {});
  }
#else
  explicit QuietNotices(pqxx::connection& connection)
      : handler_(std::make_unique<pqxx::quiet_errorhandler>(connection)) {}

 private:
  std::unique_ptr<pqxx::quiet_errorhandler> handler_;
#endif
};

// A result with plain integers as indexes, whatever type the library uses for them.
inline int rows(const pqxx::result& result) { return static_cast<int>(result.size()); }
inline int columns(const pqxx::result& result) { return static_cast<int>(result.columns()); }
inline unsigned column_type(const pqxx::result& result, int column) {
  return static_cast<unsigned>(result.column_type(static_cast<pqxx::row::size_type>(column)));
}
inline std::string column_name(const pqxx::result& result, int column) {
  return result.column_name(static_cast<pqxx::row::size_type>(column));
}
inline pqxx::row row(const pqxx::result& result, int index) {
  return pqxx::row(result[static_cast<pqxx::result::size_type>(index)]);
}

}  // namespace pgduet::harness::compat

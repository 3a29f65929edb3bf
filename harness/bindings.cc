#include <algorithm>
#include <map>

#include "pgduet/gate/error.h"
#include "pgduet/harness/executor.h"
#include "session.h"

namespace pgduet::harness {
namespace {

using gate::Error;

// Values that were drawn before are drawn anew, this often: there may be no others.
constexpr int draws_per_binding = 4;

using Rows = std::vector<std::optional<std::string>>;

Rows ask(Session& session, const Parameter& parameter, std::size_t most) {
  const std::string what = "query() of parameter \"" + parameter.name + "\"";
  const pqxx::result result = [&] {
    try {
      return session.execute(parameter.generator.sql);
    } catch (const StatementFailure& failure) {
      if (is_environment_failure(failure)) throw;
      throw Error(Error::Kind::input, parameter.generator.at, what + " failed: " + failure.what(),
                  failure.hint);
    }
  }();
  if (compat::columns(result) != 1)
    throw Error(
        Error::Kind::input, parameter.generator.at,
        what + " returns " + std::to_string(compat::columns(result)) + " columns instead of 1");
  if (compat::rows(result) == 0)
    throw Error(Error::Kind::input, parameter.generator.at, what + " returns no rows",
                "It takes its values from the data that the setup steps load.");
  Rows rows;
  for (int i = 0; i < compat::rows(result) && rows.size() < most; ++i) {
    const pqxx::field field = compat::row(result, i)[0];
    rows.push_back(field.is_null() ? std::nullopt : std::optional<std::string>(field.c_str()));
  }
  return rows;
}

// The rows of each query() generator, by the parameter's index.
std::map<std::size_t, Rows> ask_all(const Query& query, const Database& database) {
  std::map<std::size_t, Rows> rows;
  std::optional<Session> session;
  const auto most = static_cast<std::size_t>(std::max(most_bindings, query.bindings.value_or(0)));
  for (std::size_t i = 0; i < query.parameters.size(); ++i) {
    if (query.parameters[i].generator.kind != Generator::Kind::query) continue;
    if (!session) {
      session.emplace(database.connection_string);
      session->execute("SET default_transaction_read_only = on");
    }
    rows[i] = ask(*session, query.parameters[i], most);
  }
  return rows;
}

int count_bindings(const Query& query, const std::map<std::size_t, Rows>& rows) {
  if (query.parameters.empty()) return 1;
  if (query.bindings) return *query.bindings;
  std::size_t longest = 0;
  for (const Parameter& parameter : query.parameters)
    longest = std::max(longest, parameter.generator.values.size());
  for (const auto& [index, values] : rows)
    longest = std::max(longest, std::min<std::size_t>(values.size(), most_bindings));
  return longest > 0 ? static_cast<int>(longest) : default_bindings;
}

}  // namespace

Bindings make_bindings(const std::string& workload, const Query& query,
                       const Database& database) try {
  const std::map<std::size_t, Rows> rows = ask_all(query, database);
  const Seed seed{.workload = workload, .query = query.name};
  Bindings bindings;
  const int wanted = count_bindings(query, rows);
  const int draws = wanted * draws_per_binding;
  for (int number = 1; number <= draws && bindings.size() < static_cast<std::size_t>(wanted);
       ++number) {
    std::vector<std::optional<std::string>> values;
    for (std::size_t i = 0; i < query.parameters.size(); ++i) {
      const auto found = rows.find(i);
      values.push_back(generate(query.parameters[i].generator, seed, static_cast<int>(i) + 1,
                                number, found != rows.end() ? found->second : Rows()));
    }
    const bool is_new = std::find(bindings.begin(), bindings.end(), values) == bindings.end();
    if (is_new) bindings.push_back(std::move(values));
  }
  return bindings;
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

}  // namespace pgduet::harness

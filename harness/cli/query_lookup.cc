#include "query_lookup.h"

#include <vector>

#include "pgduet/gate/error.h"

namespace pgduet::cli {

FoundQuery find_query(const gate::Report& report, const std::string& name) {
  std::vector<FoundQuery> found;
  std::vector<std::string> known;
  for (const gate::WorkloadReport& workload : report.workloads) {
    for (const gate::QueryReport& query : workload.queries) {
      const std::string qualified = workload.name + "/" + query.name;
      known.push_back(qualified);
      known.push_back(query.name);
      if (name == query.name || name == qualified) found.push_back({&workload, &query});
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const auto nearest = gate::nearest_name(name, known);
    throw gate::Error(gate::Error::Kind::usage, {},
                      "there is no query \"" + name + "\" in this run",
                      nearest ? "Did you mean \"" + *nearest + "\"?"
                              : "pgduet report --all lists the queries of a run.");
  }
  std::string hint = "Write ";
  for (const FoundQuery& candidate : found) {
    if (&candidate != &found.front()) hint += " or ";
    hint += "\"" + candidate.workload->name + "/" + candidate.query->name + "\"";
  }
  throw gate::Error(gate::Error::Kind::usage, {}, "query \"" + name + "\" is in several workloads",
                    hint + ".");
}

}  // namespace pgduet::cli

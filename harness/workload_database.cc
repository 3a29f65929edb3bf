#include "pgduet/harness/workload_database.h"

namespace pgduet::harness {

gate::Error error_at_query(const gate::Error& error, const std::string& doing, const Query& query,
                           const WorkloadDatabase& database) {
  const std::string log = database.log_tail();
  return {error.kind(), query.at,
          error.problem() + ", while " + doing + " query \"" + query.name + "\"",
          log.empty() ? error.hint() : "The last lines of the server log:\n" + log};
}

}  // namespace pgduet::harness

// Which statements of the store are one query over time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pgduet::harness {

// A row of pgduet.queries, and the first run that saw it.
struct KnownQuery {
  std::int64_t query_id = 0;
  std::string name;
  std::string fingerprint;
  std::string first_run_id;
  std::string first_side;  // "base", "head": a change's base was there before its head

  bool operator==(const KnownQuery&) const = default;
};

// What the lineage asks of the store.
struct LineageSource {
  // All queries of the workload with that name.
  std::function<std::vector<KnownQuery>(const std::string& name)> with_name;
  // All with that fingerprint.
  std::function<std::vector<KnownQuery>(const std::string& fingerprint)> with_fingerprint;
  // Whether a run has both on head: two queries that look alike, and not one that was renamed.
  std::function<bool(const KnownQuery&, const KnownQuery&)> side_by_side;
};

// The statements that the query was: all that had its name (rewritten ones are linked by it), and
// where its first statement had another name before (it was renamed), those of that name until
// then, and so on. Does not depend on the order in which runs were loaded. Empty for a name that is
// not known.
std::vector<std::int64_t> lineage_of(const std::string& name, const LineageSource& source);

}  // namespace pgduet::harness

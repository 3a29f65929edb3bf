#include "query_lineage.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

namespace pgduet::harness {
namespace {

bool is_before(const KnownQuery& a, const KnownQuery& b) {
  return std::tie(a.first_run_id, a.first_side) < std::tie(b.first_run_id, b.first_side);
}

// What `query` was called before; the latest where there are several.
std::optional<KnownQuery> former_name_of(const KnownQuery& query, const LineageSource& source,
                                         const std::set<std::string>& names) {
  std::optional<KnownQuery> former;
  for (const KnownQuery& other : source.with_fingerprint(query.fingerprint)) {
    if (names.contains(other.name) || !is_before(other, query)) continue;
    if (former && is_before(other, *former)) continue;
    if (!source.side_by_side(other, query)) former = other;
  }
  return former;
}

}  // namespace

std::vector<std::int64_t> lineage_of(const std::string& name, const LineageSource& source) {
  std::vector<std::int64_t> ids;
  std::vector<KnownQuery> versions = source.with_name(name);
  std::set<std::string> names = {name};
  while (!versions.empty()) {
    for (const KnownQuery& version : versions) ids.push_back(version.query_id);
    const KnownQuery first = *std::min_element(versions.begin(), versions.end(), is_before);
    const auto former = former_name_of(first, source, names);
    if (!former) break;
    names.insert(former->name);
    versions = source.with_name(former->name);
    std::erase_if(versions, [&](const KnownQuery& one) { return !is_before(one, first); });
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace pgduet::harness

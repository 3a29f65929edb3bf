// What GitHub's annotations and code scanning tell beside a query's line: both have room for a few
// lines only, and know places as files of the repository.
#pragma once

#include <string>
#include <vector>

#include "details.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters {

// What a reviewer needs below the headline, at most a handful of details_of(): why (or the first
// finding about the plan, where the reason is not known), how slow where that was judged, what to
// do.
std::vector<Detail> brief_details_of(const gate::QueryReport& query);

// The file as the forges know it: "./a//b.sql" is "a/b.sql". Relative paths are taken to be
// relative to the root of the repository, absolute ones stay.
std::string repository_path(const std::string& file);

}  // namespace pgduet::reporters

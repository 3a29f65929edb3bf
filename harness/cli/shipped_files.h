// Where the sample workloads and their baselines lie that come with the program.
#pragma once

#include <filesystem>

namespace pgduet::cli {

// The directory with workloads/ and baselines/: PGDUET_SHARE, else <prefix>/share/pgduet for the
// program <prefix>/bin/pgduet, installed or in its build tree. Throws Error(environment) when
// neither has them.
std::filesystem::path shipped_files();

}  // namespace pgduet::cli

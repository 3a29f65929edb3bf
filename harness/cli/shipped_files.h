// Where the sample workloads and their baselines lie that come with the program.
#pragma once

#include <filesystem>

namespace pgduet::cli {

// The directory with workloads/ and baselines/: PGDUET_SHARE, else <prefix>/share/pgduet of an
// installed program, else the source tree that it was built from. Throws Error(environment) when
// none has them.
std::filesystem::path shipped_files();

}  // namespace pgduet::cli

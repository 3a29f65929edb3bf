#include "shipped_files.h"

#include <cstdlib>
#include <vector>

#include "pgduet/gate/error.h"

namespace pgduet::cli {
namespace fs = std::filesystem;

fs::path shipped_files() {
  std::vector<fs::path> candidates;
  if (const char* named = std::getenv("PGDUET_SHARE")) candidates.emplace_back(named);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) candidates.push_back(program.parent_path().parent_path() / "share" / "pgduet");
  for (const fs::path& candidate : candidates) {
    if (fs::exists(candidate / "workloads" / "shop" / "workload.json", error)) return candidate;
  }
  throw gate::Error(gate::Error::Kind::environment, {}, "could not find the sample workloads",
                    "Set PGDUET_SHARE to the directory that holds workloads/ and baselines/.");
}

}  // namespace pgduet::cli

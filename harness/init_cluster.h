// A new data directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pgduet/harness/installation.h"
#include "pgduet/harness/process.h"

namespace pgduet::harness {

// The locale of our clusters: C.UTF-8, or C where the machine has not got it. Compared byte by
// byte, and the same everywhere.
std::string cluster_locale();

enum class Checksums { off, on };

// Runs initdb in `data_directory`, which is there and empty, as `user`. The superuser is "pgduet",
// encoding is UTF-8. Throws Error(environment) with initdb's reason.
void init_cluster(const Installation& installation, const std::filesystem::path& data_directory,
                  const std::optional<SystemUser>& user, Checksums checksums);

}  // namespace pgduet::harness

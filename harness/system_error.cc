#include "system_error.h"

#include <cerrno>
#include <initializer_list>
#include <sstream>
#include <system_error>

namespace pgduet::harness {

gate::Error no_space(const std::filesystem::path& path) {
  return gate::Error(gate::Error::Kind::environment, {},
                     "no space left on the disk of \"" + path.string() + "\"",
                     "Free some space (\"pgduet doctor --clean\" removes cached clusters), or set "
                     "PGDUET_CACHE_DIR to a directory on a larger disk.");
}

gate::Error system_error(const std::string& what, const std::filesystem::path& path, int error,
                         const std::string& hint) {
  if (error == ENOSPC || error == EDQUOT) return no_space(path);
  return gate::Error(
      gate::Error::Kind::environment, {},
      "could not " + what + " \"" + path.string() + "\": " + std::generic_category().message(error),
      hint);
}

std::string indented(const std::string& text) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result += "\n    " + line;
  return result;
}

bool means_no_space(const std::string& message) {
  // The system's words for ENOSPC and EDQUOT; the hint of PostgreSQL where a write came out short
  // (md.c, "wrote only 4096 of 8192 bytes"); our own.
  for (const char* sign : {"No space left on device", "Disk quota exceeded",
                           "Check free disk space", "no space left on the disk"})
    if (message.find(sign) != std::string::npos) return true;
  return false;
}

}  // namespace pgduet::harness

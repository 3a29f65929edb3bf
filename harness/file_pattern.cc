#include "file_pattern.h"

#include <glob.h>

#include <algorithm>
#include <memory>

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

// The directory's own name may hold characters that mean something in a pattern.
std::string escaped(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string("*?[]\\").find(c) != std::string::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

std::vector<std::string> matching_files(const fs::path& directory, const std::string& pattern) {
  const std::string prefix = directory.string() + "/";
  glob_t matches = {};
  const std::unique_ptr<glob_t, decltype(&::globfree)> release(&matches, &::globfree);
  std::vector<std::string> files;
  if (::glob((escaped(prefix) + pattern).c_str(), GLOB_NOSORT, nullptr, &matches) != 0)
    return files;
  for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
    const std::string path = matches.gl_pathv[i];
    std::error_code error;
    if (fs::is_regular_file(path, error)) files.push_back(path.substr(prefix.size()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pgduet::harness

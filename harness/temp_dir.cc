#include "pgduet/harness/temp_dir.h"

#include <stdlib.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "system_error.h"

namespace pgduet::harness {

TempDir::TempDir(const std::filesystem::path& parent, const std::string& prefix) {
  std::string name = (parent / (prefix + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw system_error("create a directory in", parent, errno);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

std::filesystem::path TempDir::release() { return std::exchange(path_, {}); }

}  // namespace pgduet::harness

// A directory of its own that goes when its owner goes.
#pragma once

#include <filesystem>
#include <string>

namespace pgduet::harness {

// Made by the constructor, removed with all it holds by the destructor; locked in between, so that
// what a killed process left can be told from what is in use. Move-only.
class TempDir {
 public:
  // Makes `parent`/`prefix`XXXXXX with mode 0700. Throws Error(environment) when it cannot.
  TempDir(const std::filesystem::path& parent, const std::string& prefix);
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Gives the directory up: it stays.
  std::filesystem::path release();

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

// Removes the TempDirs `parent`/`prefix`* whose processes were killed. Those made in the last
// minute stay: they may not be locked yet.
void remove_abandoned(const std::filesystem::path& parent, const std::string& prefix);

}  // namespace pgduet::harness

// A directory of its own that goes when its owner goes.
#pragma once

#include <filesystem>
#include <string>

namespace pgduet::harness {

// Made by the constructor, removed with all it holds by the destructor. Move-only.
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
};

}  // namespace pgduet::harness

#include "golden.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

namespace pgduet::test {
namespace {

namespace fs = std::filesystem;

const fs::path expected_directory = fs::path(PGDUET_SOURCE_DIR) / "tests/golden/expected";
const fs::path actual_directory = PGDUET_GOLDEN_ACTUAL_DIR;

std::optional<std::string> contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string unified_diff(const fs::path& expected, const fs::path& actual) {
  const std::string from = fs::exists(expected) ? expected.string() : "/dev/null";
  const std::string command = "diff -u '" + from + "' '" + actual.string() + "' 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  if (!pipe) return "(diff could not be run)";
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), count);
  }
  return text;
}

}  // namespace

void expect_golden(const std::string& name, const std::string& actual) {
  const fs::path expected_file = expected_directory / name;
  const fs::path actual_file = actual_directory / name;
  if (contents(expected_file) == actual) {
    fs::remove(actual_file);  // of an earlier failure: it must not be accepted by mistake
    return;
  }
  fs::create_directories(actual_directory);
  std::ofstream(actual_file, std::ios::binary) << actual;
  ADD_FAILURE() << "the output differs from tests/golden/expected/" << name << ":\n"
                << unified_diff(expected_file, actual_file) << "if the new output is right: "
                << "tests/golden/accept '" << actual_directory.string() << "'";
}

std::string with_named_parts(std::string page) {
  const auto name_part = [&](std::string_view begin, std::string_view end, std::string_view name) {
    for (std::size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
      at += begin.size();
      page.replace(at, page.find(end, at) - at, name);
    }
  };
  name_part("<style>", "</style>", "{style}");
  name_part("<script>", "</script>", "{script}");
  name_part("'sha256-", "'", "{hash}");
  name_part("data-json=\"", "\"", "{packed}");
  return page;
}

}  // namespace pgduet::test

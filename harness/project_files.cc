#include "pgduet/harness/project_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <system_error>
#include <vector>

#include "pgduet/harness/files.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> json_files(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::map<std::string, gate::LoadedBaseline> load_baselines(const fs::path& directory,
                                                           const std::string& shown) {
  std::map<std::string, gate::LoadedBaseline> baselines;
  for (const fs::path& path : json_files(directory)) {
    const std::string file = (fs::path(shown) / path.filename()).string();
    gate::Baseline baseline = gate::baseline_from_text(read_file(path), file);
    const std::string name = baseline.query;
    if (name != path.stem().string()) {
      throw gate::Error(
          gate::Error::Kind::input, {file, 0, 0},
          "baseline is of query \"" + name + "\", not of \"" + path.stem().string() + "\"",
          "A baseline is named after its query. Rename the file to \"" + name + ".json\".");
    }
    baselines.emplace(name, gate::LoadedBaseline{std::move(baseline), file});
  }
  return baselines;
}

bool save_baseline(const fs::path& directory, const gate::Baseline& baseline) {
  const fs::path file = directory / (baseline.query + ".json");
  const std::string text = gate::to_text(baseline);
  std::error_code error;
  if (fs::exists(file, error) && read_file(file) == text) return false;
  write_file_atomically(file, text);
  return true;
}

std::string new_run_id() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y%m%dT%H%M%S", &utc);
  std::array<char, 48> text{};
  // Milliseconds: two runs of one second must sort by time, too.
  std::snprintf(text.data(), text.size(), "%s.%03dZ-", date.data(),
                static_cast<int>(now_ms % 1000));
  std::string id = text.data();
  std::random_device random;
  for (int i = 0; i < 6; ++i) id += "0123456789abcdef"[random() % 16];
  return id;
}

void require_run_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error && access(directory.c_str(), W_OK | X_OK) == 0) return;
  const int reason = error ? error.value() : errno;
  throw gate::Error(gate::Error::Kind::environment, {directory.string(), 0, 0},
                    "could not write run records here: " + std::generic_category().message(reason),
                    "Name another directory with --state-dir or PGDUET_STATE_DIR.");
}

fs::path save_run_record(const fs::path& directory, const gate::RunRecord& record,
                         std::size_t keep) {
  const fs::path file = directory / (record.run_id + ".json");
  write_file_atomically(file, gate::to_text(record));
  const std::vector<fs::path> files = json_files(directory);
  for (std::size_t i = 0; i + keep < files.size(); ++i) {
    std::error_code ignored;
    fs::remove(files[i], ignored);
  }
  return file;
}

fs::path find_run_record(const fs::path& directory, const std::string& name) {
  std::error_code error;
  if (name.empty() || name == "last") {
    const std::vector<fs::path> files = json_files(directory);
    if (!files.empty()) return files.back();
    throw gate::Error(gate::Error::Kind::usage, {directory.string(), 0, 0},
                      "there is no run record yet", "Run \"pgduet check\" first.");
  }
  if (fs::is_regular_file(name, error)) return name;
  const fs::path by_id = directory / (name + ".json");
  if (fs::is_regular_file(by_id, error)) return by_id;
  throw gate::Error(gate::Error::Kind::usage, {}, "there is no run record \"" + name + "\"",
                    "Name a file, or a run of " + directory.string() + "/.");
}

std::vector<fs::path> find_run_records(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  const auto add = [&files](const fs::path& file) {
    const auto same = [&file](const fs::path& one) {
      std::error_code error;
      return fs::equivalent(one, file, error);
    };
    if (std::none_of(files.begin(), files.end(), same)) files.push_back(file);
  };
  for (const std::string& name : names) {
    std::error_code error;
    if (fs::is_regular_file(name, error)) {
      add(name);
      continue;
    }
    const std::vector<fs::path> found = json_files(name);
    if (found.empty()) {
      throw gate::Error(gate::Error::Kind::usage, {name, 0, 0}, "there is no run record here",
                        "Name a run record's file, or a directory that holds some.");
    }
    std::for_each(found.begin(), found.end(), add);
  }
  return files;
}

gate::RunRecord load_run_record(const fs::path& file) {
  return gate::run_record_from_text(read_file(file), file.string());
}

}  // namespace pgduet::harness

#include "pgduet/harness/project_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "file_lock.h"
#include "gzip.h"
#include "pgduet/harness/files.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view json_suffix = ".json";
constexpr std::string_view packed_suffix = ".json.gz";

// By name.
std::vector<fs::path> files_ending(const fs::path& directory, std::string_view suffix) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().native().ends_with(suffix)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> json_files(const fs::path& directory) {
  return files_ending(directory, json_suffix);
}

fs::path archive_of(const fs::path& directory) { return directory / "archive"; }

fs::path packed_file(const fs::path& directory, const std::string& run_id) {
  return archive_of(directory) / (run_id + std::string(packed_suffix));
}

std::string id_of(const fs::path& file, std::string_view suffix) {
  const std::string name = file.filename().string();
  return name.substr(0, name.size() - suffix.size());
}

// The date that a run id begins with; nothing where the file was given another name.
std::optional<std::chrono::sys_days> date_of(const std::string& run_id) {
  constexpr std::size_t digits = 8;  // "20261121T..."
  int number = 0;
  const char* const end = run_id.data() + std::min(digits, run_id.size());
  const auto [stop, error] = std::from_chars(run_id.data(), end, number);
  if (error != std::errc() || stop != run_id.data() + digits) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(number / 10000),
      std::chrono::month(static_cast<unsigned>(number / 100 % 100)),
      std::chrono::day(static_cast<unsigned>(number % 100)));
  if (!date.ok()) return std::nullopt;
  return date;
}

// The first day that is kept.
std::chrono::sys_days first_kept(std::chrono::year_month_day today, int keep_months) {
  const std::chrono::year_month_day date = today - std::chrono::months(keep_months);
  if (date.ok()) return date;
  return date.year() / date.month() / std::chrono::last;
}

// Only the holder of the archive's lock writes there, so what is half written was abandoned.
void remove_half_written(const fs::path& archive) {
  const std::string mark = std::string(packed_suffix) + ".new";
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(archive, error)) {
    if (entry.path().filename().string().find(mark) != std::string::npos)
      fs::remove(entry.path(), error);
  }
}

// What cannot be packed stays as it is.
void pack(const fs::path& file, const fs::path& packed) {
  try {
    write_file_atomically(packed, gzip(read_file(file)));
  } catch (const gate::Error&) {
    return;
  }
  std::error_code ignored;
  fs::remove(file, ignored);
}

void pack_older(const fs::path& directory, std::size_t unpacked) {
  const std::vector<fs::path> files = json_files(directory);
  for (std::size_t i = 0; i + unpacked < files.size(); ++i)
    pack(files[i], packed_file(directory, id_of(files[i], json_suffix)));
}

// The archive's lock; nothing while another process has it, and where it cannot be had at all.
std::optional<FileLock> lock_archive(const fs::path& archive) {
  std::error_code error;
  fs::create_directories(archive, error);
  try {
    return FileLock::try_lock(archive / ".lock");
  } catch (const gate::Error&) {
    return std::nullopt;
  }
}

FileLock wait_for_archive(const fs::path& directory) {
  const fs::path archive = archive_of(directory);
  std::error_code ignored;
  fs::create_directories(archive, ignored);
  return wait_for_lock(archive / ".lock", "packs run records", {});
}

void remove_too_old(const fs::path& archive, std::chrono::sys_days first) {
  for (const fs::path& file : files_ending(archive, packed_suffix)) {
    const auto date = date_of(id_of(file, packed_suffix));
    std::error_code ignored;
    if (date && *date < first) fs::remove(file, ignored);
  }
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
                         const RecordRetention& retention) {
  const fs::path file = directory / (record.run_id + std::string(json_suffix));
  write_file_atomically(file, gate::to_text(record));
  const auto now = std::chrono::system_clock::now();
  tidy_run_records(directory, std::chrono::floor<std::chrono::days>(now), retention);
  return file;
}

void tidy_run_records(const fs::path& directory, std::chrono::year_month_day today,
                      const RecordRetention& retention) {
  const fs::path archive = archive_of(directory);
  std::error_code ignored;
  if (json_files(directory).size() <= retention.unpacked && !fs::exists(archive, ignored)) return;
  std::optional<FileLock> lock = lock_archive(archive);
  if (!lock) return;
  remove_half_written(archive);
  pack_older(directory, retention.unpacked);
  if (retention.keep_months > 0) remove_too_old(archive, first_kept(today, retention.keep_months));
  lock->remove_file();
}

void archive_run_record(const fs::path& directory, const std::string& run_id,
                        std::string_view text) {
  for (const RunRecordFile& known : list_run_records(directory)) {
    if (known.run_id == run_id) return;
  }
  const FileLock lock = wait_for_archive(directory);
  write_file_atomically(packed_file(directory, run_id), gzip(text));
}

void remove_run_records_before(const fs::path& directory, std::chrono::year_month_day first) {
  const FileLock lock = wait_for_archive(directory);
  for (const RunRecordFile& record : list_run_records(directory)) {
    const auto date = date_of(record.run_id);
    std::error_code ignored;
    if (date && *date < std::chrono::sys_days(first)) fs::remove(record.file, ignored);
  }
}

std::vector<RunRecordFile> list_run_records(const fs::path& directory) {
  std::map<std::string, fs::path> found;
  // In this order: what is packed meanwhile is seen twice rather than not at all.
  for (const fs::path& file : json_files(directory)) found.emplace(id_of(file, json_suffix), file);
  for (const fs::path& file : files_ending(archive_of(directory), packed_suffix))
    found.emplace(id_of(file, packed_suffix), file);
  std::vector<RunRecordFile> records;
  for (auto& [run_id, file] : found) records.push_back({run_id, std::move(file)});
  return records;
}

fs::path find_run_record(const fs::path& directory, const std::string& name) {
  std::error_code error;
  if (name.empty() || name == "last") {
    // Packed ones may have been made elsewhere.
    const std::vector<fs::path> files = json_files(directory);
    if (!files.empty()) return files.back();
    const std::vector<RunRecordFile> records = list_run_records(directory);
    if (!records.empty()) return records.back().file;
    throw gate::Error(gate::Error::Kind::usage, {directory.string(), 0, 0},
                      "there is no run record yet", "Run \"pgduet check\" first.");
  }
  if (fs::is_regular_file(name, error)) return name;
  for (const fs::path& by_id :
       {directory / (name + std::string(json_suffix)), packed_file(directory, name)}) {
    if (fs::is_regular_file(by_id, error)) return by_id;
  }
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

std::string read_run_record_text(const fs::path& file) {
  fs::path found = file;
  std::string text;
  try {
    text = read_file(file);
  } catch (const gate::Error&) {
    found = packed_file(file.parent_path(), file.stem().string());
    if (!fs::exists(found)) throw;
    text = read_file(found);
  }
  return is_gzip(text) ? gunzip(text, found.string()) : text;
}

gate::RunRecord load_run_record(const fs::path& file) {
  return gate::run_record_from_text(read_run_record_text(file), file.string());
}

}  // namespace pgduet::harness

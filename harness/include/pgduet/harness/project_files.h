// The files that pgduet keeps in a project: committed baselines, and run records under
// .pgduet/runs/: the newest as <run id>.json, older ones as archive/<run id>.json.gz.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/baseline.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/run_record.h"

namespace pgduet::harness {

// The baselines of one workload, by query name: every `directory`/*.json. Empty when there is no
// such directory. `shown` is how messages name the directory. Throws Error(input) for a file that
// is no baseline, or whose "query" is not its name.
std::map<std::string, gate::LoadedBaseline> load_baselines(const std::filesystem::path& directory,
                                                           const std::string& shown);

// Writes the baseline unless the file already holds just that. Returns whether it wrote.
bool save_baseline(const std::filesystem::path& directory, const gate::Baseline& baseline);

// "20261121T101500.042Z-1f3a9c": sorts by time, and two runs of one millisecond differ.
std::string new_run_id();

// Makes the directory of the run records. Throws Error(environment) when they could not be written
// there: that has to show before a run and not at its end.
void require_run_directory(const std::filesystem::path& directory);

// How long run records are kept.
struct RecordRetention {
  std::size_t unpacked = 50;  // the newest: as JSON, whatever their age
  // Packed ones are removed when they are older, by the date in their id. More than a year by
  // default, so that a month can be seen beside that of the year before. 0: never.
  int keep_months = 13;
};

// Writes `directory`/<run id>.json, atomically, and returns its path. Then tidies, as of today.
std::filesystem::path save_run_record(const std::filesystem::path& directory,
                                      const gate::RunRecord& record,
                                      const RecordRetention& retention = {});

// Packs the records beyond the newest into `directory`/archive/, and removes from there those that
// are too old. A record is on disk at every moment, also when this process is killed. One that
// cannot be packed (the disk is full) stays as it is, and the next call tries again: a run does not
// fail for that. Does nothing while another process does it.
void tidy_run_records(const std::filesystem::path& directory, std::chrono::year_month_day today,
                      const RecordRetention& retention);

// Puts a record that was made elsewhere into the archive, unless the run is there. Packed ones are
// not what "the newest run" means to a report.
void archive_run_record(const std::filesystem::path& directory, const std::string& run_id,
                        std::string_view text);

// Removes the records, packed or not, of the days before `first`, by the date in their id.
void remove_run_records_before(const std::filesystem::path& directory,
                               std::chrono::year_month_day first);

struct RunRecordFile {
  std::string run_id;  // by the file's name
  std::filesystem::path file;

  bool operator==(const RunRecordFile&) const = default;
};

// All run records of the directory, packed ones too, oldest first; each once, also while another
// process packs it. Empty when there is no such directory. Opens none of them.
std::vector<RunRecordFile> list_run_records(const std::filesystem::path& directory);

// The run record that `name` means: a file, a run id, or "" or "last" for the newest in
// `directory`; packed or not. Throws Error(usage) when there is none.
std::filesystem::path find_run_record(const std::filesystem::path& directory,
                                      const std::string& name);

// The files that `names` mean: files as they are, and of a directory all its *.json, by name. Each
// once. Throws Error(usage) for what is not there and for a directory without any.
std::vector<std::filesystem::path> find_run_records(const std::vector<std::string>& names);

// The JSON of a run record, packed or not; packed, too, when it was packed since its file was
// looked up. Throws Error(input) at the file when it cannot be read, is cut short or damaged.
std::string read_run_record_text(const std::filesystem::path& file);

// Throws Error(input) as read_run_record_text and gate::run_record_from_text do.
gate::RunRecord load_run_record(const std::filesystem::path& file);

}  // namespace pgduet::harness

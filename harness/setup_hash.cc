#include <algorithm>

#include "pgduet/gate/hash.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/workload.h"
#include "text.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

// Collects values so that no two different lists give the same bytes.
class HashInput {
 public:
  void add(const std::string& value) { text_ += std::to_string(value.size()) + ":" + value; }
  void add_count(std::size_t count) { text_ += "#" + std::to_string(count) + " "; }
  std::string hash() const { return gate::hash_hex(text_); }

 private:
  std::string text_;
};

// Version control and pgduet's own state are no input of a setup step, and change by themselves.
bool is_left_out(const fs::path& directory) {
  return directory.filename() == ".git" || directory.filename() == ".pgduet";
}

// The regular files below `directory`, relative to it and in the order of their names.
std::vector<std::string> files_below(const fs::path& directory) {
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(directory), end; at != end; ++at) {
    if (at->is_directory() && is_left_out(at->path())) at.disable_recursion_pending();
    if (at->is_regular_file())
      files.push_back(at->path().lexically_relative(directory).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void add_file(HashInput& input, const Workload& workload, const std::string& file) {
  input.add(file);
  try {
    input.add(gate::hash_hex(read_file(workload.directory / file)));
  } catch (const gate::Error& error) {
    throw gate::Error(error.kind(), {shown_path(workload.shown_directory, file), 0, 0},
                      error.problem(), error.hint());
  }
}

// A file, or a directory with all that is below it ("" is the workload's own).
void add_files(HashInput& input, const Workload& workload, const std::string& name) {
  const fs::path path = name.empty() ? workload.directory : workload.directory / name;
  if (!fs::is_directory(path)) return add_file(input, workload, name);
  try {
    const std::vector<std::string> files = files_below(path);
    input.add_count(files.size());
    for (const std::string& file : files)
      add_file(input, workload, name.empty() ? file : name + "/" + file);
  } catch (const fs::filesystem_error& error) {
    throw gate::Error(gate::Error::Kind::input, {shown_path(workload.shown_directory, name), 0, 0},
                      "could not read the directory: " + error.code().message());
  }
}

}  // namespace

std::string setup_hash(const Workload& workload) {
  HashInput input;
  input.add_count(workload.settings.size());
  for (const auto& setting : workload.settings) {
    input.add(setting.first);
    input.add(setting.second);
  }
  input.add_count(workload.extensions.size());
  for (const std::string& extension : workload.extensions) input.add(extension);
  input.add(std::to_string(workload.scale));
  for (const SetupStep& step : workload.setup) {
    input.add(step.name());
    add_files(input, workload, step.kind == SetupStep::Kind::run ? "" : step.file);
    if (step.kind != SetupStep::Kind::run) continue;
    input.add(step.working_directory);
    input.add_count(step.inputs.size());
    for (const std::string& file : step.inputs) add_file(input, workload, file);
  }
  return input.hash();
}

}  // namespace pgduet::harness

#include "pgduet/harness/workload.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "file_pattern.h"
#include "pgduet/gate/json.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/installation.h"
#include "query_header.h"
#include "text.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

using gate::Error;
using gate::Json;
using gate::JsonDocument;
using gate::SourcePosition;

constexpr const char* workload_file = "workload.json";
constexpr int supported_format_version = 1;

[[noreturn]] void fail(const SourcePosition& at, const std::string& problem,
                       const std::string& hint = {}) {
  throw Error(Error::Kind::input, at, problem, hint);
}

const char* type_name(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  return value.is_array() ? "an array" : "an object";
}

// How messages name the value that a JSON pointer names: key "scale", item 2 of "versions".
std::string label_of(const std::string& pointer) {
  if (pointer.empty()) return "the file";
  const std::size_t slash = pointer.rfind('/');
  const std::string last = pointer.substr(slash + 1);
  if (last.find_first_not_of("0123456789") != std::string::npos) return in_quotes(last);
  const std::size_t before = pointer.rfind('/', slash - 1);
  return "item " + std::to_string(std::stoi(last) + 1) + " of " +
         in_quotes(pointer.substr(before + 1, slash - before - 1));
}

// Reads workload.json. Every function names values by their JSON pointer, as the document does.
class WorkloadReader {
 public:
  WorkloadReader(const fs::path& directory, const std::string& shown_directory) {
    workload_.directory = directory;
    workload_.shown_directory = shown_directory;
  }

  Workload read() {
    document_ = gate::parse_json_document(read_text(workload_file), shown_path(workload_file));
    expect(document_.root.is_object(), "", "an object");
    gate::require_known_keys(document_, "",
                             {"$schema", "format_version", "name", "description", "postgres",
                              "setup", "scale", "queries", "params", "policy"});
    if (has("/$schema")) string_at("/$schema");
    read_format_version();
    read_name();
    if (has("/description")) workload_.description = string_at("/description");
    if (has("/postgres")) read_postgres();
    if (has("/scale")) read_scale();
    if (has("/policy")) read_policy();
    if (has("/setup")) read_setup();
    if (has("/params")) read_params();
    read_queries();
    require_known_params();
    return std::move(workload_);
  }

 private:
  std::string shown_path(const std::string& file) const {
    return harness::shown_path(workload_.shown_directory, file);
  }

  std::string read_text(const std::string& file) const {
    try {
      return read_file(workload_.directory / file);
    } catch (const Error& error) {
      const bool is_workload = file == workload_file;
      throw Error(error.kind(), {shown_path(file), 0, 0}, error.problem(),
                  is_workload ? "A workload is a directory with a workload.json." : error.hint());
    }
  }

  bool has(const std::string& pointer) const {
    return document_.root.contains(Json::json_pointer(pointer));
  }
  const Json& value_at(const std::string& pointer) const {
    return document_.root.at(Json::json_pointer(pointer));
  }
  SourcePosition at(const std::string& pointer) const { return document_.at(pointer); }

  void expect(bool is_right, const std::string& pointer, const std::string& wanted) const {
    if (is_right) return;
    fail(at(pointer),
         label_of(pointer) + " must be " + wanted + ", not " + type_name(value_at(pointer)));
  }

  std::string string_at(const std::string& pointer) const {
    expect(value_at(pointer).is_string(), pointer, "a string");
    return value_at(pointer).get<std::string>();
  }

  std::string filled_string_at(const std::string& pointer) const {
    const std::string text = string_at(pointer);
    if (text.empty()) fail(at(pointer), label_of(pointer) + " must not be empty");
    return text;
  }

  // The pointers of the elements of an array.
  std::vector<std::string> elements_at(const std::string& pointer, const char* wanted) const {
    expect(value_at(pointer).is_array(), pointer, wanted);
    std::vector<std::string> pointers;
    for (std::size_t i = 0; i < value_at(pointer).size(); ++i)
      pointers.push_back(pointer + "/" + std::to_string(i));
    return pointers;
  }

  std::vector<std::string> strings_at(const std::string& pointer) const {
    std::vector<std::string> strings;
    for (const std::string& element : elements_at(pointer, "an array of strings"))
      strings.push_back(filled_string_at(element));
    return strings;
  }

  // A value as text: strings as they are, numbers as written, true and false as on and off.
  std::string scalar_text(const std::string& key, const Json& value, const std::string& parent,
                          bool allow_boolean) const {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean() && allow_boolean) return value.get<bool>() ? "on" : "off";
    if (!value.is_number())
      fail(at(parent + "/" + key),
           in_quotes(key) + " must be a string or a number, not " + type_name(value));
    return value.dump();
  }

  void read_format_version() {
    if (!has("/format_version"))
      fail(at(""), "key \"format_version\" is missing", "Add \"format_version\": 1.");
    const Json& version = value_at("/format_version");
    expect(version.is_number(), "/format_version", "a number");
    if (version != supported_format_version)
      fail(at("/format_version"), "format_version " + version.dump() + " is not supported",
           "This pgduet reads format_version 1.");
  }

  void read_name() {
    if (!has("/name")) fail(at(""), "key \"name\" is missing", "Name the workload.");
    workload_.name = string_at("/name");
    if (!is_valid_name(workload_.name))
      fail(at("/name"), in_quotes(workload_.name) + " cannot name a workload", valid_name_hint);
  }

  void read_postgres() {
    expect(value_at("/postgres").is_object(), "/postgres", "an object");
    gate::require_known_keys(document_, "/postgres", {"versions", "settings", "extensions"});
    if (has("/postgres/versions")) read_versions();
    if (has("/postgres/extensions")) workload_.extensions = strings_at("/postgres/extensions");
    if (!has("/postgres/settings")) return;
    const std::string pointer = "/postgres/settings";
    expect(value_at(pointer).is_object(), pointer, "an object");
    for (const auto& setting : value_at(pointer).items())
      workload_.settings[setting.key()] =
          scalar_text(setting.key(), setting.value(), pointer, true);
  }

  void read_versions() {
    for (const std::string& pointer : elements_at("/postgres/versions", "an array of versions")) {
      const Json& value = value_at(pointer);
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      int version = 0;
      for (int major = oldest_major; major <= newest_major; ++major) {
        if (text == std::to_string(major)) version = major;
      }
      if (version == 0)
        fail(at(pointer), "PostgreSQL version " + in_quotes(text) + " is not supported",
             "Supported are the majors " + std::to_string(oldest_major) + " to " +
                 std::to_string(newest_major) + ".");
      workload_.versions.push_back(version);
    }
  }

  void read_scale() {
    expect(value_at("/scale").is_number(), "/scale", "a number");
    workload_.scale = value_at("/scale").get<double>();
    if (!std::isfinite(workload_.scale) || workload_.scale <= 0)
      fail(at("/scale"), "\"scale\" must be above 0, not " + value_at("/scale").dump());
  }

  void read_policy() {
    expect(value_at("/policy").is_object(), "/policy", "an object");
    for (const auto& limit : value_at("/policy").items())
      gate::set_policy(workload_.policy, limit.key(),
                       scalar_text(limit.key(), limit.value(), "/policy", false),
                       at("/policy/" + limit.key()));
  }

  void read_setup() {
    for (const std::string& pointer : elements_at("/setup", "an array of steps"))
      read_step(pointer);
  }

  void read_step(const std::string& pointer) {
    const Json& value = value_at(pointer);
    expect(value.is_object(), pointer, "an object");
    gate::require_known_keys(document_, pointer,
                             {"sql", "copy", "into", "run", "in", "files", "restore"});
    std::string kind;
    for (const char* key : {"sql", "copy", "run", "restore"}) {
      if (!value.contains(key)) continue;
      if (!kind.empty())
        fail(at(pointer),
             "a setup step cannot have both " + in_quotes(kind) + " and " + in_quotes(key),
             "Make it two steps.");
      kind = key;
    }
    if (kind.empty())
      fail(at(pointer), "a setup step needs one of \"sql\", \"copy\", \"run\" and \"restore\"");
    if (value.contains("into") && kind != "copy")
      fail(at(pointer + "/into"), "\"into\" without \"copy\"");
    for (const char* key : {"in", "files"}) {
      if (value.contains(key) && kind != "run")
        fail(at(pointer + "/" + key), in_quotes(key) + " without \"run\"");
    }
    if (kind == "sql") return add_sql_steps(pointer + "/sql");
    add_step(kind, pointer);
  }

  void add_step(const std::string& kind, const std::string& pointer) {
    SetupStep step;
    step.at = at(pointer + "/" + kind);
    if (kind == "run") {
      step.kind = SetupStep::Kind::run;
      step.command = strings_at(pointer + "/run");
      if (step.command.empty()) fail(step.at, "\"run\" must name a program");
      if (has(pointer + "/in")) step.working_directory = existing_path_at(pointer + "/in");
      if (has(pointer + "/files")) {
        for (const std::string& element : elements_at(pointer + "/files", "an array of strings")) {
          const std::vector<std::string> files = files_at(element);
          step.inputs.insert(step.inputs.end(), files.begin(), files.end());
        }
      }
    } else {
      const bool is_copy = kind == "copy";
      step.kind = is_copy ? SetupStep::Kind::copy : SetupStep::Kind::restore;
      step.file = existing_path_at(pointer + "/" + kind);
      if (is_copy && !value_at(pointer).contains("into"))
        fail(step.at, "\"copy\" without \"into\"", "Name the table: \"into\": \"products\".");
      if (is_copy) step.into = filled_string_at(pointer + "/into");
    }
    workload_.setup.push_back(std::move(step));
  }

  void add_sql_steps(const std::string& pointer) {
    for (const std::string& file : files_at(pointer)) {
      for (const SetupStep& earlier : workload_.setup) {
        if (earlier.kind == SetupStep::Kind::sql && earlier.file == file)
          fail(at(pointer), "file " + in_quotes(file) + " is a setup step already");
      }
      SetupStep step;
      step.file = file;
      step.at = at(pointer);
      workload_.setup.push_back(std::move(step));
    }
  }

  std::string relative_path_at(const std::string& pointer) const {
    const std::string path = filled_string_at(pointer);
    if (fs::path(path).is_absolute())
      fail(at(pointer), "path " + in_quotes(path) + " is absolute",
           "Paths are relative to the workload's directory.");
    return path;
  }

  // A directory will do: pg_dump's directory format is one.
  std::string existing_path_at(const std::string& pointer) const {
    const std::string path = relative_path_at(pointer);
    std::error_code error;
    if (!fs::exists(workload_.directory / path, error))
      fail(at(pointer), "file " + in_quotes(path) + " does not exist",
           "Paths are relative to the workload's directory.");
    return path;
  }

  std::vector<std::string> files_at(const std::string& pointer) const {
    const std::string pattern = relative_path_at(pointer);
    std::vector<std::string> files = matching_files(workload_.directory, pattern);
    if (files.empty())
      fail(at(pointer), "no file matches " + in_quotes(pattern),
           "Patterns are relative to the workload's directory.");
    return files;
  }

  void read_params() {
    expect(value_at("/params").is_object(), "/params", "an object");
    for (const auto& param : value_at("/params").items()) {
      const std::string pointer = "/params/" + param.key();
      if (!is_valid_name(param.key()))
        fail(at("/params"), in_quotes(param.key()) + " cannot name a parameter",
             "Write \"NAME\", or \"QUERY.NAME\" for the parameter of one query.");
      params_.emplace(param.key(), parse_generator(filled_string_at(pointer), at(pointer)));
    }
  }

  // The query's own before that of all queries.
  std::optional<Generator> find_param(const Query& query, const std::string& parameter) const {
    for (const std::string& key : {query.name + "." + parameter, parameter}) {
      const auto param = params_.find(key);
      if (param != params_.end()) return param->second;
    }
    return std::nullopt;
  }

  void require_known_params() const {
    std::set<std::string> known;
    for (const Query& query : workload_.queries) {
      for (const Parameter& parameter : query.parameters) {
        known.insert(parameter.name);
        known.insert(query.name + "." + parameter.name);
      }
    }
    for (const auto& param : params_) {
      if (known.contains(param.first)) continue;
      const auto nearest =
          gate::nearest_name(param.first, std::vector<std::string>(known.begin(), known.end()));
      fail(param.second.at, "no query has the parameter " + in_quotes(param.first),
           nearest ? "Did you mean " + in_quotes(*nearest) + "?" : "");
    }
  }

  void read_queries() {
    if (!has("/queries"))
      fail(at(""), "key \"queries\" is missing", "Add \"queries\": [\"queries/*.sql\"].");
    const std::vector<std::string> patterns = elements_at("/queries", "an array of strings");
    if (patterns.empty())
      fail(at("/queries"), "\"queries\" must not be empty",
           "Name the query files, as in [\"queries/*.sql\"].");
    std::vector<std::string> read;
    for (const std::string& pointer : patterns) {
      for (const std::string& file : files_at(pointer)) {
        if (std::find(read.begin(), read.end(), file) != read.end()) continue;
        read.push_back(file);
        add_queries(file);
      }
    }
  }

  void add_queries(const std::string& file) {
    const auto missing = [this](const Query& query, const std::string& parameter) {
      return find_param(query, parameter);
    };
    for (Query& query :
         parse_query_file(read_text(file), shown_path(file), workload_.policy, missing)) {
      for (const Query& earlier : workload_.queries) {
        if (earlier.name == query.name) fail_defined_twice(earlier, query);
      }
      workload_.queries.push_back(std::move(query));
    }
  }

  [[noreturn]] static void fail_defined_twice(const Query& earlier, const Query& query) {
    fail(query.at, "query " + in_quotes(query.name) + " is defined twice",
         "The other one is at " + to_text(earlier.at) + ".");
  }

  Workload workload_;
  JsonDocument document_;
  std::map<std::string, Generator> params_;
};

}  // namespace

std::string SetupStep::name() const {
  switch (kind) {
    case Kind::sql:
      break;
    case Kind::copy:
      return "copy " + file + " into " + into;
    case Kind::restore:
      return "restore " + file;
    case Kind::run: {
      std::string text = "run";
      for (const std::string& argument : command) text += " " + argument;
      return text;
    }
  }
  return file;
}

Workload load_workload(const fs::path& directory, const std::string& shown_directory) {
  return WorkloadReader(directory, shown_directory).read();
}

std::map<std::string, const Query*> queries_by_name(const Workload& workload) {
  std::map<std::string, const Query*> queries;
  for (const Query& query : workload.queries) queries.emplace(query.name, &query);
  return queries;
}

std::vector<fs::path> find_workloads(const fs::path& root) {
  std::error_code error;
  if (fs::exists(root / workload_file, error)) return {root};
  std::vector<fs::path> found;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::exists(at->path() / workload_file, ignored)) found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace pgduet::harness

#include "setup_step.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>

#include "copy_in.h"
#include "migration_file.h"
#include "pgduet/gate/hash.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/interrupt.h"
#include "pgduet/harness/process.h"
#include "session.h"
#include "text.h"

namespace pgduet::harness {
namespace {

using gate::Error;
using gate::SourcePosition;

constexpr int shown_error_lines = 10;  // of a command's standard error, in a hint

std::string read_file(const Workload& workload, const SetupStep& step) {
  std::ifstream input(workload.directory / step.file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  if (!input)
    throw Error(Error::Kind::input, step.at,
                "could not read \"" + shown_path(workload.shown_directory, step.file) + "\"");
  return text;
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string last_lines(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t at = text.size();
  for (int lines = 0; lines < shown_error_lines && at != std::string::npos && at > 0; ++lines)
    at = text.rfind('\n', at - 1);
  return at == std::string::npos || at == 0 ? text : text.substr(at + 1);
}

RanStep run_sql(const Workload& workload, const SetupStep& step, const SetupTarget& target) {
  const std::string file = shown_path(workload.shown_directory, step.file);
  const std::string script = setup_script(workload, step);
  RanStep ran{.content_hash = gate::hash_hex(script),
              .statements = gate::split_statements(script, file)};
  Session session(target.connection_string);
  for (const gate::SqlStatement& statement : ran.statements) {
    check_interrupt();
    try {
      session.execute(statement.text);
    } catch (const StatementFailure& failure) {
      const int line = statement.line + std::max(failure.line, 1) - 1;
      throw setup_error(failure, {file, line, 0}, "setup step failed");
    }
  }
  // In autocommit, a statement and its transaction begin at the same moment.
  if (session.text("SELECT now() <> statement_timestamp()") == "t")
    throw Error(Error::Kind::input, {file, 0, 0}, "setup step leaves a transaction open",
                "Add the missing COMMIT: all that it did since BEGIN would be lost.");
  return ran;
}

RanStep run_copy(const Workload& workload, const SetupStep& step, const SetupTarget& target) {
  const bool tab_separated = step.file.ends_with(".tsv");
  const std::string sql = "COPY " + step.into + " FROM STDIN " +
                          (tab_separated ? "(FORMAT text)" : "(FORMAT csv, HEADER)");
  RanStep ran{.content_hash = gate::hash_hex(read_file(workload, step) + '\0' + step.into),
              .statements = {}};
  try {
    copy_in(target.connection_string, sql, workload.directory / step.file);
  } catch (const StatementFailure& failure) {
    throw setup_error(failure, {shown_path(workload.shown_directory, step.file), failure.line, 0},
                      "could not copy into " + step.into);
  }
  return ran;
}

void run_program(const CommandOptions& options, const SourcePosition& at,
                 const std::string& shown_command) {
  const CommandResult result = run_command(options);
  if (result.exit_status == 0) return;
  const std::string errors = last_lines(result.errors.empty() ? result.output : result.errors);
  throw Error(
      Error::Kind::input, at,
      "\"" + shown_command + "\" ended with exit status " + std::to_string(result.exit_status),
      errors.empty() ? "" : "It said: " + errors);
}

std::string percent_encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      encoded += c;
    else
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return encoded;
}

// The database that PGHOST, PGPORT, ... name, for tools that take a URL only.
std::string database_url(const std::map<std::string, std::string>& environment) {
  const auto value = [&](const char* variable) {
    const auto found = environment.find(variable);
    return found == environment.end() ? std::string() : percent_encoded(found->second);
  };
  std::string url = "postgresql://" + value("PGUSER");
  if (environment.contains("PGPASSWORD")) url += ":" + value("PGPASSWORD");
  if (environment.contains("PGUSER")) url += "@";
  url += "/" + value("PGDATABASE");
  char separator = '?';
  for (const auto& [variable, name] : std::map<std::string, std::string>{
           {"PGHOST", "host"}, {"PGPORT", "port"}, {"PGSSLMODE", "sslmode"}}) {
    if (!environment.contains(variable)) continue;
    url += separator + name + "=" + value(variable.c_str());
    separator = '&';
  }
  return url;
}

RanStep run_command_step(const Workload& workload, const SetupStep& step,
                         const SetupTarget& target) {
  std::string shown;
  std::string hashed;
  for (const std::string& argument : step.command) {
    shown += (shown.empty() ? "" : " ") + argument;
    hashed += argument + '\0';
  }
  for (const std::string& file : step.inputs)
    hashed += file + '\0' + gate::hash_hex(harness::read_file(workload.directory / file));
  CommandOptions options;
  options.arguments = step.command;
  options.environment = target.environment;
  options.environment["DATABASE_URL"] = database_url(target.environment);
  options.working_directory = workload.directory / step.working_directory;
  run_program(options, step.at, shown);
  return {.content_hash = gate::hash_hex(hashed), .statements = {}};
}

// The program in the first of the target's directories, or in PATH, that has it.
std::string client_program(const std::string& name, const SetupTarget& target,
                           const SourcePosition& at) {
  std::vector<std::string> directories = target.program_directories;
  const char* path = getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  for (std::size_t colon = 0; !rest.empty(); rest.erase(0, colon)) {
    colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) directories.push_back(rest.substr(0, colon));
    if (colon < rest.size()) ++colon;
  }
  for (const std::string& directory : directories) {
    const std::string program = directory + "/" + name;
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  throw Error(Error::Kind::environment, at, "could not find the program \"" + name + "\"",
              "Install PostgreSQL's client programs (postgresql-client), or name the directory "
              "that has them with --pg-bin.");
}

std::string directory_hash(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string hashes;
  for (const std::filesystem::path& file : files)
    hashes += file.filename().string() + '\0' + gate::hash_hex(harness::read_file(file));
  return gate::hash_hex(hashes);
}

RanStep run_restore(const Workload& workload, const SetupStep& step, const SetupTarget& target) {
  const std::filesystem::path dump = workload.directory / step.file;
  const bool directory = std::filesystem::is_directory(dump);
  const std::string content = directory ? std::string() : read_file(workload, step);
  // "PGDMP" begins a custom dump; a tar one has its first file's name at the start and the mark of
  // tar at 257 (POSIX ustar).
  const bool archive = directory || content.starts_with("PGDMP") ||
                       (content.starts_with("toc.dat") && content.find("ustar") == 257);
  const auto database = target.environment.find("PGDATABASE");
  CommandOptions options;
  options.environment = target.environment;
  options.working_directory = workload.directory;
  if (archive) {
    options.arguments = {client_program("pg_restore", target, step.at), "--no-owner",
                         "--exit-on-error", "--dbname",
                         database != target.environment.end() ? database->second : ""};
    options.arguments.push_back(dump.string());
  } else {
    options.arguments = {client_program("psql", target, step.at),
                         "-X",
                         "-q",
                         "-v",
                         "ON_ERROR_STOP=1",
                         "-f",
                         dump.string()};
  }
  run_program(options, step.at, step.name());
  return {.content_hash = directory ? directory_hash(dump) : gate::hash_hex(content),
          .statements = {}};
}

}  // namespace

std::string setup_script(const Workload& workload, const SetupStep& step) {
  return gate::substitute_variable(migration_up(read_file(workload, step)), "scale",
                                   number_text(workload.scale));
}

gate::Error setup_error(const StatementFailure& failure, const gate::SourcePosition& at,
                        const std::string& what) {
  const bool environment = is_environment_failure(failure);
  std::string hint = failure.detail;
  if (!failure.hint.empty()) hint += (hint.empty() ? "" : " ") + failure.hint;
  return {environment ? Error::Kind::environment : Error::Kind::input, at,
          what + ": " + failure.what(), hint};
}

RanStep run_step(const Workload& workload, const SetupStep& step, const SetupTarget& target) {
  try {
    switch (step.kind) {
      case SetupStep::Kind::sql:
        return run_sql(workload, step, target);
      case SetupStep::Kind::copy:
        return run_copy(workload, step, target);
      case SetupStep::Kind::run:
        return run_command_step(workload, step, target);
      case SetupStep::Kind::restore:
        return run_restore(workload, step, target);
    }
  } catch (const StatementFailure& failure) {
    throw setup_error(failure, step.at, "setup step failed");
  }
  return {};
}

}  // namespace pgduet::harness

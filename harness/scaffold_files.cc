#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "pgduet/harness/files.h"
#include "pgduet/harness/scaffold.h"
#include "text.h"

namespace pgduet::harness {
namespace fs = std::filesystem;
namespace {

using gate::Error;

// A seed of hundreds of megabytes is nothing to be read.
constexpr std::uintmax_t largest_query_file = 4 << 20;

bool is_left_out(const fs::path& directory) {
  static const std::set<std::string> names = {
      "node_modules", "vendor", "third_party", "build", "dist",        "target",
      "venv",         "deps",   "_build",      "out",   "__pycache__", "site-packages"};
  const std::string name = directory.filename().string();
  std::error_code error;
  return name.starts_with('.') || names.contains(name) ||
         fs::exists(directory / "workload.json", error);
}

bool has_names(const std::string& text) {
  std::size_t at = 0;
  while ((at = text.find("--", at)) != std::string::npos) {
    const std::string_view rest = trimmed(std::string_view(text).substr(at + 2, 40));
    if (rest.starts_with("name:") || rest.starts_with("name :")) return true;
    at += 2;
  }
  return false;
}

bool is_named(const std::string& file, const std::string& pattern) {
  return pattern == "." || file.starts_with(pattern + "/") ||
         fnmatch(pattern.c_str(), file.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace

std::vector<std::string> project_files(const fs::path& root) {
  std::vector<std::string> files;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(root, options), end; at != end; ++at) {
    std::error_code error;
    if (at->is_directory(error)) {
      if (is_left_out(at->path())) at.disable_recursion_pending();
    } else if (at->is_regular_file(error)) {
      files.push_back(at->path().lexically_relative(root).generic_string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

FoundQueries find_queries(const fs::path& root, const std::vector<std::string>& files,
                          const std::optional<std::string>& pattern) {
  FoundQueries found;
  std::set<std::string> names;
  std::vector<std::string> nameless;
  for (const std::string& file : files) {
    if (!file.ends_with(".sql") || (pattern && !is_named(file, *pattern))) continue;
    if (fs::file_size(root / file) > largest_query_file) continue;
    const std::string text = read_file(root / file);
    if (text.find("/* @name") != std::string::npos) {
      found.left_out.push_back({file, "its queries are named by PgTyped's comments (/* @name */)"});
      continue;
    }
    if (!has_names(text)) {
      if (pattern) nameless.push_back(file);
      continue;
    }
    try {
      const auto later = [](const Query&, const std::string&) {
        return std::optional<Generator>(Generator{});
      };
      std::vector<Query> queries = parse_query_file(text, file, {}, later);
      for (const Query& query : queries) {
        if (names.contains(query.name))
          throw Error(Error::Kind::input, query.at,
                      "query " + in_quotes(query.name) + " is defined in another file, too");
      }
      for (Query& query : queries) {
        names.insert(query.name);
        found.queries.push_back(std::move(query));
      }
      found.files.push_back(file);
    } catch (const Error& error) {
      found.left_out.push_back({file, to_text(error.position()) + ": " + error.problem()});
    }
  }
  for (const std::string& file : nameless)
    found.left_out.push_back({file, "it has no \"-- name:\" line above a query"});
  if (!found.files.empty()) return found;
  std::string hint =
      "Looked for SQL files with a line \"-- name: my_query\" above each query, as sqlc, aiosql "
      "and "
      "yesql have them. Name them with --queries, or write one.";
  for (const auto& [file, reason] : found.left_out) hint += "\n  not " + file + ": " + reason;
  throw Error(Error::Kind::usage, {pattern.value_or("."), 0, 0}, "found no query files", hint);
}

}  // namespace pgduet::harness

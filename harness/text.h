// Small things that the readers of text formats share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgduet::harness {

// Without blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);

// The ASCII letters in lower case.
std::string lower(std::string_view text);

// How messages name a file of a workload: "workloads/shop/setup/001.sql", and of one beside it
// ("../../migrations/001.sql") "migrations/001.sql". `directory` is Workload::shown_directory,
// which may begin with a revision: "1f3a9c:workloads/shop".
std::string shown_path(const std::string& directory, const std::string& file);

// "text" in double quotes, as messages name things.
std::string in_quotes(std::string_view text);

// The pieces between separators that do not stand in '...'; the quotes are kept.
std::vector<std::string> split_outside_quotes(std::string_view text, char separator);

// 'it''s' as it's; a text that does not stand in quotes as it is.
std::string without_quotes(std::string_view text);

}  // namespace pgduet::harness

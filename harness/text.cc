#include "text.h"

#include <algorithm>
#include <filesystem>

namespace pgduet::harness {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

std::string shown_path(const std::string& directory, const std::string& file) {
  if (directory.empty()) return file;
  if (!file.starts_with("../")) return directory + "/" + file;
  const std::size_t colon = directory.find(':');
  const std::size_t path = colon == std::string::npos ? 0 : colon + 1;
  return directory.substr(0, path) +
         (std::filesystem::path(directory.substr(path)) / file).lexically_normal().generic_string();
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::vector<std::string> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string> pieces(1);
  bool in_quotes = false;
  for (const char c : text) {
    if (c == '\'') in_quotes = !in_quotes;
    if (c == separator && !in_quotes)
      pieces.emplace_back();
    else
      pieces.back() += c;
  }
  return pieces;
}

std::string without_quotes(std::string_view text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
  std::string inner;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    inner += text[i];
    if (text[i] == '\'' && text[i + 1] == '\'' && i + 2 < text.size()) ++i;
  }
  return inner;
}

}  // namespace pgduet::harness

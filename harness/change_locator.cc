#include "change_locator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "text.h"

namespace pgduet::harness {
namespace {

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool has_word(std::string_view text, std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !in_word(text[at - 1])) && (end == text.size() || !in_word(text[end])))
      return true;
  }
  return false;
}

std::string_view first_word(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), in_word);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

bool is_definition(std::string_view statement) {
  constexpr std::array definitions = {"create", "alter", "drop", "comment", "do", "import"};
  const std::string_view word = first_word(statement);
  return std::find(definitions.begin(), definitions.end(), word) != definitions.end();
}

// The word that a statement about such an object contains.
std::string kind_word(const std::string& kind) {
  if (kind == "column") return "table";
  if (kind == "setting") return "set";
  return kind.substr(0, kind.find(' '));
}

}  // namespace

int line_of_change(const gate::CatalogObject& object,
                   const std::vector<gate::SqlStatement>& statements) {
  const std::string name = gate::bare_name(object.name);
  const std::string relation = gate::bare_name(object.relation);
  int best = 0;
  int line = 0;
  for (const gate::SqlStatement& statement : statements) {
    const std::string text = lower(statement.text);
    const bool names_object = has_word(text, name);
    const bool names_relation = has_word(text, relation);
    if (!names_object && !names_relation) continue;
    const int score = (is_definition(text) ? 8 : 0) + (names_object ? 4 : 0) +
                      (names_relation ? 2 : 0) + (has_word(text, kind_word(object.kind)) ? 1 : 0);
    if (score >= best) {
      best = score;
      line = statement.line;
    }
  }
  return line;
}

}  // namespace pgduet::harness

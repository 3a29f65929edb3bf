// Finds psql's variables among the tokens of a text.

#include <optional>
#include <utility>

#include "sql_parser.h"

namespace pgduet::gate {
namespace {

// Tells parameters from array slices: a colon directly inside the brackets of a subscript belongs
// to the slice, one inside ARRAY[...] does not.
class Brackets {
 public:
  bool in_subscript() const { return !open_.empty() && open_.back() == '['; }

  void note(const SqlToken& token, const std::string& previous_text) {
    if (token.is('(')) open_ += '(';
    if (token.is('[')) open_ += is_constructor(previous_text) ? 'A' : '[';
    if ((token.is(')') || token.is(']')) && !open_.empty()) open_.pop_back();
  }

 private:
  // ARRAY[ ..., and the inner brackets of ARRAY[[1, 2], [3, 4]].
  bool is_constructor(const std::string& previous_text) const {
    const bool nested = !open_.empty() && open_.back() == 'A';
    return previous_text == "array" || (nested && (previous_text == "[" || previous_text == ","));
  }

  std::string open_;
};

bool is_unquoted_name(std::string_view sql, const SqlToken& token) {
  return token.is_keyword() || (token.code == SqlToken::identifier && sql[token.begin] != '"');
}

std::optional<SqlVariable> variable_at(std::string_view sql, const SqlToken& colon,
                                       const SqlToken& name) {
  if (!colon.is(':') || colon.end != name.begin) return std::nullopt;
  const std::string text(sql.substr(name.begin, name.end - name.begin));
  if (is_unquoted_name(sql, name)) return SqlVariable{colon.begin, name.end, text, 0};
  const bool quoted =
      (name.code == SqlToken::string && text.front() == '\'') || name.code == SqlToken::identifier;
  if (!quoted || text.size() < 2) return std::nullopt;
  return SqlVariable{colon.begin, name.end, text.substr(1, text.size() - 2), text.front()};
}

}  // namespace

std::vector<SqlVariable> variables_of(std::string_view sql, const std::vector<SqlToken>& tokens) {
  std::vector<SqlVariable> variables;
  Brackets brackets;
  std::string previous_text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is_comment()) continue;
    brackets.note(tokens[i], previous_text);
    previous_text = lower_text(sql, tokens[i]);
    if (brackets.in_subscript() || i + 1 == tokens.size()) continue;
    if (auto variable = variable_at(sql, tokens[i], tokens[i + 1]))
      variables.push_back(std::move(*variable));
  }
  return variables;
}

}  // namespace pgduet::gate

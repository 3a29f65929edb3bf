#include "pgduet/gate/sql_tokens.h"

#include <algorithm>
#include <array>
#include <string>

#include "sql_parser.h"

namespace pgduet::gate {
namespace {

// Of the words that the grammar also takes for names, those that structure a statement. The others
// ("name", "value", "date") are names far more often. Sorted.
constexpr std::array<std::string_view, 45> structuring_words = {
    "add",       "after",        "alter",   "always",  "before",   "begin",     "by",
    "cascade",   "comment",      "commit",  "copy",    "cross",    "current",   "declare",
    "delete",    "drop",         "each",    "execute", "explain",  "extension", "first",
    "following", "function",     "if",      "index",   "inherits", "insert",    "language",
    "last",      "materialized", "merge",   "nulls",   "over",     "partition", "preceding",
    "procedure", "recursive",    "replace", "returns", "set",      "sequence",  "trigger",
    "update",    "view",         "within"};

bool is_structuring(const std::string& word) {
  return std::find(structuring_words.begin(), structuring_words.end(), word) !=
         structuring_words.end();
}

SqlSpan::Kind kind_of(std::string_view sql, const SqlToken& token) {
  if (token.is_comment()) return SqlSpan::Kind::comment;
  switch (token.code) {
    case SqlToken::identifier:
    case SqlToken::unicode_identifier:
      return SqlSpan::Kind::identifier;
    case SqlToken::string:
    case SqlToken::unicode_string:
    case SqlToken::bit_string:
    case SqlToken::hex_string:
      return SqlSpan::Kind::string;
    case SqlToken::decimal_number:
    case SqlToken::whole_number:
      return SqlSpan::Kind::number;
    case SqlToken::parameter:
      return SqlSpan::Kind::parameter;
    default:
      break;
  }
  if (!token.is_keyword()) return SqlSpan::Kind::sign;
  const bool qualified = token.begin > 0 && sql[token.begin - 1] == '.';
  const bool name = qualified || (token.keyword_kind == SqlToken::unreserved_keyword &&
                                  !is_structuring(lower_text(sql, token)));
  return name ? SqlSpan::Kind::identifier : SqlSpan::Kind::keyword;
}

}  // namespace

std::vector<SqlSpan> sql_spans(std::string_view sql) {
  std::vector<SqlSpan> spans;
  std::size_t end = 0;  // of what `spans` holds
  const auto add = [&](SqlSpan::Kind kind, std::size_t token_begin, std::size_t token_end) {
    const std::size_t begin = std::max(token_begin, end);
    if (begin > end) spans.push_back({SqlSpan::Kind::plain, end, begin});
    end = std::min(std::max(token_end, begin), sql.size());
    if (end > begin) spans.push_back({kind, begin, end});
  };
  const SqlScan scan = scan_sql(sql);
  const std::vector<SqlVariable> variables = variables_of(sql, scan.tokens);
  auto variable = variables.begin();
  for (const SqlToken& token : scan.tokens) {
    if (token.begin < end) continue;  // the name behind the colon
    while (variable != variables.end() && variable->end <= token.begin) ++variable;
    if (variable != variables.end() && variable->begin == token.begin) {
      add(SqlSpan::Kind::parameter, variable->begin, variable->end);
    } else {
      add(kind_of(sql, token), token.begin, token.end);
    }
  }
  if (end < sql.size()) spans.push_back({SqlSpan::Kind::plain, end, sql.size()});
  return spans;
}

}  // namespace pgduet::gate

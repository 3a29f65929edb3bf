#include "pgduet/gate/sql.h"

#include <pg_query.h>

#include <algorithm>

#include "sql_parser.h"

namespace pgduet::gate {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::vector<SqlToken> tokens_of(std::string_view sql, const SourcePosition& at) {
  SqlScan scan = scan_sql(sql);
  if (scan.error)
    throw Error(Error::Kind::input, position_at(at, *scan.error), scan.error->message);
  return std::move(scan.tokens);
}

// Knows, token by token, where a statement ends: parentheses (CREATE RULE ... DO (...; ...)) and
// the body of a routine in standard SQL (BEGIN ATOMIC ...; END) hold semicolons of their own. The
// same rules as psql's (psqlscan.l).
class StatementBounds {
 public:
  // Whether `token` is the semicolon that ends the statement.
  bool ends_with(const SqlToken& token, const std::string& text) {
    if (token.is('(')) ++parentheses_;
    if (token.is(')') && parentheses_ > 0) --parentheses_;
    if (token.is(';') && parentheses_ == 0 && blocks_ == 0) {
      *this = StatementBounds();
      return true;
    }
    note_word(token.is_keyword() ? text : "");
    return false;
  }

 private:
  void note_word(const std::string& word) {
    if (count_ < 4) in_routine_ = in_routine_ || starts_routine(word);
    ++count_;
    if (in_routine_ && parentheses_ == 0) {
      if (blocks_ > 0 && word == "case") ++blocks_;
      if (blocks_ > 0 && word == "end") --blocks_;
      if (word == "atomic" && previous_ == "begin") ++blocks_;
    }
    previous_ = word;
  }

  // CREATE [OR REPLACE] FUNCTION or PROCEDURE.
  bool starts_routine(const std::string& word) {
    if (count_ == 0) creates_ = word == "create";
    const bool routine = word == "function" || word == "procedure";
    return creates_ && routine && (previous_ == "create" || previous_ == "replace");
  }

  int parentheses_ = 0;
  int blocks_ = 0;
  int count_ = 0;
  bool creates_ = false;
  bool in_routine_ = false;
  std::string previous_;
};

void reject_psql_command(std::string_view script, const SqlToken& token, const SourcePosition& at) {
  if (!token.is('\\')) return;
  const std::size_t end = script.find_first_of(" \t\r\n;", token.begin);
  const std::string command(script.substr(token.begin, end - token.begin));
  throw Error(
      Error::Kind::input, position_at(at, script, token.begin),
      "psql command \"" + command + "\" in a SQL script",
      "Scripts are run without psql. Leave the command out, or run psql in a \"run\" step.");
}

void reject_copy_data(const std::vector<std::string>& words, const SourcePosition& at) {
  if (words.empty() || words.front() != "copy") return;
  const auto from = std::find(words.begin(), words.end(), "from");
  if (from == words.end() || from + 1 == words.end() || *(from + 1) != "stdin") return;
  throw Error(Error::Kind::input, at, "COPY FROM STDIN in a SQL script",
              "Keep the rows in a file of their own and load it by a \"copy\" step, or load a dump "
              "by a \"restore\" step.");
}

std::string in_quotes(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

// The names "1", "2", ... up to the highest $n of the statement.
std::vector<std::string> numbered_names(std::string_view sql, const std::vector<SqlToken>& tokens) {
  int highest = 0;
  for (const SqlToken& token : tokens) {
    if (token.code != SqlToken::parameter) continue;
    const std::string digits(sql.substr(token.begin + 1, token.end - token.begin - 1));
    // The protocol counts parameters in 16 bits; a longer number is the server's to refuse.
    if (digits.size() <= 5) highest = std::max(highest, std::stoi(digits));
  }
  std::vector<std::string> names;
  for (int number = 1; number <= highest; ++number) names.push_back(std::to_string(number));
  return names;
}

}  // namespace

std::vector<SqlStatement> split_statements(std::string_view script, const std::string& file) {
  if (script.substr(0, byte_order_mark.size()) == byte_order_mark)
    script.remove_prefix(byte_order_mark.size());
  const SourcePosition start{file, 1, 1};
  std::vector<SqlStatement> statements;
  StatementBounds bounds;
  std::optional<SqlToken> first;
  std::size_t end = 0;
  std::vector<std::string> words;
  SourcePosition at = start;
  std::size_t counted_to = 0;
  const auto add = [&] {
    if (!first) return;
    at = position_at(at, script.substr(counted_to), first->begin - counted_to);
    counted_to = first->begin;
    reject_copy_data(words, at);
    statements.push_back({std::string(script.substr(first->begin, end - first->begin)), at.line});
    first.reset();
    words.clear();
  };
  for (const SqlToken& token : tokens_of(script, start)) {
    if (token.is_comment()) continue;
    if (!first) reject_psql_command(script, token, start);
    const std::string text = token.is_keyword() ? lower_text(script, token) : "";
    if (bounds.ends_with(token, text)) {
      add();
      continue;
    }
    if (!first) first = token;
    end = token.end;
    words.push_back(text);
  }
  add();
  return statements;
}

NumberedSql number_parameters(std::string_view sql, const SourcePosition& at) {
  const std::vector<SqlToken> tokens = tokens_of(sql, at);
  NumberedSql numbered;
  std::size_t copied_to = 0;
  std::string first_name;
  for (const SqlVariable& variable : variables_of(sql, tokens)) {
    if (variable.quote != 0) continue;
    if (first_name.empty()) first_name = variable.name;
    auto found = std::find(numbered.parameters.begin(), numbered.parameters.end(), variable.name);
    if (found == numbered.parameters.end())
      found = numbered.parameters.insert(found, variable.name);
    numbered.sql += sql.substr(copied_to, variable.begin - copied_to);
    numbered.sql += "$" + std::to_string(found - numbered.parameters.begin() + 1);
    copied_to = variable.end;
  }
  numbered.sql += sql.substr(copied_to);
  if (first_name.empty()) {
    numbered.parameters = numbered_names(sql, tokens);
    return numbered;
  }
  for (const SqlToken& token : tokens) {
    if (token.code != SqlToken::parameter) continue;
    const std::string text(sql.substr(token.begin, token.end - token.begin));
    throw Error(Error::Kind::input, position_at(at, sql, token.begin),
                "parameter \"" + text + "\" in a statement that also uses \":" + first_name + "\"",
                "Write all parameters of a statement as :name, or all as $1, $2, ...");
  }
  return numbered;
}

std::string substitute_variable(std::string_view script, const std::string& name,
                                const std::string& value) {
  std::string text;
  std::size_t copied_to = 0;
  for (const SqlVariable& variable : variables_of(script, scan_sql(script).tokens)) {
    if (variable.name != name) continue;
    text += script.substr(copied_to, variable.begin - copied_to);
    text += variable.quote == 0 ? value : in_quotes(value, variable.quote);
    copied_to = variable.end;
  }
  return text.append(script.substr(copied_to));
}

std::optional<SqlSyntaxError> syntax_error(const std::string& sql) { return parse_sql(sql).error; }

std::string normalize_sql(const std::string& sql) {
  if (sql.find('\0') != std::string::npos) return sql;
  const std::lock_guard<std::mutex> lock(pg_query_mutex());
  const PgQueryNormalizeResult result = pg_query_normalize(sql.c_str());
  std::string normalized = result.error == nullptr ? result.normalized_query : sql;
  pg_query_free_normalize_result(result);
  return normalized;
}

std::optional<std::string> fingerprint(const std::string& sql) {
  if (sql.find('\0') != std::string::npos) return std::nullopt;
  const std::lock_guard<std::mutex> lock(pg_query_mutex());
  const PgQueryFingerprintResult result = pg_query_fingerprint(sql.c_str());
  std::optional<std::string> text;
  if (result.error == nullptr) text = result.fingerprint_str;
  pg_query_free_fingerprint_result(result);
  return text;
}

std::string quote_identifier(std::string_view name) {
  const bool plain =
      !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
  if (!plain) return in_quotes(name, '"');
  const std::vector<SqlToken> tokens = scan_sql(name).tokens;
  const bool reserved =
      tokens.size() != 1 || tokens.front().keyword_kind > SqlToken::unreserved_keyword;
  return reserved ? in_quotes(name, '"') : std::string(name);
}

std::string quote_literal(std::string_view text) { return in_quotes(text, '\''); }

}  // namespace pgduet::gate

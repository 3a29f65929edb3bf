// libpg_query behind values: tokens, parse trees and messages that own their memory.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/json.h"
#include "pgduet/gate/sql.h"

namespace pgduet::gate {

// Held around every call into libpg_query: it redirects the process's standard error to a pipe
// while it works, which two threads at once would leave redirected for ever.
std::mutex& pg_query_mutex();

// One token, comments included.
struct SqlToken {
  // Numbers of `enum Token` in pg_query.proto. These are the first tokens of PostgreSQL's gram.y
  // and the same in libpg_query 13 to 17; keywords come behind them and move from major to major,
  // so those are told by their text.
  static constexpr int identifier = 258;
  static constexpr int unicode_identifier = 259;
  static constexpr int decimal_number = 260;
  static constexpr int string = 261;
  static constexpr int unicode_string = 262;
  static constexpr int bit_string = 263;
  static constexpr int hex_string = 264;
  static constexpr int whole_number = 266;
  static constexpr int parameter = 267;
  static constexpr int sql_comment = 275;
  static constexpr int c_comment = 276;

  // Numbers of `enum KeywordKind`.
  static constexpr int no_keyword = 0;
  static constexpr int unreserved_keyword = 1;

  std::size_t begin = 0;  // bytes
  std::size_t end = 0;
  int code = 0;  // a character's own code for the single-character tokens
  int keyword_kind = no_keyword;

  bool is(char character) const { return code == character; }
  bool is_comment() const { return code == sql_comment || code == c_comment; }
  bool is_keyword() const { return keyword_kind != no_keyword; }
};

struct SqlScan {
  std::vector<SqlToken> tokens;
  std::optional<SqlSyntaxError> error;  // then there are no tokens
};
SqlScan scan_sql(std::string_view sql);

// The text of a token in lower case: how keywords are compared.
std::string lower_text(std::string_view sql, const SqlToken& token);

// A ":name", ":'name'" or ":\"name\"" of the text; not the bounds of an array slice.
struct SqlVariable {
  std::size_t begin = 0;  // of the colon
  std::size_t end = 0;
  std::string name;
  char quote = 0;
};
std::vector<SqlVariable> variables_of(std::string_view sql, const std::vector<SqlToken>& tokens);

struct SqlParse {
  Json tree;                            // {"version": ..., "stmts": [...]}
  std::optional<SqlSyntaxError> error;  // then there is no tree
};
SqlParse parse_sql(const std::string& sql);

// A member of a node of the tree; an empty object where there is none, as protobuf's JSON leaves
// out what is 0.
const Json& member(const Json& node, const char* key);

// `at` moved from the first character of `sql` to its byte `offset`; unchanged where it has no
// line.
SourcePosition position_at(const SourcePosition& at, std::string_view sql, std::size_t offset);

// `at` moved to a line and column of the text that begins there.
SourcePosition position_at(const SourcePosition& at, const SqlSyntaxError& error);

}  // namespace pgduet::gate

#include "sql_parser.h"

#include <pg_query.h>

#include <algorithm>
#include <cstdint>

namespace pgduet::gate {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// libpg_query counts the position of an error in characters, from 1.
std::size_t byte_of_character(std::string_view text, int character) {
  std::size_t byte = 0;
  for (int seen = 1; byte < text.size(); ++byte) {
    if (is_continuation_byte(text[byte])) continue;
    if (seen++ == character) break;
  }
  return byte;
}

SqlSyntaxError to_syntax_error(std::string_view sql, const PgQueryError& error) {
  const std::size_t offset =
      error.cursorpos > 0 ? byte_of_character(sql, error.cursorpos) : std::size_t{0};
  const SourcePosition at = position_at({"", 1, 1}, sql, offset);
  return {error.message == nullptr ? "" : error.message, at.line, at.column};
}

// Reads the few protobuf fields of a ScanResult (pg_query.proto): all are varints, the tokens are
// length-delimited messages of varints. libprotobuf-c's header would be one more package to
// install for these forty bytes a token.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return at_ >= bytes_.size(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at_ < bytes_.size() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) break;
    }
    return value;
  }

  std::string_view message() {
    const std::uint64_t size = varint();
    const std::string_view inner = bytes_.substr(std::min(at_, bytes_.size()), size);
    at_ += inner.size();
    return inner;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

constexpr std::uint64_t field_of(std::uint64_t tag) { return tag >> 3U; }

SqlToken read_token(std::string_view bytes) {
  SqlToken token;
  for (WireReader reader(bytes); !reader.done();) {
    const std::uint64_t field = field_of(reader.varint());
    const std::uint64_t value = reader.varint();
    if (field == 1) token.begin = static_cast<std::size_t>(value);
    if (field == 2) token.end = static_cast<std::size_t>(value);
    if (field == 4) token.code = static_cast<int>(value);
    if (field == 5) token.keyword_kind = static_cast<int>(value);
  }
  return token;
}

std::vector<SqlToken> read_tokens(std::string_view bytes) {
  constexpr std::uint64_t tokens_field = 2;
  std::vector<SqlToken> tokens;
  for (WireReader reader(bytes); !reader.done();) {
    if (field_of(reader.varint()) == tokens_field)
      tokens.push_back(read_token(reader.message()));
    else
      reader.varint();
  }
  return tokens;
}

// libpg_query reports a wrong end for U&'...' and U&"..." (the scanner has read ahead by then):
// they reach to the blanks before the next token.
void repair_ends(std::string_view sql, std::vector<SqlToken>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    SqlToken& token = tokens[i];
    if (token.code != SqlToken::unicode_identifier && token.code != SqlToken::unicode_string)
      continue;
    token.end = i + 1 < tokens.size() ? tokens[i + 1].begin : sql.size();
    while (token.end > token.begin && is_blank(sql[token.end - 1])) --token.end;
  }
}

SqlScan scan_once(const std::string& sql) {
  SqlScan scan;
  const std::lock_guard<std::mutex> lock(pg_query_mutex());
  const PgQueryScanResult result = pg_query_scan(sql.c_str());
  if (result.error != nullptr)
    scan.error = to_syntax_error(sql, *result.error);
  else
    scan.tokens = read_tokens({result.pbuf.data, result.pbuf.len});
  pg_query_free_scan_result(result);
  return scan;
}

// PostgreSQL 16 reads 0x1F, 0o17, 0b11 and 1_000 as numbers; the scanner of 15 calls them junk.
// Overwrites the number at `error` by digits, so that the tokens keep their places. False when
// there is none.
bool replace_newer_number(std::string& sql, const SqlSyntaxError& error) {
  if (error.message.find("trailing junk after numeric literal") == std::string::npos) return false;
  std::size_t begin = 0;
  for (int line = 1; line < error.line; ++line) begin = sql.find('\n', begin) + 1;
  begin += byte_of_character(std::string_view(sql).substr(begin), error.column);
  std::size_t end = sql.find_first_not_of("0123456789abcdefABCDEFxXoO_.", begin);
  if (end == std::string::npos) end = sql.size();
  const std::string number = sql.substr(begin, end - begin);
  const bool has_base = number.size() > 2 && number[0] == '0' &&
                        std::string("xXoObB").find(number[1]) != std::string::npos;
  const bool has_separator = number.find('_') != std::string::npos && number.back() != '_' &&
                             number.find_first_not_of("0123456789_.eE") == std::string::npos;
  if (!has_base && !has_separator) return false;
  std::fill(sql.begin() + static_cast<std::ptrdiff_t>(begin),
            sql.begin() + static_cast<std::ptrdiff_t>(end), '1');
  return true;
}

std::optional<SqlSyntaxError> error_of_zero_byte(std::string_view sql) {
  const std::size_t zero = sql.find('\0');
  if (zero == std::string_view::npos) return std::nullopt;
  const SourcePosition at = position_at({"", 1, 1}, sql, zero);
  return SqlSyntaxError{"zero byte in SQL text", at.line, at.column};
}

}  // namespace

std::mutex& pg_query_mutex() {
  static std::mutex mutex;
  return mutex;
}

SqlScan scan_sql(std::string_view sql) {
  SqlScan scan;
  scan.error = error_of_zero_byte(sql);
  if (scan.error) return scan;
  std::string text(sql);
  do {
    scan = scan_once(text);
  } while (scan.error && replace_newer_number(text, *scan.error));
  repair_ends(sql, scan.tokens);
  return scan;
}

std::string lower_text(std::string_view sql, const SqlToken& token) {
  std::string text(sql.substr(token.begin, token.end - token.begin));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

const Json& member(const Json& node, const char* key) {
  static const Json none = Json::object();
  const auto found = node.find(key);
  return found == node.end() ? none : *found;
}

SqlParse parse_sql(const std::string& sql) {
  SqlParse parse;
  parse.error = error_of_zero_byte(sql);
  if (parse.error) return parse;
  std::string text;
  {
    const std::lock_guard<std::mutex> lock(pg_query_mutex());
    const PgQueryParseResult result = pg_query_parse(sql.c_str());
    if (result.error != nullptr)
      parse.error = to_syntax_error(sql, *result.error);
    else
      text = result.parse_tree;
    pg_query_free_parse_result(result);
  }
  if (parse.error) return parse;
  parse.tree = Json::parse(text, nullptr, false);
  // The tree repeats strings of the statement, so it is JSON only where those are UTF-8.
  if (parse.tree.is_discarded()) parse.error = SqlSyntaxError{"invalid byte sequence for UTF-8"};
  return parse;
}

SourcePosition position_at(const SourcePosition& at, std::string_view sql, std::size_t offset) {
  SqlSyntaxError place;
  for (const char c : sql.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if (!is_continuation_byte(c)) {
      ++place.column;
    }
  }
  return position_at(at, place);
}

SourcePosition position_at(const SourcePosition& at, const SqlSyntaxError& error) {
  if (at.line == 0) return at;
  const int first_column = error.line == 1 ? std::max(at.column, 1) : 1;
  return {at.file, at.line + error.line - 1, first_column + error.column - 1};
}

}  // namespace pgduet::gate

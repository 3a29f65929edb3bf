// What can be known of a SQL text without a server, by the server's own scanner and parser
// (libpg_query).
//
// libpg_query's grammar may be older than the server's. A statement that it cannot parse is not an
// error here: the functions say "unknown", and the server stays the judge of syntax. The scanner
// works on such statements, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/error.h"

namespace pgduet::gate {

// One statement of a script.
struct SqlStatement {
  std::string text;  // without the semicolon and without leading blanks and comments
  int line = 1;      // of its first character in the script
};

// Splits a script at its top-level semicolons. Throws Error(input) at `file`:line where the scanner
// cannot read it (an unterminated string, say), at a psql command (`\set`), and at COPY ... FROM
// STDIN, whose data (as pg_dump writes it) is no SQL: such files are for a "restore" step.
std::vector<SqlStatement> split_statements(std::string_view script, const std::string& file);

// A statement whose parameters are $1, $2, ... as the server wants them.
struct NumberedSql {
  std::string sql;
  std::vector<std::string> parameters;  // their names; [0] is $1. A statement written with $1 has
                                        // the names "1", "2", ...
};

// Replaces `:name` by `$n`, in order of first appearance; the rest stays as it is, byte for byte.
// `::type`, strings, quoted names, dollar quotes, comments and the colon of an array slice
// (`a[1:n]`, `a[:n]`, but not `ARRAY[:n]` or `a[(:n)]`) are left alone. `at` is where `sql` begins:
// a text that the scanner cannot read, and mixing `:name` and `$n`, are an Error(input) at their
// place behind it.
NumberedSql number_parameters(std::string_view sql, const SourcePosition& at);

// Replaces psql variables (`:scale`, `:'scale'`, `:"scale"`) by the given text, with psql's
// quoting; array slices are left alone. A script that the scanner cannot read is returned as it is:
// split_statements says what is wrong with it.
std::string substitute_variable(std::string_view script, const std::string& name,
                                const std::string& value);

// Why a statement does not parse.
struct SqlSyntaxError {
  std::string message;  // the parser's: syntax error at or near "FORM"
  int line = 1;         // in `sql`, from 1
  int column = 1;
};
std::optional<SqlSyntaxError> syntax_error(const std::string& sql);

// The statement with its constants replaced by $n; as it is when it does not parse.
std::string normalize_sql(const std::string& sql);

// libpg_query's fingerprint, 16 hexadecimal digits; nothing when it does not parse.
std::optional<std::string> fingerprint(const std::string& sql);

// One relation that a statement names. CTE names are left out.
struct RelationReference {
  std::string schema;  // "" when not qualified
  std::string name;
  std::string alias;  // the name itself when there is no alias

  bool operator==(const RelationReference&) const = default;
};

// A comparison of a column with a parameter, "o.customer_id = $1": tells which data a parameter
// selects.
struct ParameterComparison {
  int parameter = 0;     // from 1
  std::string relation;  // the alias before the column; "" when not qualified
  std::string column;
  std::string operator_name;  // "=", "<", "~~" (LIKE), "= ANY"

  bool operator==(const ParameterComparison&) const = default;
};

// A column as the statement writes it.
struct ColumnReference {
  std::string relation;  // alias or relation; "" when not qualified
  std::string column;    // "*" for all

  bool operator==(const ColumnReference&) const = default;
};

// What a statement is. `parsed` false: all the rest is unknown (empty).
struct StatementTraits {
  bool parsed = false;
  bool several_statements = false;
  std::string kind;     // "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", or the parse tree's node
                        // name for others
  bool writes = false;  // changes or locks rows, also in a CTE or by FOR UPDATE
  bool has_order_by = false;                         // at the top level
  bool has_limit = false;                            // LIMIT or FETCH FIRST at the top level
  std::optional<std::int64_t> limit = std::nullopt;  // where it is a number
  int limit_parameter = 0;                           // from 1, where it is $1; 0 where it is not
  bool has_offset = false;
  std::vector<std::string>
      undetermined_by;  // functions whose result changes from call to call: "random()", "now()",
                        // "nextval()", "TABLESAMPLE"; in order of appearance, each once
  // Whether one of those decides which rows there are, and so how many: it is in a condition, a
  // join or a subquery, and not in what is returned for each row.
  bool rows_by_clock = false;                // "WHERE expires_at > now()": another number tomorrow
  bool rows_by_chance = false;               // "WHERE random() < 0.1": another number each time
  std::vector<RelationReference> relations;  // in order of appearance, each once
  std::vector<ColumnReference> columns;      // in order of appearance, each once
  std::vector<ParameterComparison> comparisons;
  std::vector<std::string> functions;  // names called, each once
};
StatementTraits traits_of(const std::string& sql);

// A SELECT with the expressions of its top-level ORDER BY that are not output columns yet added as
// last output columns, so that ties can be told.
struct SortKeyProbe {
  std::string sql;  // as it was when nothing had to be added
  // Output columns of `sql`, one an ORDER BY item: from 0 on counted from the first column, below 0
  // from the last one (-1), as in Python, because nobody knows here how many columns "o.*" is. See
  // column_index().
  std::vector<int> key_columns;
  int added_columns = 0;  // how many were appended; named pgduet_key_1, ...
};

// Nothing when there is no top-level ORDER BY, the statement does not parse or is no SELECT, or a
// key is no output column and none can be added (DISTINCT, set operations, VALUES). The probe reads
// the same rows in the same order. Its statement can still be wrong for the server: "SELECT o.* ...
// ORDER BY id" sorts by o.id, but an added "id" is ambiguous when another relation has one.
std::optional<SortKeyProbe> with_sort_keys(const std::string& sql);

// The place, from 0, of a key column in a result with `columns` output columns, added ones
// included.
constexpr int column_index(int key_column, int columns) {
  return key_column < 0 ? columns + key_column : key_column;
}

// "name" as the server would quote it as an identifier, and 'text' as a literal
// (standard_conforming_strings on).
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);

}  // namespace pgduet::gate

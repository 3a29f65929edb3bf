// Rows on their way into a table.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../session.h"

namespace pgduet::harness {

// Collects rows and inserts them some thousands at a time, a parameter (an array) a column: as
// quick as COPY for our sizes, and through what every version of libpqxx has.
class Rows {
 public:
  struct Column {
    const char* name;
    const char* type;  // "bigint"
  };

  // `constants` are columns that are the same in all rows. `suffix` stands behind the statement:
  // "ON CONFLICT DO NOTHING".
  struct Constant {
    Column column;
    std::string value;
  };
  Rows(Session& session, std::string table, std::vector<Column> columns,
       std::vector<Constant> constants = {}, std::string suffix = {});

  // The fields of a row, in the order of the columns.
  Rows& operator<<(std::string_view text);
  Rows& operator<<(const char* text) { return *this << std::string_view(text); }
  Rows& operator<<(const std::string& text) { return *this << std::string_view(text); }
  Rows& operator<<(double number);
  Rows& operator<<(std::int64_t number);
  Rows& operator<<(int number) { return *this << static_cast<std::int64_t>(number); }
  Rows& operator<<(bool value);
  Rows& operator<<(std::nullopt_t null);
  template <typename Value>
  Rows& operator<<(const std::optional<Value>& value) {
    return value ? *this << *value : *this << std::nullopt;
  }

  // Inserts what is left. Must be called at the end.
  void finish();

 private:
  std::string& next_field();
  void end_field();

  Session& session_;
  std::string sql_;
  std::vector<std::string> constants_;
  std::vector<std::string> arrays_;  // array literals without the final brace
  std::size_t column_ = 0;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pgduet::harness

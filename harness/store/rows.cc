#include "rows.h"

#include <array>
#include <charconv>
#include <utility>

namespace pgduet::harness {
namespace {

// A statement's parameters are kept in memory on both sides.
constexpr std::size_t most_rows = 20000;
constexpr std::size_t most_bytes = std::size_t{8} << 20;

std::string insert_statement(const std::string& table, const std::vector<Rows::Column>& columns,
                             const std::vector<Rows::Constant>& constants,
                             const std::string& suffix) {
  std::string names;
  std::string values;
  std::string arrays;
  std::size_t parameter = 0;
  for (const Rows::Constant& constant : constants) {
    names += std::string(names.empty() ? "" : ", ") + constant.column.name;
    values += std::string(values.empty() ? "" : ", ") + "$" + std::to_string(++parameter) +
              "::" + constant.column.type;
  }
  for (const Rows::Column& column : columns) {
    names += std::string(names.empty() ? "" : ", ") + column.name;
    arrays += std::string(arrays.empty() ? "" : ", ") + "$" + std::to_string(++parameter) +
              "::" + column.type + "[]";
  }
  return "INSERT INTO " + table + " (" + names + ") SELECT " +
         (values.empty() ? "" : values + ", ") + "new.* FROM unnest(" + arrays + ") AS new " +
         suffix;
}

}  // namespace

Rows::Rows(Session& session, std::string table, std::vector<Column> columns,
           std::vector<Constant> constants, std::string suffix)
    : session_(session),
      sql_(insert_statement(table, columns, constants, suffix)),
      arrays_(columns.size()) {
  for (Constant& constant : constants) constants_.push_back(std::move(constant.value));
}

std::string& Rows::next_field() {
  std::string& array = arrays_[column_];
  array += array.empty() ? '{' : ',';
  return array;
}

void Rows::end_field() {
  if (++column_ < arrays_.size()) return;
  column_ = 0;
  ++rows_;
  if (rows_ >= most_rows || bytes_ >= most_bytes) finish();
}

Rows& Rows::operator<<(std::string_view text) {
  std::string& array = next_field();
  array += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    if (c != '\0') array += c;  // the one character that the server's texts cannot hold
  }
  array += '"';
  bytes_ += text.size();
  end_field();
  return *this;
}

Rows& Rows::operator<<(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  next_field().append(text.data(), end);
  end_field();
  return *this;
}

Rows& Rows::operator<<(std::int64_t number) {
  next_field() += std::to_string(number);
  end_field();
  return *this;
}

Rows& Rows::operator<<(bool value) {
  next_field() += value ? 't' : 'f';
  end_field();
  return *this;
}

Rows& Rows::operator<<(std::nullopt_t) {
  next_field() += "NULL";
  end_field();
  return *this;
}

void Rows::finish() {
  if (rows_ == 0) return;
  compat::Values values(constants_.begin(), constants_.end());
  for (std::string& array : arrays_) values.emplace_back(std::exchange(array, "") + "}");
  session_.execute_params(sql_, values);
  rows_ = 0;
  bytes_ = 0;
}

}  // namespace pgduet::harness

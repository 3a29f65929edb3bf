// Reading and writing the members of a record's JSON objects. What is absent keeps the value it
// has, what is empty is left out, and what is not known is ignored. A member of the wrong type is
// an Error(input) without a position, as records are not files that people write: '"rows" is not a
// number'.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"

namespace pgduet::gate {

// The member `key`; null when it is absent or JSON's null. Throws when `object` is no object.
const Json* find_member(const Json& object, const char* key);

void read_member(const Json& object, const char* key, std::string& target);
void read_member(const Json& object, const char* key, bool& target);
void read_member(const Json& object, const char* key, int& target);
void read_member(const Json& object, const char* key, std::int64_t& target);
void read_member(const Json& object, const char* key, double& target);
void read_member(const Json& object, const char* key, std::optional<double>& target);
void read_member(const Json& object, const char* key, std::optional<std::string>& target);
void read_member(const Json& object, const char* key, std::vector<std::string>& target);
void read_member(const Json& object, const char* key, SourcePosition& target);

// The elements of the array `key`, each made by `from_json`; none when it is absent.
template <typename Value, typename FromJson>
void read_elements(const Json& object, const char* key, std::vector<Value>& target,
                   const FromJson& from_json) {
  const Json* array = find_member(object, key);
  if (array == nullptr) return;
  if (!array->is_array()) {
    throw Error(Error::Kind::input, {}, "\"" + std::string(key) + "\" is not an array");
  }
  target.reserve(array->size());
  for (const Json& element : *array) target.push_back(from_json(element));
}

void write_member(Json& object, const char* key, const std::string& value);
void write_member(Json& object, const char* key, const std::optional<double>& value);
void write_member(Json& object, const char* key, const std::optional<std::string>& value);
void write_member(Json& object, const char* key, const std::vector<std::string>& value);
void write_member(Json& object, const char* key, const SourcePosition& value);

template <typename Value, typename ToJson>
void write_elements(Json& object, const char* key, const std::vector<Value>& values,
                    const ToJson& value_to_json) {
  if (values.empty()) return;
  Json& array = object[key] = Json::array();
  for (const Value& value : values) array.push_back(value_to_json(value));
}

// The names of an enumeration's values, in the enumeration's order from 0.
template <std::size_t size>
using EnumeratorNames = std::array<std::string_view, size>;

template <typename Enum, std::size_t size>
std::string_view name_of(const EnumeratorNames<size>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

template <typename Enum, std::size_t size>
std::optional<Enum> enumerator_of(const EnumeratorNames<size>& names, std::string_view name) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names.at(i) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template <typename Enum, std::size_t size>
void read_member(const Json& object, const char* key, Enum& target,
                 const EnumeratorNames<size>& names) {
  std::string name;
  read_member(object, key, name);
  if (name.empty()) return;
  const std::optional<Enum> value = enumerator_of<Enum>(names, name);
  if (!value) {
    throw Error(Error::Kind::input, {},
                "unrecognized value \"" + name + "\" of \"" + std::string(key) + "\"");
  }
  target = *value;
}

}  // namespace pgduet::gate

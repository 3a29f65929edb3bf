// Reading files that people write: every value knows its line, unknown keys are errors, and what is
// missing or of the wrong type is named at its place.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/json.h"

namespace pgduet::gate {

// One value of a JsonDocument, which must outlive it.
class JsonPlace {
 public:
  explicit JsonPlace(const JsonDocument& document);

  SourcePosition position() const;
  const Json& value() const { return *value_; }

  // Throws Error(input) when this is no object, or holds a key that is not in `known`.
  void require_object(const std::string& what, std::initializer_list<std::string_view> known) const;

  // The member `key` of an object; nothing when it is absent.
  std::optional<JsonPlace> find(const std::string& key) const;
  // As find; throws Error(input) `WHAT has no "key"` when it is absent.
  JsonPlace get(const std::string& what, const std::string& key) const;

  // The members of an object with their keys, or the elements of an array. Throw on other types.
  std::vector<std::pair<std::string, JsonPlace>> members() const;
  std::vector<JsonPlace> elements() const;

  // The value; these throw on other types, and `count` on numbers below 0 as well.
  std::string text() const;
  double number() const;
  std::int64_t count() const;

  // Throws Error(input) at this place.
  [[noreturn]] void fail(const std::string& problem, const std::string& hint = {}) const;

 private:
  JsonPlace(const JsonDocument& document, std::string pointer, std::string key, const Json& value);
  [[noreturn]] void fail_type(const std::string& type) const;

  const JsonDocument* document_;
  std::string pointer_;
  std::string key_;  // of this value, or of the array that holds it
  const Json* value_;
};

}  // namespace pgduet::gate

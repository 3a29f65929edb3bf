#include "json_place.h"

#include <utility>

namespace pgduet::gate {
namespace {

// As a token of a JSON pointer (RFC 6901).
std::string escaped(const std::string& key) {
  if (key.find_first_of("~/") == std::string::npos) return key;
  return (Json::json_pointer() / key).to_string().substr(1);
}

}  // namespace

JsonPlace::JsonPlace(const JsonDocument& document) : JsonPlace(document, "", "", document.root) {}

JsonPlace::JsonPlace(const JsonDocument& document, std::string pointer, std::string key,
                     const Json& value)
    : document_(&document), pointer_(std::move(pointer)), key_(std::move(key)), value_(&value) {}

SourcePosition JsonPlace::position() const { return document_->at(pointer_); }

void JsonPlace::require_object(const std::string& what,
                               std::initializer_list<std::string_view> known) const {
  if (!value_->is_object()) fail(what + " is not a JSON object");
  require_known_keys(*document_, pointer_, known);
}

std::optional<JsonPlace> JsonPlace::find(const std::string& key) const {
  const auto found = value_->find(key);
  if (found == value_->end()) return std::nullopt;
  return JsonPlace(*document_, pointer_ + "/" + escaped(key), key, *found);
}

JsonPlace JsonPlace::get(const std::string& what, const std::string& key) const {
  const std::optional<JsonPlace> found = find(key);
  if (!found) fail(what + " has no \"" + key + "\"");
  return *found;
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members() const {
  if (!value_->is_object()) fail_type("a JSON object");
  std::vector<std::pair<std::string, JsonPlace>> places;
  for (const auto& item : value_->items()) places.emplace_back(item.key(), *find(item.key()));
  return places;
}

std::vector<JsonPlace> JsonPlace::elements() const {
  if (!value_->is_array()) fail_type("an array");
  std::vector<JsonPlace> places;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    places.push_back(JsonPlace(*document_, pointer_ + "/" + std::to_string(i), key_, (*value_)[i]));
  }
  return places;
}

std::string JsonPlace::text() const {
  if (!value_->is_string()) fail_type("a string");
  return value_->get<std::string>();
}

double JsonPlace::number() const {
  if (!value_->is_number()) fail_type("a number");
  return value_->get<double>();
}

std::int64_t JsonPlace::count() const {
  if (!value_->is_number_integer() || value_->get<std::int64_t>() < 0) {
    fail_type("a whole number from 0 on");
  }
  return value_->get<std::int64_t>();
}

void JsonPlace::fail(const std::string& problem, const std::string& hint) const {
  throw Error(Error::Kind::input, position(), problem, hint);
}

void JsonPlace::fail_type(const std::string& type) const {
  fail("\"" + key_ + "\" is not " + type);
}

}  // namespace pgduet::gate

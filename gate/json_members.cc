#include "json_members.h"

namespace pgduet::gate {
namespace {

[[noreturn]] void throw_not(const char* key, const char* type) {
  throw Error(Error::Kind::input, {}, "\"" + std::string(key) + "\" is not " + type);
}

std::string as_text(const Json& value, const char* key) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) throw_not(key, "a string");
  return *text;
}

double as_number(const Json& value, const char* key) {
  if (!value.is_number()) throw_not(key, "a number");
  return value.get<double>();
}

}  // namespace

const Json* find_member(const Json& object, const char* key) {
  if (!object.is_object()) {
    throw Error(Error::Kind::input, {},
                "there is " + std::string(object.type_name()) + " instead of an object with \"" +
                    key + "\"");
  }
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

void read_member(const Json& object, const char* key, std::string& target) {
  if (const Json* value = find_member(object, key)) target = as_text(*value, key);
}

void read_member(const Json& object, const char* key, bool& target) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return;
  if (!value->is_boolean()) throw_not(key, "true or false");
  target = value->get<bool>();
}

void read_member(const Json& object, const char* key, int& target) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return;
  if (!value->is_number_integer()) throw_not(key, "an integer");
  target = value->get<int>();
}

void read_member(const Json& object, const char* key, std::int64_t& target) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return;
  if (!value->is_number_integer()) throw_not(key, "an integer");
  target = value->get<std::int64_t>();
}

void read_member(const Json& object, const char* key, double& target) {
  if (const Json* value = find_member(object, key)) target = as_number(*value, key);
}

void read_member(const Json& object, const char* key, std::optional<double>& target) {
  if (const Json* value = find_member(object, key)) target = as_number(*value, key);
}

void read_member(const Json& object, const char* key, std::optional<std::string>& target) {
  if (const Json* value = find_member(object, key)) target = as_text(*value, key);
}

void read_member(const Json& object, const char* key, std::vector<std::string>& target) {
  read_elements(object, key, target, [key](const Json& element) { return as_text(element, key); });
}

void read_member(const Json& object, const char* key, SourcePosition& target) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return;
  read_member(*value, "file", target.file);
  read_member(*value, "line", target.line);
  read_member(*value, "column", target.column);
}

void write_member(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

void write_member(Json& object, const char* key, const std::optional<double>& value) {
  if (value) object[key] = *value;
}

void write_member(Json& object, const char* key, const std::optional<std::string>& value) {
  if (value) object[key] = *value;
}

void write_member(Json& object, const char* key, const std::vector<std::string>& value) {
  if (!value.empty()) object[key] = value;
}

void write_member(Json& object, const char* key, const SourcePosition& value) {
  if (value == SourcePosition{}) return;
  Json& position = object[key] = Json::object();
  write_member(position, "file", value.file);
  if (value.line > 0) position["line"] = value.line;
  if (value.column > 0) position["column"] = value.column;
}

}  // namespace pgduet::gate

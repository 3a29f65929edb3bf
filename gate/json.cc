#include "pgduet/gate/json.h"

#include <cstddef>
#include <iterator>
#include <vector>

namespace pgduet::gate {
namespace {

// Reads the text for nlohmann's parser and counts how far the parser has come, which its events do
// not tell. Copies share one counter, as the parser copies its iterators.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    if (furthest_ != nullptr) *furthest_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

struct LineAndColumn {
  int line = 1;
  int column = 1;
};

LineAndColumn line_and_column(std::string_view text, std::size_t offset) {
  LineAndColumn at;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++at.column;
    }
  }
  return at;
}

std::string escaped_pointer_token(const std::string& key) {
  std::string token;
  for (const char c : key) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

// Builds the values and notes the line of each.
class PositionedBuilder : public nlohmann::json_sax<Json> {
 public:
  PositionedBuilder(std::string_view text, const char** at, JsonDocument& document)
      : text_(text), at_(at), document_(document), counted_(text.data()) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    Level& level = levels_.back();
    level.key = key;
    if (level.value->contains(key)) {
      throw Error(Error::Kind::input, {document_.file, line(), 0},
                  "key \"" + key + "\" stands twice in one object");
    }
    document_.lines[pointer()] = line();
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const LineAndColumn at = line_and_column(text_, position == 0 ? 0 : position - 1);
    throw Error(Error::Kind::input, {document_.file, at.line, at.column},
                "this is not JSON: " + reason(error.what()));
  }

 private:
  struct Level {
    Json* value = nullptr;
    std::string key;        // of the member being read, in an object
    std::string pointer;    // of the object or array itself
    std::size_t count = 0;  // elements so far, in an array
  };

  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  // without what the position already says.
  static std::string reason(const std::string& what) {
    const std::size_t colon = what.find(": ");
    return colon == std::string::npos ? what : what.substr(colon + 2);
  }

  // The character read last is left out: after a number it is the one behind it, maybe a newline.
  int line() {
    for (; counted_ < *at_ - 1; ++counted_) line_ += *counted_ == '\n' ? 1 : 0;
    return line_;
  }

  std::string pointer() const {
    if (levels_.empty()) return "";
    const Level& level = levels_.back();
    return level.pointer + "/" +
           (level.value->is_array() ? std::to_string(level.count)
                                    : escaped_pointer_token(level.key));
  }

  template <typename Value>
  Json* place(Value&& value) {
    if (levels_.empty()) {
      document_.root = std::forward<Value>(value);
      return &document_.root;
    }
    Level& level = levels_.back();
    if (level.value->is_array()) {
      document_.lines[pointer()] = line();
      level.value->push_back(std::forward<Value>(value));
      ++level.count;
      return &level.value->back();
    }
    return &((*level.value)[level.key] = std::forward<Value>(value));
  }

  template <typename Value>
  bool add(Value&& value) {
    place(std::forward<Value>(value));
    return true;
  }

  bool open(Json container) {
    std::string own_pointer = pointer();
    Json* value = place(std::move(container));
    levels_.push_back({value, {}, std::move(own_pointer), 0});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string_view text_;
  const char** at_;
  JsonDocument& document_;
  const char* counted_;
  int line_ = 1;
  std::vector<Level> levels_;
};

bool is_flat(const Json& value) {
  if (!value.is_structured()) return false;
  for (const Json& element : value) {
    if (element.is_structured()) return false;
  }
  return true;
}

// One line with a blank after each separator, as people write it.
std::string flat_text(const Json& value) {
  std::string text = value.is_array() ? "[" : "{ ";
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) text += ", ";
    first = false;
    if (value.is_object()) text += one_line(item.key()) + ": ";
    text += one_line(item.value());
  }
  return text + (value.is_array() ? "]" : " }");
}

constexpr std::size_t widest_line = 100;

void append_pretty(const Json& value, std::size_t indentation, std::size_t column,
                   std::string& text) {
  if (!value.is_structured() || value.empty()) {
    text += one_line(value);
    return;
  }
  if (is_flat(value)) {
    const std::string flat = flat_text(value);
    if (column + flat.size() <= widest_line) {
      text += flat;
      return;
    }
  }
  const std::string inner(indentation + 2, ' ');
  text += value.is_array() ? "[\n" : "{\n";
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) text += ",\n";
    first = false;
    std::string start = inner;
    if (value.is_object()) start += one_line(item.key()) + ": ";
    text += start;
    append_pretty(item.value(), indentation + 2, start.size(), text);
  }
  text += "\n" + std::string(indentation, ' ') + (value.is_array() ? "]" : "}");
}

}  // namespace

SourcePosition JsonDocument::at(const std::string& pointer) const {
  for (std::string name = pointer; !name.empty(); name.resize(name.rfind('/'))) {
    const auto found = lines.find(name);
    if (found != lines.end()) return {file, found->second, 0};
  }
  return {file, 1, 0};
}

JsonDocument parse_json_document(std::string_view text, const std::string& file) {
  JsonDocument document;
  document.file = file;
  const char* at = text.data();
  PositionedBuilder builder(text, &at, document);
  Json::sax_parse(CountingIterator(text.data(), &at),
                  CountingIterator(text.data() + text.size(), nullptr), &builder,
                  nlohmann::detail::input_format_t::json, true, true);
  return document;
}

void require_known_keys(const JsonDocument& document, const std::string& pointer,
                        std::initializer_list<std::string_view> known) {
  const Json& object = document.root.at(Json::json_pointer(pointer));
  const std::vector<std::string> names(known.begin(), known.end());
  for (const auto& item : object.items()) {
    bool found = false;
    for (const std::string& name : names) found = found || name == item.key();
    if (found) continue;
    std::string hint;
    if (const auto nearest = nearest_name(item.key(), names)) {
      hint = "Did you mean \"" + *nearest + "\"?";
    } else {
      hint = "Known keys are";
      for (const std::string& name : names) hint += (name == names.front() ? " " : ", ") + name;
      hint += ".";
    }
    throw Error(Error::Kind::input, document.at(pointer + "/" + escaped_pointer_token(item.key())),
                "unrecognized key \"" + item.key() + "\"", hint);
  }
}

std::string one_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_pretty_text(const Json& value) {
  std::string text;
  append_pretty(value, 0, 0, text);
  return text + "\n";
}

}  // namespace pgduet::gate

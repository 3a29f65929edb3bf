#include "record_json.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pgduet::gate {
namespace {

class QuickBuilder : public nlohmann::json_sax<Json> {
 public:
  Json take() { return std::move(values_.front()); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& key) override {
    keys_.push_back(std::move(key));
    return true;
  }

  bool start_object(std::size_t) override { return open(); }
  bool end_object() override {
    const auto [first_value, first_key] = close();
    Json object = Json::object();
    auto& members = object.get_ref<Json::object_t&>();
    members.reserve(values_.size() - first_value);
    for (std::size_t i = 0; first_value + i < values_.size(); ++i) {
      members.emplace_back(std::move(keys_[first_key + i]), std::move(values_[first_value + i]));
    }
    return replace(first_value, first_key, std::move(object));
  }

  bool start_array(std::size_t) override { return open(); }
  bool end_array() override {
    const auto [first_value, first_key] = close();
    Json array = Json::array();
    auto& elements = array.get_ref<Json::array_t&>();
    elements.reserve(values_.size() - first_value);
    for (std::size_t i = first_value; i < values_.size(); ++i) {
      elements.push_back(std::move(values_[i]));
    }
    return replace(first_value, first_key, std::move(array));
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    if (const auto* no_json = dynamic_cast<const Json::parse_error*>(&error)) throw *no_json;
    throw dynamic_cast<const Json::out_of_range&>(error);  // a number beyond all limits
  }

 private:
  struct Level {
    std::size_t first_value = 0;
    std::size_t first_key = 0;
  };

  template <typename Value>
  bool add(Value&& value) {
    values_.emplace_back(std::forward<Value>(value));
    return true;
  }

  bool open() {
    levels_.push_back({values_.size(), keys_.size()});
    return true;
  }

  Level close() {
    const Level level = levels_.back();
    levels_.pop_back();
    return level;
  }

  bool replace(std::size_t first_value, std::size_t first_key, Json container) {
    values_.resize(first_value);
    keys_.resize(first_key);
    values_.push_back(std::move(container));
    return true;
  }

  // Of all open objects and arrays, the innermost last.
  std::vector<Json> values_;
  std::vector<std::string> keys_;
  std::vector<Level> levels_;
};

}  // namespace

Json parse_json_quickly(std::string_view text) {
  QuickBuilder builder;
  Json::sax_parse(text.data(), text.data() + text.size(), &builder);
  return builder.take();
}

}  // namespace pgduet::gate

#include "query_header.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "text.h"

namespace pgduet::harness {
namespace {

using gate::Error;
using gate::SourcePosition;

constexpr int most_declared_bindings = 100;  // each is planned and executed several times

[[noreturn]] void fail(const SourcePosition& at, const std::string& problem,
                       const std::string& hint = {}) {
  throw Error(Error::Kind::input, at, problem, hint);
}

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = {
      "param", "weight", "policy", "role", "settings", "timeout", "order", "skip", "bindings"};
  return keys;
}

bool is_known_key(std::string_view key) {
  return std::find(known_keys().begin(), known_keys().end(), key) != known_keys().end();
}

bool is_lower_case_word(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const std::from_chars_result result =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

double read_weight(std::string_view value, const SourcePosition& at) {
  double weight = 0;
  if (!read_number(value, weight) || !std::isfinite(weight) || weight <= 0)
    fail(at, "weight must be a number above 0, not " + in_quotes(value));
  return weight;
}

int read_bindings(std::string_view value, const SourcePosition& at) {
  int bindings = 0;
  if (!read_number(value, bindings) || bindings < 1 || bindings > most_declared_bindings)
    fail(at, "bindings must be a whole number from 1 to " + std::to_string(most_declared_bindings) +
                 ", not " + in_quotes(value));
  return bindings;
}

std::chrono::milliseconds read_timeout(std::string_view value, const SourcePosition& at) {
  static const std::map<std::string, double> unit_ms = {{"ms", 1}, {"s", 1000}, {"min", 60000}};
  constexpr double longest_ms = 24.0 * 60 * 60 * 1000;
  const std::size_t digits = std::min(value.find_first_not_of("0123456789."), value.size());
  const auto unit = unit_ms.find(std::string(trimmed(value.substr(digits))));
  double number = 0;
  if (!read_number(value.substr(0, digits), number) || unit == unit_ms.end())
    fail(at, "timeout must be a duration such as 500ms, 5s or 2min, not " + in_quotes(value));
  const double milliseconds = std::round(number * unit->second);
  if (milliseconds < 1 || milliseconds > longest_ms)
    fail(at, "timeout must lie between 1ms and 1440min, not " + in_quotes(value));
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

// "key=value, key='a, b'" as pairs in order.
std::vector<std::pair<std::string, std::string>> read_assignments(std::string_view text,
                                                                  const std::string& kind,
                                                                  const SourcePosition& at) {
  std::vector<std::pair<std::string, std::string>> assignments;
  for (const std::string& item : split_outside_quotes(text, ',')) {
    const std::size_t sign = item.find('=');
    const std::string key(trimmed(std::string_view(item).substr(0, sign)));
    if (sign == std::string::npos || key.empty()) {
      const std::string example = kind == "policy" ? "time_ratio=1.3" : "work_mem=64kB";
      fail(at, kind + " " + in_quotes(trimmed(item)) + " is not of the form name=value",
           "Write it as in \"-- " + kind + ": " + example + "\".");
    }
    assignments.emplace_back(key, without_quotes(trimmed(std::string_view(item).substr(sign + 1))));
  }
  return assignments;
}

void read_settings(Query& query, std::string_view value, const SourcePosition& at) {
  for (const auto& setting : read_assignments(value, "settings", at)) {
    if (!query.settings.emplace(setting.first, setting.second).second)
      fail(at, "setting " + in_quotes(setting.first) + " stands twice");
  }
}

void read_order(Query& query, std::string_view value, const SourcePosition& at) {
  if (value != "any") fail(at, "order must be \"any\", not " + in_quotes(value));
  query.order_any = true;
}

// "param id: values(1)" is key "param", name "id" and value "values(1)".
struct HeaderLine {
  std::string_view text;
  std::string key;  // the first word, which may be prose
  std::string_view name;
  std::string_view value;
  bool has_colon = false;
};

HeaderLine split_line(std::string_view text) {
  HeaderLine line;
  line.text = text;
  // The name of a parameter may begin with a colon of its own.
  const bool is_parameter = text.substr(0, 6) == "param " || text.substr(0, 6) == "param\t";
  const std::size_t search_from = is_parameter ? text.find_first_not_of(" \t", 6) + 1 : 0;
  const std::size_t colon = std::min(text.find(':', search_from), text.size());
  line.has_colon = colon < text.size();
  if (line.has_colon) line.value = trimmed(text.substr(colon + 1));
  const std::string_view before = trimmed(text.substr(0, colon));
  const std::size_t blank = std::min(before.find_first_of(" \t"), before.size());
  line.key = before.substr(0, blank);
  line.name = trimmed(before.substr(blank));
  return line;
}

bool is_one_word(std::string_view text) {
  return text.find_first_of(" \t") == std::string_view::npos;
}

// "weight 120", "param id values(1)": prose does not begin like that.
void reject_forgotten_colon(const HeaderLine& line, const SourcePosition& at) {
  if (line.has_colon || line.name.empty() || !is_known_key(line.key)) return;
  const bool is_parameter = line.key == "param";
  if (is_parameter ? line.name.find('(') == std::string_view::npos : !is_one_word(line.name))
    return;
  fail(at, "header line " + in_quotes(line.text) + " has no colon",
       is_parameter ? "Write it as \"-- param name: generator\"."
                    : "Write it as \"-- " + line.key + ": " + std::string(line.name) + "\".");
}

// "wieght: 3", "pram id: values(1)": one word in lower case (or two, for a parameter) that is near
// a known one, and a colon.
void reject_misspelt_key(const HeaderLine& line, const SourcePosition& at) {
  if (!line.has_colon || !is_lower_case_word(line.key) || !is_one_word(line.name)) return;
  const std::vector<std::string> with_name = {"param"};
  const auto nearest = gate::nearest_name(line.key, line.name.empty() ? known_keys() : with_name);
  if (nearest && *nearest != line.key)
    fail(at, "unrecognized header line " + in_quotes(line.key),
         "Did you mean " + in_quotes(*nearest) + "?");
}

}  // namespace

bool is_valid_name(std::string_view name) {
  static constexpr std::string_view letters =
      "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !name.empty() && letters.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of(std::string(letters) + "-.") == std::string_view::npos;
}

void QueryHeader::read_line(std::string_view text, const SourcePosition& at) {
  const HeaderLine line = split_line(trimmed(text));
  if (line.has_colon && line.key == "param" && !line.name.empty() && is_one_word(line.name))
    return read_parameter(line.name, line.value, at);
  if (line.has_colon && line.name.empty() && is_known_key(line.key))
    return read_setting(line.key, line.value, at);
  reject_forgotten_colon(line, at);
  reject_misspelt_key(line, at);
  if (line.text.empty() && query_.description.empty()) return;
  if (!query_.description.empty()) query_.description += '\n';
  query_.description += line.text;
}

void QueryHeader::read_setting(const std::string& key, std::string_view value,
                               const SourcePosition& at) {
  const bool may_repeat = key == "settings" || key == "policy";
  if (!may_repeat && !seen_.insert(key).second)
    fail(at, "header line " + in_quotes(key) + " stands twice in query " + in_quotes(query_.name));
  if (key == "param")
    fail(at, "header line \"param\" names no parameter",
         "Write it as \"-- param name: generator\".");
  if (value.empty()) {
    fail(at, "header line " + in_quotes(key) + " has no value",
         key == "skip" ? "Say why the query is skipped: the reason stands in every report." : "");
  }
  if (key == "weight") query_.weight = read_weight(value, at);
  if (key == "role") query_.role = without_quotes(value);
  if (key == "timeout") query_.timeout = read_timeout(value, at);
  if (key == "order") read_order(query_, value, at);
  if (key == "skip") query_.skip_reason = std::string(value);
  if (key == "bindings") query_.bindings = read_bindings(value, at);
  if (key == "settings") read_settings(query_, value, at);
  if (key == "policy") {
    for (const auto& limit : read_assignments(value, "policy", at))
      gate::set_policy(query_.policy, limit.first, limit.second, at);
  }
}

// The name may be written as in the statement: ":id" or "$1".
void QueryHeader::read_parameter(std::string_view name, std::string_view value,
                                 const SourcePosition& at) {
  if (name.front() == ':' || name.front() == '$') name.remove_prefix(1);
  if (value.empty())
    fail(at, "parameter " + in_quotes(name) + " has no generator",
         "Write it as in \"-- param " + std::string(name) + ": uniform(1, 100)\".");
  const bool is_new = generators_.emplace(name, parse_generator(value, at)).second;
  if (!is_new)
    fail(at, "parameter " + in_quotes(name) + " of query " + in_quotes(query_.name) +
                 " has two generators");
}

}  // namespace pgduet::harness

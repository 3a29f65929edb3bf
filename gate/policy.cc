#include "pgduet/gate/policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "json_members.h"

namespace pgduet::gate {
namespace {

constexpr EnumeratorNames<2> action_names = {"report", "fail"};

// A limit that is any number of a range.
struct NumberKey {
  std::string_view key;
  double Policy::*member;
  const char* wanted;
  bool (*is_wanted)(double number);
};

bool is_above_1(double number) { return std::isfinite(number) && number > 1; }
bool is_above_0(double number) { return std::isfinite(number) && number > 0; }
bool is_share(double number) { return number >= 0 && number <= 1; }

constexpr NumberKey number_keys[] = {
    {"time_ratio", &Policy::time_ratio, "a number above 1", &is_above_1},
    {"minor_share", &Policy::minor_share, "a number from 0 to 1", &is_share},
    {"minor_time_ratio", &Policy::minor_time_ratio, "a number above 1", &is_above_1},
    {"slow_ms", &Policy::slow_ms, "a number above 0", &is_above_0},
    {"work_ratio", &Policy::work_ratio, "a number above 1", &is_above_1}};

struct ActionKey {
  std::string_view key;
  Policy::Action Policy::*member;
};
constexpr ActionKey action_keys[] = {{"changed", &Policy::changed},
                                     {"new", &Policy::new_query},
                                     {"inconclusive", &Policy::inconclusive}};

constexpr std::string_view work_blocks_key = "work_blocks";

// The whole text as a number; nothing when it is not one.
template <typename Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stopped_at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped_at != end) return std::nullopt;
  return number;
}

[[noreturn]] void throw_bad_value(const std::string& key, const std::string& value,
                                  const std::string& wanted, const SourcePosition& at,
                                  const std::string& hint = {}) {
  throw Error(Error::Kind::input, at,
              "policy \"" + key + "\" must be " + wanted + ", not \"" + value + "\"", hint);
}

double checked_number(const NumberKey& known, const std::string& value, const SourcePosition& at) {
  const std::optional<double> number = number_of<double>(value);
  if (!number || !known.is_wanted(*number)) {
    throw_bad_value(std::string(known.key), value, known.wanted, at);
  }
  return *number;
}

std::int64_t blocks_of(const std::string& key, const std::string& value, const SourcePosition& at) {
  const std::optional<std::int64_t> blocks = number_of<std::int64_t>(value);
  if (!blocks || *blocks < 0) throw_bad_value(key, value, "a whole number from 0 on", at);
  return *blocks;
}

Policy::Action action_of(const std::string& key, const std::string& value,
                         const SourcePosition& at) {
  if (const auto action = enumerator_of<Policy::Action>(action_names, value)) return *action;
  const std::vector<std::string> names(action_names.begin(), action_names.end());
  const std::optional<std::string> nearest = nearest_name(value, names);
  throw_bad_value(key, value, "\"report\" or \"fail\"", at,
                  nearest ? "Did you mean \"" + *nearest + "\"?" : "");
}

[[noreturn]] void throw_unknown_key(const std::string& key, const SourcePosition& at) {
  std::vector<std::string> names;
  for (const NumberKey& known : number_keys) names.emplace_back(known.key);
  names.emplace_back(work_blocks_key);
  for (const ActionKey& known : action_keys) names.emplace_back(known.key);
  std::string hint;
  if (const std::optional<std::string> nearest = nearest_name(key, names)) {
    hint = "Did you mean \"" + *nearest + "\"?";
  } else {
    hint = "Known policies are";
    for (const std::string& name : names) hint += (name == names.front() ? " " : ", ") + name;
    hint += ".";
  }
  throw Error(Error::Kind::input, at, "unrecognized policy \"" + key + "\"", hint);
}

}  // namespace

void set_policy(Policy& policy, const std::string& key, const std::string& value,
                const SourcePosition& at) {
  for (const NumberKey& known : number_keys) {
    if (known.key == key) {
      policy.*known.member = checked_number(known, value, at);
      return;
    }
  }
  for (const ActionKey& known : action_keys) {
    if (known.key == key) {
      policy.*known.member = action_of(key, value, at);
      return;
    }
  }
  if (key != work_blocks_key) throw_unknown_key(key, at);
  policy.work_blocks = blocks_of(key, value, at);
}

Json to_json(const Policy& policy) {
  Json json = Json::object();
  for (const NumberKey& known : number_keys) json[std::string(known.key)] = policy.*known.member;
  json[std::string(work_blocks_key)] = policy.work_blocks;
  for (const ActionKey& known : action_keys) {
    json[std::string(known.key)] = name_of(action_names, policy.*known.member);
  }
  return json;
}

Policy policy_from_json(const Json& value) {
  Policy policy;
  for (const NumberKey& known : number_keys) {
    read_member(value, std::string(known.key).c_str(), policy.*known.member);
  }
  read_member(value, std::string(work_blocks_key).c_str(), policy.work_blocks);
  for (const ActionKey& known : action_keys) {
    read_member(value, std::string(known.key).c_str(), policy.*known.member, action_names);
  }
  return policy;
}

}  // namespace pgduet::gate

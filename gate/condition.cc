#include "condition.h"

#include <algorithm>
#include <cstddef>

#include "pgduet/gate/plan_shape.h"

namespace pgduet::gate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(char c) { return is_word_start(c) || is_digit(c) || c == '$'; }

// Reads one expression from left to right and writes it anew. Constants, and what amounts to one,
// become "?"; the casts behind them go with them.
class ConditionWriter {
 public:
  ConditionWriter(std::string_view in, const AliasNames& names) : in_(in), names_(names) {
    out_.reserve(in.size());
  }

  std::string write() {
    if (in_ == "true" || in_ == "false") return std::string(in_);  // a One-Time Filter
    while (at_ < in_.size()) step();
    return std::move(out_);
  }

 private:
  // A bracket that is open, or the last one that was closed; places in out_.
  struct Group {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void step() {
    const char c = in_[at_];
    if (c == '\'') {
      skip_string(false);
      constant();
    } else if (is_digit(c)) {
      skip_number();
      constant();
    } else if (c == '$') {
      ++at_;
      while (at_ < in_.size() && is_digit(in_[at_])) ++at_;
      constant();
    } else if (is_word_start(c)) {
      word();
    } else if (c == '"') {
      name(quoted_end(at_));
    } else if (c == '(' || c == '[') {
      open_.push_back({out_.size(), 0});
      copy(1);
    } else if (c == ')') {
      close_parenthesis();
    } else if (c == ']') {
      close_bracket();
    } else if (looking_at("::")) {
      copy(type_end(at_ + 2) - at_);
    } else {
      copy(1);
    }
  }

  bool looking_at(std::string_view text) const { return in_.substr(at_, text.size()) == text; }

  void copy(std::size_t length) {
    out_.append(in_.substr(at_, length));
    at_ += length;
  }

  void constant() {
    out_ += '?';
    skip_casts();
  }

  void skip_casts() {
    while (looking_at("::")) at_ = type_end(at_ + 2);
  }

  // `escaped`: an E'' string, in which a backslash protects the next character.
  void skip_string(bool escaped) {
    for (++at_; at_ < in_.size(); ++at_) {
      if (escaped && in_[at_] == '\\') {
        ++at_;
      } else if (in_[at_] == '\'') {
        ++at_;
        if (at_ >= in_.size() || in_[at_] != '\'') return;
      }
    }
    at_ = in_.size();
  }

  void skip_number() {
    while (at_ < in_.size() && (is_digit(in_[at_]) || in_[at_] == '.')) ++at_;
    if (at_ >= in_.size() || (in_[at_] != 'e' && in_[at_] != 'E')) return;
    ++at_;
    if (at_ < in_.size() && (in_[at_] == '+' || in_[at_] == '-')) ++at_;
    while (at_ < in_.size() && is_digit(in_[at_])) ++at_;
  }

  // The place behind the quoted name that begins at `from`.
  std::size_t quoted_end(std::size_t from) const {
    for (std::size_t i = from + 1; i < in_.size(); ++i) {
      if (in_[i] != '"') continue;
      if (i + 1 >= in_.size() || in_[i + 1] != '"') return i + 1;
      ++i;
    }
    return in_.size();
  }

  std::size_t word_end(std::size_t from) const {
    while (from < in_.size() && is_word(in_[from])) ++from;
    return from;
  }

  std::size_t name_end(std::size_t from) const {
    return from < in_.size() && in_[from] == '"' ? quoted_end(from) : word_end(from);
  }

  // `from`, or the place behind `text` where that is what stands there.
  std::size_t behind(std::size_t from, std::string_view text) const {
    return in_.substr(from, text.size()) == text ? from + text.size() : from;
  }

  std::size_t behind_modifier(std::size_t from) const {
    if (from >= in_.size() || in_[from] != '(') return from;
    const std::size_t end = in_.find(')', from);
    return end == std::string_view::npos ? from : end + 1;
  }

  std::size_t behind_interval_fields(std::size_t from) const {
    constexpr std::string_view fields[] = {" year", " month",  " day",
                                           " hour", " minute", " second"};
    for (const std::string_view field : fields) {
      const std::size_t end = behind(from, field);
      if (end == from) continue;
      const std::size_t to = behind(end, " to");
      return to == end ? end : behind_interval_fields(to);
    }
    return from;
  }

  // The place behind the type name that begins at `from`, as format_type_with_typemod prints it:
  // "timestamp(3) with time zone", "numeric(10,2)[]", "public.\"Status\"".
  std::size_t type_end(std::size_t from) const {
    std::size_t end = name_end(from);
    while (end < in_.size() && in_[end] == '.') end = name_end(end + 1);
    const std::string_view base = in_.substr(from, end - from);
    if (base == "character" || base == "bit") end = behind(end, " varying");
    if (base == "double") end = behind(end, " precision");
    if (base == "interval") end = behind_interval_fields(end);
    end = behind_modifier(end);
    if (base == "timestamp" || base == "time") {
      end = behind(behind(end, " with time zone"), " without time zone");
    }
    for (std::size_t next = behind(end, "[]"); next != end; next = behind(end, "[]")) end = next;
    return end;
  }

  void word() {
    const std::size_t end = word_end(at_);
    const std::string_view text = in_.substr(at_, end - at_);
    const char next = end < in_.size() ? in_[end] : '\0';
    if (next == '\'' && text.size() == 1) {  // E'...', B'...', X'...'
      at_ = end;
      skip_string(text == "E");
      constant();
    } else if (text == "SubPlan" || text == "InitPlan") {
      copy(text.size());
      while (at_ < in_.size() && (in_[at_] == ' ' || is_digit(in_[at_]))) ++at_;
    } else if (text == "true" || text == "false" || (text == "NULL" && next == ':')) {
      at_ = end;
      constant();
    } else if (text == "OVER") {
      copy(text.size());
      window();
    } else {
      name(end);
    }
  }

  // Up to 17 EXPLAIN prints "OVER (?)", from 18 on the window's name, which the server chose.
  void window() {
    if (at_ + 1 >= in_.size() || in_[at_] != ' ') return;
    copy(1);
    if (in_[at_] == '(') {
      at_ = std::min(in_.find(')', at_), in_.size() - 1) + 1;
    } else {
      at_ = name_end(at_);
    }
    out_ += '?';
  }

  // A name that ends before `end`: an alias where a column follows it.
  void name(std::size_t end) {
    const bool qualifies = end < in_.size() && in_[end] == '.';
    const bool qualified = !out_.empty() && out_.back() == '.';
    if (qualifies && !qualified) {
      const std::string alias = unquoted(in_.substr(at_, end - at_));
      for (const auto& [raw, canonical] : names_) {
        if (raw != alias) continue;
        out_ += canonical;
        at_ = end;
        return;
      }
    }
    copy(end - at_);
  }

  static std::string unquoted(std::string_view name) {
    if (name.empty() || name.front() != '"') return std::string(name);
    std::string text;
    for (std::size_t i = 1; i + 1 < name.size(); ++i) {
      text += name[i];
      if (name[i] == '"') ++i;
    }
    return text;
  }

  void close_bracket() {
    copy(1);
    if (open_.empty()) return;
    const std::size_t begin = open_.back().begin;
    open_.pop_back();
    closed_ = {begin, out_.size()};
    // ARRAY[?, ?, ?], as a list of parameters is printed: a list of any length is one constant.
    constexpr std::string_view array = "ARRAY";
    const bool is_array = begin >= array.size() && std::string_view(out_).substr(
                                                       begin - array.size(), array.size()) == array;
    if (!is_array || out_.find_first_not_of("?, ", begin + 1) != out_.size() - 1) return;
    out_.resize(begin - array.size());
    constant();
  }

  void close_parenthesis() {
    ++at_;
    if (open_.empty()) {
      out_ += ')';
      return;
    }
    std::size_t begin = open_.back().begin;
    open_.pop_back();
    const std::string_view inside = std::string_view(out_).substr(begin + 1);
    const bool called = begin > 0 && (is_word(out_[begin - 1]) || out_[begin - 1] == '"');
    const bool doubled = !called && closed_.begin == begin + 1 && closed_.end == out_.size() &&
                         inside.starts_with('(');
    if (inside == "InitPlan") {
      skip_result_column();
      out_.resize(begin);
      constant();
    } else if (inside == "?" && !called && looking_at("::")) {
      out_.resize(begin);
      constant();
    } else if (inside.ends_with("SubPlan") && inside.find('(') == std::string_view::npos) {
      close_subplan(begin, inside.starts_with("hashed"));
    } else if (is_subplan_comparison(inside)) {
      close_subplan(begin, inside.find("(hashed SubPlan)") != std::string_view::npos);
    } else if (doubled) {
      out_.erase(begin, 1);
    } else {
      out_ += ')';
    }
    closed_ = {begin, out_.size()};
  }

  // From 17 on the server prints what is compared with a subplan, "(ANY (a.id = (SubPlan
  // 1).col1))", and how, "EXISTS(SubPlan 1)"; up to 16 only "(SubPlan 1)".
  static bool is_subplan_comparison(std::string_view inside) {
    return (inside.starts_with("ANY (") || inside.starts_with("ALL (") ||
            inside.starts_with("ROWCOMPARE (")) &&
           inside.find("SubPlan)") != std::string_view::npos;
  }

  void close_subplan(std::size_t& begin, bool hashed) {
    for (const std::string_view prefix : {"EXISTS", "ARRAY"}) {
      if (std::string_view(out_).substr(0, begin).ends_with(prefix)) begin -= prefix.size();
    }
    out_.resize(begin);
    out_ += hashed ? "(hashed SubPlan)" : "(SubPlan)";
    skip_result_column();
  }

  void skip_result_column() {
    if (looking_at(".col")) at_ = word_end(at_ + 1);
  }

  std::string_view in_;
  const AliasNames& names_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Group> open_;
  Group closed_;
};

// Whether the first bracket of `text` is closed by its last character.
bool is_enclosed(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted) continue;
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

}  // namespace

std::string canonical_condition(std::string_view condition, const AliasNames& names) {
  return ConditionWriter(condition, names).write();
}

std::string canonical_condition(const std::string& condition) {
  return canonical_condition(condition, {});
}

std::vector<std::string> clauses_of(std::string_view condition) {
  constexpr std::string_view connective = " AND ";
  const bool enclosed = is_enclosed(condition);
  const std::string_view inside = enclosed ? condition.substr(1, condition.size() - 2) : condition;
  std::vector<std::string> clauses;
  std::size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') quoted = !quoted;
    if (quoted) continue;
    if (inside[i] == '(') ++depth;
    if (inside[i] == ')') --depth;
    if (depth > 0 || inside.substr(i, connective.size()) != connective) continue;
    clauses.emplace_back(inside.substr(begin, i - begin));
    begin = i + connective.size();
    i = begin - 1;
  }
  clauses.emplace_back(inside.substr(begin));
  for (std::string& clause : clauses) {
    if (is_enclosed(clause)) clause = clause.substr(1, clause.size() - 2);
  }
  return clauses;
}

}  // namespace pgduet::gate

#include "markdown_text.h"

#include <algorithm>
#include <cstddef>

#include "terminal_text.h"

namespace pgduet::reporters {
namespace {

constexpr std::string_view zero_width_blank = "&#8203;";
// Parts text where a zero-width blank would be copied along with the code.
constexpr std::string_view empty_comment = "<!-- -->";

enum class Place { running_text, code };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// Of a person's name, or of the host in an address.
bool is_of_name(char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_at(std::string_view text, std::size_t at, std::string_view lower_case) {
  if (text.size() - at < lower_case.size()) return false;
  return std::equal(lower_case.begin(), lower_case.end(), text.begin() + static_cast<long>(at),
                    [](char expected, char c) { return expected == lower(c); });
}

char char_at(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }

// "_" inside a word marks nothing, and names are full of it.
bool is_inside_word(std::string_view text, std::size_t at) {
  return at > 0 && is_alphanumeric(text[at - 1]) && is_alphanumeric(char_at(text, at + 1));
}

bool is_markup(std::string_view text, std::size_t at) {
  constexpr std::string_view always = "\\`*~[]<>&|";
  if (text[at] == '_') return !is_inside_word(text, at);
  return always.find(text[at]) != std::string_view::npos;
}

// ":tada:" and ":100:", of which GitHub makes emoji.
bool is_emoji(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (is_alphanumeric(char_at(text, end)) || char_at(text, end) == '_' ||
         char_at(text, end) == '+' || char_at(text, end) == '-') {
    ++end;
  }
  return end > at + 1 && char_at(text, end) == ':';
}

std::string reference_to(char c) { return "&#" + std::to_string(static_cast<int>(c)) + ";"; }

class Escaper {
 public:
  Escaper(std::string_view text, Place place) : text_(text), place_(place) {}

  std::string escaped() {
    result_.reserve(text_.size() + text_.size() / 4);
    for (at_ = 0; at_ < text_.size(); ++at_) append();
    return std::move(result_);
  }

 private:
  void append() {
    const char c = text_[at_];
    const char next = char_at(text_, at_ + 1);
    if (is_markup(text_, at_)) {
      result_ += reference_to(c);
    } else if (c == '@' && is_of_name(next)) {
      result_ += "@";
      part();
    } else if (c == '#' && is_digit(next)) {
      result_ += "#";
      part();
    } else if (c == '-' && at_ >= 2 && is_at(text_, at_ - 2, "gh-") && is_digit(next)) {
      result_ += "-";
      part();
    } else if (c == ':' && (is_at(text_, at_, "://") || is_emoji(text_, at_))) {
      result_ += "&#58;";
      part();
    } else if (c == '.' && at_ >= 3 && is_at(text_, at_ - 3, "www.")) {
      result_ += "&#46;";
      part();
    } else if (c == '$') {
      // GitHub's own advice against formulas; a reference would still begin one.
      result_ += "<span>$</span>";
    } else {
      result_ += c;
    }
  }

  void part() { result_ += place_ == Place::code ? empty_comment : zero_width_blank; }

  std::string_view text_;
  Place place_;
  std::size_t at_ = 0;
  std::string result_;
};

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string markdown_text(std::string_view text) {
  return Escaper(terminal_text(text), Place::running_text).escaped();
}

std::string markdown_code(std::string_view text) {
  return "<code>" + Escaper(terminal_text(text), Place::code).escaped() + "</code>";
}

std::string markdown_block(std::string_view text, std::string_view language) {
  const std::string lines = terminal_lines(text);
  const std::string fence(std::max<std::size_t>(longest_run_of_backticks(lines) + 1, 3), '`');
  std::string block = fence + std::string(language) + "\n" + lines;
  if (!lines.empty() && lines.back() != '\n') block += "\n";
  return block + fence + "\n";
}

}  // namespace pgduet::reporters

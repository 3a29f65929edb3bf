#include "terminal_text.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "utf8.h"

namespace pgduet::reporters {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t count>
bool contains(const Range (&ranges)[count], char32_t c) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != std::begin(ranges) && c <= std::prev(after)->last;
}

// The blocks of Unicode that matter in names and messages, not a whole table of its properties.
// Source: EastAsianWidth.txt (W and F) and DerivedGeneralCategory.txt (Mn, Me) of Unicode 15.
constexpr Range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
constexpr Range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x0E34, 0x0E3A},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};
// Bidirectional controls, zero-width characters and separators that some terminals take for a
// newline: https://trojansource.codes shows what they are good for.
constexpr Range invisible[] = {
    {0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x180E, 0x180E}, {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_blank(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

std::string shown_as_code(char32_t c) {
  std::string digits;
  for (char32_t rest = c; rest != 0 || digits.empty(); rest >>= 4U) {
    digits.insert(digits.begin(), "0123456789abcdef"[rest & 0xFU]);
  }
  const std::size_t width = c <= 0xFF ? 2 : 4;
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return (c <= 0xFF ? "\\x" : "\\u") + digits;
}

// What .NET's String.TrimStart takes away, besides control characters: GitHub's runner looks for
// commands behind it. Source: Unicode 15, White_Space.
bool is_space(char32_t c) {
  return is_blank(c) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Whether a line of a job's log that begins with `text` is a command:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
bool is_command(std::string_view text) {
  return text.size() > 2 && text.starts_with("::") && is_letter(text[2]);
}

// Appends the code point `c` with which `rest` begins.
void append_shown(std::string_view rest, const CodePoint& c, bool starts_word,
                  std::string& result) {
  const bool steers_a_log = (starts_word && is_command(rest)) || rest.starts_with("##[");
  if (!c.valid) {
    result += replacement_character;
  } else if (is_control(c.value) || contains(invisible, c.value) || steers_a_log) {
    result += shown_as_code(c.value);
  } else {
    result += rest.substr(0, c.bytes);
  }
}

int width_of(char32_t c) {
  if (contains(combining, c)) return 0;
  return contains(wide, c) ? 2 : 1;
}

// The longest start of `text` that fits into `width` columns; at least one code point, with the
// marks that combine with it.
std::string_view prefix_of_width(std::string_view text, int width) {
  std::size_t end = 0;
  int used = 0;
  while (end < text.size()) {
    const CodePoint c = first_code_point(text.substr(end));
    if (end > 0 && used + width_of(c.value) > width) break;
    used += width_of(c.value);
    end += c.bytes;
  }
  return text.substr(0, end);
}

// The longest start of a word that a line of its own can hold, so that the next line is no command.
std::string_view part_of_word(std::string_view word, int width) {
  const std::string_view part = prefix_of_width(word, width);
  if (!is_command(word.substr(part.size()))) return part;
  std::size_t end = part.size() - 1;
  while (end > 0 && (static_cast<unsigned char>(part[end]) & 0xC0U) == 0x80U) --end;
  return end == 0 ? part : part.substr(0, end);
}

}  // namespace

std::string terminal_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool starts_word = true;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = first_code_point(text.substr(at));
    if (c.valid && is_blank(c.value)) {
      if (!result.empty() && result.back() != ' ') result += ' ';
    } else {
      append_shown(text.substr(at), c, starts_word, result);
    }
    starts_word = is_space(c.value);
    at += c.bytes;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string terminal_lines(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool starts_word = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const CodePoint c = first_code_point(rest);
    if (c.value == '\n' || c.value == ' ') {
      result += text[at];
    } else if (c.value == '\t') {
      result += "    ";
    } else if (!rest.starts_with("\r\n")) {
      append_shown(rest, c, starts_word, result);
    }
    starts_word = is_space(c.value);
    at += c.bytes;
  }
  return result;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    width += width_of(c.value);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::vector<std::string> wrap(std::string_view text, int width) {
  assert(width >= 2);  // a wide character must fit, or no line would ever hold it
  std::vector<std::string> lines(1);
  int used = 0;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);

    const int gap = lines.back().empty() ? 0 : 1;
    if (gap == 1 && used + gap + display_width(word) > width) {
      lines.emplace_back();
      used = 0;
    } else if (gap == 1) {
      lines.back() += ' ';
      ++used;
    }
    while (display_width(word) > width) {
      const std::string_view part = part_of_word(word, width);
      lines.back() += part;
      lines.emplace_back();
      word.remove_prefix(part.size());
    }
    lines.back() += word;
    used += display_width(word);
  }
  return lines;
}

}  // namespace pgduet::reporters

#include "html_text.h"

#include <stdexcept>

#include "terminal_text.h"
#include "utf8.h"

namespace pgduet::reporters::html {
namespace {

// Empty for a character that stands for itself.
std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string result;
  result.reserve(text.size() + text.size() / 8);
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool ascii = c == '\n' || c == '\t' || (c >= ' ' && c < '\x7f');
    if (ascii) {
      const std::string_view entity = entity_of(c);
      entity.empty() ? result += c : result += entity;
      ++at;
      continue;
    }
    const CodePoint point = first_code_point(std::string_view(text).substr(at));
    if (c == '\r') {
      if (text.compare(at + 1, 1, "\n") != 0) result += ' ';
    } else {
      result += terminal_text(std::string_view(text).substr(at, point.bytes));
    }
    at += point.bytes;
  }
  return result;
}

Template::Template(std::string_view text) : mustache_(std::string(text)) {
  if (!mustache_.is_valid()) throw std::logic_error(mustache_.error_message());
  mustache_.set_custom_escape(escaped);
}

std::string Template::render(const Data& data) { return mustache_.render(data); }

void set_text(Data& data, const char* name, const std::string& text) {
  if (!text.empty()) data[name] = Data(text);
}

void set_list(Data& data, const char* name, const List& list) {
  if (list.empty()) return;
  data[name]["items"] = Data(list);
}

}  // namespace pgduet::reporters::html

#include "xml_text.h"

#include "utf8.h"

namespace pgduet::reporters {
namespace {

bool is_xml_char(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0xFFFE && c != 0xFFFF;
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    result += c.valid && is_xml_char(c.value) ? text.substr(0, c.bytes) : replacement_character;
    text.remove_prefix(c.bytes);
  }
  return result;
}

}  // namespace pgduet::reporters

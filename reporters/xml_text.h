// Text that XML 1.0 can carry. Escaping of `<`, `&` and quotes is the XML library's work; this is
// about what no escape can express.
#pragma once

#include <string>
#include <string_view>

namespace pgduet::reporters {

// `text` with every byte that is not UTF-8, and every character that XML 1.0 forbids even as a
// character reference (control characters other than tab, newline and carriage return; U+FFFE,
// U+FFFF), replaced by U+FFFD.
// Source: Extensible Markup Language (XML) 1.0, fifth edition, production [2] Char.
std::string xml_text(std::string_view text);

}  // namespace pgduet::reporters

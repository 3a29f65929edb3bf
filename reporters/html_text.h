// Text for HTML, and the templates that it is put into.
#pragma once

#include <cstddef>
#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

namespace pgduet::reporters::html {

using Data = kainjow::mustache::data;
using List = kainjow::mustache::list;

// `text` as it can stand between tags and in a quoted attribute: `<`, `>`, `&` and quotes are
// escaped; control characters other than newlines and tabs, and those that hide or reorder text,
// are shown as \x1b or \u202e; bytes that are not UTF-8 become U+FFFD. Carriage returns before
// newlines are dropped.
std::string escaped(const std::string& text);

// A template of reporters/html/, parsed once and rendered often. {{name}} is escaped, {{{name}}} is
// not: the latter is for what this program made itself. A name that the data do not have is looked
// up in what encloses them, so names are unique within a template. An empty text counts as there:
// see set_text().
class Template {
 public:
  // Throws std::logic_error for a template that cannot be parsed.
  explicit Template(std::string_view text);

  std::string render(const Data& data);

 private:
  kainjow::mustache::mustache mustache_;
};

// Sets `name`, unless `text` is empty: {{#name}} then shows nothing.
void set_text(Data& data, const char* name, const std::string& text);

// Sets `name` to an object whose "items" are the list, unless that is empty: {{#name}} is then a
// section around the list, {{#items}} repeats within it.
void set_list(Data& data, const char* name, const List& list);

}  // namespace pgduet::reporters::html

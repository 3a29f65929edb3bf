// JSON as pgduet reads and writes it: members keep the order of the file, errors name file and
// line.
#pragma once

#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "pgduet/gate/error.h"

namespace pgduet::gate {

// Keeps members in the order in which they were read or added, so that the same input gives the
// same bytes.
using Json = nlohmann::ordered_json;

// A parsed JSON text that still knows on which line each value began.
struct JsonDocument {
  std::string file;                  // as the user would type it
  Json root;                         //
  std::map<std::string, int> lines;  // JSON pointer ("/setup/0/sql") -> line, from 1

  // The position of the value that `pointer` names, or of its nearest known ancestor.
  SourcePosition at(const std::string& pointer) const;
};

// Parses `text`; comments (// and /* */) are allowed. `file` only appears in messages.
// Throws Error(input) with file:line:column when the text is not JSON or a key stands twice in one
// object.
JsonDocument parse_json_document(std::string_view text, const std::string& file);

// Throws Error(input) at the first key of the object at `pointer` that is not in `known`, and names
// the nearest one.
void require_known_keys(const JsonDocument& document, const std::string& pointer,
                        std::initializer_list<std::string_view> known);

// The shortest text, for a program to read; bytes that are not valid UTF-8 are replaced by U+FFFD.
std::string one_line(const Json& value);

// The text of a file that people review: two spaces of indentation, one final newline, and bytes
// that are not valid UTF-8 replaced by U+FFFD. Arrays and objects that hold only scalars and fit
// into 100 columns stay on one line.
std::string to_pretty_text(const Json& value);

}  // namespace pgduet::gate

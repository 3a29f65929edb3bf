// Text for a terminal: made harmless, measured in columns, and wrapped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgduet::reporters {

// `text` as one line that cannot steer a terminal, nor the log of a CI job: tabs, newlines and runs
// of blanks become one blank; other control characters, and the invisible ones that reorder or hide
// text (Unicode's bidirectional controls, zero-width characters), are shown as \x1b or \u202e;
// bytes that are not UTF-8 become U+FFFD. GitHub's runner takes a line that begins with "::error"
// (after blanks), and
// "##[error" anywhere, for a command: their first character is shown as \x3a or \x23.
std::string terminal_text(std::string_view text);

// The same for a text of several lines, which keep their ends and their blanks. Carriage returns
// before newlines are dropped, tabs become blanks.
std::string terminal_lines(std::string_view text);

// How many columns `text` takes: 2 for East Asian wide characters and emoji, 0 for combining marks,
// 1 for the rest. Requires: a result of terminal_text.
int display_width(std::string_view text);

// Breaks `text` at its blanks into lines of at most `width` columns. A word is broken only when it
// is longer than a line. Never empty: "" is one empty line. Requires: a result of terminal_text,
// and `width` of at least 2.
std::vector<std::string> wrap(std::string_view text, int width);

}  // namespace pgduet::reporters

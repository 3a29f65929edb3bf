// Text for GitHub-flavoured Markdown (https://github.github.com/gfm), as GitHub shows it in
// comments and job summaries: nothing of it becomes markup, a link, a mention of a person, a
// reference to an issue, an emoji or a formula.
//
// Characters that mean something are written as numeric character references, which mean the same
// in running text, in a cell of a table and inside HTML, where backslashes and backticks do not.
// What GitHub makes of text after it is HTML (mentions, references) is parted by a zero-width
// blank, or, in code, left alone by GitHub. No text may stand at the beginning of a line: there,
// "1." or
// "-" would begin a list.
#pragma once

#include <string>
#include <string_view>

namespace pgduet::reporters {

// As running text, in one line.
std::string markdown_text(std::string_view text);

// As code within a line: "<code>orders_pkey</code>".
std::string markdown_code(std::string_view text);

// As a fenced block of lines, `language` for its colours; ends with a newline. Control characters
// and the invisible are shown as codes.
std::string markdown_block(std::string_view text, std::string_view language = {});

}  // namespace pgduet::reporters

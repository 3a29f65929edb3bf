// Reports as text, and the texts that no report may fall for.
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pgduet/reporters/reporter.h"
#include "utf8.h"

namespace pgduet::reporters {

inline std::string written(const Format& format, const gate::Report& report,
                           const ReportOptions& options = {}) {
  std::ostringstream out;
  format.make(options)->write(report, out);
  return out.str();
}

inline std::string written(const char* format, const gate::Report& report) {
  return written(*find_format(format), report);
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (!c.valid) return false;
    text.remove_prefix(c.bytes);
  }
  return true;
}

inline std::vector<std::string> hostile_texts() {
  using namespace std::string_literals;
  return {"<b>&amp;\"'`</failure></script></details><!-- -->",
          "]]>",
          "100 % %s %n %0A %0D%3A",
          "two\nlines\r\nand::error::a command",
          "::error file=x::a command\n::stop-commands::x\n   ::add-mask::x",
          "##[error]a command ##[add-mask]x",
          "a | b `c` ```d``` ~~~ {0} [e](f) # SKIP \\# \\",
          "nul\0here"s,
          "bad \xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 utf-8\xe2\x82",
          "\x1b[2J\x1b]0;title\x07\x1b[31m\x9b\x08\x7f",
          "\xe2\x80\xae reversed \xe2\x80\x8b\xef\xbb\xbf",
          std::string(300, 'x'),
          "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xf0\x9f\x98\x80",
          ""};
}

}  // namespace pgduet::reporters

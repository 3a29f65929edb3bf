#include "terminal_page.h"

#include <algorithm>

#include "terminal_text.h"

namespace pgduet::reporters {
namespace {

constexpr int narrowest = 40;  // below, the labels would leave no room for the text

// ANSI "select graphic rendition" parameters.
const char* parameters_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "1";
    case Style::dim:
      return "2";
    case Style::bold_red:
      return "1;31";
    case Style::green:
      return "32";
    case Style::yellow:
      return "33";
    case Style::cyan:
      return "36";
  }
  return "";
}

std::string blanks(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

}  // namespace

Style style_of(Tone tone) {
  switch (tone) {
    case Tone::bad:
      return Style::bold_red;
    case Tone::warn:
      return Style::yellow;
    case Tone::note:
      return Style::cyan;
    case Tone::good:
      return Style::green;
    case Tone::quiet:
      return Style::dim;
  }
  return Style::plain;
}

TerminalPage::TerminalPage(std::ostream& out, const ReportOptions& options)
    : out_(out), width_(std::max(options.width, narrowest)), color_(options.color) {}

int TerminalPage::column_for(const std::vector<std::string>& names) const {
  int columns = 0;
  for (const std::string& name : names) {
    columns = std::max(columns, display_width(terminal_text(name)));
  }
  return std::min(columns + 2, width_ * 3 / 8);
}

void TerminalPage::blank_line() { out_ << '\n'; }

void TerminalPage::paragraph(int indent, const std::string& text, Style style) {
  for (const std::string& line : wrap(terminal_text(text), width_ - indent)) {
    out_ << blanks(indent) << styled(line, style) << '\n';
  }
}

void TerminalPage::entry(int indent, const std::string& label, int columns, const std::string& text,
                         Style label_style, Style text_style) {
  const std::string safe_label = terminal_text(label);
  const bool beside = display_width(safe_label) + 2 <= columns;
  const int text_column = indent + columns;
  if (!beside) paragraph(indent, label, label_style);
  bool first = beside;
  for (const std::string& line : wrap(terminal_text(text), width_ - text_column)) {
    out_ << blanks(indent)
         << (first ? styled(safe_label, label_style) + blanks(columns - display_width(safe_label))
                   : blanks(columns))
         << styled(line, text_style) << '\n';
    first = false;
  }
}

void TerminalPage::line(const std::vector<Piece>& pieces) {
  int used = 0;
  for (const Piece& piece : pieces) {
    const std::string safe = terminal_text(piece.text);
    if (safe.empty()) continue;
    const int columns = display_width(safe);
    const int gap = piece.column - (piece.to_the_left ? columns : 0) - used;
    out_ << blanks(gap) << styled(safe, piece.style);
    used += std::max(gap, 0) + columns;
  }
  out_ << '\n';
}

std::string TerminalPage::styled(const std::string& text, Style style) const {
  if (!color_ || style == Style::plain || text.empty()) return text;
  return std::string("\x1b[") + parameters_of(style) + "m" + text + "\x1b[0m";
}

}  // namespace pgduet::reporters

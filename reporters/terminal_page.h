// Lines for a terminal: wrapped, indented, in columns, with colours where those are wanted.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "details.h"
#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

enum class Style { plain, bold, dim, bold_red, green, yellow, cyan };

Style style_of(Tone tone);

// A part of a line.
struct Piece {
  int column = 0;  // where it begins; at once, where the line is there already
  std::string text;
  Style style = Style::plain;
  bool to_the_left = false;  // it ends before `column`, as numbers do
};

// Writes lines of at most `width` columns. All text passes through terminal_text, so that nothing
// but this class can move the cursor or change a colour.
class TerminalPage {
 public:
  // `out` has to outlive it.
  TerminalPage(std::ostream& out, const ReportOptions& options);

  int width() const { return width_; }

  // Of a table whose first column holds `names`: the longest and two blanks, but never more than
  // three eighths of the page. A longer name takes a line of its own.
  int column_for(const std::vector<std::string>& names) const;

  void blank_line();
  void paragraph(int indent, const std::string& text, Style style = Style::plain);

  // A label in a column of its own, and the text beside it. A label that is too long for the
  // column takes a line of its own.
  void entry(int indent, const std::string& label, int columns, const std::string& text,
             Style label_style, Style text_style = Style::plain);

  // One line, which is not wrapped: the caller knows the widths. Pieces in order of their columns.
  void line(const std::vector<Piece>& pieces);

 private:
  std::string styled(const std::string& text, Style style) const;

  std::ostream& out_;
  int width_;
  bool color_;
};

}  // namespace pgduet::reporters

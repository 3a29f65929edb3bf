#include "html_sql.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "line_diff.h"
#include "pgduet/gate/sql_tokens.h"
#include "pgduet/gate/wording.h"
#include "utf8.h"

namespace pgduet::reporters::html {
namespace {

// Beyond, finding the lines that differ would take longer than all the rest of the page.
constexpr std::size_t most_compared_lines = 500;

// Short, as they stand at each word of the page. See report.css.
const char* class_of(gate::SqlSpan::Kind kind) {
  switch (kind) {
    case gate::SqlSpan::Kind::keyword:
      return "k";
    case gate::SqlSpan::Kind::string:
      return "s";
    case gate::SqlSpan::Kind::number:
      return "n";
    case gate::SqlSpan::Kind::parameter:
      return "p";
    case gate::SqlSpan::Kind::comment:
      return "c";
    case gate::SqlSpan::Kind::plain:
    case gate::SqlSpan::Kind::identifier:
    case gate::SqlSpan::Kind::sign:
      return "";
  }
  return "";
}

// Gathers highlighted parts into lines: a comment or string of several lines becomes several parts.
class LineBuilder {
 public:
  void add(const char* part_class, std::string_view text) {
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      append(part_class, text.substr(0, end));
      end_line();
      text.remove_prefix(end + 1);
    }
    append(part_class, text);
  }

  List take() {
    if (!parts_.empty() || !text_.empty() || lines_.empty()) end_line();
    return std::move(lines_);
  }

 private:
  // Parts that look alike are one.
  void append(std::string_view part_class, std::string_view text) {
    if (text.empty()) return;
    if (part_class != class_) end_part();
    class_ = part_class;
    text_ += text;
  }

  void end_part() {
    if (text_.empty()) return;
    Data part;
    set_text(part, "k", class_);
    part["text"] = Data(text_);
    parts_.push_back(std::move(part));
    text_.clear();
  }

  void end_line() {
    end_part();
    Data line;
    line["parts"] = Data(parts_);
    lines_.push_back(std::move(line));
    parts_.clear();
  }

  List lines_;
  List parts_;
  std::string class_;
  std::string text_;
};

Data marked_sql_data(const std::string& sql, const std::vector<bool>& changed) {
  const std::string shown = shortened(sql, most_sql_bytes);
  LineBuilder builder;
  for (const gate::SqlSpan& span : gate::sql_spans(shown)) {
    builder.add(class_of(span.kind),
                std::string_view(shown).substr(span.begin, span.end - span.begin));
  }
  List lines = builder.take();
  for (std::size_t i = 0; i < std::min(lines.size(), changed.size()); ++i) {
    if (changed[i]) lines[i]["changed"] = Data(true);
  }
  Data data;
  data["lines"] = Data(lines);
  if (shown.size() < sql.size()) {
    data["cut"] = Data("The statement has " + gate::counted(sql.size(), "byte") + "; the first " +
                       gate::count_text(most_sql_bytes) +
                       " of them are shown, without colours where they end inside a string.");
  }
  return data;
}

}  // namespace

Data sql_data(const std::string& sql) { return marked_sql_data(sql, {}); }

void set_statements(Data& data, const gate::QueryRecord& query) {
  const std::string base = query.base ? query.base->sql : "";
  const std::string head = query.head ? query.head->sql : "";
  List statements;
  const auto add = [&](const char* side, const std::string& sql, const std::vector<bool>& changed) {
    if (sql.empty()) return;
    Data statement = marked_sql_data(sql, changed);
    set_text(statement, "side", side);
    statements.push_back(std::move(statement));
  };
  if (base == head || base.empty()) {
    add("", head, {});
  } else if (head.empty()) {
    add("base", base, {});
  } else {
    std::vector<bool> changed_base;
    std::vector<bool> changed_head;
    for (const DiffLine& line : diff_lines(base, head, most_compared_lines, LineEquality::exact)) {
      const bool changed = line.side != DiffLine::Side::both;
      if (line.side != DiffLine::Side::after) changed_base.push_back(changed);
      if (line.side != DiffLine::Side::before) changed_head.push_back(changed);
    }
    add("base", base, changed_base);
    add("head", head, changed_head);
  }
  set_list(data, "statements", statements);
}

}  // namespace pgduet::reporters::html

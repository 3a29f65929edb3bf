#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "history_formats.h"
#include "pgduet/gate/wording.h"
#include "sparkline.h"
#include "terminal_page.h"
#include "terminal_text.h"

namespace pgduet::reporters {
namespace {

constexpr int label_columns = 8;              // "blocks" and two blanks
constexpr std::size_t newest_runs = 8;        // that the table has
constexpr std::size_t overview_columns = 20;  // of a sparkline beside a name
constexpr int least_name_columns = 16;        // with less room a name has its own line
constexpr int narrow_indent = 2;

// "1" to "9", then "a" to "z": one column wide. Beyond, an event has no mark of its own.
std::string mark_of(std::size_t event) {
  if (event < 9) return std::string(1, static_cast<char>('1' + event));
  if (event < 9 + 26) return std::string(1, static_cast<char>('a' + event - 9));
  return "+";
}

std::string joined(const std::vector<std::string>& cells) {
  return std::accumulate(cells.begin(), cells.end(), std::string());
}

// The start of `text` that fits into `columns`.
std::string fitted(const std::string& text, int columns) {
  const std::string safe = terminal_text(text);
  if (display_width(safe) <= columns) return safe;
  return wrap(safe, columns - 1).front() + "…";
}

class HistoryPage {
 public:
  HistoryPage(const gate::QueryHistory& history, const ReportOptions& options, std::ostream& out)
      : history_(history), page_(out, options), all_(options.all) {}

  void write() {
    page_.paragraph(0, full_name(history_.workload, history_.query), Style::bold);
    page_.paragraph(0, history_.summary);
    page_.blank_line();
    if (history_.runs.empty()) return;
    write_sparklines();
    write_events();
    write_runs();
    page_.entry(0, "times", label_columns, history_.steadiness.sentence, Style::dim);
    for (const std::string& note : history_.notes) {
      page_.entry(0, "note", label_columns, note, Style::dim);
    }
    write_plans();
  }

 private:
  using Values = std::vector<std::optional<double>>;

  std::size_t columns() const { return static_cast<std::size_t>(page_.width() - label_columns); }

  std::size_t column_of_run(std::size_t run) const {
    return column_of(run, history_.runs.size(), columns());
  }

  template <typename Text>
  void write_sparkline(const std::string& label, const Values& values, Text text) {
    const std::optional<Range> range = range_of(values);
    if (!range) return;
    std::vector<std::string> cells = sparkline(values, columns());
    for (std::size_t i = 0; i < history_.runs.size(); ++i) {
      std::string& cell = cells[column_of_run(i)];
      if (cell == no_value && !history_.runs[i].failure.empty()) cell = "×";
    }
    std::string scale = text(range->least);
    if (range->most > range->least) scale += " to " + text(range->most);
    if (range->logarithmic) scale += ", log scale";
    const auto used = static_cast<int>(cells.size()) + label_columns;
    const bool beside = used + 2 + display_width(scale) <= page_.width();
    std::vector<Piece> pieces = {{0, label, Style::dim}, {label_columns, joined(cells)}};
    if (beside) pieces.push_back({used + 2, scale, Style::dim});
    page_.line(pieces);
    if (!beside) page_.paragraph(label_columns, scale, Style::dim);
  }

  void write_sparklines() {
    write_sparkline(history_.clock, adjusted_times(history_), gate::duration_text);
    write_sparkline("blocks", blocks_touched(history_), [](double blocks) {
      return gate::count_text(static_cast<std::int64_t>(blocks));
    });
    std::vector<std::string> marks(std::min(columns(), history_.runs.size()));
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      std::string& mark = marks[column_of_run(history_.events[i].run)];
      mark = mark.empty() ? mark_of(i) : "+";
    }
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < marks.size(); ++i) {
      pieces.push_back({label_columns + static_cast<int>(i), marks[i], Style::bold});
    }
    if (!history_.events.empty()) page_.line(pieces);
    page_.blank_line();
  }

  void write_events() {
    if (history_.events.empty()) return;
    const int columns = 3;
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      const gate::HistoryEvent& event = history_.events[i];
      page_.entry(0, mark_of(i), columns, event.sentence, Style::bold);
      if (!event.commits.empty()) page_.paragraph(columns, "git log " + event.commits, Style::dim);
    }
    page_.blank_line();
  }

  // A column of the table: those that are least needed give way on a narrow page.
  struct Column {
    std::string title;
    int columns = 0;
    bool number = false;
    int needed = 0;
    std::string (*text)(const gate::HistoryRun& run) = nullptr;
  };

  std::vector<Column> table_columns() const {
    std::vector<Column> table = {
        {"date", 10, false, 2,
         [](const gate::HistoryRun& run) { return run.point.started_at.substr(0, 10); }},
        {"commit", 11, false, 5, [](const gate::HistoryRun& run) { return run.commit; }},
        {history_.clock.empty() ? "time" : history_.clock, 7, true, 6,
         [](const gate::HistoryRun& run) {
           return run.adjusted_us ? gate::duration_text(*run.adjusted_us) : std::string("-");
         }},
        {"machine", 7, true, 1,
         [](const gate::HistoryRun& run) {
           return run.machine ? gate::factor_text(*run.machine) : std::string("-");
         }},
        {"blocks", 10, true, 4,
         [](const gate::HistoryRun& run) {
           return run.blocks ? gate::count_text(*run.blocks) : std::string("-");
         }},
        {"plan", 6, false, 3, [](const gate::HistoryRun& run) { return run.plan; }},
        {"verdict", 12, false, 7,
         [](const gate::HistoryRun& run) { return gate::to_text(run.point.verdict); }},
    };
    const auto width = [&] {
      int sum = number_columns;
      for (const Column& column : table) sum += 2 + column.columns;
      return sum;
    };
    while (width() > page_.width()) {
      table.erase(std::min_element(
          table.begin(), table.end(),
          [](const Column& left, const Column& right) { return left.needed < right.needed; }));
    }
    return table;
  }

  template <typename Text>
  void write_row(const std::vector<Column>& table, const std::string& number, Text text,
                 Style style, Style last_style) {
    std::vector<Piece> pieces = {{number_columns, number, style, true}};
    int at = number_columns + 2;
    for (const Column& column : table) {
      const bool last = &column == &table.back();
      pieces.push_back({column.number ? at + column.columns : at,
                        fitted(text(column), column.columns), last ? last_style : style,
                        column.number});
      at += column.columns + 2;
    }
    page_.line(pieces);
  }

  void write_runs() {
    const std::vector<Column> table = table_columns();
    const std::size_t count =
        all_ ? history_.runs.size() : std::min(newest_runs, history_.runs.size());
    write_row(
        table, "run", [](const Column& column) { return column.title; }, Style::dim, Style::dim);
    for (std::size_t i = history_.runs.size(); i > history_.runs.size() - count; --i) {
      const gate::HistoryRun& run = history_.runs[i - 1];
      write_row(
          table, std::to_string(i), [&](const Column& column) { return column.text(run); },
          Style::plain, style_of(tone_of(run.point.verdict, run.point.fails)));
    }
    if (count < history_.runs.size()) {
      page_.paragraph(number_columns + 2, gate::counted(history_.runs.size() - count, "older run"),
                      Style::dim);
    }
    page_.blank_line();
  }

  void write_plans() {
    for (const gate::PlanLetter& plan : history_.plans) {
      page_.entry(0, "plan " + plan.letter, label_columns,
                  plan.shape + " in " + gate::counted(std::int64_t{plan.runs}, "run") +
                      ", from run " + std::to_string(plan.first + 1) + " to " +
                      std::to_string(plan.last + 1),
                  Style::dim);
    }
  }

  static constexpr int number_columns = 4;

  const gate::QueryHistory& history_;
  TerminalPage page_;
  bool all_;
};

}  // namespace

void write_console_history(const gate::QueryHistory& history, const ReportOptions& options,
                           std::ostream& out) {
  HistoryPage(history, options, out).write();
}

void write_console_overview(const gate::HistoryOverview& overview, const ReportOptions& options,
                            std::ostream& out) {
  TerminalPage page(out, options);
  std::vector<std::string> measures;
  for (const gate::OverviewRow& row : overview.rows) measures.push_back(row.measure);
  const int columns = page.column_for(measures);
  for (const gate::OverviewRow& row : overview.rows) {
    const std::vector<std::string> cells = sparkline(row.times_us, overview_columns);
    const int line_column = page.width() - static_cast<int>(overview_columns);
    const std::string name = full_name(row.workload, row.query);
    const int name_columns = line_column - columns - 2;
    if (name_columns >= least_name_columns) {
      page.line({{0, row.measure, Style::bold},
                 {columns, fitted(name, name_columns), Style::bold},
                 {line_column, joined(cells), Style::dim}});
      page.paragraph(columns, row.sentence);
    } else {
      page.line({{0, row.measure, Style::bold}, {line_column, joined(cells), Style::dim}});
      page.paragraph(narrow_indent, name, Style::bold);
      page.paragraph(narrow_indent, row.sentence);
    }
  }
  if (!overview.rows.empty()) page.blank_line();
  page.paragraph(0, overview.summary);
}

}  // namespace pgduet::reporters

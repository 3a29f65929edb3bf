#include "console.h"

#include <algorithm>
#include <string>
#include <vector>

#include "details.h"
#include "pgduet/gate/wording.h"
#include "terminal_text.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

constexpr int narrowest = 40;      // below, the labels would leave no room for the text
constexpr int indentation = 6;     // of all that stands below "FAIL  "
constexpr int label_columns = 10;  // the longest label and two blanks

// ANSI "select graphic rendition" parameters.
enum class Style { plain, bold, dim, bold_red, green, yellow, cyan };

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

std::string blanks(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

// Writes lines of at most `width` columns. All text passes through terminal_text, so that nothing
// but this class can move the cursor or change a colour.
class Page {
 public:
  Page(std::ostream& out, const ReportOptions& options)
      : out_(out), width_(std::max(options.width, narrowest)), color_(options.color) {}

  // Of a table whose first column holds `names`: the longest and two blanks, but never more than
  // three eighths of the page. A longer name takes a line of its own.
  int column_for(const std::vector<std::string>& names) const {
    int columns = 0;
    for (const std::string& name : names) {
      columns = std::max(columns, display_width(terminal_text(name)));
    }
    return std::min(columns + 2, width_ * 3 / 8);
  }

  void blank_line() { out_ << '\n'; }

  void paragraph(int indent, const std::string& text, Style style = Style::plain) {
    for (const std::string& line : wrap(terminal_text(text), width_ - indent)) {
      out_ << blanks(indent) << styled(line, style) << '\n';
    }
  }

  // A label in a column of its own, and the text beside it. A label that is too long for the
  // column takes a line of its own.
  void entry(int indent, const std::string& label, int columns, const std::string& text,
             Style label_style, Style text_style = Style::plain) {
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

  // "FAIL  regressed  shop/orders_of_customer         queries/orders.sql:12": the place at the
  // right where there is room, else on the next line.
  void title(const std::string& full_name, const gate::QueryReport& query) {
    const std::string verdict = gate::to_text(query.verdict);
    const std::string place = terminal_text(gate::to_text(query.source));
    const int name_column = indentation + display_width(verdict) + 2;
    const std::vector<std::string> name = wrap(terminal_text(full_name), width_ - name_column);
    out_ << (query.fails ? styled("FAIL", Style::bold_red) + "  " : blanks(indentation))
         << styled(verdict, style_of(tone_of(query))) << "  " << styled(name.front(), Style::bold);
    const int used = name_column + display_width(name.front());
    const bool beside = name.size() == 1 && used + 2 + display_width(place) <= width_;
    if (beside && !place.empty()) {
      out_ << blanks(width_ - used - display_width(place)) << styled(place, Style::dim);
    }
    out_ << '\n';
    for (std::size_t i = 1; i < name.size(); ++i) {
      out_ << blanks(name_column) << styled(name[i], Style::bold) << '\n';
    }
    if (!beside) paragraph(indentation, place, Style::dim);
  }

 private:
  std::string styled(const std::string& text, Style style) const {
    if (!color_ || style == Style::plain || text.empty()) return text;
    return std::string("\x1b[") + parameters_of(style) + "m" + text + "\x1b[0m";
  }

  std::ostream& out_;
  int width_;
  bool color_;
};

void write_query(const NamedQuery& named, Page& page) {
  const gate::QueryReport& query = *named.report;
  page.title(named.full_name(), query);
  if (!query.headline.empty()) page.paragraph(indentation, query.headline);
  for (const Detail& detail : details_of(query)) {
    const Style style = detail.label == "next" ? Style::bold : Style::plain;
    page.entry(indentation, detail.label, label_columns, detail.text, Style::dim, style);
  }
  page.blank_line();
}

// "CPU 41 µs → 40 µs, 24 blocks, sees 1.12×": the smallest slowdown that would have shown.
std::string short_measures(const gate::QueryReport& query) {
  gate::TimesShown times = query.times;
  const auto cpu_known = [](const auto& side) { return !side || side->cpu_us; };
  std::string text;
  if (times.after && times.after->cpu_us && cpu_known(times.before)) {
    text = times.clock + " ";
    if (times.before) text += gate::duration_text(*times.before->cpu_us) + " → ";
    text += gate::duration_text(*times.after->cpu_us);
  } else if (times.after) {
    text = "wall ";
    if (times.before) text += gate::duration_text(times.before->wall_us) + " → ";
    text += gate::duration_text(times.after->wall_us);
  }
  if (query.work_after) {
    text += (text.empty() ? "" : ", ") + gate::count_text(query.work_after->blocks()) + " blocks";
  }
  if (query.detectable) {
    text += (text.empty() ? "" : ", ") + ("sees " + gate::factor_text(*query.detectable));
  }
  return text;
}

void write_passed(const std::vector<NamedQuery>& queries, Page& page) {
  std::vector<const gate::QueryReport*> passed;
  std::vector<std::string> names;
  for (const NamedQuery& named : queries) {
    if (named.report->verdict != Verdict::passed) continue;
    passed.push_back(named.report);
    names.push_back(named.full_name());
  }
  if (passed.empty()) return;
  page.paragraph(indentation, "passed", Style::green);
  const int columns = page.column_for(names);
  for (std::size_t i = 0; i < passed.size(); ++i) {
    page.entry(indentation, names[i], columns, short_measures(*passed[i]), Style::plain,
               Style::dim);
  }
  page.blank_line();
}

// The lines about the queries that is_only_listed holds for.
std::vector<Detail> listed(const gate::WorkloadReport& workload) {
  std::string new_queries;
  std::vector<Detail> skipped;
  for (const gate::QueryReport& query : workload.queries) {
    if (!is_only_listed(query)) continue;
    if (query.verdict == Verdict::new_query) {
      new_queries += (new_queries.empty() ? "" : ", ") + query.name;
    } else {
      skipped.push_back({"skipped", query.name + ": " + std::string(skip_reason_of(query))});
    }
  }
  std::vector<Detail> lines;
  if (!new_queries.empty()) lines.push_back({"new", new_queries});
  lines.insert(lines.end(), skipped.begin(), skipped.end());
  return lines;
}

void write_workload(const gate::WorkloadReport& workload, int columns, Page& page) {
  page.entry(0, workload.name, columns, comparison_text(workload), Style::bold);
  page.paragraph(columns, counts_text(workload));
  for (const std::string& line : {workload.impact, workload.detection}) {
    if (!line.empty()) page.paragraph(columns, line);
  }
  for (const Detail& line : listed(workload)) {
    page.entry(columns, line.label, label_columns, line.text, Style::dim);
  }
  for (const std::string& note : workload.notes) {
    page.entry(columns, "note", label_columns, note, Style::dim);
  }
}

void write_outcome(const gate::Report& report, Page& page) {
  switch (report.outcome) {
    case gate::Report::Outcome::passed:
      page.entry(0, "PASSED", 8, report.summary, Style::green);
      return;
    case gate::Report::Outcome::failed:
      page.entry(0, "FAILED", 8, report.summary, Style::bold_red);
      return;
    case gate::Report::Outcome::not_measured:
      page.entry(0, "NOT MEASURED", 14, report.summary, Style::bold_red);
      return;
  }
}

class ConsoleReporter : public Reporter {
 public:
  explicit ConsoleReporter(const ReportOptions& options) : options_(options) {}

  void write(const gate::Report& report, std::ostream& out) const override {
    Page page(out, options_);
    const auto queries = worst_first(report);
    for (const NamedQuery& query : queries) {
      if (query.report->verdict == Verdict::passed || is_only_listed(*query.report)) continue;
      write_query(query, page);
    }
    if (options_.all) write_passed(queries, page);

    std::vector<std::string> names;
    for (const gate::WorkloadReport& workload : report.workloads) names.push_back(workload.name);
    for (const gate::WorkloadReport& workload : report.workloads) {
      write_workload(workload, page.column_for(names), page);
    }
    if (!report.workloads.empty()) page.blank_line();
    if (report.record) {
      for (const std::string& note : report.record->machine.notes)
        page.entry(0, "note", 6, note, Style::dim);
      page.paragraph(0,
                     "Run " + report.record->run_id + " took " +
                         gate::duration_text(report.record->seconds * 1e6) + ".",
                     Style::dim);
    }
    write_outcome(report, page);
  }

 private:
  ReportOptions options_;
};

}  // namespace

std::unique_ptr<Reporter> make_console_reporter(const ReportOptions& options) {
  return std::make_unique<ConsoleReporter>(options);
}

}  // namespace pgduet::reporters

#include "console.h"

#include <algorithm>
#include <string>
#include <vector>

#include "details.h"
#include "pgduet/gate/wording.h"
#include "terminal_page.h"
#include "terminal_text.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

constexpr int indentation = 6;     // of all that stands below "FAIL  "
constexpr int label_columns = 10;  // the longest label and two blanks

// "FAIL  regressed  shop/orders_of_customer         queries/orders.sql:12": the place at the right
// where there is room, else on the next line.
void write_title(const std::string& full_name, const gate::QueryReport& query, TerminalPage& page) {
  const std::string verdict = gate::to_text(query.verdict);
  const std::string place = terminal_text(gate::to_text(query.source));
  const int name_column = indentation + display_width(verdict) + 2;
  const std::vector<std::string> name = wrap(terminal_text(full_name), page.width() - name_column);
  const int used = name_column + display_width(name.front());
  const bool beside = name.size() == 1 && used + 2 + display_width(place) <= page.width();
  std::vector<Piece> pieces;
  if (query.fails) pieces.push_back({0, "FAIL", Style::bold_red});
  pieces.push_back({indentation, verdict, style_of(tone_of(query))});
  pieces.push_back({name_column, name.front(), Style::bold});
  if (beside) pieces.push_back({page.width() - display_width(place), place, Style::dim});
  page.line(pieces);
  for (std::size_t i = 1; i < name.size(); ++i) page.line({{name_column, name[i], Style::bold}});
  if (!beside) page.paragraph(indentation, place, Style::dim);
}

void write_query(const NamedQuery& named, TerminalPage& page) {
  const gate::QueryReport& query = *named.report;
  write_title(named.full_name(), query, page);
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

void write_passed(const std::vector<NamedQuery>& queries, TerminalPage& page) {
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

void write_workload(const gate::WorkloadReport& workload, int columns, TerminalPage& page) {
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

void write_outcome(const gate::Report& report, TerminalPage& page) {
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
    TerminalPage page(out, options_);
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

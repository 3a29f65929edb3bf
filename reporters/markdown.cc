#include "markdown.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "annotation.h"
#include "line_diff.h"
#include "markdown_text.h"
#include "pgduet/gate/plan.h"
#include "pgduet/gate/wording.h"
#include "utf8.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

constexpr std::size_t most_bytes = 60'000;
constexpr std::size_t kept_for_the_end = 3'000;  // of those: for what is left out, and the run
constexpr std::size_t most_rows = 50;
constexpr std::size_t most_bytes_of_table = 20'000;
constexpr std::size_t most_notes = 20;
constexpr std::size_t most_names = 50;
constexpr std::size_t sections_open = 5;   // further ones are folded
constexpr std::size_t longest_text = 400;  // bytes of one sentence, before escaping
constexpr std::size_t longest_sql = 2'000;
constexpr std::ptrdiff_t most_sql_lines = 25;
constexpr std::size_t most_diff_lines = 60;
constexpr std::size_t longest_diff_line = 200;

std::string prose(std::string_view text) { return markdown_text(shortened(text, longest_text)); }
std::string code(std::string_view text) { return markdown_code(shortened(text, longest_text)); }

// Blocks, as long as there is room for them.
class Page {
 public:
  bool add(const std::string& block) { return add_below(block, most_bytes - kept_for_the_end); }
  bool add_to_the_end(const std::string& block) { return add_below(block, most_bytes); }
  std::size_t size() const { return text_.size(); }
  const std::string& text() const { return text_; }

 private:
  bool add_below(const std::string& block, std::size_t limit) {
    if (text_.size() + block.size() > limit) return false;
    text_ += block;
    return true;
  }

  std::string text_;
};

std::string title_of(gate::Report::Outcome outcome) {
  switch (outcome) {
    case gate::Report::Outcome::passed:
      return "pgduet: passed";
    case gate::Report::Outcome::failed:
      return "pgduet: failed";
    case gate::Report::Outcome::not_measured:
      break;
  }
  return "pgduet: not measured";
}

void write_workloads(const gate::Report& report, Page& page) {
  std::string list;
  for (const gate::WorkloadReport& workload : report.workloads) {
    list += "- " + code(workload.name) + ": " + prose(comparison_text(workload));
    for (const std::string& line : {workload.impact, workload.detection}) {
      if (!line.empty()) list += "<br>" + prose(line);
    }
    list += "\n";
    if (list.size() > most_bytes / 10) break;
  }
  if (!list.empty()) page.add(list + "\n");
}

std::string row_of(const NamedQuery& named) {
  const gate::QueryReport& query = *named.report;
  const std::string verdict = gate::to_text(query.verdict);
  const std::string place = gate::to_text(query.source);
  return "| " + (query.fails ? "**" + verdict + "**" : verdict) + " | " + code(named.full_name()) +
         (place.empty() ? "" : "<br>" + code(place)) + " | " + prose(query.headline) + " | " +
         prose(main_time_text(query.times)) + " |\n";
}

// What is not simply passed, one line each.
void write_table(const std::vector<NamedQuery>& queries, Page& page) {
  if (queries.empty()) return;
  std::string table = "| Verdict | Query | What happened | Time |\n| --- | --- | --- | --- |\n";
  std::size_t rows = 0;
  for (const NamedQuery& named : queries) {
    const std::string row = row_of(named);
    if (rows == most_rows || table.size() + row.size() > most_bytes_of_table) break;
    table += row;
    ++rows;
  }
  if (rows < queries.size())
    table += "\nand " + gate::counted(queries.size() - rows, "query") + " more\n";
  page.add(table + "\n");
}

std::string label_text(const std::string& label) { return label == "next" ? "what to do" : label; }

std::string details_list(const gate::QueryReport& query) {
  std::string list;
  for (const Detail& detail : details_of(query)) {
    list += "- **" + label_text(detail.label) + ":** " + prose(detail.text) + "\n";
  }
  return list.empty() ? list : list + "\n";
}

// A block with what went marked "-" and what came marked "+"; "" where nothing differs, or too much
// to be read.
std::string diff_block(std::string_view before, std::string_view after) {
  const std::vector<DiffLine> diff = diff_lines(before, after);
  const bool differs = std::any_of(diff.begin(), diff.end(), [](const DiffLine& line) {
    return line.side != DiffLine::Side::both;
  });
  if (!differs) return "";
  std::string text;
  for (std::size_t i = 0; i < std::min(diff.size(), most_diff_lines); ++i) {
    const DiffLine::Side side = diff[i].side;
    text += side == DiffLine::Side::both ? "  " : side == DiffLine::Side::before ? "- " : "+ ";
    text += shortened(diff[i].text, longest_diff_line) + "\n";
  }
  if (diff.size() > most_diff_lines) {
    text += "… " + std::to_string(diff.size() - most_diff_lines) + " more lines\n";
  }
  return markdown_block(text, "diff");
}

std::string plan_diff(const gate::QueryReport& query) {
  if (query.record == nullptr) return "";
  const gate::BindingRun* base = find_binding(query.record->base, query.worst_binding);
  const gate::BindingRun* head = find_binding(query.record->head, query.worst_binding);
  const auto has_plan = [](const gate::BindingRun* binding) {
    return binding != nullptr && !binding->plan.is_null();
  };
  if (!has_plan(base) || !has_plan(head) || base->shape == head->shape) return "";
  const std::string block = diff_block(gate::to_text(gate::read_plan(base->plan)),
                                       gate::to_text(gate::read_plan(head->plan)));
  return block.empty() ? "" : "Plan, base (-) and head (+):\n\n" + block + "\n";
}

bool is_short(const std::string& sql) {
  return sql.size() <= longest_sql && std::count(sql.begin(), sql.end(), '\n') < most_sql_lines;
}

// A statement that the change rewrote is the first suspect: its difference is shown, else the
// statement is folded.
std::string sql_text(const gate::QueryReport& query) {
  if (query.record == nullptr || !query.record->head) return "";
  const std::string& head = query.record->head->sql;
  if (head.empty() || !is_short(head)) return "";
  const bool rewritten = query.record->base && query.record->base->sql != head;
  if (rewritten && is_short(query.record->base->sql)) {
    const std::string block = diff_block(query.record->base->sql, head);
    if (!block.empty()) return "Statement, base (-) and head (+):\n\n" + block + "\n";
  }
  return "<details>\n<summary>Statement</summary>\n\n" + markdown_block(head, "sql") +
         "\n</details>\n\n";
}

std::string section_of(const NamedQuery& named, bool open) {
  const gate::QueryReport& query = *named.report;
  std::string section = open ? "<details open>\n" : "<details>\n";
  section += "<summary><b>" + gate::to_text(query.verdict) + "</b> " + code(named.full_name());
  if (!query.headline.empty()) section += ": " + prose(query.headline);
  section += "</summary>\n\n" + details_list(query) + plan_diff(query) + sql_text(query);
  return section + "</details>\n\n";
}

// Returns how many found no room.
std::size_t write_failing(const std::vector<NamedQuery>& queries, Page& page) {
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!page.add(section_of(queries[i], i < sections_open))) return queries.size() - i;
  }
  return 0;
}

std::string verdict_counts(const std::vector<NamedQuery>& queries) {
  std::map<Verdict, std::size_t> counts;
  for (const NamedQuery& named : queries) ++counts[named.report->verdict];
  std::string text;
  for (const auto& [verdict, count] : counts) {
    text += (text.empty() ? "" : ", ") + gate::count_text(count) + " " + gate::to_text(verdict);
  }
  return text;
}

// Folded together: none of them fails. Returns how many found no room.
std::size_t write_others(const std::vector<NamedQuery>& queries, Page& page) {
  if (queries.empty()) return 0;
  const std::string end = "</details>\n\n";
  std::size_t written = 0;
  std::string block = "<details>\n<summary>" + verdict_counts(queries) + "</summary>\n\n";
  for (; written < queries.size(); ++written) {
    const NamedQuery& named = queries[written];
    const std::string item = "**" + gate::to_text(named.report->verdict) + "** " +
                             code(named.full_name()) + ": " + prose(named.report->headline) +
                             "\n\n" + details_list(*named.report);
    if (page.size() + block.size() + item.size() + end.size() > most_bytes - kept_for_the_end) {
      break;
    }
    block += item;
  }
  if (written > 0) page.add(block + end);
  return queries.size() - written;
}

std::string list_item(const std::string& label, const std::string& text) {
  return "- **" + label + ":** " + text + "\n";
}

std::string new_queries(const std::vector<NamedQuery>& queries) {
  std::string names;
  std::size_t count = 0;
  for (const NamedQuery& named : queries) {
    if (named.report->verdict != Verdict::new_query) continue;
    if (++count <= most_names) names += (names.empty() ? "" : ", ") + code(named.full_name());
  }
  if (count > most_names) names += " and " + gate::counted(count - most_names, "query") + " more";
  return names.empty() ? "" : list_item("new", names);
}

std::string skipped_queries(const std::vector<NamedQuery>& queries) {
  std::string items;
  std::size_t count = 0;
  for (const NamedQuery& named : queries) {
    if (named.report->verdict != Verdict::skipped || ++count > most_names) continue;
    items +=
        list_item("skipped", code(named.full_name()) + ": " + prose(skip_reason_of(*named.report)));
  }
  if (count > most_names) {
    items += list_item("skipped", gate::counted(count - most_names, "query") + " more");
  }
  return items;
}

std::string notes_of(const gate::Report& report) {
  std::vector<std::string> notes;
  for (const gate::WorkloadReport& workload : report.workloads) {
    for (const std::string& note : workload.notes) {
      notes.push_back(list_item("note", code(workload.name) + ": " + prose(note)));
    }
  }
  if (report.record) {
    for (const std::string& note : report.record->machine.notes) {
      notes.push_back(list_item("note", prose(note)));
    }
  }
  std::string items;
  for (std::size_t i = 0; i < std::min(notes.size(), most_notes); ++i) items += notes[i];
  return items;
}

void write_listed(const gate::Report& report, const std::vector<NamedQuery>& queries, Page& page) {
  bool any = false;
  for (const std::string& items :
       {new_queries(queries), skipped_queries(queries), notes_of(report)}) {
    any = (!items.empty() && page.add(items)) || any;
  }
  if (any) page.add("\n");
}

std::string left_out_text(std::size_t failing, std::size_t others, const std::string& run_id) {
  std::string what;
  if (failing > 0)
    what = gate::counted(failing, "query") + (failing == 1 ? " that fails" : " that fail");
  if (others > 0) {
    what +=
        (what.empty() ? gate::counted(others, "query") + " not listed among those that fail"
                      : " and " + gate::count_text(others) + " other" + (others == 1 ? "" : "s"));
  }
  return "**Not shown here: " + what +
         ".** The HTML report has all of them; see the artifacts of " +
         "this run, or make it: " + code("pgduet report " + run_id + " --report html=pgduet.html") +
         "\n\n";
}

void write_end(const gate::Report& report, std::size_t failing, std::size_t others, Page& page) {
  const std::string run_id = report.record ? report.record->run_id : "";
  if (failing + others > 0) page.add_to_the_end(left_out_text(failing, others, run_id));
  if (!report.record) return;
  page.add_to_the_end("<sub>Run " + code(run_id) + " took " +
                      prose(gate::duration_text(report.record->seconds * 1e6)) + ".</sub>\n");
}

class MarkdownReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    Page page;
    page.add(std::string(markdown_marker) + "\n### " + title_of(report.outcome) + "\n\n");
    if (!report.summary.empty()) page.add("**" + prose(report.summary) + "**\n\n");
    write_workloads(report, page);

    const std::vector<NamedQuery> queries = worst_first(report);
    std::vector<NamedQuery> told;
    for (const NamedQuery& named : queries) {
      const gate::QueryReport& query = *named.report;
      if (query.verdict != Verdict::passed && !is_only_listed(query)) told.push_back(named);
    }
    write_table(told, page);
    const auto first_other = std::find_if(
        told.begin(), told.end(), [](const NamedQuery& named) { return !named.report->fails; });
    const std::size_t failing = write_failing({told.begin(), first_other}, page);
    const std::size_t others = write_others({first_other, told.end()}, page);
    write_listed(report, queries, page);
    write_end(report, failing, others, page);
    out << page.text();
  }
};

}  // namespace

std::unique_ptr<Reporter> make_markdown_reporter(const ReportOptions&) {
  return std::make_unique<MarkdownReporter>();
}

}  // namespace pgduet::reporters

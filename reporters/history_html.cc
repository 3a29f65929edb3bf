#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "details.h"
#include "history_chart.h"
#include "history_formats.h"
#include "html_assets.h"
#include "html_query.h"
#include "html_text.h"
#include "pgduet/gate/wording.h"
#include "sparkline.h"

namespace pgduet::reporters {
namespace html {
namespace {

constexpr std::size_t plan_colours = 5;
constexpr std::size_t overview_columns = 30;  // of a sparkline
constexpr const char* nothing = "–";

Data style() { return Data(std::string(report_css) + std::string(history_css)); }

std::string time_text(const std::optional<double>& time_us) {
  return time_us ? gate::duration_text(*time_us) : nothing;
}

std::string blocks_text(const std::optional<std::int64_t>& blocks) {
  return blocks ? gate::count_text(*blocks) : nothing;
}

class HistoryPage {
 public:
  explicit HistoryPage(const gate::QueryHistory& history) : history_(history) {}

  Data data() const {
    Data page;
    page["style"] = style();
    page["query"] = Data(full_name(history_.workload, history_.query));
    page["summary"] = Data(history_.summary);
    const bool fails = !history_.runs.empty() && history_.runs.back().point.fails;
    page["page_tone"] = Data(fails ? "bad" : "note");
    if (history_.runs.empty()) return page;
    page["span"] = Data(gate::counted(history_.runs.size(), "run") + " from " +
                        minute_text(history_.runs.front().point.started_at) + " to " +
                        minute_text(history_.runs.back().point.started_at));
    page["clock_title"] = Data(history_.clock.empty() ? "Time" : history_.clock + " time");
    set_list(page, "events", events());
    page["charts"] = Data(charts());
    page["steadiness"] = Data(history_.steadiness.sentence);
    List notes;
    for (const std::string& note : history_.notes) notes.push_back(Data(note));
    page["notes"] = Data(notes);
    page["newest"] = Data(std::to_string(history_.runs.size()));
    set_list(page, "bindings", bindings());
    set_list(page, "plans", plans());
    set_list(page, "runs", runs());
    return page;
  }

 private:
  List events() const {
    List list;
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      Data item;
      item["number"] = Data(std::to_string(i + 1));
      item["event_text"] = Data(history_.events[i].sentence);
      set_text(item, "commits", history_.events[i].commits);
      list.push_back(std::move(item));
    }
    return list;
  }

  std::string run_title(std::size_t index) const {
    const gate::HistoryRun& run = history_.runs[index];
    std::string text = "run " + std::to_string(index + 1) + ", " +
                       minute_text(run.point.started_at) + "\n" + run.origin + "\n";
    if (run.time_us) {
      text += history_.clock + " " + gate::duration_text(*run.adjusted_us);
      if (run.machine) {
        text += " at equal machine speed (" + gate::duration_text(*run.time_us) +
                " as measured, machine " + gate::factor_text(*run.machine) + ")";
      }
      text += "\n";
    }
    if (run.blocks) text += gate::counted(*run.blocks, "block") + "\n";
    return text + (run.plan.empty() ? "" : "plan " + run.plan + ", ") +
           gate::to_text(run.point.verdict);
  }

  List charts() const {
    const auto of_run = [this](std::size_t run) { return run_title(run); };
    List list;
    const std::string caption = history_.clock + " time, the fastest execution" +
                                (history_.adjusted ? ", at equal machine speed" : "");
    if (auto times = chart_data(history_, adjusted_times(history_), history_.levels,
                                {"time", caption, true, gate::duration_text, of_run})) {
      list.push_back(std::move(*times));
    }
    const auto blocks = [](double value) {
      return gate::count_text(static_cast<std::int64_t>(value));
    };
    if (auto work = chart_data(history_, blocks_touched(history_), {},
                               {"work", "Blocks touched", list.empty(), blocks, of_run})) {
      list.push_back(std::move(*work));
    }
    if (!list.empty()) set_axis(list.back());
    return list;
  }

  // One for each set of plans that a run can have, by order of first appearance.
  std::string colour_of(const std::string& plans) const {
    std::vector<std::string> sets;
    for (const gate::HistoryRun& run : history_.runs) {
      if (run.plan.empty() || !run.failure.empty()) continue;
      if (std::find(sets.begin(), sets.end(), run.plan) == sets.end()) sets.push_back(run.plan);
    }
    const auto found = std::find(sets.begin(), sets.end(), plans);
    if (found == sets.end()) return "";
    return std::to_string(static_cast<std::size_t>(found - sets.begin()) % plan_colours);
  }

  // Runs in a row with the same plans are one part.
  void set_axis(Data& chart) const {
    List parts;
    std::size_t first = 0;
    for (std::size_t i = 1; i <= history_.runs.size(); ++i) {
      const std::string& plan = history_.runs[first].plan;
      if (i < history_.runs.size() && history_.runs[i].plan == plan) continue;
      Data part;
      part["part"] = Data(plan.empty() ? nothing : plan);
      part["part_runs"] = Data(std::to_string(i - first));
      set_text(part, "part_colour", colour_of(plan));
      part["part_title"] =
          Data((plan.empty() ? "no plan" : "plan " + plan) + ": run " + std::to_string(first + 1) +
               (i - first > 1 ? " to " + std::to_string(i) : ""));
      parts.push_back(std::move(part));
      first = i;
    }
    chart["has_axis"] = Data(true);
    chart["plan_parts"] = Data(parts);
    chart["first_date"] = Data(minute_text(history_.runs.front().point.started_at));
    chart["last_date"] = Data(minute_text(history_.runs.back().point.started_at));
  }

  List bindings() const {
    List list;
    for (const gate::HistoryBinding& binding : history_.runs.back().point.bindings) {
      Data item;
      item["parameters"] = Data(binding.parameters.empty() ? "no parameters" : binding.parameters);
      set_text(item, "binding_failure", binding.failure);
      const auto plan = std::find_if(
          history_.plans.begin(), history_.plans.end(),
          [&](const gate::PlanLetter& letter) { return letter.shape == binding.shape; });
      item["binding_plan"] = Data(plan == history_.plans.end() ? nothing : plan->letter);
      item["binding_time"] =
          Data(time_text(history_.clock == "CPU" ? binding.cpu_min_us : binding.wall_min_us));
      item["binding_median"] = Data(time_text(binding.wall_median_us));
      item["binding_p95"] = Data(time_text(binding.wall_p95_us));
      item["binding_longest"] = Data(time_text(binding.wall_max_us));
      item["binding_blocks"] = Data(gate::count_text(binding.blocks));
      list.push_back(std::move(item));
    }
    return list;
  }

  List plans() const {
    List list;
    for (const gate::PlanLetter& plan : history_.plans) {
      Data item;
      item["letter"] = Data(plan.letter);
      item["shape"] = Data(plan.shape);
      item["plan_runs"] = Data(std::to_string(plan.runs));
      item["plan_first"] = Data(std::to_string(plan.first + 1));
      item["plan_last"] = Data(std::to_string(plan.last + 1));
      list.push_back(std::move(item));
    }
    return list;
  }

  List runs() const {
    List list;
    for (std::size_t i = history_.runs.size(); i > 0; --i) {
      const gate::HistoryRun& run = history_.runs[i - 1];
      const gate::HistoryPoint& point = run.point;
      Data item;
      item["run"] = Data(std::to_string(i));
      item["run_id"] = Data(point.run_id);
      item["date"] = Data(minute_text(point.started_at));
      item["commit"] = Data(run.commit);
      if (point.commit) {
        const gate::CommitRecord& commit = *point.commit;
        const std::string branch = commit.branch.empty() ? "" : "(" + commit.branch + ")";
        const bool both = !commit.subject.empty() && !branch.empty();
        set_text(item, "subject", commit.subject + (both ? " " : "") + branch);
      }
      item["time"] = Data(time_text(run.adjusted_us));
      item["measured"] = Data(time_text(run.time_us));
      item["machine"] = Data(run.machine ? gate::factor_text(*run.machine) : nothing);
      item["blocks"] = Data(blocks_text(run.blocks));
      item["plan"] = Data(run.plan.empty() ? nothing : run.plan);
      item["verdict"] = Data(gate::to_text(point.verdict));
      item["tone"] = Data(tone_class(tone_of(point.verdict, point.fails)));
      set_text(item, "headline", point.headline);
      list.push_back(std::move(item));
    }
    return list;
  }

  const gate::QueryHistory& history_;
};

const char* title_of(gate::HistoryOverview::Kind kind) {
  using Kind = gate::HistoryOverview::Kind;
  if (kind == Kind::top) return "Where the time goes";
  return kind == Kind::slow ? "Slow queries" : "Flaky queries";
}

const char* measure_title_of(gate::HistoryOverview::Kind kind) {
  using Kind = gate::HistoryOverview::Kind;
  if (kind == Kind::top) return "Share";
  return kind == Kind::slow ? "Slow" : "Odd";
}

}  // namespace
}  // namespace html

void write_html_history(const gate::QueryHistory& history, const ReportOptions&,
                        std::ostream& out) {
  out << html::Template(html::history_mustache).render(html::HistoryPage(history).data());
}

void write_html_overview(const gate::HistoryOverview& overview, const ReportOptions&,
                         std::ostream& out) {
  html::Data page;
  page["style"] = html::style();
  page["title"] = html::Data(html::title_of(overview.kind));
  page["summary"] = html::Data(overview.summary);
  page["measure_title"] = html::Data(html::measure_title_of(overview.kind));
  html::List rows;
  for (const gate::OverviewRow& row : overview.rows) {
    const std::vector<std::string> cells = sparkline(row.times_us, html::overview_columns);
    html::Data item;
    item["measure"] = html::Data(row.measure);
    item["query"] = html::Data(full_name(row.workload, row.query));
    item["sentence"] = html::Data(row.sentence);
    item["time"] = html::Data(html::time_text(row.time_us));
    item["spark"] = html::Data(std::accumulate(cells.begin(), cells.end(), std::string()));
    rows.push_back(std::move(item));
  }
  html::set_list(page, "rows", rows);
  out << html::Template(html::overview_mustache).render(page);
}

}  // namespace pgduet::reporters

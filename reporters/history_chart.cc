#include "history_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "details.h"
#include "html_query.h"
#include "pgduet/gate/wording.h"
#include "sparkline.h"

namespace pgduet::reporters::html {
namespace {

constexpr double width = 1000;  // of the view box
constexpr double height = 200;
// Badges and labels nearer to each other would overlap on a phone, in percent of the width.
constexpr double badge_distance = 7;
constexpr double flip_distance = 5;
constexpr std::size_t dense_from = 100;  // runs: their dots are smaller
constexpr std::size_t most_badge_rows = 3;
constexpr double badge_row_rem = 1.5;
constexpr double badge_gap_rem = 0.3;  // to the dots below

std::string number(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", value);
  std::string text = buffer.data();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

class Chart {
 public:
  Chart(const gate::QueryHistory& history, const Range& range) : history_(history), range_(range) {}

  std::string left(std::size_t run) const { return number(percent(run)); }

  std::string dot(std::size_t run, double value) const {
    return "M" + number(x(run)) + " " + number(y(value)) + "h0";
  }

  // Half a run more at both ends: a level of one run is a line, too.
  std::string level(const gate::HistoryLevel& level) const {
    const double half = width / static_cast<double>(2 * history_.runs.size());
    return "M" + number(x(level.first) - half) + " " + number(y(level.adjusted_us)) + "H" +
           number(x(level.last) + half);
  }

  std::string event_lines() const {
    std::string path;
    for (const gate::HistoryEvent& event : history_.events) {
      path += "M" + number(x(event.run)) + " 0V" + number(height);
    }
    return path;
  }

  List crosses() const {
    List list;
    for (std::size_t i = 0; i < history_.runs.size(); ++i) {
      if (history_.runs[i].failure.empty()) continue;
      Data item;
      item["cross_left"] = Data(left(i));
      item["cross_title"] =
          Data("run " + std::to_string(i + 1) + " failed: " + history_.runs[i].failure);
      list.push_back(std::move(item));
    }
    return list;
  }

  // Each in the lowest row that has room.
  void set_badges(Data& data) const {
    std::vector<double> ends;  // of the rows
    List list;
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      const gate::HistoryEvent& event = history_.events[i];
      const double place = percent(event.run);
      auto row = std::find_if(ends.begin(), ends.end(),
                              [&](double end) { return place - end >= badge_distance; });
      if (row == ends.end()) {
        if (ends.size() == most_badge_rows) continue;  // it stands in the list, and has its line
        row = ends.insert(row, 0);
      }
      *row = place;
      Data item;
      item["badge"] = Data(std::to_string(i + 1));
      item["badge_left"] = Data(number(place));
      item["badge_row"] = Data(std::to_string(row - ends.begin()));
      item["badge_title"] = Data(event.sentence);
      list.push_back(std::move(item));
    }
    data["badges"] = Data(list);
    if (!ends.empty()) {
      data["badge_rows"] =
          Data(number(badge_row_rem * static_cast<double>(ends.size()) + badge_gap_rem));
    }
  }

  List flips() const {
    List list;
    double end = -flip_distance;
    for (const gate::HistoryEvent& event : history_.events) {
      const auto plan = std::find_if(event.changes.begin(), event.changes.end(),
                                     [](const gate::HistoryChange& change) {
                                       return change.kind == gate::HistoryChange::Kind::plan;
                                     });
      const double place = percent(event.run);
      if (plan == event.changes.end() || place - end < flip_distance) continue;
      end = place;
      Data item;
      item["flip_left"] = Data(number(place));
      item["flip"] = Data(history_.runs[event.run].commit + " " + plan->plan_before + " → " +
                          plan->plan_after);
      list.push_back(std::move(item));
    }
    return list;
  }

 private:
  double percent(std::size_t run) const {
    return (static_cast<double>(run) + 0.5) * 100 / static_cast<double>(history_.runs.size());
  }
  double x(std::size_t run) const { return percent(run) * width / 100; }
  double y(double value) const { return height * (1 - std::clamp(range_.place(value), 0.0, 1.0)); }

  const gate::QueryHistory& history_;
  Range range_;
};

// The value at half the height.
double middle_of(const Range& range) {
  return range.logarithmic ? std::sqrt(range.least / 2 * range.most) : range.most / 2;
}

}  // namespace

std::optional<Data> chart_data(const gate::QueryHistory& history,
                               const std::vector<std::optional<double>>& values,
                               const std::vector<gate::HistoryLevel>& levels,
                               const ChartText& text) {
  std::optional<Range> range = range_of(values);
  if (!range || !(range->most > 0)) return std::nullopt;
  const Chart chart(history, *range);
  Data data;
  data["chart_class"] = Data(text.kind + (values.size() > dense_from ? " dense" : ""));
  data["caption"] = Data(text.caption);
  data["scale"] = Data(range->logarithmic ? "logarithmic scale" : "linear scale");
  data["top"] = Data(text.value(range->most));
  data["middle"] = Data(text.value(middle_of(*range)));
  data["bottom"] = Data(text.value(range->logarithmic ? range->least / 2 : 0));
  data["description"] =
      Data(text.caption + " over " + gate::counted(values.size(), "run") + ", from " +
           text.value(range->least) + " to " + text.value(range->most));
  List dots;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    const gate::HistoryPoint& point = history.runs[i].point;
    Data item;
    item["dot"] = Data(chart.dot(i, *values[i]));
    item["dot_tone"] = Data(tone_class(tone_of(point.verdict, point.fails)));
    item["dot_title"] = Data(text.of_run(i));
    dots.push_back(std::move(item));
  }
  data["dots"] = Data(dots);
  std::string level_lines;
  for (const gate::HistoryLevel& level : levels) level_lines += chart.level(level);
  set_text(data, "level_lines", level_lines);
  set_text(data, "event_lines", chart.event_lines());
  data["crosses"] = Data(chart.crosses());
  if (text.marks) {
    chart.set_badges(data);
    data["flips"] = Data(chart.flips());
  }
  return data;
}

}  // namespace pgduet::reporters::html

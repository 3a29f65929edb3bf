// A chart of something over the runs of a query, as data for reporters/html/history.mustache.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "html_text.h"
#include "pgduet/gate/history.h"

namespace pgduet::reporters::html {

struct ChartText {
  std::string kind;     // a class: "time", "work"
  std::string caption;  // "CPU time of the fastest execution"
  bool marks = false;   // whether to set badges and flips: one chart of a page is enough
  std::function<std::string(double)> value;        // "704 µs"
  std::function<std::string(std::size_t)> of_run;  // what the dot of a run says
};

// A dot a run, evenly spaced. `levels` may be empty. Nothing where there are no values.
//   caption, scale, description, chart_class, top, middle, bottom
//   dots         [{"dot", "dot_tone", "dot_title"}]: a path of no length, whose round ends are seen
//   level_lines  an SVG path; the view box is 1,000 by 200
//   event_lines  the same: where something changed
//   crosses      [{"cross_left", "cross_title"}]: the runs that failed; in percent of the width
//   badges       [{"badge", "badge_left", "badge_row", "badge_title"}]: the numbers of the events,
//                in rows above the plot where they would overlap
//   badge_rows   the height of those rows, in rem
//   flips        [{"flip", "flip_left"}]: "3f2a91c0d0 A → B" beside the line of a changed plan
std::optional<Data> chart_data(const gate::QueryHistory& history,
                               const std::vector<std::optional<double>>& values,
                               const std::vector<gate::HistoryLevel>& levels,
                               const ChartText& text);

}  // namespace pgduet::reporters::html

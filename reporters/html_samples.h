// The samples of both sides as a strip plot: one dot a sample, one strip a side and stage, all on
// one axis.
#pragma once

#include "html_text.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters::html {

// Sets "samples" for the binding of that number; nothing where no side has samples:
//   clock, scale   "CPU time of one execution", "logarithmic axis"
//   strips         [{"strip", "strip_class", "description", "dots", "least", "least_text"}]: dots
//                  is an SVG path over 0 to 1,000, least the place of the minimum
//   ticks          the texts below the axis: its two ends and the middle
//   thinned        what was left out; absent where nothing was
void set_samples(Data& data, const gate::QueryRecord& query, int binding, const std::string& clock);

}  // namespace pgduet::reporters::html

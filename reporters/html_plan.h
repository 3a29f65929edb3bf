// Plans for the page: base and head side by side, node by node.
#pragma once

#include "html_text.h"
#include "pgduet/gate/plan_shape.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters::html {

// What the plans of one workload are compared by.
struct PlanContext {
  gate::IndexDefinitions indexes_base;
  gate::IndexDefinitions indexes_head;
};

// Sets "plan" for the binding of that number; nothing where no side has one:
//   plan_class     "plan", or "plan two" where both sides are shown
//   sides          the headings, one or two: {"side"}
//   plan_rows      {"mark", "cells": [{"node", "depth", "subplan", "cell_mark", "lines", "rows",
//                  "off", "wrong", "facts", "bar"}]}
//   bar_of         what the bars show: "blocks", "rows visited"; absent where nothing is to show
//   copies         [{"copy_side", "json"}]: EXPLAIN's JSON for a script, see deflated_base64
// One side where both have the same plan with the same numbers.
void set_plan(Data& data, const gate::QueryRecord& query, int binding, const PlanContext& context);

}  // namespace pgduet::reporters::html

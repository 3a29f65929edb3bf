#include "html_plan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "compressed_text.h"
#include "details.h"
#include "pgduet/gate/plan_alignment.h"
#include "pgduet/gate/plan_diff.h"
#include "pgduet/gate/wording.h"
#include "utf8.h"

namespace pgduet::reporters::html {
namespace {

using gate::NodeNumbers;
using gate::PlanRow;

// From here on an estimate is worth looking at: plans of well-estimated queries have errors of 2 or
// 3 all over.
constexpr double notable_q_error = 4;
// Conditions longer than this (IN lists, mostly) tell nothing more; the JSON has them whole.
constexpr std::size_t most_condition_bytes = 600;

// EXPLAIN's answer of one side.
struct Side {
  const char* name = "";
  const gate::Json* explain = nullptr;
  std::optional<gate::Plan> plan;
  std::set<const gate::PlanNode*> cut_off;
};

Side side_of(const char* name, const std::optional<gate::QueryRun>& run, int number) {
  Side side;
  side.name = name;
  const gate::BindingRun* binding = find_binding(run, number);
  if (binding == nullptr || binding->plan.is_null()) return side;
  side.explain = &binding->plan;
  side.plan = gate::read_plan(binding->plan);
  side.cut_off = gate::cut_off_nodes(*side.plan);
  return side;
}

std::string rows_text(double rows) {
  return rows < 10 ? gate::number_text(std::round(rows * 100) / 100)
                   : gate::count_text(std::llround(rows));
}

// What a bar is long by: the blocks, or the rows where no node touched one.
class Bars {
 public:
  void note(const NodeNumbers& numbers) {
    most_blocks_ = std::max(most_blocks_, blocks_of(numbers));
    most_rows_ = std::max(most_rows_, numbers.rows_visited);
  }

  std::string unit() const {
    if (most_blocks_ > 0) return "blocks";
    return most_rows_ > 0 ? "rows visited" : "";
  }

  // Per cent of the longest bar of both plans; 0 for less than half of one.
  long percent(const NodeNumbers& numbers) const {
    const std::int64_t most = most_blocks_ > 0 ? most_blocks_ : most_rows_;
    const std::int64_t part = most_blocks_ > 0 ? blocks_of(numbers) : numbers.rows_visited;
    if (most == 0) return 0;
    return std::lround(100.0 * static_cast<double>(part) / static_cast<double>(most));
  }

 private:
  static std::int64_t blocks_of(const NodeNumbers& numbers) {
    return numbers.blocks + numbers.temp_blocks;
  }

  std::int64_t most_blocks_ = 0;
  std::int64_t most_rows_ = 0;
};

// What stands behind the rows: "8,334 blocks, 99,980 rows removed".
std::string facts_text(const NodeNumbers& numbers) {
  std::string text;
  const auto add = [&](const std::string& fact) { text += (text.empty() ? "" : " · ") + fact; };
  if (numbers.loops > 1) add(gate::count_text(std::llround(numbers.loops)) + " loops");
  if (numbers.rows_removed >= 1) {
    add(gate::counted(std::llround(numbers.rows_removed), "row") + " removed");
  }
  if (numbers.blocks > 0) add(gate::counted(numbers.blocks, "block"));
  if (numbers.temp_blocks > 0) add(gate::counted(numbers.temp_blocks, "temp block"));
  if (numbers.time_ms) add(gate::duration_text(*numbers.time_ms * 1000) + " alone");
  return text;
}

void set_numbers(Data& cell, const NodeNumbers& numbers, bool cut_off, const Bars& bars) {
  const std::string estimate = rows_text(numbers.estimated_rows);
  if (!numbers.executed) {
    cell["rows"] = Data(estimate + " rows estimated, never executed");
    return;
  }
  const bool one = numbers.rows_per_loop == 1;
  cell["rows"] = Data(rows_text(numbers.rows_per_loop) + (one ? " row" : " rows") + " of " +
                      estimate + " estimated");
  const std::string error = "q-error " + gate::number_text(std::round(numbers.q_error * 10) / 10);
  if (cut_off) {
    cell["off"] = Data("stopped early");
  } else if (numbers.q_error >= notable_q_error) {
    cell["wrong"] = Data(error);
  } else if (numbers.q_error >= 1.05) {
    cell["off"] = Data(error);
  }
  set_text(cell, "facts", facts_text(numbers));
  if (const long percent = bars.percent(numbers); percent > 0) {
    cell["bar"] = Data(std::to_string(percent));
  }
}

Data cell_of(const gate::PlanNode* node, int depth, const char* mark, const Side& side,
             const Bars& bars) {
  Data cell;
  if (node == nullptr) return cell;
  cell["node"] = Data(gate::headline(*node));
  cell["depth"] = Data(std::to_string(std::min(depth, 12)));
  set_text(cell, "subplan", node->subplan_name);
  set_text(cell, "cell_mark", mark);
  List lines;
  for (const std::string& line : gate::details(*node, true)) {
    lines.push_back(Data(shortened(line, most_condition_bytes)));
  }
  cell["lines"] = Data(lines);
  set_numbers(cell, gate::numbers_of(*node), side.cut_off.contains(node), bars);
  return cell;
}

bool is_without_news(const std::vector<PlanRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const PlanRow& row) {
    return row.mark == PlanRow::Mark::same && row.base != nullptr && row.head != nullptr &&
           gate::numbers_of(*row.base) == gate::numbers_of(*row.head);
  });
}

const char* class_of(PlanRow::Mark mark) {
  switch (mark) {
    case PlanRow::Mark::same:
      return "same";
    case PlanRow::Mark::changed:
      return "changed";
    case PlanRow::Mark::only_base:
      return "gone";
    case PlanRow::Mark::only_head:
      return "new";
  }
  return "";
}

// `base` is null where head's side is shown alone.
Data row_of(const PlanRow& row, const Side* base, const Side& head, const Bars& bars) {
  const char* word = row.mark == PlanRow::Mark::same ? "" : class_of(row.mark);
  List cells;
  if (base != nullptr) {
    const char* mark = row.mark == PlanRow::Mark::only_base ? word : "";
    cells.push_back(cell_of(row.base, row.base_depth, mark, *base, bars));
  }
  cells.push_back(cell_of(row.head, row.head_depth, base == nullptr ? "" : word, head, bars));
  Data data;
  set_text(data, "mark", base == nullptr ? "" : word);
  data["cells"] = Data(cells);
  return data;
}

// As EXPLAIN (FORMAT JSON) returns it: an array of one. Indented, as people paste it, too.
Data copy_of(const Side& side) {
  const gate::Json array = gate::Json::array({*side.explain});
  Data copy;
  copy["copy_side"] = Data(side.name);
  copy["json"] =
      Data(deflated_base64(array.dump(1, ' ', false, gate::Json::error_handler_t::replace)));
  return copy;
}

Data side_heading(const std::string& text) {
  Data heading;
  heading["side"] = Data(text);
  return heading;
}

}  // namespace

void set_plan(Data& data, const gate::QueryRecord& query, int binding, const PlanContext& context) {
  const Side base = side_of("base", query.base, binding);
  const Side head = side_of("head", query.head, binding);
  if (!base.plan && !head.plan) return;
  std::vector<PlanRow> rows;
  if (base.plan && head.plan) {
    rows = gate::align_plans(*base.plan, *head.plan, context.indexes_base, context.indexes_head);
  } else {
    rows = gate::rows_of(base.plan ? *base.plan : *head.plan);
  }
  const bool two = base.plan && head.plan && !is_without_news(rows);
  Bars bars;
  for (const PlanRow& row : rows) {
    for (const gate::PlanNode* node : {row.base, row.head}) {
      if (node != nullptr) bars.note(gate::numbers_of(*node));
    }
  }
  List headings;
  if (two) {
    headings.push_back(side_heading("Base"));
    headings.push_back(side_heading("Head"));
  } else if (base.plan && head.plan) {
    headings.push_back(side_heading("Base and head: the same plan, the same numbers"));
  } else {
    headings.push_back(side_heading(base.plan ? "Base" : "Head"));
  }
  List row_list;
  for (const PlanRow& row : rows) {
    row_list.push_back(row_of(row, two ? &base : nullptr, head.plan ? head : base, bars));
  }
  Data plan;
  plan["sides"] = Data(headings);
  plan["plan_rows"] = Data(row_list);
  set_text(plan, "bar_of", bars.unit());
  List copies;
  for (const Side* side : {&base, &head}) {
    if (side->plan) copies.push_back(copy_of(*side));
  }
  plan["copies"] = Data(copies);
  plan["plan_class"] = Data(two ? "plan two" : "plan");
  data["plan"] = std::move(plan);
}

}  // namespace pgduet::reporters::html

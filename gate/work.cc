#include "pgduet/gate/work.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "json_members.h"

namespace pgduet::gate {
namespace {

// Nodes that bring rows into a plan. Not among them: Bitmap Index Scan, whose rows its heap scan
// counts again, and Subquery Scan, which only passes rows on.
constexpr std::array<std::string_view, 15> scans = {
    "Seq Scan",        "Sample Scan",      "Index Scan",
    "Index Only Scan", "Bitmap Heap Scan", "Tid Scan",
    "Tid Range Scan",  "Function Scan",    "Table Function Scan",
    "Values Scan",     "CTE Scan",         "Named Tuplestore Scan",
    "WorkTable Scan",  "Foreign Scan",     "Custom Scan"};

bool is_scan(const PlanNode& node) {
  return std::find(scans.begin(), scans.end(), node.node_type) != scans.end();
}

std::int64_t count_of(const Json& fields, const char* key) {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_number() ? std::llround(found->get<double>()) : 0;
}

std::string_view text_of(const Json& fields, const char* key) {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_string() ? found->get_ref<const std::string&>()
                                                     : std::string_view();
}

std::int64_t touched_blocks(const Json& fields) {
  return count_of(fields, "Shared Hit Blocks") + count_of(fields, "Shared Read Blocks") +
         count_of(fields, "Local Hit Blocks") + count_of(fields, "Local Read Blocks");
}

// Rows that the node read from its relation and rows that it threw away, over all loops. The server
// divides both by the loops.
std::int64_t own_rows_visited(const PlanNode& node) {
  const double read = is_scan(node) ? node.actual_rows.value_or(0) : 0;
  return std::llround((read + rows_removed_per_loop(node)) * node.actual_loops.value_or(0));
}

std::int64_t incremental_sort_kb(const Json& fields, const char* groups) {
  const auto found = fields.find(groups);
  if (found == fields.end() || !found->is_object()) return 0;
  const auto memory = found->find("Sort Space Memory");
  return memory == found->end() ? 0 : count_of(*memory, "Peak Sort Space Used");
}

// `fields` are those of a node or of one of its parallel workers, each of which has its own memory.
std::int64_t peak_memory_kb(const Json& fields) {
  std::int64_t kilobytes = count_of(fields, "Peak Memory Usage") +
                           incremental_sort_kb(fields, "Full-sort Groups") +
                           incremental_sort_kb(fields, "Pre-sorted Groups");
  if (text_of(fields, "Sort Space Type") == "Memory") {
    kilobytes += count_of(fields, "Sort Space Used");
  }
  if (text_of(fields, "Storage") == "Memory") kilobytes += count_of(fields, "Maximum Storage");
  const auto workers = fields.find("Workers");
  if (workers != fields.end() && workers->is_array()) {
    for (const Json& worker : *workers) kilobytes += peak_memory_kb(worker);
  }
  return kilobytes;
}

// The counters that the server gives with those of the children included.
Work inclusive_counters(const PlanNode& node) {
  Work work;
  work.shared_blocks = touched_blocks(node.fields);
  work.temp_blocks =
      count_of(node.fields, "Temp Read Blocks") + count_of(node.fields, "Temp Written Blocks");
  work.wal_bytes = count_of(node.fields, "WAL Bytes");
  return work;
}

void add_own_counters(const PlanNode& node, Work& work) {
  work.rows_visited += own_rows_visited(node);
  work.memory_kb += peak_memory_kb(node.fields);
  for (const PlanNode& child : node.children) add_own_counters(child, work);
}

// An InitPlan or CTE hangs on one node and runs inside whichever node needs it first, so its
// counters may already be in those of a sibling; then the difference would be too small by as much.
std::int64_t less_children(std::int64_t total, std::int64_t children, std::int64_t init_plans) {
  const std::int64_t own = total - children - init_plans;
  return own >= 0 ? own : std::max<std::int64_t>(0, total - children);
}

}  // namespace

Work work_of(const Plan& plan) {
  Work work = inclusive_counters(plan.root);
  add_own_counters(plan.root, work);
  const auto planning = plan.beside.find("Planning");
  if (planning != plan.beside.end()) work.planning_blocks = touched_blocks(*planning);
  return work;
}

Work exclusive_work(const PlanNode& node) {
  Work children;
  Work init_plans;
  for (const PlanNode& child : node.children) {
    const Work counters = inclusive_counters(child);
    Work& sum = child.parent_relationship == "InitPlan" ? init_plans : children;
    sum.shared_blocks += counters.shared_blocks;
    sum.temp_blocks += counters.temp_blocks;
    sum.wal_bytes += counters.wal_bytes;
  }
  Work own = inclusive_counters(node);
  own.shared_blocks =
      less_children(own.shared_blocks, children.shared_blocks, init_plans.shared_blocks);
  own.temp_blocks = less_children(own.temp_blocks, children.temp_blocks, init_plans.temp_blocks);
  own.wal_bytes = less_children(own.wal_bytes, children.wal_bytes, init_plans.wal_bytes);
  own.rows_visited = own_rows_visited(node);
  own.memory_kb = peak_memory_kb(node.fields);
  return own;
}

double rows_removed_per_loop(const PlanNode& node) {
  return node.number("Rows Removed by Filter") + node.number("Rows Removed by Join Filter") +
         node.number("Rows Removed by Index Recheck");
}

Json to_json(const Work& work) {
  Json json = Json::object();
  json["shared_blocks"] = work.shared_blocks;
  json["temp_blocks"] = work.temp_blocks;
  json["rows_visited"] = work.rows_visited;
  if (work.wal_bytes != 0) json["wal_bytes"] = work.wal_bytes;
  if (work.planning_blocks != 0) json["planning_blocks"] = work.planning_blocks;
  if (work.memory_kb != 0) json["memory_kb"] = work.memory_kb;
  return json;
}

Work work_from_json(const Json& value) {
  Work work;
  read_member(value, "shared_blocks", work.shared_blocks);
  read_member(value, "temp_blocks", work.temp_blocks);
  read_member(value, "rows_visited", work.rows_visited);
  read_member(value, "wal_bytes", work.wal_bytes);
  read_member(value, "planning_blocks", work.planning_blocks);
  read_member(value, "memory_kb", work.memory_kb);
  return work;
}

}  // namespace pgduet::gate

#include "work_findings.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "pgduet/gate/wording.h"

namespace pgduet::gate {
namespace {

// Full-page images after a checkpoint move the WAL of one statement by some pages of 8 kB; below
// twice as much and half a megabyte nothing is said.
constexpr double noted_wal_ratio = 2.0;
constexpr std::int64_t noted_wal_bytes = 64L * 8192;

constexpr double told_rows_ratio = 2.0;
constexpr std::int64_t told_rows = 1000;

// Whether the larger of two counters exceeds the other by both a ratio and an amount.
bool differ(std::int64_t before, std::int64_t after, double ratio, std::int64_t amount) {
  const auto [less, more] = std::minmax(before, after);
  return more - less >= amount && static_cast<double>(more) >= ratio * static_cast<double>(less);
}

std::optional<double> ratio_of(std::int64_t before, std::int64_t after) {
  if (before == 0) return std::nullopt;
  return static_cast<double>(after) / static_cast<double>(before);
}

// "(1,328×)", "(1,328× fewer)" or "(none before)".
std::string comparison_text(std::int64_t before, std::int64_t after, const char* fewer) {
  if (before == 0) return "(none before)";
  if (after == 0) return "(" + count_text(before) + " before)";
  const double ratio = *ratio_of(before, after);
  return ratio >= 1 ? "(" + ratio_text(ratio) + ")"
                    : "(" + ratio_text(1 / ratio) + " " + fewer + ")";
}

Finding work_finding(std::int64_t before, std::int64_t after, const char* noun) {
  Finding finding;
  finding.kind = Finding::Kind::work;
  finding.weight = Finding::Weight::explains;
  finding.before = counted(before, noun);
  finding.after = counted(after, noun);
  finding.ratio = ratio_of(before, after);
  return finding;
}

Finding blocks_finding(std::int64_t before, std::int64_t after) {
  Finding finding = work_finding(before, after, "block");
  finding.sentence = "touches " + finding.after;
  if (before != 0 && after != 0) finding.sentence += " instead of " + count_text(before);
  finding.sentence += " " + comparison_text(before, after, "fewer");
  return finding;
}

Finding temp_finding(std::int64_t before, std::int64_t after) {
  Finding finding = work_finding(before, after, "temp block");
  if (after == 0) {
    finding.sentence = "no longer spills to disk (" + finding.before + " before)";
    return finding;
  }
  finding.sentence = "spills " + finding.after + " to disk";
  if (before != 0) finding.sentence += " instead of " + count_text(before);
  finding.sentence += " " + comparison_text(before, after, "fewer");
  return finding;
}

Finding wal_finding(std::int64_t before, std::int64_t after) {
  Finding finding = work_finding(before, after, "byte");
  finding.sentence = "writes " + finding.after + " of WAL";
  if (before != 0) finding.sentence += " instead of " + count_text(before);
  finding.sentence += " " + comparison_text(before, after, "less");
  return finding;
}

Verdict blocks_verdict(std::int64_t before, std::int64_t after, const Policy& policy) {
  if (differ(before, after, policy.work_ratio, policy.work_blocks) && before != after) {
    return after > before ? Verdict::regressed : Verdict::improved;
  }
  return differ(before, after, noted_blocks_ratio, noted_blocks) ? Verdict::changed
                                                                 : Verdict::passed;
}

}  // namespace

WorkComparison compare_work(const Work& before, const Work& after, const Policy& policy) {
  WorkComparison comparison;
  comparison.verdict = blocks_verdict(before.blocks(), after.blocks(), policy);
  if (comparison.verdict != Verdict::passed) {
    comparison.findings.push_back(blocks_finding(before.blocks(), after.blocks()));
  }
  if (differ(before.temp_blocks, after.temp_blocks, noted_temp_ratio, 1)) {
    comparison.findings.push_back(temp_finding(before.temp_blocks, after.temp_blocks));
    comparison.spilled = after.temp_blocks > before.temp_blocks;
  }
  if (differ(before.wal_bytes, after.wal_bytes, noted_wal_ratio, noted_wal_bytes)) {
    comparison.findings.push_back(wal_finding(before.wal_bytes, after.wal_bytes));
  }
  if (comparison.findings.empty()) return comparison;
  if (comparison.verdict == Verdict::passed) comparison.verdict = Verdict::changed;
  comparison.findings.front().weight = Finding::Weight::convicts;
  return comparison;
}

std::vector<Finding> visited_rows(const Work& before, const Work& after) {
  if (after.rows_visited <= before.rows_visited ||
      !differ(before.rows_visited, after.rows_visited, told_rows_ratio, told_rows)) {
    return {};
  }
  Finding finding = work_finding(before.rows_visited, after.rows_visited, "row");
  finding.sentence = "visits " + finding.after + " instead of " + count_text(before.rows_visited);
  if (before.rows_visited > 0) {
    finding.sentence += " " + comparison_text(before.rows_visited, after.rows_visited, "fewer");
  }
  return {finding};
}

}  // namespace pgduet::gate

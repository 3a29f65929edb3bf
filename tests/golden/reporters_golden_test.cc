#include <gtest/gtest.h>

#include <sstream>

#include "golden.h"
#include "pgduet/reporters/reporter.h"
#include "sample_report.h"

namespace pgduet::reporters {
namespace {

using test::expect_golden;
using test::sample_report;

std::string written(const std::string& format, const gate::Report& report,
                    const ReportOptions& options = {}) {
  std::ostringstream out;
  find_format(format)->make(options)->write(report, out);
  return out.str();
}

gate::Report report_without_workloads(gate::Report::Outcome outcome, const std::string& summary) {
  gate::Report report;
  report.outcome = outcome;
  report.summary = summary;
  return report;
}

TEST(ReportersGolden, Console) {
  expect_golden("console.txt", written("console", sample_report()));
}

TEST(ReportersGolden, ConsoleWithPassedQueries) {
  expect_golden("console_all.txt", written("console", sample_report(), {.all = true}));
}

TEST(ReportersGolden, ConsoleInColor) {
  expect_golden("console_color.txt", written("console", sample_report(), {.color = true}));
}

TEST(ReportersGolden, ConsoleInFortyColumns) {
  expect_golden("console_narrow.txt", written("console", sample_report(), {.width = 40}));
}

TEST(ReportersGolden, Junit) { expect_golden("junit.xml", written("junit", sample_report())); }

TEST(ReportersGolden, Json) { expect_golden("report.json", written("json", sample_report())); }

TEST(ReportersGolden, NothingComparedIsNotMeasured) {
  const gate::Report report = report_without_workloads(
      gate::Report::Outcome::not_measured, "nothing was compared: no base and no baselines");
  expect_golden("not_measured.txt", written("console", report));
  expect_golden("not_measured.xml", written("junit", report));
  expect_golden("not_measured.json", written("json", report));
}

TEST(ReportersGolden, HostileText) {
  using namespace std::string_literals;
  const gate::Report report = test::hostile_report(
      "a<b>&\"'%]]>\n::error::x\r\n\x1b[31mred\x1b[0m\0nul\t\xff\xc0\xaf \xe2\x80\xae"s
      "gnp.exe </failure>");
  for (const Format& format : all_formats()) {
    expect_golden("hostile." + std::string(format.name), written(std::string(format.name), report));
  }
}

}  // namespace
}  // namespace pgduet::reporters

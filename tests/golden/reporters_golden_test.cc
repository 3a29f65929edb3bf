#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "golden.h"
#include "pgduet/reporters/reporter.h"
#include "sample_report.h"

namespace pgduet::reporters {
namespace {

using test::expect_golden;
using test::sample_report;
using test::with_named_parts;

std::string written(const std::string& format, const gate::Report& report,
                    const ReportOptions& options = {}) {
  std::ostringstream out;
  find_format(format)->make(options)->write(report, out);
  return format == "html" ? with_named_parts(out.str()) : out.str();
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

TEST(ReportersGolden, Markdown) {
  expect_golden("report.md", written("markdown", sample_report()));
}

TEST(ReportersGolden, Github) { expect_golden("github.txt", written("github", sample_report())); }

TEST(ReportersGolden, Sarif) { expect_golden("report.sarif", written("sarif", sample_report())); }

TEST(ReportersGolden, Tap) { expect_golden("report.tap", written("tap", sample_report())); }

TEST(ReportersGolden, Benchmark) {
  expect_golden("benchmark.json", written("benchmark", sample_report()));
}

TEST(ReportersGolden, Badge) { expect_golden("badge.json", written("badge", sample_report())); }

TEST(ReportersGolden, Prometheus) {
  expect_golden("report.prom", written("prometheus", sample_report()));
}

TEST(ReportersGolden, Html) { expect_golden("report.html", written("html", sample_report())); }

TEST(ReportersGolden, NothingComparedIsNotMeasured) {
  const gate::Report report = report_without_workloads(
      gate::Report::Outcome::not_measured, "nothing was compared: no base and no baselines");
  for (const Format& format : all_formats()) {
    const std::string name(format.name);
    expect_golden("not_measured." + name, written(name, report));
  }
}

TEST(ReportersGolden, HostileText) {
  using namespace std::string_literals;
  const gate::Report report = test::hostile_report(
      "a<b>&\"'%]]>\n::error::x\r\n\x1b[31mred\x1b[0m\0nul\t\xff\xc0\xaf \xe2\x80\xae"s
      "gnp.exe </failure></script></details>\n```\n@octocat #12 gh-3 www.x.org https://x.org/$a$ "
      "%0A "
      "| `code` **b** __c__ ~d~ [e](https://x.org) ![f](g) &lt; :tada: {0} \\ ##[error]h");
  for (const Format& format : all_formats()) {
    expect_golden("hostile." + std::string(format.name), written(std::string(format.name), report));
  }
}

}  // namespace
}  // namespace pgduet::reporters

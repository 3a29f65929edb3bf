#include "badge.h"
#include "benchmark.h"
#include "console.h"
#include "github.h"
#include "html.h"
#include "json.h"
#include "junit.h"
#include "markdown.h"
#include "pgduet/reporters/reporter.h"
#include "prometheus.h"
#include "sarif.h"
#include "tap.h"

namespace pgduet::reporters {
namespace {

constexpr Format formats[] = {
    {"console", "summary for a terminal", &make_console_reporter},
    {"junit", "JUnit XML for CI test views", &make_junit_reporter},
    {"json", "the whole report as JSON, for scripts", &make_json_reporter},
    {"html", "one self-contained page, for people", &make_html_reporter},
    {"markdown", "Markdown for a job summary or a comment", &make_markdown_reporter},
    {"github", "annotations, as commands to GitHub's runner", &make_github_reporter},
    {"sarif", "SARIF 2.1.0 for code scanning", &make_sarif_reporter},
    {"tap", "Test Anything Protocol 13", &make_tap_reporter},
    {"benchmark", "times as Google Benchmark's JSON, for trends", &make_benchmark_reporter},
    {"badge", "JSON for a shields.io endpoint badge", &make_badge_reporter},
    {"prometheus", "gauges in Prometheus' text format", &make_prometheus_reporter},
};

}  // namespace

std::span<const Format> all_formats() { return formats; }

const Format* find_format(std::string_view name) {
  for (const Format& format : formats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace pgduet::reporters

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prometheus.h"
#include "sample_report.h"
#include "terminal_text.h"
#include "written_report.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;
using test::hostile_report;
using test::sample_report;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> lines(const gate::Report& report) {
  return lines_of(written("prometheus", report));
}

// The lines of one metric's samples, without its name.
std::vector<std::string> samples(const gate::Report& report, const std::string& metric) {
  std::vector<std::string> found;
  for (const std::string& line : lines(report)) {
    if (line.starts_with(metric + "{") || line.starts_with(metric + " "))
      found.push_back(line.substr(metric.size()));
  }
  return found;
}

gate::Report not_measured_report() {
  gate::Report report;
  report.outcome = gate::Report::Outcome::not_measured;
  return report;
}

// A workload "w" with one query "q" that has `record`.
gate::Report report_of(const gate::QueryRecord& query_record) {
  gate::RunRecord run;
  run.workloads.resize(1);
  run.workloads[0].queries = {query_record};
  gate::Report report;
  report.record = std::make_shared<const gate::RunRecord>(run);
  gate::QueryReport query;
  query.name = "q";
  query.record = &report.record->workloads[0].queries[0];
  report.workloads.resize(1);
  report.workloads[0].name = "w";
  report.workloads[0].record = &report.record->workloads[0];
  report.workloads[0].queries = {query};
  return report;
}

gate::BindingRun binding(int number, double wall_us, std::optional<double> cpu_us) {
  gate::BindingRun run;
  run.number = number;
  run.executions = {{.wall_us = wall_us + 9, .cpu_us = cpu_us, .executions = 40},
                    {.wall_us = wall_us, .cpu_us = cpu_us, .executions = 40},
                    {.wall_us = 1, .cpu_us = 1, .executions = 5, .stage = 1},
                    {.wall_us = 1, .cpu_us = 1, .executions = 5, .stage = 1, .control = true}};
  run.work.shared_blocks = 20 * number;
  run.work.temp_blocks = number;
  run.work.rows_visited = 300 * number;
  return run;
}

gate::QueryRecord query_with(std::vector<gate::BindingRun> head) {
  gate::QueryRecord query;
  query.name = "q";
  query.head.emplace().bindings = std::move(head);
  return query;
}

// The format.

// Text-based format of Prometheus, version 0.0.4, less what is not written: timestamps, comments
// and other types.
TEST(PrometheusReporter, EveryLineIsOneOfTheFormat) {
  const std::string name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  const std::string label = R"re([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*")re";
  const std::regex help("# HELP " + name + " [^\\\\]+");
  const std::regex type("# TYPE " + name + " gauge");
  const std::regex sample(name + R"((?:\{)" + label + "(?:," + label + R"()*\})? )" +
                          R"(-?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?)");
  std::vector<gate::Report> reports = {sample_report(), not_measured_report()};
  for (const std::string& text : hostile_texts()) reports.push_back(hostile_report(text));
  for (const gate::Report& report : reports) {
    EXPECT_EQ(written("prometheus", report).back(), '\n');
    for (const std::string& line : lines(report)) {
      EXPECT_TRUE(std::regex_match(line, help) || std::regex_match(line, type) ||
                  std::regex_match(line, sample))
          << line;
    }
  }
}

TEST(PrometheusReporter, SamplesOfAMetricStandTogetherUnderItsHelpAndType) {
  for (const gate::Report& report : {sample_report(), not_measured_report()}) {
    std::set<std::string> metrics;
    std::string metric;
    const std::vector<std::string> all = lines(report);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].starts_with("# HELP ")) {
        metric = all[i].substr(7, all[i].find(' ', 7) - 7);
        EXPECT_TRUE(metrics.insert(metric).second) << metric;
        ASSERT_LT(i + 2, all.size());
        EXPECT_EQ(all[i + 1], "# TYPE " + metric + " gauge");
        EXPECT_EQ(all[i + 2].substr(0, all[i + 2].find_first_of("{ ")), metric);
      } else if (!all[i].starts_with("#")) {
        EXPECT_EQ(all[i].substr(0, all[i].find_first_of("{ ")), metric);
      }
    }
  }
}

TEST(PrometheusReporter, NoSampleStandsTwiceEvenWhereNamesDo) {
  for (const gate::Report& report : {sample_report(), hostile_report("twice")}) {
    std::set<std::string> series;
    for (const std::string& line : lines(report)) {
      if (line.starts_with("#")) continue;
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
  EXPECT_THAT(samples(hostile_report("twice"), "pgduet_query_verdict"),
              ElementsAre(R"({workload="twice",query="twice",verdict="regressed"} 1)"));
}

TEST(PrometheusText, IsReadAsTerminalTextShowsIt) {
  EXPECT_EQ(prometheus_text("a\"b\\c"), R"(a\"b\\c)");
  EXPECT_EQ(prometheus_text("a\nb"), "a b");
  EXPECT_EQ(prometheus_text("\x1b[31m"), R"(\\x1b[31m)");
  for (const std::string& text : hostile_texts()) {
    const std::string escaped = prometheus_text(text);
    std::string read;
    for (std::size_t i = 0; i < escaped.size(); ++i) {
      EXPECT_NE(escaped[i], '"');
      if (escaped[i] == '\\') ++i;
      ASSERT_LT(i, escaped.size());
      read += escaped[i];
    }
    EXPECT_EQ(read, terminal_text(text));
  }
}

// Runs.

TEST(PrometheusReporter, ARunThatMeasuredNothingCanAlert) {
  EXPECT_THAT(samples(not_measured_report(), "pgduet_run_outcome"),
              ElementsAre(R"({outcome="passed"} 0)", R"({outcome="failed"} 0)",
                          R"({outcome="not_measured"} 1)"));
  EXPECT_THAT(samples(sample_report(), "pgduet_run_outcome"),
              ElementsAre(R"({outcome="passed"} 0)", R"({outcome="failed"} 1)",
                          R"({outcome="not_measured"} 0)"));
}

TEST(PrometheusReporter, TellsWhenTheRunWasAndHowLongItTook) {
  // date --utc --date 2026-11-21T10:15:00Z +%s
  EXPECT_THAT(samples(sample_report(), "pgduet_run_started_timestamp_seconds"),
              ElementsAre(" 1795256100"));
  EXPECT_THAT(samples(sample_report(), "pgduet_run_duration_seconds"), ElementsAre(" 12.3"));
}

TEST(PrometheusReporter, ATimeThatCannotBeReadIsNotMadeUp) {
  for (const char* text : {"", "yesterday", "2026-11-21T10:15:00+02:00", "2026-11-21T10:15:00Zz"}) {
    gate::Report report = sample_report();
    auto record = std::make_shared<gate::RunRecord>(*report.record);
    record->started_at = text;
    test::set_record(report, record);
    EXPECT_THAT(written("prometheus", report), Not(HasSubstr("timestamp"))) << text;
  }
}

TEST(PrometheusReporter, OnlyInfoHasLabelsThatChangeWithEveryRun) {
  const gate::Report report = sample_report();
  const gate::SideRecord& head = report.record->workloads[0].head;
  ASSERT_TRUE(head.commit);
  for (const std::string& changing : {report.record->run_id, report.record->pgduet_version,
                                      head.commit->id, head.postgres_version}) {
    int found = 0;
    for (const std::string& line : lines(report)) {
      if (line.find('"' + changing + '"') == std::string::npos) continue;
      ++found;
      EXPECT_THAT(line.substr(0, line.find('{')), testing::EndsWith("_info")) << line;
    }
    EXPECT_GT(found, 0) << changing;
  }
  EXPECT_THAT(samples(report, "pgduet_workload_info"),
              Contains(R"({workload="shop",side="head",revision="work tree",commit=")" +
                       head.commit->id + R"(",branch="cleanup",postgres_version="15.18"} 1)"));
}

// Workloads.

TEST(PrometheusReporter, CountsEveryVerdictOfAWorkloadThoseThatNoneHasToo) {
  const std::vector<std::string> counts = samples(sample_report(), "pgduet_workload_queries");
  EXPECT_THAT(counts, testing::SizeIs(20));
  EXPECT_THAT(counts, Contains(R"({workload="shop",verdict="broken"} 2)"));
  EXPECT_THAT(counts, Contains(R"({workload="shop",verdict="new"} 2)"));
  EXPECT_THAT(counts, Contains(R"({workload="shop",verdict="skipped"} 0)"));
  EXPECT_THAT(counts, Contains(R"({workload="metrics",verdict="skipped"} 1)"));
}

TEST(PrometheusReporter, TellsAWorkloadsRatioWhereTimesWereCompared) {
  EXPECT_THAT(samples(sample_report(), "pgduet_workload_time_ratio"),
              ElementsAre(R"({workload="shop"} 1.032)"));
}

// Queries.

TEST(PrometheusReporter, EachQueryHasOneVerdict) {
  const gate::Report report = sample_report();
  std::vector<std::string> verdicts;
  std::vector<std::string> fails;
  for (const gate::WorkloadReport& workload : report.workloads) {
    for (const gate::QueryReport& query : workload.queries) {
      const std::string labels = "{workload=\"" + workload.name + "\",query=\"" + query.name + '"';
      verdicts.push_back(labels + ",verdict=\"" + gate::to_text(query.verdict) + "\"} 1");
      fails.push_back(labels + (query.fails ? "} 1" : "} 0"));
    }
  }
  EXPECT_EQ(samples(report, "pgduet_query_verdict"), verdicts);
  EXPECT_EQ(samples(report, "pgduet_query_fails"), fails);
}

TEST(PrometheusReporter, FiguresAreMeansOverTheBindingsOfTheirFastestInTheScreening) {
  const gate::Report report = report_of(query_with({binding(1, 60, 40), binding(2, 80, 50)}));
  const std::string labels = R"({workload="w",query="q",side="head"} )";
  const std::map<std::string, std::string> expected = {
      {"pgduet_query_cpu_seconds", "4.5e-05"}, {"pgduet_query_wall_seconds", "7e-05"},
      {"pgduet_query_shared_blocks", "30"},    {"pgduet_query_temp_blocks", "1.5"},
      {"pgduet_query_visited_rows", "450"},    {"pgduet_query_executions", "170"}};
  for (const auto& [metric, value] : expected) {
    EXPECT_THAT(samples(report, metric), ElementsAre(labels + value)) << metric;
  }
}

TEST(PrometheusReporter, EachSideThatRanHasItsFigures) {
  gate::QueryRecord query = query_with({binding(1, 80, 50)});
  query.base.emplace().bindings = {binding(1, 60, 40)};
  EXPECT_THAT(samples(report_of(query), "pgduet_query_cpu_seconds"),
              ElementsAre(R"({workload="w",query="q",side="base"} 4e-05)",
                          R"({workload="w",query="q",side="head"} 5e-05)"));
  EXPECT_THAT(samples(report_of({}), "pgduet_query_cpu_seconds"), IsEmpty());
}

TEST(PrometheusReporter, ASideOfWhichABindingFailedHasNoFigures) {
  gate::QueryRecord query = query_with({binding(1, 60, 40), binding(2, 80, 50)});
  query.head->bindings[1].failure.emplace();
  for (const char* metric :
       {"pgduet_query_cpu_seconds", "pgduet_query_wall_seconds", "pgduet_query_shared_blocks"}) {
    EXPECT_THAT(samples(report_of(query), metric), IsEmpty()) << metric;
  }
}

TEST(PrometheusReporter, WithoutCpuTimeThereIsNoneAndNotTheElapsedTime) {
  const gate::Report report =
      report_of(query_with({binding(1, 60, 40), binding(2, 80, std::nullopt)}));
  EXPECT_THAT(samples(report, "pgduet_query_cpu_seconds"), IsEmpty());
  EXPECT_THAT(samples(report, "pgduet_query_wall_seconds"),
              ElementsAre(R"({workload="w",query="q",side="head"} 7e-05)"));
}

TEST(PrometheusReporter, TheRatioIsThatOfTheBindingThatDecided) {
  gate::Report report = report_of(query_with({binding(1, 60, 40), binding(2, 80, 50)}));
  gate::QueryReport& query = report.workloads[0].queries[0];
  EXPECT_THAT(samples(report, "pgduet_query_time_ratio"), IsEmpty());
  query.worst_binding = 2;
  for (const int number : {1, 2}) {
    gate::Finding finding;
    finding.binding = number;
    finding.time.emplace().ratio = number + 0.25;
    query.findings.push_back(finding);
  }
  EXPECT_THAT(samples(report, "pgduet_query_time_ratio"),
              ElementsAre(R"({workload="w",query="q"} 2.25)"));
}

}  // namespace
}  // namespace pgduet::reporters

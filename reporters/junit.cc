#include "junit.h"

#include <iomanip>
#include <locale>
#include <pugixml.hpp>
#include <sstream>

#include "details.h"
#include "xml_text.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

enum class Result { success, failure, error, skipped };

Result result_of(const gate::QueryReport& query) {
  if (query.verdict == Verdict::inconclusive) return Result::error;
  if (query.fails) return Result::failure;
  const bool left_out = query.verdict == Verdict::new_query || query.verdict == Verdict::skipped;
  return left_out ? Result::skipped : Result::success;
}

double seconds_of(const gate::QueryReport& query) {
  return query.times.after ? query.times.after->wall_us / 1e6 : 0;
}

// Jenkins takes a plain decimal number only.
std::string seconds_text(double seconds) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << std::fixed << std::setprecision(6) << seconds;
  return text.str();
}

void set(pugi::xml_node node, const char* attribute, std::string_view value) {
  node.append_attribute(attribute).set_value(xml_text(value).c_str());
}

void set(pugi::xml_node node, const char* attribute, std::size_t value) {
  node.append_attribute(attribute).set_value(static_cast<unsigned long long>(value));
}

void append_text(pugi::xml_node node, const std::string& text) {
  node.append_child(pugi::node_pcdata).set_value(xml_text(text).c_str());
}

std::string details_text(const gate::QueryReport& query) {
  std::string text = gate::to_text(query.source) + "\n";
  if (!query.headline.empty()) text += query.headline + "\n";
  for (const Detail& detail : details_of(query)) {
    text += detail.label + ": " + detail.text + "\n";
  }
  return text;
}

void append_result(pugi::xml_node test_case, const gate::QueryReport& query, Result result) {
  const std::string verdict = gate::to_text(query.verdict);
  if (result == Result::success) {
    if (query.verdict == Verdict::passed) return;
    append_text(test_case.append_child("system-out"), verdict + "\n" + details_text(query));
    return;
  }
  pugi::xml_node node = test_case.append_child(result == Result::failure ? "failure"
                                               : result == Result::error ? "error"
                                                                         : "skipped");
  set(node, "type", verdict);
  set(node, "message", headline_or_verdict(query));
  append_text(node, details_text(query));
}

void append_case(pugi::xml_node suite, const gate::WorkloadReport& workload,
                 const gate::QueryReport& query) {
  pugi::xml_node test_case = suite.append_child("testcase");
  set(test_case, "classname", "pgduet." + workload.name);
  set(test_case, "name", query.name);
  if (query.times.after) set(test_case, "time", seconds_text(seconds_of(query)));
  append_result(test_case, query, result_of(query));
}

std::string workload_text(const gate::WorkloadReport& workload) {
  std::string text = "compared with " + workload.compared_with + "\n";
  for (const std::string& note : workload.notes) text += note + "\n";
  return text;
}

struct Counts {
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  double seconds = 0;
};

Counts counts_of(const gate::WorkloadReport& workload) {
  Counts counts;
  for (const gate::QueryReport& query : workload.queries) {
    const Result result = result_of(query);
    counts.failures += result == Result::failure ? 1 : 0;
    counts.errors += result == Result::error ? 1 : 0;
    counts.skipped += result == Result::skipped ? 1 : 0;
    counts.seconds += seconds_of(query);
  }
  return counts;
}

void append_suite(pugi::xml_node suites, const gate::Report& report,
                  const gate::WorkloadReport& workload) {
  const Counts counts = counts_of(workload);
  pugi::xml_node suite = suites.append_child("testsuite");
  set(suite, "name", workload.name);
  set(suite, "tests", workload.queries.size());
  set(suite, "failures", counts.failures);
  set(suite, "errors", counts.errors);
  set(suite, "skipped", counts.skipped);
  set(suite, "time", seconds_text(counts.seconds));
  if (report.record) set(suite, "timestamp", report.record->started_at);
  for (const gate::QueryReport& query : workload.queries) append_case(suite, workload, query);
  append_text(suite.append_child("system-out"), workload_text(workload));
}

void append_not_measured(pugi::xml_node suites, const gate::Report& report) {
  pugi::xml_node suite = suites.append_child("testsuite");
  set(suite, "name", "pgduet");
  set(suite, "tests", std::size_t{1});
  set(suite, "failures", std::size_t{0});
  set(suite, "errors", std::size_t{1});
  set(suite, "skipped", std::size_t{0});
  pugi::xml_node test_case = suite.append_child("testcase");
  set(test_case, "classname", "pgduet");
  set(test_case, "name", "outcome");
  pugi::xml_node error = test_case.append_child("error");
  set(error, "type", "not measured");
  set(error, "message", report.summary);
}

class JunitReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    set(declaration, "version", "1.0");
    set(declaration, "encoding", "UTF-8");
    pugi::xml_node suites = document.append_child("testsuites");
    set(suites, "name", "pgduet");
    if (report.outcome == gate::Report::Outcome::not_measured) append_not_measured(suites, report);
    for (const gate::WorkloadReport& workload : report.workloads) {
      append_suite(suites, report, workload);
    }
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_junit_reporter(const ReportOptions&) {
  return std::make_unique<JunitReporter>();
}

}  // namespace pgduet::reporters

#include "tap.h"

#include "annotation.h"
#include "pgduet/gate/json.h"
#include "terminal_text.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

// "" where the query was judged, or fails for not having been.
std::string skip_directive(const gate::QueryReport& query) {
  if (query.fails) return "";
  switch (query.verdict) {
    case Verdict::skipped:
      return std::string(skip_reason_of(query));
    case Verdict::new_query:
    case Verdict::inconclusive:
      return gate::to_text(query.verdict) + ": " + query.headline;
    default:
      return "";
  }
}

// Lines in one scalar: as a list, Perl's reader would take each "why: ..." for a map.
std::string details_text(const gate::QueryReport& query) {
  std::string text;
  for (const Detail& detail : details_of(query)) {
    text += (text.empty() ? "" : "\n") + detail.label + ": " + detail.text;
  }
  return text;
}

class Stream {
 public:
  Stream(std::ostream& out, std::size_t points) : out_(out) {
    out_ << "TAP version 13\n1.." << points << "\n";
  }

  void point(bool ok, const std::string& name, const std::string& skip_reason) {
    out_ << (ok ? "ok " : "not ok ") << ++number_ << " - " << tap_text(name);
    if (!skip_reason.empty()) out_ << " # SKIP " << tap_text(skip_reason);
    out_ << "\n";
  }

  void begin_facts() { out_ << "  ---\n"; }
  void fact(const char* key, const std::string& value) {
    out_ << "  " << key << ": " << yaml_scalar(value) << "\n";
  }
  void place(const gate::SourcePosition& at) {
    if (at.file.empty()) return;
    out_ << "  at:\n    file: " << yaml_scalar(at.file) << "\n";
    if (at.line > 0) out_ << "    line: " << at.line << "\n";
  }
  void end_facts() { out_ << "  ...\n"; }

 private:
  std::ostream& out_;
  std::size_t number_ = 0;
};

void write_query(const NamedQuery& named, Stream& stream) {
  const gate::QueryReport& query = *named.report;
  const std::string skip = skip_directive(query);
  stream.point(!query.fails, named.full_name(), skip);
  if (query.verdict == Verdict::passed || is_only_listed(query)) return;
  stream.begin_facts();
  stream.fact("verdict", gate::to_text(query.verdict));
  stream.fact("message", headline_or_verdict(query));
  stream.place(query.source);
  if (const std::string details = details_text(query); !details.empty()) {
    stream.fact("details", details);
  }
  stream.end_facts();
}

class TapReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    const bool measured = report.outcome != gate::Report::Outcome::not_measured;
    std::size_t points = measured ? 0 : 1;
    for (const gate::WorkloadReport& workload : report.workloads) points += workload.queries.size();
    Stream stream(out, points);
    for (const gate::WorkloadReport& workload : report.workloads) {
      for (const gate::QueryReport& query : workload.queries) {
        write_query({&workload, &query}, stream);
      }
    }
    if (measured) return;
    stream.point(false, "pgduet measured", "");
    stream.begin_facts();
    stream.fact("message", report.summary);
    stream.end_facts();
  }
};

}  // namespace

std::string tap_text(std::string_view text) {
  std::string result;
  for (const char c : terminal_text(text)) {
    if (c == '#' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string yaml_scalar(std::string_view text) { return gate::one_line(terminal_lines(text)); }

std::unique_ptr<Reporter> make_tap_reporter(const ReportOptions&) {
  return std::make_unique<TapReporter>();
}

}  // namespace pgduet::reporters

#include "github.h"

#include <algorithm>
#include <vector>

#include "annotation.h"
#include "pgduet/gate/wording.h"
#include "terminal_text.h"
#include "utf8.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Verdict;

constexpr std::size_t most_of_a_kind = 10;  // of a step, see github.h
constexpr std::size_t longest_text = 2000;  // bytes of one line; the summary has the whole

enum class Kind { error, warning, notice, none };

const char* command_of(Kind kind) {
  switch (kind) {
    case Kind::error:
      return "error";
    case Kind::warning:
      return "warning";
    case Kind::notice:
      return "notice";
    case Kind::none:
      break;
  }
  return "";
}

Kind kind_of(const gate::QueryReport& query) {
  if (query.fails) return Kind::error;
  switch (query.verdict) {
    case Verdict::inconclusive:
    case Verdict::changed:
      return Kind::warning;
    case Verdict::improved:
      return Kind::notice;
    default:
      return Kind::none;
  }
}

std::string shown(std::string_view text) { return terminal_text(shortened(text, longest_text)); }

std::string message_of(const gate::QueryReport& query) {
  std::string message = shown(headline_or_verdict(query));
  for (const Detail& detail : brief_details_of(query)) {
    message += "\n" + shown(detail.label + ": " + detail.text);
  }
  return message;
}

void write_command(std::ostream& out, Kind kind, const gate::SourcePosition& at,
                   const std::string& title, const std::string& message) {
  out << "::" << command_of(kind) << " ";
  if (!at.file.empty()) {
    out << "file=" << command_property(terminal_text(repository_path(at.file))) << ",";
    // Whatever has no line (a baseline) is about the whole file.
    out << "line=" << (at.line > 0 ? at.line : 1) << ",";
  }
  out << "title=" << command_property(title) << "::" << command_message(message) << "\n";
}

void write_queries(std::ostream& out, const std::vector<NamedQuery>& queries, Kind kind,
                   std::size_t most) {
  std::vector<NamedQuery> of_kind;
  for (const NamedQuery& query : queries) {
    if (kind_of(*query.report) == kind) of_kind.push_back(query);
  }
  const std::size_t written = std::min(of_kind.size(), most);
  for (std::size_t i = 0; i < written; ++i) {
    const gate::QueryReport& query = *of_kind[i].report;
    std::string message = message_of(query);
    if (kind == Kind::error && i + 1 == written && written < of_kind.size()) {
      const std::size_t left_out = of_kind.size() - written;
      message += "\nmore: " + gate::counted(left_out, "query") +
                 (left_out == 1 ? " fails" : " fail") + ", too: see the job summary";
    }
    const std::string title =
        "pgduet: " + gate::to_text(query.verdict) + " " + of_kind[i].full_name();
    write_command(out, kind, query.source, shown(title), message);
  }
}

class GithubReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    const bool measured = report.outcome != gate::Report::Outcome::not_measured;
    if (!measured) {
      write_command(out, Kind::error, {}, "pgduet: not measured", shown(report.summary));
    }
    const std::vector<NamedQuery> queries = worst_first(report);
    write_queries(out, queries, Kind::error, measured ? most_of_a_kind : most_of_a_kind - 1);
    write_queries(out, queries, Kind::warning, most_of_a_kind);
    write_queries(out, queries, Kind::notice, most_of_a_kind);
  }
};

}  // namespace

std::string command_message(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '%')
      result += "%25";
    else if (c == '\r')
      result += "%0D";
    else if (c == '\n')
      result += "%0A";
    else
      result += c;
  }
  return result;
}

std::string command_property(std::string_view text) {
  std::string result;
  for (const char c : command_message(text)) {
    if (c == ':')
      result += "%3A";
    else if (c == ',')
      result += "%2C";
    else
      result += c;
  }
  return result;
}

std::unique_ptr<Reporter> make_github_reporter(const ReportOptions&) {
  return std::make_unique<GithubReporter>();
}

}  // namespace pgduet::reporters

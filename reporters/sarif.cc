#include "sarif.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "annotation.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"
#include "terminal_text.h"
#include "utf8.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace {

using gate::Json;
using gate::Verdict;

constexpr std::size_t most_results = 5000;
constexpr std::size_t longest_text = 2000;  // bytes of one line of a message
constexpr std::size_t most_culprits = 10;

struct Rule {
  Verdict verdict = Verdict::broken;
  const char* summary = "";
  const char* description = "";
  const char* help = "";
};

constexpr std::array<Rule, 6> rules = {{
    {Verdict::broken, "A query fails or returns another result",
     "The query ends with an error or a time-out, or returns other rows than on the base side or "
     "in "
     "its baseline.",
     "Correct the query, or what it reads. If the new result is meant, accept the run as the new "
     "baseline: pgduet accept."},
    {Verdict::regressed, "A query became slower or does more work",
     "The query was slower than on the base side in measurements that were repeated and agree, or "
     "does at least twice the work.",
     "Look at the plan of both sides: pgduet explain QUERY. Undo the cause, or accept it for a "
     "while with an owner and a reason: pgduet accept QUERY."},
    {Verdict::missing, "A baseline has no query",
     "A committed baseline names a query that the workload does not declare any more.",
     "Restore the query, or remove its baseline."},
    {Verdict::inconclusive, "A query could not be judged",
     "The query was measured, but not surely enough to say whether it became worse.",
     "The message says why. Run the check again on a quiet machine, or make the plan of the query "
     "stable."},
    {Verdict::new_query, "A query has nothing to be compared with",
     "The query has no baseline and is not on the base side.",
     "Record what it is expected to do: pgduet record."},
    {Verdict::changed, "A query does its work in another way",
     "The plan or the work of the query changed, but it became neither slower nor wrong.",
     "If this is meant, make it the new baseline: pgduet record QUERY."},
}};

// Of a verdict that can be a result.
std::size_t rule_index(Verdict verdict) {
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const Rule& one) { return one.verdict == verdict; });
  return static_cast<std::size_t>(rule - rules.begin());
}

const char* level_of(const gate::QueryReport& query) {
  if (query.fails) return "error";
  return query.verdict == Verdict::inconclusive ? "warning" : "note";
}

bool is_result(const gate::QueryReport& query) {
  return query.fails || query.verdict == Verdict::inconclusive || query.verdict == Verdict::changed;
}

Json rules_json() {
  Json json = Json::array();
  for (const Rule& rule : rules) {
    json.push_back({{"id", gate::to_text(rule.verdict)},
                    {"name", gate::to_text(rule.verdict)},
                    {"shortDescription", {{"text", rule.summary}}},
                    {"fullDescription", {{"text", rule.description}}},
                    {"help", {{"text", rule.help}}},
                    {"properties", {{"tags", {"performance", "postgresql"}}}}});
  }
  return json;
}

std::string shown(std::string_view text) {
  return sarif_text(terminal_text(shortened(text, longest_text)));
}

Json location_json(const gate::SourcePosition& at) {
  const std::string path = repository_path(at.file);
  Json artifact;
  if (path.starts_with('/')) {
    artifact["uri"] = "file://" + uri_of_path(path);
  } else {
    artifact["uri"] = uri_of_path(path);
    artifact["uriBaseId"] = "%SRCROOT%";
  }
  return {{"physicalLocation",
           {{"artifactLocation", std::move(artifact)},
            {"region", {{"startLine", at.line > 0 ? at.line : 1}}}}}};
}

// Code scanning shows related locations only where the message links to them.
std::string message_of(const NamedQuery& named, const std::vector<gate::SourcePosition>& culprits) {
  const gate::QueryReport& query = *named.report;
  std::string text = shown(named.full_name() + ": " + headline_or_verdict(query));
  for (const Detail& detail : brief_details_of(query)) {
    text += "\n" + shown(detail.label + ": " + detail.text);
  }
  for (std::size_t i = 0; i < culprits.size(); ++i) {
    text += (i == 0 ? "\nsee: [" : ", [") + sarif_link_text(gate::to_text(culprits[i])) + "](" +
            std::to_string(i + 1) + ")";
  }
  return text;
}

std::optional<double> ratio_of(const gate::QueryReport& query) {
  for (const gate::Finding& finding : query.findings) {
    if (finding.weight == gate::Finding::Weight::convicts && finding.ratio) return finding.ratio;
  }
  return std::nullopt;
}

// The same for the same trouble of the same query, wherever its file and its numbers went. Code
// scanning's own primaryLocationLineHash is left to upload-sarif, which makes it from the line.
std::string fingerprint_of(const NamedQuery& named) {
  return gate::hash_hex(gate::to_text(named.report->verdict) + "\n" + named.full_name());
}

Json result_json(const NamedQuery& named) {
  const gate::QueryReport& query = *named.report;
  std::vector<gate::SourcePosition> culprits = culprits_of(query);
  std::erase_if(culprits, [](const auto& at) { return !gate::names_file(at.file); });
  if (culprits.size() > most_culprits) culprits.resize(most_culprits);
  Json json;
  json["ruleId"] = gate::to_text(query.verdict);
  json["ruleIndex"] = rule_index(query.verdict);
  json["level"] = level_of(query);
  json["message"]["text"] = message_of(named, culprits);
  json["locations"] = Json::array();
  if (!query.source.file.empty()) json["locations"].push_back(location_json(query.source));
  for (std::size_t i = 0; i < culprits.size(); ++i) {
    Json location = location_json(culprits[i]);
    location["id"] = i + 1;
    json["relatedLocations"].push_back(std::move(location));
  }
  json["partialFingerprints"]["pgduetVerdict/v1"] = fingerprint_of(named);
  json["properties"] = {{"workload", terminal_text(named.workload->name)},
                        {"query", terminal_text(query.name)}};
  if (const auto ratio = ratio_of(query)) json["properties"]["ratio"] = *ratio;
  return json;
}

Json notification_json(const char* level, const std::string& text) {
  return {{"level", level}, {"message", {{"text", text}}}};
}

Json invocation_json(const gate::Report& report, std::size_t left_out) {
  const bool measured = report.outcome != gate::Report::Outcome::not_measured;
  Json json = {{"executionSuccessful", measured}, {"exitCode", gate::exit_status(report.outcome)}};
  if (report.record && !report.record->started_at.empty()) {
    json["startTimeUtc"] = report.record->started_at;
  }
  Json notifications = Json::array();
  if (!measured) notifications.push_back(notification_json("error", shown(report.summary)));
  if (left_out > 0) {
    notifications.push_back(notification_json(
        "warning", gate::counted(left_out, "query") + " left out: the other reports have them"));
  }
  if (!notifications.empty()) json["toolExecutionNotifications"] = std::move(notifications);
  return json;
}

class SarifReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    Json results = Json::array();
    std::size_t left_out = 0;
    for (const NamedQuery& named : worst_first(report)) {
      if (!is_result(*named.report)) continue;
      if (results.size() < most_results)
        results.push_back(result_json(named));
      else
        ++left_out;
    }
    Json driver = {{"name", "pgduet"}};
    if (report.record && !report.record->pgduet_version.empty()) {
      driver["version"] = report.record->pgduet_version;
    }
    driver["rules"] = rules_json();
    Json run;
    run["tool"]["driver"] = std::move(driver);
    run["invocations"].push_back(invocation_json(report, left_out));
    run["columnKind"] = "unicodeCodePoints";
    run["results"] = std::move(results);
    Json log;
    log["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
    log["version"] = "2.1.0";
    log["runs"].push_back(std::move(run));
    out << gate::to_pretty_text(log);
  }
};

}  // namespace

std::string sarif_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '(' && !result.empty() && result.back() == ']') result += ' ';
    result += c;
    if (c == '{' || c == '}') result += c;
  }
  return result;
}

std::string sarif_link_text(std::string_view text) {
  std::string result;
  for (const char c : terminal_text(shortened(text, longest_text))) {
    if (c == '[' || c == ']' || c == '\\') result += '\\';
    result += c;
    if (c == '{' || c == '}') result += c;
  }
  return result;
}

std::string uri_of_path(std::string_view path) {
  constexpr std::string_view unreserved = "-._~/";
  constexpr const char* digits = "0123456789ABCDEF";
  std::string result;
  // Readers decode it, and some stop at what is no UTF-8 then.
  for (const char c : valid_utf8(path)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       unreserved.find(c) != std::string_view::npos;
    if (plain) {
      result += c;
    } else {
      result += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
  }
  return result;
}

std::unique_ptr<Reporter> make_sarif_reporter(const ReportOptions&) {
  return std::make_unique<SarifReporter>();
}

}  // namespace pgduet::reporters

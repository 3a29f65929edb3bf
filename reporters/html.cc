#include "html.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compressed_text.h"
#include "details.h"
#include "html_assets.h"
#include "html_query.h"
#include "html_text.h"
#include "pgduet/gate/wording.h"
#include "worst_first.h"

namespace pgduet::reporters {
namespace html {
namespace {

// Beyond, a page takes too long to open and tells a person nothing more. Failing queries come
// first, so they are the last to be left out.
constexpr std::size_t most_detailed = 1000;
constexpr std::size_t most_cards = 12;
// Open at once: what a reader came for.
constexpr std::size_t most_open = 3;

using Contexts = std::map<const gate::WorkloadReport*, WorkloadContext>;

Contexts contexts_of(const gate::Report& report) {
  Contexts contexts;
  std::map<std::string, gate::WorkloadBaselines> baselines;
  if (report.record) baselines = gate::judge_input(report.record).baselines;
  for (const gate::WorkloadReport& workload : report.workloads) {
    WorkloadContext& context = contexts[&workload];
    if (workload.record == nullptr) continue;
    context.plans.indexes_head = gate::index_definitions(workload.record->head.catalog);
    if (workload.record->base) {
      context.plans.indexes_base = gate::index_definitions(workload.record->base->catalog);
    }
    const auto found = baselines.find(workload.record->name);
    if (found != baselines.end()) context.baselines = std::move(found->second);
  }
  return contexts;
}

std::string bytes_of_hex(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  }
  return bytes;
}

void set_outcome(Data& page, const gate::Report& report) {
  using Outcome = gate::Report::Outcome;
  page["summary"] = Data(report.summary);
  // "2 of 31 queries fail: 1 broken, 1 regressed": the counts are in smaller print.
  const std::size_t colon = report.summary.find(": ");
  page["essence"] = Data(report.summary.substr(0, colon));
  if (colon != std::string::npos) page["counts"] = Data(report.summary.substr(colon + 2));
  switch (report.outcome) {
    case Outcome::passed:
      page["outcome"] = Data("PASSED");
      page["outcome_tone"] = Data("good");
      return;
    case Outcome::failed:
      page["outcome"] = Data("FAILED");
      page["outcome_tone"] = Data("bad");
      return;
    case Outcome::not_measured:
      page["outcome"] = Data("NOT MEASURED");
      page["outcome_tone"] = Data("warn");
      return;
  }
}

// How many queries have which verdict, the worst first: what the table is filtered by.
List verdict_counts(const std::vector<NamedQuery>& queries) {
  std::map<gate::Verdict, std::pair<std::size_t, const char*>> counts;
  for (const NamedQuery& query : queries) {
    auto& [count, tone] = counts[query.report->verdict];
    if (count++ == 0) tone = tone_class(*query.report);
  }
  List list;
  for (const auto& [verdict, count] : counts) {
    Data item;
    item["count_verdict"] = Data(gate::to_text(verdict));
    item["count"] = Data(gate::count_text(count.first));
    item["count_tone"] = Data(count.second);
    list.push_back(std::move(item));
  }
  return list;
}

List workload_summaries(const gate::Report& report) {
  List list;
  for (const gate::WorkloadReport& workload : report.workloads) {
    Data item;
    item["workload"] = Data(workload.name);
    item["compared_with"] = Data(workload.compared_with);
    if (report.workloads.size() > 1) item["workload_counts"] = Data(counts_text(workload));
    set_text(item, "impact", workload.impact);
    set_text(item, "detection", workload.detection);
    list.push_back(std::move(item));
  }
  return list;
}

Data side_data(const char* name, const gate::SideRecord& side) {
  Data data;
  data["side_name"] = Data(name);
  data["revision"] = Data(side.revision);
  data["server"] = Data("PostgreSQL " + side.postgres_version +
                        (side.external_server ? ", not started by pgduet" : ""));
  set_text(data, "side_clock", side.clock);
  set_text(data, "statistics", side.statistics);
  std::string settings;
  for (const auto& [setting, value] : side.settings) {
    settings += (settings.empty() ? "" : ", ") + setting + " = " + value;
  }
  set_text(data, "settings", settings);
  List notes;
  for (const std::string& note : side.notes) notes.push_back(Data(note));
  data["side_notes"] = Data(notes);
  return data;
}

List workload_records(const gate::Report& report) {
  List list;
  for (const gate::WorkloadReport& workload : report.workloads) {
    Data item;
    item["run_workload"] = Data(workload.name);
    List sides;
    if (workload.record != nullptr) {
      if (workload.record->base) sides.push_back(side_data("Base", *workload.record->base));
      sides.push_back(side_data("Head", workload.record->head));
    }
    item["run_sides"] = Data(sides);
    List notes;
    for (const std::string& note : workload.notes) notes.push_back(Data(note));
    item["run_notes"] = Data(notes);
    list.push_back(std::move(item));
  }
  return list;
}

void set_run(Data& page, const gate::Report& report) {
  page["records"] = Data(workload_records(report));
  if (!report.record) return;
  const gate::RunRecord& record = *report.record;
  page["run_id"] = Data(record.run_id);
  page["version"] = Data(record.pgduet_version);
  page["started_at"] = Data(record.started_at);
  page["took"] = Data(gate::duration_text(record.seconds * 1e6));
  const gate::MachineRecord& machine = record.machine;
  std::string text =
      gate::counted(machine.cores, "core") + ", load " + gate::number_text(machine.load);
  if (!machine.governor.empty()) text += ", frequency governor " + machine.governor;
  text += machine.pinned ? ", client and server pinned to one core" : ", not pinned to a core";
  page["machine"] = Data(text);
  List notes;
  for (const std::string& note : machine.notes) notes.push_back(Data(note));
  page["machine_notes"] = Data(notes);
}

List cards_of(const std::vector<NamedQuery>& queries) {
  List cards;
  for (std::size_t i = 0; i < queries.size() && cards.size() < most_cards; ++i) {
    if (!queries[i].report->fails) break;
    Data card = summary_of(queries[i], i + 1);
    add_essential_points(card, *queries[i].report);
    cards.push_back(std::move(card));
  }
  return cards;
}

// The page is rendered with these comments in the places of its long lists, which are then written
// piece by piece: a comment cannot come out of escaped text.
constexpr std::string_view rows_here = "<!--rows-->";
constexpr std::string_view details_here = "<!--details-->";

class Page {
 public:
  explicit Page(const gate::Report& report)
      : report_(report),
        queries_(worst_first(report)),
        contexts_(contexts_of(report)),
        detailed_(std::min(queries_.size(), most_detailed)) {}

  void write(std::ostream& out) {
    const std::string frame = Template(page_mustache).render(frame_data());
    const std::size_t rows = frame.find(rows_here);
    const std::size_t details = frame.find(details_here);
    const std::string_view view = frame;
    out << view.substr(0, rows);
    write_rows(out);
    out << view.substr(rows + rows_here.size(), details - rows - rows_here.size());
    write_details(out);
    out << view.substr(details + details_here.size());
  }

 private:
  Data frame_data() const {
    Data page;
    set_outcome(page, report_);
    page["style"] = Data(std::string(report_css));
    page["script"] = Data(std::string(report_js));
    page["script_hash"] = Data(base64(bytes_of_hex(script_sha256)));
    page["workloads"] = Data(workload_summaries(report_));
    set_list(page, "cards", cards_of(queries_));
    const auto failing = static_cast<std::size_t>(std::count_if(
        queries_.begin(), queries_.end(), [](const auto& query) { return query.report->fails; }));
    if (failing > most_cards) {
      page["cards"]["more_cards"] =
          Data(gate::count_text(failing - most_cards) + " more fail: see the table.");
    }
    if (!queries_.empty()) page["has_queries"] = Data(true);
    page["verdicts"] = Data(verdict_counts(queries_));
    page["total"] = Data(gate::count_text(queries_.size()));
    if (detailed_ < queries_.size()) {
      page["left_out"] = Data("Details of the first " + gate::count_text(detailed_) +
                              " queries, the worst first. The other " +
                              gate::count_text(queries_.size() - detailed_) +
                              " are in the table only; the JSON report has all of them.");
    }
    set_run(page, report_);
    return page;
  }

  void write_rows(std::ostream& out) const {
    Template row(row_mustache);
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      Data data = summary_of(queries_[i], i + 1);
      add_measures(data, *queries_[i].report);
      data["order"] = Data(std::to_string(i));
      if (i < detailed_) data["has_details"] = Data(true);
      out << row.render(data);
    }
  }

  void write_details(std::ostream& out) const {
    Template query(query_mustache);
    for (std::size_t i = 0; i < detailed_; ++i) {
      Data data = summary_of(queries_[i], i + 1);
      if (queries_[i].report->fails && i < most_open) data["open"] = Data(true);
      add_points(data, *queries_[i].report);
      add_details(data, queries_[i], contexts_.at(queries_[i].workload));
      out << query.render(data);
    }
  }

  const gate::Report& report_;
  std::vector<NamedQuery> queries_;
  Contexts contexts_;
  std::size_t detailed_;
};

}  // namespace
}  // namespace html

namespace {

class HtmlReporter : public Reporter {
 public:
  void write(const gate::Report& report, std::ostream& out) const override {
    html::Page(report).write(out);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_html_reporter(const ReportOptions&) {
  return std::make_unique<HtmlReporter>();
}

}  // namespace pgduet::reporters

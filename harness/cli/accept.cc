#include <algorithm>
#include <cmath>
#include <map>

#include "check.h"
#include "commands.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/nomination.h"
#include "pgduet/harness/project_files.h"
#include "query_lookup.h"

namespace pgduet::cli {
namespace {

using gate::AcceptedEntry;
using gate::Error;

struct Options {
  CommonOptions common;
  std::vector<std::string> queries;
  std::string run;
  std::string owner;
  std::string reason;
  std::string until;
};

// What is accepted may grow by this much before it fails again: work counters move a little as the
// data do, and times from machine to machine.
constexpr double work_headroom = 1.1;
constexpr double time_headroom = 1.25;

std::optional<AcceptedEntry::What> acceptable(gate::Finding::Kind kind) {
  switch (kind) {
    case gate::Finding::Kind::result:
      return AcceptedEntry::What::result;
    case gate::Finding::Kind::plan:
      return AcceptedEntry::What::plan;
    case gate::Finding::Kind::work:
      return AcceptedEntry::What::work;
    case gate::Finding::Kind::time:
      return AcceptedEntry::What::time;
    default:
      return std::nullopt;
  }
}

// One entry for each kind of finding that convicts the query. A query that fails (an error, a
// time-out) gets none: no exception covers that.
std::vector<AcceptedEntry> entries_for(const gate::QueryReport& query, const Options& options) {
  std::vector<AcceptedEntry> entries;
  for (const gate::Finding& finding : query.findings) {
    const auto what = acceptable(finding.kind);
    if (!what || finding.weight != gate::Finding::Weight::convicts) continue;
    auto entry = std::find_if(entries.begin(), entries.end(),
                              [&](const AcceptedEntry& one) { return one.what == *what; });
    if (entry == entries.end()) {
      entries.push_back({*what, std::nullopt, options.reason, options.owner, options.until});
      entry = std::prev(entries.end());
    }
    const bool of_time = *what == AcceptedEntry::What::time;
    if (finding.ratio && (of_time || *what == AcceptedEntry::What::work)) {
      const double headroom = of_time ? time_headroom : work_headroom;
      const double allowed = std::ceil(*finding.ratio * headroom * 10) / 10;
      entry->up_to_ratio = std::max(entry->up_to_ratio.value_or(0), allowed);
    }
  }
  return entries;
}

void require_exception_options(const Options& options) {
  if (options.until.empty()) {
    if (options.owner.empty() && options.reason.empty()) return;
    throw Error(Error::Kind::usage, {}, "--owner and --reason go with --until",
                "An exception needs all three; without them the run becomes the new baseline.");
  }
  if (options.owner.empty() || options.reason.empty()) {
    throw Error(Error::Kind::usage, {}, "--until needs --owner and --reason",
                "Who answers for the exception, and why is it made?");
  }
  if (options.until < today()) {
    throw Error(Error::Kind::usage, {}, "--until \"" + options.until + "\" is in the past",
                "Name the last day on which the exception holds, as 2027-03-31.");
  }
}

class Accepter {
 public:
  Accepter(const Options& options, Streams streams)
      : options_(options),
        streams_(streams),
        report_(judge_saved_run(options.common.state_directory, options.run)) {}

  void accept(const std::string& name) {
    const FoundQuery found = find_query(report_, name);
    const std::filesystem::path directory =
        std::filesystem::path(options_.common.baselines) / found.workload->name;
    const auto baselines = harness::load_baselines(directory, directory.string());
    std::optional<gate::Baseline> previous;
    if (const auto file = baselines.find(found.query->name); file != baselines.end()) {
      previous = file->second.baseline;
    }
    const gate::Baseline accepted = options_.until.empty()
                                        ? new_baseline(found, baselines, previous)
                                        : with_exception(found, baselines, previous);
    const bool written = harness::save_baseline(directory, accepted);
    streams_.out << (directory / (accepted.query + ".json")).string()
                 << (written ? ": written\n" : ": unchanged\n");
  }

 private:
  using LoadedBaselines = std::map<std::string, gate::LoadedBaseline>;

  // Times as the machine of the other baselines would have measured them.
  static std::optional<gate::Baseline> from_run(const FoundQuery& found,
                                                const LoadedBaselines& baselines,
                                                const std::optional<gate::Baseline>& previous) {
    if (found.query->record == nullptr || !found.query->record->head) return std::nullopt;
    const gate::SideRecord& head = found.workload->record->head;
    return gate::updated_baseline(
        previous, *found.query->record, head.postgres_major, gate::index_definitions(head.catalog),
        gate::machine_ratio(*found.workload->record, {baselines, {}}, *found.query->record));
  }

  gate::Baseline new_baseline(const FoundQuery& found, const LoadedBaselines& baselines,
                              const std::optional<gate::Baseline>& previous) const {
    if (auto baseline = from_run(found, baselines, previous)) return *baseline;
    throw Error(Error::Kind::usage, {},
                "query \"" + found.query->name + "\" has no result in this run to accept",
                "A query that failed, was skipped or is gone gets no baseline.");
  }

  gate::Baseline with_exception(const FoundQuery& found, const LoadedBaselines& baselines,
                                const std::optional<gate::Baseline>& previous) const {
    if (gate::has_convicting(found.query->findings, gate::Finding::Kind::failure)) {
      throw Error(Error::Kind::usage, {},
                  "query \"" + found.query->name + "\" fails, and no exception covers that",
                  "Repair the query, or leave it out with \"-- skip: REASON\" in its header.");
    }
    std::vector<AcceptedEntry> entries = entries_for(*found.query, options_);
    if (entries.empty()) {
      throw Error(Error::Kind::usage, {},
                  "query \"" + found.query->name +
                      "\" has nothing that needs an exception: it is " +
                      gate::to_text(found.query->verdict));
    }
    gate::Baseline baseline;
    if (previous) {
      baseline = *previous;
    } else if (auto made = from_run(found, baselines, previous)) {
      baseline = *made;
    } else {
      baseline.query = found.query->name;
      if (found.query->record != nullptr && found.query->record->head) {
        baseline.fingerprint = found.query->record->head->fingerprint;
      }
    }
    for (AcceptedEntry& entry : entries) {
      std::erase_if(baseline.accepted,
                    [&](const AcceptedEntry& old) { return old.what == entry.what; });
      baseline.accepted.push_back(std::move(entry));
    }
    // Reading it back checks the date by the rules of the format.
    return gate::baseline_from_text(gate::to_text(baseline), baseline.query + ".json");
  }

  const Options& options_;
  Streams streams_;
  gate::Report report_;
};

}  // namespace

void add_accept(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "accept", "Make what a run did the new baseline, or make an exception with an end");
  command->footer(
      "Without --until, the plans, work and results of the run become the baseline. With it, the\n"
      "baseline stays, and an exception is written that holds until that day.\n\n"
      "Example: pgduet accept shop/orders_of_customer --until 2027-03-31 --owner @payments\n"
      "           --reason \"fraud check joins the risk table\"");
  auto options = std::make_shared<Options>();
  command->add_option("query", options->queries, "Queries: WORKLOAD/QUERY, or QUERY")->required();
  command->add_option("--run", options->run, "A run record's file or id (default: the newest)");
  command->add_option("--owner", options->owner, "Who answers for the exception");
  command->add_option("--reason", options->reason, "Why it is made");
  command->add_option("--until", options->until, "The last day on which it holds")
      ->type_name("YYYY-MM-DD");
  add_project_options(*command, options->common);
  command->callback([options, streams, &action] {
    action = [options, streams] {
      require_exception_options(*options);
      Accepter accepter(*options, streams);
      for (const std::string& query : options->queries) accepter.accept(query);
      return 0;
    };
  });
}

}  // namespace pgduet::cli

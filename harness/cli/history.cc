#include "pgduet/gate/history.h"

#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/history_overview.h"
#include "pgduet/reporters/history.h"
#include "reporting.h"
#include "store_access.h"

namespace pgduet::cli {
namespace {

using Kind = gate::HistoryOverview::Kind;

struct Options {
  CommonOptions common;
  ReportChoice reports;
  std::string query;
  std::string branch;
  int last = -1;
  int major = 0;
  bool top = false;
  bool slow = false;
  bool flaky = false;
};

std::vector<FormatName> history_formats() {
  std::vector<FormatName> formats;
  for (const reporters::HistoryFormat& format : reporters::all_history_formats())
    formats.push_back({format.name, format.description});
  return formats;
}

// Nothing where the history of one query is asked for.
std::optional<Kind> overview_kind(const Options& options) {
  if (options.slow) return Kind::slow;
  if (options.flaky) return Kind::flaky;
  if (options.top || options.query.empty()) return Kind::top;
  return std::nullopt;
}

harness::HistoryFilter filter_of(const Options& options, bool overview) {
  constexpr int overview_runs = 20;
  harness::HistoryFilter filter;
  filter.branch = options.branch;
  filter.major = options.major;
  filter.last = options.last >= 0 ? options.last : overview ? overview_runs : 0;
  return filter;
}

void require_runs(bool none, const Options& options) {
  if (!none) return;
  std::string problem = "no run";
  std::string hint = "Run \"pgduet check\" first.";
  if (!options.branch.empty()) {
    problem += " of branch \"" + options.branch + "\"";
    hint = "Name a branch as it was called when it ran.";
  }
  if (options.major != 0) {
    problem += " on PostgreSQL " + std::to_string(options.major);
    hint = "Leave --pg out for the version of the newest run.";
  }
  const bool filtered = !options.branch.empty() || options.major != 0;
  problem += options.query.empty() ? " is in the store" : " has query \"" + options.query + "\"";
  throw gate::Error(gate::Error::Kind::usage, {}, problem + (filtered ? "" : " yet"), hint);
}

int history(const Options& options, Streams streams) {
  const ReportOutputs outputs(options.reports, history_formats(), streams);
  const std::optional<Kind> kind = overview_kind(options);
  if (kind && !options.query.empty()) {
    throw gate::Error(gate::Error::Kind::usage, {},
                      "--" + gate::to_text(*kind) + " is about all queries",
                      "Leave the query out, or the option.");
  }
  harness::Store store = open_store(options.common, streams);
  load_what_waits(store, streams);
  const harness::HistoryFilter filter = filter_of(options, kind.has_value());
  if (kind) {
    const gate::HistoryOverview overview = [&] {
      std::vector<gate::QuerySeries> series = store.histories(filter);
      require_runs(series.empty(), options);
      return gate::examine_all(*kind, std::move(series));
    }();
    outputs.write(
        [&](std::string_view format, const reporters::ReportOptions& report, std::ostream& out) {
          reporters::find_history_format(format)->write_overview(overview, report, out);
        });
  } else {
    const gate::QueryHistory history = [&] {
      gate::QuerySeries series = store.history(options.query, filter);
      require_runs(series.points.empty(), options);
      return gate::examine_history(std::move(series));
    }();
    outputs.write(
        [&](std::string_view format, const reporters::ReportOptions& report, std::ostream& out) {
          reporters::find_history_format(format)->write_history(history, report, out);
        });
  }
  return 0;
}

}  // namespace

void add_history(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "history", "Show what became of a query over all runs, or which queries need a look");
  command->footer(
      "Loads the runs that are not in the store yet. What \"slow\" means is policy: slow_ms.\n\n"
      "Example: pgduet history shop/orders_of_customer --report html=history.html");
  auto options = std::make_shared<Options>();
  command->add_option("query", options->query,
                      "WORKLOAD/QUERY, or QUERY; without it as with --top");
  CLI::Option* top = command->add_flag("--top", options->top,
                                       "The queries that take the most of their workload's time");
  CLI::Option* slow = command->add_flag(
      "--slow", options->slow, "The queries that are slow: always or in spikes, and since when");
  command
      ->add_flag("--flaky", options->flaky,
                 "The queries whose plans or verdicts change while nothing else does")
      ->excludes(top)
      ->excludes(slow);
  slow->excludes(top);
  command->add_option("--branch", options->branch, "Only runs of this branch")->type_name("BRANCH");
  command
      ->add_option("--last", options->last,
                   "Only the newest N runs; 0: all (default: all of one query, 20 of all queries)")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command
      ->add_option("--pg", options->major,
                   "Only runs on this PostgreSQL major version (default: the newest run's, and "
                   "others before its first)")
      ->check(CLI::Range(harness::oldest_major, harness::newest_major))
      ->type_name("MAJOR");
  add_store_options(*command, options->common);
  add_state_option(*command, options->common);
  add_report_options(*command, options->reports, history_formats(), "List all runs");
  add_installation_options(*command, options->common);
  command->callback([options, streams, &action] {
    action = [options, streams] { return history(*options, streams); };
  });
}

}  // namespace pgduet::cli

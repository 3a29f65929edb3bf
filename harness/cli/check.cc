#include "check.h"

#include <charconv>

#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/harness/project_files.h"
#include "reporting.h"
#include "store_access.h"

namespace pgduet::cli {
namespace {

struct CheckOptions {
  CommonOptions common;
  ReportChoice reports;
  std::string base;
  std::string base_directory;
  int base_major = 0;
  std::string shard;
  bool changed = false;
};

harness::BaseChoice base_choice(const CheckOptions& options) {
  using Kind = harness::BaseChoice::Kind;
  if (!options.base_directory.empty()) return {Kind::directory, options.base_directory};
  if (options.base == "none") return {Kind::none, ""};
  if (!options.base.empty()) return {Kind::revision, options.base};
  return {Kind::automatic, ""};
}

// The number that all of `text` is, from 1.
std::optional<int> positive_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

// "2/8".
harness::ShardChoice shard_choice(const std::string& text) {
  const std::size_t slash = text.find('/');
  std::optional<int> index;
  std::optional<int> count;
  if (slash != std::string::npos) {
    index = positive_number(std::string_view(text).substr(0, slash));
    count = positive_number(std::string_view(text).substr(slash + 1));
  }
  if (!index || !count || *index > *count) {
    throw gate::Error(gate::Error::Kind::usage, {}, "unrecognized shard \"" + text + "\"",
                      "Write I/N: the shard, from 1, and how many there are, such as 2/8.");
  }
  return {*index, *count};
}

int check(const CheckOptions& options, Streams streams) {
  const ReportWriter reports(options.reports, streams);
  harness::RunOptions run = run_options(options.common);
  run.base = base_choice(options);
  run.base_major = options.base_major;
  run.changed = options.changed;
  if (!options.shard.empty()) run.shard = shard_choice(options.shard);
  if (run.base_major != 0 && !run.server_url.empty()) {
    throw gate::Error(gate::Error::Kind::usage, {}, "--base-pg does not go with --server",
                      "A given server has one version.");
  }
  const gate::Report report =
      gate::judge(gate::judge_input(run_and_keep(run, options.common, streams)));
  reports.write(report);
  load_into_store(options.common, streams);
  return gate::exit_status(report.outcome);
}

}  // namespace

std::shared_ptr<const gate::RunRecord> run_with_progress(const harness::RunOptions& options,
                                                         Streams streams) {
  ProgressLine progress(streams.err, is_terminal(streams.err));
  auto record = harness::run_workloads(options, progress);
  progress.clear();
  return record;
}

std::shared_ptr<const gate::RunRecord> run_and_keep(const harness::RunOptions& options,
                                                    const CommonOptions& common, Streams streams) {
  require_store(common);
  harness::require_run_directory(run_directory(common));
  auto record = run_with_progress(options, streams);
  harness::save_run_record(run_directory(common), *record, retention(common));
  return record;
}

void add_check(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command =
      app.add_subcommand("check", "Build both sides, replay the queries, and say what got worse");
  command->footer(
      "Exit status: 0 passed, 1 a query fails the gate, 2 usage or unreadable input, 3 could not\n"
      "measure.\n\n"
      "Example: pgduet check --base origin/main --report junit=out/junit.xml\n\n"
      "On several machines: pgduet check --shard 1/8 on the first, and so on; then bring their\n"
      "run records (.pgduet/runs/*.json) together and run pgduet merge.");
  auto options = std::make_shared<CheckOptions>();
  add_run_options(*command, options->common);
  add_store_options(*command, options->common);
  CLI::Option* base =
      command
          ->add_option(
              "--base", options->base,
              "Compare with the merge base of this revision; \"none\": with baselines only "
              "(default: the pull request's target in CI, else origin/HEAD)")
          ->envname("PGDUET_BASE")
          ->type_name("REV");
  command
      ->add_option("--base-dir", options->base_directory,
                   "Compare with the workload in this directory")
      ->type_name("DIR")
      ->excludes(base);
  command
      ->add_option("--base-pg", options->base_major,
                   "PostgreSQL major version of the base side (default: head's)")
      ->check(CLI::Range(harness::oldest_major, harness::newest_major))
      ->type_name("MAJOR")
      ->group("Servers");
  command
      ->add_flag("--changed", options->changed,
                 "Only queries that the difference from base can touch; all, where that cannot "
                 "be told")
      ->envname("PGDUET_CHANGED");
  command
      ->add_option("--shard", options->shard,
                   "Only part I of N, split so that all parts take as long; \"pgduet merge\" makes "
                   "one verdict of them")
      ->envname("PGDUET_SHARD")
      ->type_name("I/N");
  add_report_options(*command, options->reports);
  command->callback([options, streams, &action] {
    action = [options, streams] { return check(*options, streams); };
  });
}

}  // namespace pgduet::cli

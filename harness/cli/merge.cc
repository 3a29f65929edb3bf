#include "check.h"
#include "commands.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/shard.h"
#include "pgduet/harness/project_files.h"
#include "reporting.h"
#include "store_access.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  CommonOptions common;
  std::vector<std::string> records;
  ReportChoice reports;
};

int merge(const Options& options, Streams streams) {
  const ReportWriter reports(options.reports, streams);
  const fs::path runs = run_directory(options.common);
  require_store(options.common);
  harness::require_run_directory(runs);
  std::vector<gate::ShardFile> shards;
  for (const fs::path& file : harness::find_run_records(options.records)) {
    shards.push_back({harness::load_run_record(file), file.string()});
  }
  auto record = std::make_shared<const gate::RunRecord>(gate::merge_shards(std::move(shards)));
  harness::save_run_record(runs, *record, retention(options.common));
  const gate::Report report = gate::judge(gate::judge_input(std::move(record)));
  reports.write(report);
  load_into_store(options.common, streams);
  return gate::exit_status(report.outcome);
}

}  // namespace

void add_merge(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "merge", "Make one run and one verdict of the shards that check --shard ran");
  command->footer(
      "Every shard has to be there, and all have to be of one commit, base and PostgreSQL: else\n"
      "the exit status is 3, as not all was measured. It is that of check otherwise. The merged\n"
      "record is kept as the newest run, for report, explain and accept.\n\n"
      "Example: pgduet merge shards/ --report junit=out/junit.xml");
  auto options = std::make_shared<Options>();
  command
      ->add_option("record", options->records,
                   "Run records of the shards; a directory stands for all *.json in it")
      ->required()
      ->type_name("RECORD");
  add_state_option(*command, options->common);
  add_store_options(*command, options->common);
  add_report_options(*command, options->reports);
  command->callback([options, streams, &action] {
    action = [options, streams] { return merge(*options, streams); };
  });
}

}  // namespace pgduet::cli

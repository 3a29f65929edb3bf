#include "check.h"
#include "commands.h"
#include "pgduet/gate/judge.h"
#include "pgduet/harness/project_files.h"
#include "reporting.h"

namespace pgduet::cli {
namespace {

struct Options {
  CommonOptions common;
  std::string run;
  ReportChoice reports;
};

int report(const Options& options, Streams streams) {
  const ReportWriter reports(options.reports, streams);
  const gate::Report report = judge_saved_run(options.common.state_directory, options.run);
  reports.write(report);
  return gate::exit_status(report.outcome);
}

}  // namespace

gate::Report judge_saved_run(const std::filesystem::path& state_directory, const std::string& run) {
  const std::filesystem::path file = harness::find_run_record(state_directory / "runs", run);
  return gate::judge(
      gate::judge_input(std::make_shared<const gate::RunRecord>(harness::load_run_record(file))));
}

void add_report(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand("report", "Make reports of an earlier run");
  command->footer(
      "Exit status as that of the run's check.\n\n"
      "Example: pgduet report --report junit=out/junit.xml");
  auto options = std::make_shared<Options>();
  command
      ->add_option("run", options->run, "A run record's file, or a run's id (default: the newest)")
      ->type_name("FILE");
  add_state_option(*command, options->common);
  add_report_options(*command, options->reports);
  command->callback([options, streams, &action] {
    action = [options, streams] { return report(*options, streams); };
  });
}

}  // namespace pgduet::cli

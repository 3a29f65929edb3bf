#include "check.h"
#include "commands.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/harness/project_files.h"
#include "store_access.h"

namespace pgduet::cli {
namespace {

std::optional<gate::Baseline> previous_baseline(
    const std::map<std::string, gate::LoadedBaseline>& baselines, const std::string& query) {
  const auto found = baselines.find(query);
  if (found == baselines.end()) return std::nullopt;
  return found->second.baseline;
}

std::string first_failure(const gate::QueryRun& run) {
  for (const gate::BindingRun& binding : run.bindings) {
    if (binding.failure) return binding.failure->message;
  }
  return "no result";
}

int record(const CommonOptions& options, Streams streams) {
  harness::RunOptions run = run_options(options);
  run.times = harness::Times::baselines;
  const auto result = run_and_keep(run, options, streams);
  int status = 0;
  for (const gate::WorkloadRecord& workload : result->workloads) {
    const gate::IndexDefinitions indexes = gate::index_definitions(workload.head.catalog);
    const std::filesystem::path directory = run.baselines / workload.name;
    const auto baselines = harness::load_baselines(directory, directory.string());
    int written = 0;
    int unchanged = 0;
    for (const gate::QueryRecord& query : workload.queries) {
      if (!query.head) continue;
      const auto baseline = gate::updated_baseline(previous_baseline(baselines, query.name), query,
                                                   workload.head.postgres_major, indexes);
      if (!baseline) {
        streams.err << gate::to_text(query.head->source) << ": query \"" << query.name
                    << "\" failed and gets no baseline: " << first_failure(*query.head) << "\n";
        status = 1;
        continue;
      }
      if (harness::save_baseline(directory, *baseline))
        ++written;
      else
        ++unchanged;
    }
    streams.out << directory.string() << ": " << written << " baselines written, " << unchanged
                << " unchanged (PostgreSQL " << workload.head.postgres_major << ")\n";
  }
  load_into_store(options, streams);
  return status;
}

}  // namespace

void add_record(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "record", "Run the queries and write what they do as their committed baselines");
  command->footer(
      "Only files whose content changes are written. Baselines of other PostgreSQL majors and\n"
      "accepted exceptions stay. Exit status 1 when a query failed.\n\n"
      "Example: pgduet record workloads/shop --head-pg 17");
  auto options = std::make_shared<CommonOptions>();
  add_run_options(*command, *options);
  add_store_options(*command, *options);
  command->callback([options, streams, &action] {
    action = [options, streams] { return record(*options, streams); };
  });
}

}  // namespace pgduet::cli

#include <set>
#include <sstream>

#include "check.h"
#include "commands.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/plan.h"
#include "pgduet/gate/plan_diff.h"
#include "pgduet/harness/project_files.h"
#include "query_lookup.h"

namespace pgduet::cli {
namespace {

struct Options {
  CommonOptions common;
  std::string query;
  std::string run;
};

std::string indented(const std::string& text, const std::string& indentation) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += indentation + line + "\n";
  return result;
}

void list(std::ostream& out, const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out << "\n" << title << "\n";
  for (const std::string& item : items) out << "  " << item << "\n";
}

std::string times(const gate::BindingRun& binding) {
  const auto minimum = gate::minimum_times(binding);
  if (!minimum) return "";
  std::ostringstream text;
  text.precision(1);
  text << std::fixed << ", fastest " << minimum->wall_us << " µs";
  if (minimum->cpu_us) text << " (CPU " << *minimum->cpu_us << " µs)";
  return text.str();
}

void show_bindings(std::ostream& out, const gate::QueryRun& run) {
  out << "\nBindings\n";
  for (const gate::BindingRun& binding : run.bindings) {
    const std::string values = gate::to_text(binding.parameters);
    out << "  " << binding.number << "  " << (values.empty() ? "no parameters" : values) << "\n";
    if (!binding.coverage.empty()) out << "     " << binding.coverage << "\n";
    if (binding.failure) {
      out << "     failed: " << binding.failure->message << "\n";
      continue;
    }
    out << "     plan " << binding.shape << ", " << binding.work.blocks() << " blocks, "
        << (binding.result ? binding.result->rows : 0) << " rows" << times(binding) << "\n";
  }
}

// One plan of each shape that was not shown before.
void show_plans(std::ostream& out, const std::string& title, const gate::QueryRun& run,
                std::set<std::string>& shown) {
  for (const gate::BindingRun& binding : run.bindings) {
    if (binding.plan.is_null() || !shown.insert(binding.shape).second) continue;
    const gate::Plan plan = gate::read_plan(binding.plan);
    out << "\n"
        << title << " " << binding.shape << " (binding " << binding.number << ")\n"
        << indented(gate::to_text(plan, true), "  ");
    const gate::EstimateError estimate = gate::worst_estimate(plan);
    if (estimate.q_error >= 2) {
      out << "  worst estimate: " << estimate.subject << ", " << estimate.estimated_rows
          << " rows estimated, " << estimate.actual_rows << " actual\n";
    }
  }
}

void show_generic_plan(std::ostream& out, const gate::QueryRun& run,
                       const std::set<std::string>& shown) {
  if (run.generic_plan.is_null()) return;
  if (shown.count(run.generic_shape) != 0) {
    out << "\nGeneric plan: of the same shape, " << run.generic_shape << "\n";
    return;
  }
  out << "\nGeneric plan " << run.generic_shape << "\n"
      << indented(gate::to_text(gate::read_plan(run.generic_plan)), "  ");
}

void show_baseline(std::ostream& out, const Options& options, const FoundQuery& found) {
  const std::filesystem::path directory =
      std::filesystem::path(options.common.baselines) / found.workload->name;
  const auto baselines = harness::load_baselines(directory, directory.string());
  const auto loaded = baselines.find(found.query->name);
  if (loaded == baselines.end()) {
    out << "\nBaseline: none (pgduet record writes one)\n";
    return;
  }
  out << "\nBaseline " << loaded->second.file << "\n";
  for (const auto& [major, version] : loaded->second.baseline.postgres) {
    for (const gate::PlanShape& shape : version.plans) {
      out << "  PostgreSQL " << major << ", plan " << shape.id << "\n";
      for (const std::string& line : shape.tree) out << "    " << line << "\n";
    }
  }
  for (const gate::AcceptedEntry& entry : loaded->second.baseline.accepted) {
    out << "  accepted until " << entry.expires << " by " << entry.owner << ": " << entry.reason
        << "\n";
  }
}

gate::Report report_with(const Options& options, Streams streams) {
  if (!options.run.empty()) return judge_saved_run(options.common.state_directory, options.run);
  CommonOptions common = options.common;
  common.only = {options.query.substr(options.query.rfind('/') + 1)};
  // Not kept: "the last run" stays the check that somebody is looking into.
  return gate::judge(gate::judge_input(run_with_progress(run_options(common), streams)));
}

int explain(const Options& options, Streams streams) {
  const gate::Report report = report_with(options, streams);
  const FoundQuery found = find_query(report, options.query);
  std::ostream& out = streams.out;
  if (found.query->record == nullptr || !found.query->record->head) {
    out << found.workload->name << "/" << found.query->name << ": "
        << gate::to_text(found.query->verdict) << "\n";
    for (const std::string& note : found.query->notes) out << "  " << note << "\n";
    return 0;
  }
  const gate::QueryRun& run = *found.query->record->head;
  out << found.workload->name << "/" << found.query->name << "  " << gate::to_text(run.source)
      << "  (PostgreSQL " << found.workload->record->head.postgres_version << ", fingerprint "
      << run.fingerprint << ")\n\n"
      << indented(run.sql, "  ");
  list(out, "Reads", run.relations);
  list(out, "Columns", run.columns);
  show_bindings(out, run);
  std::set<std::string> shown;
  show_plans(out, "Plan", run, shown);
  show_generic_plan(out, run, shown);
  if (const auto& base = found.query->record->base) show_plans(out, "Plan on base", *base, shown);
  list(out, "Notes", run.notes);
  show_baseline(out, options, found);
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "explain", "Show a query: its plan, bindings, baseline, and what it reads");
  command->footer(
      "Runs the query as it is now. With --run it shows what an earlier run saw, on both sides.\n\n"
      "Example: pgduet explain shop/orders_of_customer --run last");
  auto options = std::make_shared<Options>();
  command->add_option("query", options->query, "WORKLOAD/QUERY, or QUERY")->required();
  add_run_options(*command, options->common);
  command->add_option("--run", options->run,
                      "Show it as an earlier run saw it: a run record's file or id, or \"last\"");
  command->callback([options, streams, &action] {
    action = [options, streams] { return explain(*options, streams); };
  });
}

}  // namespace pgduet::cli

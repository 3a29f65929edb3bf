#include <algorithm>
#include <array>
#include <filesystem>
#include <iomanip>

#include "check.h"
#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/temp_dir.h"
#include "query_lookup.h"
#include "reporting.h"
#include "shipped_files.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;

// One change of the demo's pull request, to one file of the sample workload `shop`.
struct DemoChange {
  const char* title;   // what its author would say
  const char* query;   // the query whose verdict it moves
  const char* file;    // relative to the workload
  const char* before;  // what it replaces; "" for a new file
  const char* after;
};

constexpr std::array<DemoChange, 5> demo_changes = {{
    {"drop an index that \"nobody uses\"", "orders_of_customer", "setup/901_cleanup.sql", "",
     "-- Indexes that the dashboard shows without scans last week.\n"
     "\n"
     "DROP INDEX orders_customer_id_created_at_idx;\n"},
    {"find the orders of a day by date()", "orders_of_day", "queries/orders.sql",
     "WHERE o.created_at >= :day::date\n  AND o.created_at < :day::date + 1\n",
     "WHERE date(o.created_at) = :day::date\n"},
    {"write a join with a comma", "order_with_lines", "queries/orders.sql",
     "FROM order_lines AS l\nJOIN products AS p ON p.id = l.product_id\n"
     "WHERE l.order_id = :order_id\n",
     "FROM order_lines AS l, products AS p\nWHERE l.order_id = :order_id\n"
     "  AND p.id = l.product_id\n"},
    {"find the page first, join the names then", "orders_page_offset", "queries/orders.sql",
     "FROM orders AS o\nJOIN customers AS c ON c.id = o.customer_id\n"
     "ORDER BY o.id DESC\nLIMIT 50 OFFSET :skip;",
     "FROM (SELECT * FROM orders ORDER BY id DESC LIMIT 50 OFFSET :skip) AS o\n"
     "JOIN customers AS c ON c.id = o.customer_id\nORDER BY o.id DESC;"},
    {"an open order has a payment, doesn't it?", "open_orders_with_payment", "queries/orders.sql",
     "FROM orders AS o\nLEFT JOIN payments AS p ON p.order_id = o.id\nWHERE o.status IN",
     "FROM orders AS o\nJOIN payments AS p ON p.order_id = o.id\nWHERE o.status IN"},
}};

void apply(const DemoChange& change, const fs::path& workload) {
  const fs::path file = workload / change.file;
  const std::string before = change.before;
  if (before.empty()) {
    harness::write_file_atomically(file, change.after);
    return;
  }
  std::string text = harness::read_file(file);
  const std::size_t at = text.find(before);
  if (at == std::string::npos) {
    throw gate::Error(gate::Error::Kind::input, {file.string(), 0, 0},
                      "the sample workload is not the one that the demo changes",
                      "Get the shipped workloads/shop back.");
  }
  text.replace(at, before.size(), change.after);
  harness::write_file_atomically(file, text);
}

// Runs in the temporary directory, so that paths in the report are short.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const fs::path& path) : previous_(fs::current_path()) {
    fs::current_path(path);
  }
  ~WorkingDirectory() {
    std::error_code ignored;
    fs::current_path(previous_, ignored);
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

 private:
  fs::path previous_;
};

struct Options {
  CommonOptions common;
  ReportChoice reports;
};

int demo(const Options& options, Streams streams) {
  const ReportWriter reports(options.reports, streams);
  const fs::path shipped = shipped_files();
  constexpr const char* prefix = "pgduet-demo-";
  harness::remove_abandoned(fs::temp_directory_path(), prefix);
  const harness::TempDir directory(fs::temp_directory_path(), prefix);
  const fs::path& top = directory.path();
  harness::copy_tree(shipped / "workloads" / "shop", top / "base" / "shop");
  harness::copy_tree(shipped / "workloads" / "shop", top / "shop");
  harness::copy_tree(shipped / "baselines" / "shop", top / "baselines" / "shop");

  streams.out << "A pull request to the sample workload shop:\n\n";
  for (const DemoChange& change : demo_changes) {
    apply(change, top / "shop");
    streams.out << "  - " << change.title << " (" << change.file << ")\n";
  }
  streams.out << "\n" << std::flush;

  const WorkingDirectory inside(top);
  CommonOptions common = options.common;
  common.workloads = {"shop"};
  harness::RunOptions run = run_options(common);
  run.base = {harness::BaseChoice::Kind::directory, "base"};
  const gate::Report report = gate::judge(gate::judge_input(run_and_keep(run, common, streams)));
  reports.write(report);

  streams.out << "\nWhat became of the changes:\n\n";
  for (const DemoChange& change : demo_changes) {
    streams.out << "  " << std::left << std::setw(10)
                << gate::to_text(find_query(report, change.query).query->verdict) << " "
                << change.title << "\n";
  }
  streams.out << "\nThe copy is gone: the commands above are for a change of your own.\n"
              << std::flush;
  return gate::exit_status(report.outcome);
}

}  // namespace

void add_demo(CLI::App& app, Streams streams, Action& action) {
  CLI::App* command = app.add_subcommand(
      "demo", "Show the gate at work: a pull request of five changes to the sample workload");
  command->footer(
      "Works in a temporary directory and leaves nothing behind but the cached clusters.\n"
      "Exit status 1, as the pull request fails.\n\n"
      "Example: pgduet demo");
  auto options = std::make_shared<Options>();
  add_head_version_option(*command, options->common);
  add_installation_options(*command, options->common);
  add_report_options(*command, options->reports);
  command->callback([options, streams, &action] {
    action = [options, streams] { return demo(*options, streams); };
  });
}

}  // namespace pgduet::cli

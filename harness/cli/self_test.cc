#include "self_test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "other_rules.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/time.h"
#include "pgduet/gate/wording.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::cli {
namespace {

namespace fs = std::filesystem;
using gate::Json;

// One size of slowdown, judged by one limit.
struct Size {
  double slowdown;
  double time_ratio;
};
constexpr Size sizes[] = {{0.10, 1.10}, {0.10, 1.07}, {0.15, 1.10}, {0.20, 1.10},
                          {0.30, 1.10}, {0.50, 1.10}, {1.00, 1.10}};

// So many rows are generated to find out what one costs, in queries that are short enough to see
// it.
constexpr int calibration_rows = 3000;
constexpr double calibrating_query_us = 300;
// Slowed queries of one run: fewer than would make it a change of everything.
constexpr std::size_t most_slowed_part = 6;  // one of so many

// Processes that keep cores busy while this lives.
class BusyLoops {
 public:
  explicit BusyLoops(int count) {
    for (int i = 0; i < count; ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // A session of its own each: Linux shares the CPU out among sessions first.
        setsid();
        for (volatile std::uint64_t n = 0;;) n = n + 1;
      }
      if (pid > 0) processes_.push_back(pid);
    }
  }
  ~BusyLoops() {
    for (const pid_t pid : processes_) kill(pid, SIGKILL);
    for (const pid_t pid : processes_) waitpid(pid, nullptr, 0);
  }
  BusyLoops(const BusyLoops&) = delete;
  BusyLoops& operator=(const BusyLoops&) = delete;

 private:
  std::vector<pid_t> processes_;
};

enum class Mode { clusters, one_cluster, baseline };

std::string name_of(Mode mode) {
  switch (mode) {
    case Mode::clusters:
      return "two clusters";
    case Mode::one_cluster:
      return "one cluster";
    case Mode::baseline:
      break;
  }
  return "baseline of another run";
}

// What became of the runs in which nothing changed.
struct Quiet {
  int runs = 0;
  int failed = 0;  // runs that the gate failed: false alarms
  int slower = 0;  // queries reported as slower
  int inconclusive = 0;
  int improved = 0;
  std::int64_t queries = 0;
  std::int64_t timed = 0;      // bindings
  std::int64_t nominated = 0;  // of those
};

struct Detection {
  int cases = 0;
  int reported = 0;
  int failed = 0;
};

bool is_slower(const gate::QueryReport& query) {
  return std::any_of(query.findings.begin(), query.findings.end(),
                     [](const gate::Finding& finding) {
                       return finding.time && finding.time->outcome == gate::TimeOutcome::slower;
                     });
}

double fastest_us(const gate::QueryRun& run) {
  double fastest = 0;
  for (const gate::BindingRun& binding : run.bindings) {
    const auto times = gate::minimum_times(binding);
    if (!times || binding.failure) return 0;
    const double time = times->cpu_us.value_or(times->served_us);
    if (fastest == 0 || time < fastest) fastest = time;
  }
  return fastest;
}

// What the executions took in all, for each of the CPU time that they took: whether a load is in
// the way.
double disturbance(const gate::RunRecord& record) {
  double elapsed_us = 0;
  double cpu_us = 0;
  for (const gate::WorkloadRecord& workload : record.workloads) {
    for (const gate::QueryRecord& query : workload.queries) {
      if (!query.head) continue;
      for (const gate::BindingRun& binding : query.head->bindings) {
        for (const gate::Execution& execution : binding.executions) {
          if (!execution.cpu_us) continue;
          elapsed_us += (execution.wall_us - execution.client_us) * execution.executions;
          cpu_us += *execution.cpu_us * execution.executions;
        }
      }
    }
  }
  return cpu_us > 0 ? elapsed_us / cpu_us : 0;
}

class SelfTester {
 public:
  SelfTester(const SelfTestOptions& options, Streams streams)
      : options_(options),
        streams_(streams),
        directory_(fs::temp_directory_path(), "pgduet-self-") {
    run_ = run_options(options.common);
    run_.baselines = directory_.path() / "baselines";
    loops_ = options.loops > 0 ? options.loops
                               : std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  }

  int test() {
    calibrate();
    record_baselines();
    for (int i = 0; i < options_.runs; ++i) quiet_run(i);
    slowed_runs();
    if (options_.json)
      streams_.out << gate::to_pretty_text(json());
    else
      print();
    for (const auto& [mode, quiet] : quiet_) {
      if (quiet.failed > 0) return 1;
    }
    return 0;
  }

 private:
  std::shared_ptr<const gate::RunRecord> run(const std::string& what,
                                             const harness::RunOptions& options) {
    streams_.err << what << std::endl;
    harness::Progress silent;
    return harness::run_workloads(options, silent);
  }

  harness::RunOptions against_itself(bool separate_clusters) const {
    harness::RunOptions options = run_;
    options.base = {harness::BaseChoice::Kind::same, ""};
    options.self_test = harness::SelfTest{separate_clusters, {}, {}};
    return options;
  }

  // How long each query takes with the extra work in it and none to do, and what a row costs.
  void calibrate() {
    harness::RunOptions options = against_itself(true);
    options.times = harness::Times::baselines;
    for (const fs::path& directory : options.workloads) {
      const harness::Workload workload = harness::load_workload(directory, directory.string());
      for (const harness::Query& query : workload.queries) {
        const bool selected = harness::can_be_slowed(query);
        if (selected)
          options.self_test->extra_rows[workload.name + "/" + query.name] = calibration_rows;
      }
    }
    const auto record = run("calibrating", options);
    std::vector<double> row_us;
    for (const gate::WorkloadRecord& workload : record->workloads) {
      for (const gate::QueryRecord& query : workload.queries) {
        const std::string name = workload.name + "/" + query.name;
        if (!query.base || !query.head || !options.self_test->extra_rows.contains(name)) continue;
        const double without_us = fastest_us(*query.base);
        const double with_us = fastest_us(*query.head);
        if (without_us <= 0 || with_us <= 0) continue;
        execution_us_[name] = without_us;
        if (without_us < calibrating_query_us) {
          row_us.push_back((with_us - without_us) / calibration_rows);
        }
      }
    }
    row_us_ = gate::median(row_us);
    if (row_us_ <= 0) {
      throw gate::Error(gate::Error::Kind::environment, {},
                        "the self-test could not find out what extra work costs",
                        "It needs queries that read, of less than " +
                            gate::duration_text(calibrating_query_us) + ".");
    }
    streams_.err << "  an extra row costs " << gate::duration_text(row_us_) << " in "
                 << row_us.size() << " queries" << std::endl;
  }

  // Under load, as that of another machine.
  void record_baselines() {
    const BusyLoops load(loops_);
    harness::RunOptions options = run_;
    options.times = harness::Times::baselines;
    const auto record = run("recording baselines under load", options);
    for (const gate::WorkloadRecord& workload : record->workloads) {
      const gate::IndexDefinitions indexes = gate::index_definitions(workload.head.catalog);
      for (const gate::QueryRecord& query : workload.queries) {
        const auto baseline =
            gate::updated_baseline(std::nullopt, query, workload.head.postgres_major, indexes);
        if (baseline) harness::save_baseline(run_.baselines / workload.name, *baseline);
      }
    }
  }

  static int timed_bindings(const gate::RunRecord& record, std::int64_t& nominated) {
    int timed = 0;
    for (const gate::WorkloadRecord& workload : record.workloads) {
      for (const gate::QueryRecord& query : workload.queries) {
        if (!query.head) continue;
        for (const gate::BindingRun& binding : query.head->bindings) {
          ++timed;
          if (std::any_of(binding.executions.begin(), binding.executions.end(),
                          [](const gate::Execution& execution) { return execution.stage > 0; })) {
            ++nominated;
          }
        }
      }
    }
    return timed;
  }

  void quiet_run(int number) {
    const auto mode = static_cast<Mode>(number % 3);
    // Each mode in turn with and without load: a third of all runs has it.
    const bool loaded = (number / 3) % 3 == 1;
    harness::RunOptions options =
        mode == Mode::baseline ? run_ : against_itself(mode == Mode::clusters);
    std::optional<BusyLoops> load;
    if (loaded) load.emplace(loops_);
    const auto record =
        run("run " + std::to_string(number + 1) + " of " + std::to_string(options_.runs) +
                ", nothing changed: " + name_of(mode) + (loaded ? ", under load" : ""),
            options);
    load.reset();
    (loaded ? disturbed_ : undisturbed_).push_back(disturbance(*record));
    seconds_.push_back(record->seconds);
    if (mode != Mode::baseline) other_rules_.add(*record);
    const gate::Report report = gate::judge(gate::judge_input(record));
    Quiet& quiet = quiet_[{mode, loaded}];
    ++quiet.runs;
    if (report.outcome != gate::Report::Outcome::passed) ++quiet.failed;
    for (const gate::WorkloadReport& workload : report.workloads) {
      for (const gate::QueryReport& query : workload.queries) {
        ++quiet.queries;
        if (is_slower(query)) ++quiet.slower;
        if (query.verdict == gate::Verdict::inconclusive) ++quiet.inconclusive;
        if (query.verdict == gate::Verdict::improved) ++quiet.improved;
        if (query.fails || is_slower(query)) {
          streams_.err << "  " << (query.fails ? "FALSE ALARM" : "reported") << ": "
                       << workload.name << "/" << query.name << ": " << query.headline << std::endl;
          keep(*record);
        }
      }
    }
    quiet.timed += timed_bindings(*record, quiet.nominated);
  }

  // Each run slows some queries down by several sizes; the others tell of false alarms.
  void slowed_runs() {
    std::vector<std::string> names;
    for (const auto& [name, execution_us] : execution_us_) names.push_back(name);
    std::mt19937_64 random(std::random_device{}());
    std::vector<std::pair<std::size_t, std::string>> cases;
    std::size_t next = 0;
    for (std::size_t size = 0; size < std::size(sizes); ++size) {
      for (int i = 0; i < options_.cases; ++i) {
        if (next % names.size() == 0) std::shuffle(names.begin(), names.end(), random);
        cases.emplace_back(size, names[next++ % names.size()]);
      }
    }
    std::shuffle(cases.begin(), cases.end(), random);
    const std::size_t most = std::max<std::size_t>(1, names.size() / most_slowed_part);
    int number = 0;
    while (!cases.empty()) {
      std::map<std::string, std::size_t> chosen;
      for (auto one = cases.begin(); one != cases.end() && chosen.size() < most;) {
        one = chosen.emplace(one->second, one->first).second ? cases.erase(one) : std::next(one);
      }
      slowed_run(++number, chosen, cases.size());
    }
  }

  void slowed_run(int number, const std::map<std::string, std::size_t>& chosen, std::size_t left) {
    harness::RunOptions options = against_itself(number % 2 == 0);
    for (const auto& [name, size] : chosen) {
      const double rows = sizes[size].slowdown * execution_us_.at(name) / row_us_;
      options.self_test->extra_rows[name] = std::max(1, static_cast<int>(std::lround(rows)));
      options.self_test->time_ratios[name] = sizes[size].time_ratio;
    }
    const auto record = run("slowing down " + std::to_string(chosen.size()) + " queries, " +
                                std::to_string(left) + " cases left",
                            options);
    seconds_slowed_.push_back(record->seconds);
    const gate::Report report = gate::judge(gate::judge_input(record));
    for (const gate::WorkloadReport& workload : report.workloads) {
      for (const gate::QueryReport& query : workload.queries) {
        const auto found = chosen.find(workload.name + "/" + query.name);
        if (found == chosen.end()) {
          ++beside_.queries;
          if (is_slower(query)) ++beside_.slower;
          if (query.fails) {
            ++beside_.failed;
            streams_.err << "  FALSE ALARM: " << workload.name << "/" << query.name << ": "
                         << query.headline << std::endl;
            keep(*record);
          }
          continue;
        }
        Detection& detection = detections_[found->second];
        ++detection.cases;
        if (is_slower(query)) ++detection.reported;
        if (query.fails) ++detection.failed;
        if (!is_slower(query)) {
          streams_.err << "  missed: " << found->first << " +"
                       << std::lround(sizes[found->second].slowdown * 100) << " % of "
                       << gate::duration_text(execution_us_.at(found->first)) << ": "
                       << gate::to_text(query.verdict) << std::endl;
          keep(*record);
        }
      }
    }
  }

  // What went wrong can be looked into: pgduet report RUN.
  void keep(const gate::RunRecord& record) {
    harness::save_run_record(run_directory(options_.common), record);
    streams_.err << "  kept as run " << record.run_id << std::endl;
  }

  // CPU times of the shortest and the longest query that can be slowed down.
  std::pair<double, double> lengths() const {
    std::pair<double, double> found = {0, 0};
    for (const auto& [name, execution_us] : execution_us_) {
      if (found.first == 0 || execution_us < found.first) found.first = execution_us;
      found.second = std::max(found.second, execution_us);
    }
    return found;
  }

  void print() const;
  Json json() const;

  const SelfTestOptions& options_;
  Streams streams_;
  harness::TempDir directory_;
  harness::RunOptions run_;
  int loops_ = 2;
  std::map<std::string, double> execution_us_;  // CPU time of the fastest binding, by query
  double row_us_ = 0;                           // CPU time of one extra row
  std::map<std::pair<Mode, bool>, Quiet> quiet_;
  Quiet beside_;
  std::map<std::size_t, Detection> detections_;
  OtherRules other_rules_;
  std::vector<double> seconds_;
  std::vector<double> seconds_slowed_;
  std::vector<double> disturbed_;
  std::vector<double> undisturbed_;
};

std::string share_text(int part, int all) {
  if (all == 0) return "-";
  return std::to_string(std::lround(100.0 * part / all)) + " %";
}

void SelfTester::print() const {
  std::ostream& out = streams_.out;
  out << "Nothing changed                        runs  false alarms  slower  inconclusive  "
         "nominated\n";
  for (const auto& [key, quiet] : quiet_) {
    const std::string name = name_of(key.first) + (key.second ? ", under load" : "");
    out << "  " << std::left << std::setw(37) << name << std::right << std::setw(4) << quiet.runs
        << std::setw(14) << quiet.failed << std::setw(8) << quiet.slower << std::setw(14)
        << quiet.inconclusive << std::setw(6) << quiet.nominated << "/" << quiet.timed << "\n";
  }
  out << "Other rules on the samples of the screening  runs with a false alarm  bindings\n";
  for (const OtherRule& rule : other_rules_.rules()) {
    out << "  " << std::left << std::setw(43) << rule.name << std::right << std::setw(11)
        << rule.runs << " of " << std::setw(4) << std::left << other_rules_.runs() << std::right
        << std::setw(12) << rule.bindings << "/" << other_rules_.bindings() << "\n";
  }
  out << "Slowdowns put in        cases  reported  fails the gate\n";
  for (const auto& [size, detection] : detections_) {
    std::string name = "+" + std::to_string(std::lround(sizes[size].slowdown * 100)) + " %";
    name += ", limit " + gate::factor_text(sizes[size].time_ratio);
    out << "  " << std::left << std::setw(21) << name << std::right << std::setw(6)
        << detection.cases << std::setw(10) << share_text(detection.reported, detection.cases)
        << std::setw(16) << share_text(detection.failed, detection.cases) << "\n";
  }
  const auto [shortest_us, longest_us] = lengths();
  out << "Queries that can be slowed down: " << execution_us_.size() << ", of "
      << gate::duration_text(shortest_us) << " to " << gate::duration_text(longest_us) << "\n";
  out << "Queries beside them: " << beside_.queries << ", failing " << beside_.failed
      << ", reported as slower " << beside_.slower << "\n";
  out << "Seconds a run: " << std::fixed << std::setprecision(1) << gate::median(seconds_)
      << " where nothing changed, " << gate::median(seconds_slowed_) << " with slowdowns\n";
  out << "Wall time / CPU time: " << std::setprecision(2) << gate::median(undisturbed_)
      << " alone, " << gate::median(disturbed_) << " with " << loops_ << " busy loops beside\n";
}

Json SelfTester::json() const {
  Json result;
  result["format_version"] = 1;
  result["nothing_changed"] = Json::array();
  for (const auto& [key, quiet] : quiet_) {
    result["nothing_changed"].push_back({{"mode", name_of(key.first)},
                                         {"under_load", key.second},
                                         {"runs", quiet.runs},
                                         {"false_alarms", quiet.failed},
                                         {"reported_as_slower", quiet.slower},
                                         {"inconclusive", quiet.inconclusive},
                                         {"improved", quiet.improved},
                                         {"queries", quiet.queries},
                                         {"bindings_timed", quiet.timed},
                                         {"bindings_nominated", quiet.nominated}});
  }
  result["other_rules"] = Json::array();
  for (const OtherRule& rule : other_rules_.rules()) {
    result["other_rules"].push_back({{"rule", rule.name},
                                     {"runs_with_false_alarm", rule.runs},
                                     {"runs", other_rules_.runs()},
                                     {"bindings_convicted", rule.bindings},
                                     {"bindings", other_rules_.bindings()}});
  }
  result["slowdowns"] = Json::array();
  for (const auto& [size, detection] : detections_) {
    result["slowdowns"].push_back({{"slowdown", sizes[size].slowdown},
                                   {"time_ratio", sizes[size].time_ratio},
                                   {"cases", detection.cases},
                                   {"reported", detection.reported},
                                   {"failed", detection.failed}});
  }
  const auto [shortest_us, longest_us] = lengths();
  result["can_be_slowed"] = {
      {"queries", execution_us_.size()}, {"shortest_us", shortest_us}, {"longest_us", longest_us}};
  result["beside_slowdowns"] = {{"queries", beside_.queries},
                                {"false_alarms", beside_.failed},
                                {"reported_as_slower", beside_.slower}};
  result["seconds"] = gate::median(seconds_);
  result["busy_loops"] = loops_;
  result["wall_to_cpu"] = {{"alone", gate::median(undisturbed_)},
                           {"under_load", gate::median(disturbed_)}};
  return result;
}

}  // namespace

int self_test(const SelfTestOptions& options, Streams streams) {
  return SelfTester(options, streams).test();
}

}  // namespace pgduet::cli

// Runs the corpus: small pull requests to the sample workloads, each with the verdict that it
// deserves. See README.md beside this file for the format of a case.
//
//   corpus [--list] [--kept DIR] [--changed] [NAME...]
//
// With --changed it asks something else: whether `check --changed` leaves out no query that a case
// does something to. Each case is run whole and with the choice, without times; what is not passed
// in the whole run, or expected not to pass, has to be chosen.
//
// Exit status 0 when every verdict and every reason was right, 1 when one was not, 2 when a case
// cannot be read.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/judge.h"
#include "pgduet/harness/files.h"
#include "pgduet/harness/process.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/runner.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::corpus {
namespace {

namespace fs = std::filesystem;

// Enough for the clusters of the bases; those of the cases go.
constexpr std::int64_t cache_bytes = std::int64_t{2} << 30;

// "orders_of_customer regressed: index x was dropped". Query "*": every query of the workload;
// verdict "not failing": any that does not fail the gate.
struct Expectation {
  std::string query;
  std::string verdict;
  std::string reason;  // a part of what the report says; "" for anything
};

struct Case {
  std::string name;
  std::string title;
  std::string workload;
  std::vector<Expectation> expectations;
  fs::path patch;
  std::optional<fs::path> base_patch;
  bool has_baselines = false;  // the shipped ones are committed

  bool should_fail() const {
    return std::any_of(expectations.begin(), expectations.end(), [](const Expectation& expected) {
      return expected.verdict == "regressed" || expected.verdict == "broken" ||
             expected.verdict == "missing";
    });
  }
};

Expectation read_expectation(const std::string& text) {
  Expectation expected;
  const std::size_t blank = text.find(' ');
  const std::size_t colon = text.find(": ");
  if (blank == std::string::npos)
    throw std::runtime_error("\"Expect: " + text + "\" has no verdict");
  expected.query = text.substr(0, blank);
  expected.verdict = text.substr(blank + 1, colon == std::string::npos ? colon : colon - blank - 1);
  if (colon != std::string::npos) expected.reason = text.substr(colon + 2);
  return expected;
}

Case read_case(const fs::path& patch) {
  Case one;
  one.patch = patch;
  one.name = patch.stem().string();
  const fs::path base = patch.parent_path() / (one.name + ".base.patch");
  if (fs::exists(base)) one.base_patch = base;
  std::ifstream file(patch);
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) throw std::runtime_error(patch.string() + ": \"" + line + "\"");
    const std::string key = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (key == "Subject")
      one.title = value;
    else if (key == "Workload")
      one.workload = value;
    else if (key == "Baselines")
      one.has_baselines = value == "shipped";
    else if (key == "Expect")
      one.expectations.push_back(read_expectation(value));
    else
      throw std::runtime_error(patch.string() + ": unrecognized header \"" + key + "\"");
  }
  if (one.workload.empty() || one.expectations.empty()) {
    throw std::runtime_error(patch.string() + ": Workload and Expect are missing");
  }
  return one;
}

void apply(const fs::path& patch, const fs::path& directory) {
  harness::CommandOptions command;
  command.arguments = {"git", "apply", "--whitespace=nowarn", fs::absolute(patch).string()};
  command.working_directory = directory;
  // Not in a repository: else git would look for the files there.
  command.environment["GIT_CEILING_DIRECTORIES"] = directory.parent_path().string();
  const harness::CommandResult result = harness::run_command(command);
  if (result.exit_status != 0) throw std::runtime_error(patch.string() + ": " + result.errors);
}

enum class Run { whole, whole_without_times, changed_without_times };

gate::Report run(const Case& one, const fs::path& workloads, const fs::path& cache,
                 const fs::path& kept, Run kind = Run::whole) {
  const harness::TempDir directory(fs::temp_directory_path(), "pgduet-corpus-");
  const fs::path base = directory.path() / "base" / one.workload;
  const fs::path head = directory.path() / one.workload;
  for (const fs::path& side : {base, head}) {
    fs::create_directories(side.parent_path());
    fs::copy(workloads / one.workload, side, fs::copy_options::recursive);
    if (one.base_patch) apply(*one.base_patch, side);
  }
  apply(one.patch, head);
  harness::RunOptions options;
  options.workloads = {head};
  options.base = {harness::BaseChoice::Kind::directory, base.string()};
  options.baselines = directory.path() / "baselines";
  if (one.has_baselines) options.baselines = workloads.parent_path() / "baselines";
  options.changed = kind == Run::changed_without_times;
  if (kind != Run::whole) options.times = harness::Times::none;
  options.cache.directory = cache;
  options.cache.size_limit_bytes = cache_bytes;
  harness::InstallationSearch search;
  if (const char* variable = std::getenv("PGDUET_PG_BIN")) search.pg_bin_variable = variable;
  options.installations = harness::find_installations(search);
  harness::Progress silent;
  const auto record = harness::run_workloads(options, silent);
  if (!kept.empty()) {
    harness::save_run_record(kept / "runs", *record);
  }
  return gate::judge(gate::judge_input(record));
}

const gate::QueryReport* find_query(const gate::Report& report, const std::string& name) {
  for (const gate::QueryReport& query : report.workloads.front().queries) {
    if (query.name == name) return &query;
  }
  return nullptr;
}

// The report's words on a query: what it is about, and why.
std::string words_on(const gate::QueryReport& query) {
  std::string words = query.headline;
  for (const gate::Finding& finding : query.findings) {
    words += "\n" + finding.sentence + "\n" + finding.reason;
  }
  return words;
}

struct Outcome {
  std::string name;
  bool expected_to_fail = false;
  bool failed = false;
  std::vector<std::string> wrong_verdicts;
  std::vector<std::string> wrong_reasons;
  int reasons = 0;
  double seconds = 0;
};

std::string told(const gate::QueryReport& query) {
  return query.name + " is " + gate::to_text(query.verdict) +
         (query.headline.empty() ? "" : ": " + query.headline);
}

void compare(const Expectation& expected, const gate::QueryReport& query, Outcome& outcome) {
  const std::string verdict = gate::to_text(query.verdict);
  const bool right = expected.verdict == "not failing" ? !query.fails : verdict == expected.verdict;
  if (!right) {
    outcome.wrong_verdicts.push_back(told(query) + " (expected: " + expected.verdict + ")");
    return;
  }
  if (expected.reason.empty()) return;
  ++outcome.reasons;
  if (words_on(query).find(expected.reason) == std::string::npos) {
    outcome.wrong_reasons.push_back(told(query) + " (expected reason: " + expected.reason + ")");
  }
}

Outcome judge(const Case& one, const gate::Report& report) {
  Outcome outcome;
  outcome.name = one.name;
  outcome.expected_to_fail = one.should_fail();
  outcome.failed = report.outcome == gate::Report::Outcome::failed;
  for (const Expectation& expected : one.expectations) {
    if (expected.query == "*") {
      for (const gate::QueryReport& query : report.workloads.front().queries) {
        compare(expected, query, outcome);
      }
    } else if (const gate::QueryReport* query = find_query(report, expected.query)) {
      compare(expected, *query, outcome);
    } else {
      outcome.wrong_verdicts.push_back(expected.query + " is not in the report");
    }
  }
  if (outcome.failed && !outcome.expected_to_fail) {
    for (const gate::QueryReport& query : report.workloads.front().queries) {
      if (query.fails) outcome.wrong_verdicts.push_back("false alarm: " + told(query));
    }
  }
  return outcome;
}

bool may_be_left_out(const Expectation& expected) {
  return expected.verdict == "passed" || expected.verdict == "not failing";
}

// What --changed leaves out although the case does something to it, and what it says of its choice.
struct Choice {
  std::vector<std::string> wrongly_left_out;
  std::string note;
};

Choice choice_in(const Case& one, const fs::path& workloads, const fs::path& cache) {
  const gate::Report whole = run(one, workloads, cache, {}, Run::whole_without_times);
  const gate::Report changed = run(one, workloads, cache, {}, Run::changed_without_times);
  Choice choice;
  for (const std::string& note : changed.workloads.front().notes) {
    if (note.starts_with("--changed")) choice.note = note;
  }
  for (const gate::QueryReport& query : whole.workloads.front().queries) {
    const bool expected = std::any_of(
        one.expectations.begin(), one.expectations.end(), [&query](const Expectation& one_of) {
          return one_of.query == query.name && !may_be_left_out(one_of);
        });
    const bool differs = query.verdict != gate::Verdict::passed;
    if ((expected || differs) && find_query(changed, query.name) == nullptr) {
      choice.wrongly_left_out.push_back(told(query));
    }
  }
  return choice;
}

int check_choices(const std::vector<Case>& cases, const fs::path& workloads,
                  const fs::path& cache) {
  int wrong = 0;
  for (const Case& one : cases) {
    const Choice choice = choice_in(one, workloads, cache);
    std::cout << (choice.wrongly_left_out.empty() ? "right " : "WRONG ") << std::left
              << std::setw(30) << one.name << choice.note << std::endl;
    for (const std::string& text : choice.wrongly_left_out)
      std::cout << "    left out: " << text << std::endl;
    if (!choice.wrongly_left_out.empty()) ++wrong;
  }
  std::cout << "\n"
            << cases.size() - static_cast<std::size_t>(wrong) << " of " << cases.size()
            << " choices leave out nothing that differs\n";
  return wrong == 0 ? 0 : 1;
}

int share(int part, int all) { return all == 0 ? 100 : 100 * part / all; }

void print_summary(const std::vector<Outcome>& outcomes) {
  std::map<std::pair<bool, bool>, int> matrix;
  int right = 0;
  int reasons = 0;
  int wrong_reasons = 0;
  for (const Outcome& outcome : outcomes) {
    ++matrix[{outcome.expected_to_fail, outcome.failed}];
    if (outcome.wrong_verdicts.empty()) ++right;
    reasons += outcome.reasons;
    wrong_reasons += static_cast<int>(outcome.wrong_reasons.size());
  }
  std::cout << "\n                     fails the gate  passes\n"
            << "  worse            " << std::setw(16) << matrix[{true, true}] << std::setw(8)
            << matrix[{true, false}] << "\n"
            << "  harmless, better " << std::setw(16) << matrix[{false, true}] << std::setw(8)
            << matrix[{false, false}] << "\n\n"
            << right << " of " << outcomes.size() << " pull requests have every verdict right; "
            << reasons - wrong_reasons << " of " << reasons << " reasons are right ("
            << share(reasons - wrong_reasons, reasons) << " %)\n";
}

std::vector<Case> cases_in(const fs::path& directory, const std::vector<std::string>& names) {
  std::vector<Case> cases;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".patch") || file.ends_with(".base.patch")) continue;
    const std::string name = entry.path().stem().string();
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) {
      cases.push_back(read_case(entry.path()));
    }
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  for (const std::string& name : names) {
    if (std::none_of(cases.begin(), cases.end(), [&](const Case& one) { return one.name == name; }))
      throw std::runtime_error("there is no case \"" + name + "\"");
  }
  return cases;
}

int corpus(const std::vector<std::string>& arguments) {
  const fs::path source = PGDUET_SOURCE_DIR;
  fs::path directory = source / "tests" / "corpus" / "cases";
  fs::path kept;
  bool list = false;
  bool changed = false;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--list") {
      list = true;
    } else if (arguments[i] == "--changed") {
      changed = true;
    } else if (arguments[i] == "--kept" && i + 1 < arguments.size()) {
      kept = arguments[++i];
    } else if (arguments[i].starts_with("-")) {
      throw std::runtime_error("usage: corpus [--list] [--kept DIR] [--changed] [NAME...]");
    } else {
      names.push_back(arguments[i]);
    }
  }
  const std::vector<Case> cases = cases_in(directory, names);
  const harness::TempDir cache(fs::temp_directory_path(), "pgduet-corpus-cache-");
  fs::permissions(cache.path(), fs::perms(0711));  // the servers' user goes through it
  if (changed && !list) return check_choices(cases, source / "workloads", cache.path() / "cache");
  std::vector<Outcome> outcomes;
  for (const Case& one : cases) {
    if (list) {
      std::cout << std::left << std::setw(28) << one.name << one.title << "\n";
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    Outcome outcome = judge(one, run(one, source / "workloads", cache.path() / "cache", kept));
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const bool right = outcome.wrong_verdicts.empty() && outcome.wrong_reasons.empty();
    std::cout << (right ? "right " : "WRONG ") << std::left << std::setw(28) << one.name
              << std::right << std::fixed << std::setprecision(1) << std::setw(6) << outcome.seconds
              << " s" << std::endl;
    for (const std::string& text : outcome.wrong_verdicts)
      std::cout << "    verdict: " << text << "\n";
    for (const std::string& text : outcome.wrong_reasons)
      std::cout << "    reason:  " << text << "\n";
    std::cout << std::flush;
    outcomes.push_back(std::move(outcome));
  }
  if (list) return 0;
  print_summary(outcomes);
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) {
                       return outcome.wrong_verdicts.empty() && outcome.wrong_reasons.empty();
                     })
             ? 0
             : 1;
}

}  // namespace
}  // namespace pgduet::corpus

int main(int argc, char** argv) {
  try {
    return pgduet::corpus::corpus({argv + 1, argv + argc});
  } catch (const pgduet::gate::Error& error) {
    std::cerr << "corpus: " << pgduet::gate::to_text(error) << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "corpus: " << error.what() << "\n";
    return 2;
  }
}

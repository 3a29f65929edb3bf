// How often find_change_points() sees a change in noise, and how many changes it finds: the figures
// of gate/history.md. Seeds are fixed; a second run prints the same, but for the last line.
//
//   change_points [DIRECTORY...]
//
// With directories of run records in which nothing changed, their CPU times are noise as well.

#include "pgduet/gate/change_points.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "pgduet/gate/error.h"
#include "pgduet/gate/run_record.h"

namespace {

using namespace pgduet::gate;

using Random = std::mt19937_64;
using Series = std::vector<double>;
using Noise = std::function<Series(std::size_t count, Random& random)>;

constexpr int noise_series = 10000;  // a figure
constexpr int step_series = 1000;
constexpr double spike_share = 0.01;
constexpr double levels[] = {0.02, 0.05, 0.10};

// Log-normal, and one value in 100 is a spike of 1.5 to 10 times as much.
Noise simulated(double deviation) {
  return [deviation](std::size_t count, Random& random) {
    std::lognormal_distribution<double> factor(0, deviation);
    std::uniform_real_distribution<double> chance(0, 1);
    std::uniform_real_distribution<double> spike(1.5, 10);
    Series values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(factor(random) * (chance(random) < spike_share ? spike(random) : 1));
    }
    return values;
  };
}

// The times of one binding after another, in random order, with repetitions.
Noise resampled(const std::vector<Series>& measured) {
  return [&measured](std::size_t count, Random& random) {
    const Series& source = measured[random() % measured.size()];
    Series values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(source[random() % source.size()]);
    return values;
  };
}

double false_per_1000(const Noise& noise, std::size_t count, const ChangePointOptions& options) {
  Random random(count);
  int found = 0;
  for (int i = 0; i < noise_series; ++i) {
    found += find_change_points(noise(count, random), options).empty() ? 0 : 1;
  }
  return 1000.0 * found / noise_series;
}

void print_false(const std::string& name, const Noise& noise, const ChangePointOptions& options) {
  std::printf("| %s |", name.c_str());
  for (const std::size_t count : {20U, 50U, 200U}) {
    std::printf(" %.1f |", false_per_1000(noise, count, options));
  }
  std::printf("\n");
}

struct Found {
  double near = 0;  // per cent of the series that have a change point within 3 values of the step
  double beside = 0;
  double exactly = 0;
};

// `ratio` times as much from value `at` on.
Found find_step(const Noise& noise, std::size_t count, std::size_t at, double ratio,
                const ChangePointOptions& options = {}) {
  Random random(count);
  Found found;
  for (int i = 0; i < step_series; ++i) {
    Series values = noise(count, random);
    for (std::size_t j = at; j < count; ++j) values[j] *= ratio;
    std::size_t distance = count;
    for (const ChangePoint& point : find_change_points(values, options)) {
      distance = std::min(distance, std::max(point.index, at) - std::min(point.index, at));
    }
    found.near += distance <= 3 ? 100.0 / step_series : 0;
    found.beside += distance <= 1 ? 100.0 / step_series : 0;
    found.exactly += distance == 0 ? 100.0 / step_series : 0;
  }
  return found;
}

constexpr double ratios[] = {1.05, 1.10, 1.20, 1.50, 2.00, 10.00};

void print_steps(double deviation) {
  const Noise noise = simulated(deviation);
  for (const double ratio : ratios) {
    std::printf("| %.0f %% | +%.0f %% |", 100 * deviation, 100 * (ratio - 1));
    for (const auto& [count, at] : {std::pair{20U, 12U}, std::pair{50U, 25U}}) {
      const Found found = find_step(noise, count, at, ratio);
      std::printf(" %.0f, %.0f, %.0f %% |", found.near, found.beside, found.exactly);
    }
    std::printf("\n");
  }
}

// Values after the step until 95 % of the series show it; 0 where 40 are not enough.
std::size_t values_needed(double deviation, std::size_t before, double ratio) {
  for (std::size_t after = 1; after <= 40; ++after) {
    if (find_step(simulated(deviation), before + after, before, ratio).near >= 95) return after;
  }
  return 0;
}

void print_needed(double ratio) {
  std::printf("| +%.0f %% |", 100 * (ratio - 1));
  for (const double deviation : levels) {
    for (const std::size_t before : {12U, 40U}) {
      const std::size_t needed = values_needed(deviation, before, ratio);
      std::printf(" %s |", needed == 0 ? "-" : std::to_string(needed).c_str());
    }
  }
  std::printf("\n");
}

// The fastest of ten.
double milliseconds_of_1000() {
  Random random(1000);
  Series values = simulated(0.05)(1000, random);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= std::pow(1.5, i / 167);
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < 10; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto points = find_change_points(values);
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    if (points.size() >= 5) best = std::min(best, elapsed.count());
  }
  return best;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Of each binding that has a time in every run record, in the order of the records.
std::vector<Series> read_times(int count, char** directories) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(directories[i])) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& left, const auto& right) {
    return left.filename() < right.filename();  // which begins with the time
  });
  std::map<std::tuple<std::string, std::string, int>, Series> times;
  for (const std::filesystem::path& file : files) {
    const RunRecord record = run_record_from_text(read_text(file), file.string());
    for (const WorkloadRecord& workload : record.workloads) {
      for (const QueryRecord& query : workload.queries) {
        if (!query.head) continue;
        for (const BindingRun& binding : query.head->bindings) {
          const auto minimum = minimum_times(binding);
          if (!minimum || !minimum->cpu_us) continue;
          times[{workload.name, query.name, binding.number}].push_back(*minimum->cpu_us);
        }
      }
    }
  }
  std::vector<Series> result;
  for (auto& [binding, series] : times) {
    if (series.size() == files.size()) result.push_back(std::move(series));
  }
  std::printf("%zu run records, %zu bindings that all of them time.\n", files.size(),
              result.size());
  return result;
}

void print_limit(double limit, const std::vector<Series>& measured) {
  const ChangePointOptions options = {.max_p_value = limit};
  std::printf("| %g |", limit);
  for (const double deviation : levels) {
    std::printf(" %.1f |", false_per_1000(simulated(deviation), 50, options));
  }
  if (!measured.empty()) std::printf(" %.1f |", false_per_1000(resampled(measured), 50, options));
  for (const std::size_t after : {3U, 5U, 8U, 10U}) {
    std::printf(" %.0f %% |", find_step(simulated(0.05), 12 + after, 12, 1.20, options).near);
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<Series> measured;
  if (argc > 1) measured = read_times(argc - 1, argv + 1);

  std::printf(
      "\nSeries of noise in which a change is seen, of 1,000:\n\n"
      "| noise | 20 runs | 50 | 200 |\n|---|---|---|---|\n");
  for (const double deviation : levels) {
    print_false("log-normal, " + std::to_string(std::lround(100 * deviation)) + " %",
                simulated(deviation), {});
  }
  if (!measured.empty()) {
    print_false("measured, in random order", resampled(measured), {});
    const auto changed = [](const Series& series) { return !find_change_points(series).empty(); };
    std::printf("\nMeasured, in the order of the runs: %td of %zu.\n",
                std::count_if(measured.begin(), measured.end(), changed), measured.size());
  }

  std::printf(
      "\nSteps found: at most 3 values away, at most 1, exactly:\n\n"
      "| noise | step | after 12 of 20 runs | after 25 of 50 |\n|---|---|---|---|\n");
  for (const double deviation : levels) print_steps(deviation);

  std::printf(
      "\nRuns after a step until 95 %% of the series show it, by noise and runs before:\n\n"
      "| step | 2 %%, 12 | 2 %%, 40 | 5 %%, 12 | 5 %%, 40 | 10 %%, 12 | 10 %%, 40 |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const double ratio : ratios) print_needed(ratio);

  std::printf(
      "\nThe limit of the p-value: series of 50 runs of noise in which a change is seen, of 1,000, "
      "and how many\nsteps of +20 %% in 5 %% noise are found from so many runs:\n\n"
      "| limit | 2 %% | 5 %% | 10 %% |%s 3 | 5 | 8 | 10 |\n|---|---|---|---|%s---|---|---|---|\n",
      measured.empty() ? "" : " measured |", measured.empty() ? "" : "---|");
  for (const double limit : {1e-3, 1e-4, 1e-5, 1e-6}) print_limit(limit, measured);

  std::printf("\n1,000 runs with five steps: %.1f ms.\n", milliseconds_of_1000());
  return 0;
} catch (const Error& error) {
  std::cerr << "change_points: " << to_text(error) << "\n";
  return 2;
}

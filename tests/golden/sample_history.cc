#include "sample_history.h"

#include <array>
#include <cstdio>
#include <utility>

namespace pgduet::test {
namespace {

constexpr std::array<double, 20> machines = {1.00, 1.02, 0.98, 1.31, 1.00, 0.99, 1.24,
                                             1.01, 1.00, 0.97, 1.03, 1.00, 1.28, 0.99,
                                             1.01, 1.00, 0.93, 1.02, 1.00, 1.01};
// What is left when the machine is taken out.
constexpr std::array<double, 7> noises = {1.00, 1.03, 0.98, 1.01, 0.99, 1.02, 1.00};

double machine_of(int run) { return machines[static_cast<std::size_t>(run) % machines.size()]; }
double noise_of(int run) { return noises[static_cast<std::size_t>(run) % noises.size()]; }

std::string two_digits(int value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02d", value);
  return buffer.data();
}

// `run` from 0: one a day, each of a commit of its own on main.
gate::HistoryPoint point_of(int run, const std::string& query) {
  const std::string day = two_digits(run % 28 + 1);
  const std::string month = two_digits(run / 28 + 1);
  gate::HistoryPoint point;
  point.run_id = "2026" + month + day + "T101500.042Z-1f3a" + two_digits(run);
  point.started_at = "2026-" + month + "-" + day + "T10:15:00Z";
  point.commit.emplace();
  point.commit->id = two_digits(run + 1) + "c0ffee5d21b7a94e60835f1d2c7b9ae4410683";
  point.commit->committed_at = "2026-" + month + "-" + day + "T09:58:31Z";
  point.commit->subject = "Change number " + std::to_string(run + 1);
  point.commit->branch = "main";
  point.revision = point.commit->id.substr(0, 7);
  point.query = query;
  point.fingerprint = "50fde20626009aba";
  point.postgres_major = 15;
  point.setup_hash = "9d1e0f5c7b3a2864";
  return point;
}

// Other queries that tell how fast the machine of each run was.
void add_others(gate::QuerySeries& series) {
  for (int other = 0; other < 6; ++other) {
    const std::string name = "other_" + std::to_string(other);
    for (std::size_t run = 0; run < series.points.size(); ++run) {
      const int place = static_cast<int>(run);
      const double time = (100.0 + 50 * other) * machine_of(place) * noise_of(place + other);
      series.others[name][series.points[run].run_id] = {time, time * 1.25};
    }
  }
}

gate::HistoryBinding fails(gate::HistoryBinding binding, const std::string& message) {
  gate::HistoryBinding failed;
  failed.number = binding.number;
  failed.parameters = binding.parameters;
  failed.failure = message;
  return failed;
}

}  // namespace

gate::HistoryBinding history_binding(int number, const std::string& parameters, double time_us,
                                     const std::string& shape, std::int64_t blocks) {
  gate::HistoryBinding binding;
  binding.number = number;
  binding.parameters = parameters;
  binding.shape = shape;
  binding.executions = 5000;
  binding.samples = 100;
  binding.cpu_min_us = time_us;
  binding.wall_min_us = time_us * 1.25;
  binding.wall_median_us = time_us * 1.5;
  binding.wall_p95_us = time_us * 1.5 * 1.2;
  binding.wall_max_us = time_us * 1.5 * 1.9;
  binding.blocks = blocks;
  binding.rows_visited = blocks * 12;
  return binding;
}

gate::QuerySeries even_series(const std::string& query, int runs, double time_us) {
  gate::QuerySeries series;
  series.workload = "shop";
  series.query = query;
  for (int run = 0; run < runs; ++run) {
    gate::HistoryPoint point = point_of(run, query);
    const double time = time_us * machine_of(run) * noise_of(run);
    point.bindings = {history_binding(1, "customer_id = 42", time, "aaaaaaaaaaaa", 9)};
    series.points.push_back(std::move(point));
  }
  add_others(series);
  return series;
}

gate::QuerySeries sample_series() {
  gate::QuerySeries series;
  series.workload = "shop";
  series.query = "orders_of_customer";
  for (int run = 0; run < 20; ++run) {
    gate::HistoryPoint point = point_of(run, run < 4 ? "customer_orders" : "orders_of_customer");
    const double speed = machine_of(run) * noise_of(run);
    const bool dropped = run >= 11;
    point.bindings = {
        history_binding(1, "customer_id = 42", speed * (dropped ? 1370 : 76),
                        dropped ? "bbbbbbbbbbbb" : "aaaaaaaaaaaa", dropped ? 998 : 17),
        history_binding(2, "customer_id = 9993", speed * (dropped ? 4.3 : 4.1), "cccccccccccc", 3)};
    if (dropped) point.setup_hash = "0b52c6d1a7e94f38";
    if (run == 8) {
      point.bindings[1] = fails(point.bindings[1], "relation \"orders\" does not exist (42P01)");
      point.verdict = gate::Verdict::broken;
      point.fails = true;
      point.headline = "fails: relation \"orders\" does not exist (42P01)";
    }
    if (run == 11) {
      point.commit->subject = "Drop unused index";
      point.commit->id = "3f2a91c0d0b7a94e60835f1d2c7b9ae4410683ff";
      point.verdict = gate::Verdict::regressed;
      point.fails = true;
      point.headline =
          "touches 998 blocks instead of 17 (59×), because index "
          "orders_customer_id_idx was dropped";
    }
    if (run == 13) {
      point.commit->modified = true;
      point.commit->branch = "try-hash";
    }
    if (run == 15) point.bindings[1].shape = "dddddddddddd";
    series.points.push_back(std::move(point));
  }
  add_others(series);
  return series;
}

std::vector<gate::QuerySeries> sample_store() {
  std::vector<gate::QuerySeries> store = {sample_series()};
  store.push_back(even_series("daily_totals", 20, 310'000));
  gate::QuerySeries spikes = even_series("order_export", 20, 20'000);
  for (const std::size_t run : {6U, 11U, 18U}) {
    spikes.points[run].bindings[0].wall_max_us = 742'000 + 1000.0 * static_cast<double>(run);
  }
  store.push_back(std::move(spikes));
  gate::QuerySeries cured = even_series("order_search", 20, 180'000);
  for (std::size_t run = 13; run < 20; ++run) {
    gate::HistoryBinding& binding = cured.points[run].bindings[0];
    binding = history_binding(1, "customer_id = 42", *binding.cpu_min_us / 900, "dddddddddddd", 9);
  }
  store.push_back(std::move(cured));
  gate::QuerySeries flaky = even_series("open_orders", 20, 900);
  for (const std::size_t run : {5U, 6U, 9U, 15U})
    flaky.points[run].bindings[0].shape = "eeeeeeeeeeee";
  flaky.points[12].commit = flaky.points[11].commit;
  flaky.points[12].verdict = gate::Verdict::regressed;
  flaky.points[17].verdict = gate::Verdict::inconclusive;
  store.push_back(std::move(flaky));
  for (int i = 1; i <= 3; ++i) {
    store.push_back(even_series("cart_" + std::to_string(i), 20, 40.0 * i));
  }
  gate::QuerySeries usage = even_series("usage_by_day", 8, 5'200);
  usage.workload = "metrics";
  store.push_back(std::move(usage));
  gate::QuerySeries untimed = even_series("readings", 8, 1);
  untimed.workload = "metrics";
  for (gate::HistoryPoint& point : untimed.points) {
    gate::HistoryBinding& binding = point.bindings[0];
    binding.executions = binding.samples = 0;
    binding.cpu_min_us = binding.wall_min_us = binding.wall_median_us = std::nullopt;
    binding.wall_p95_us = binding.wall_max_us = std::nullopt;
  }
  store.push_back(std::move(untimed));
  return store;
}

gate::QuerySeries hostile_series(const std::string& text) {
  gate::QuerySeries series = sample_series();
  series.workload = text;
  series.query = text;
  for (std::size_t run = 0; run < series.points.size(); ++run) {
    gate::HistoryPoint& point = series.points[run];
    point.run_id = text + std::to_string(100 + run);  // sorts by time, as any
    point.started_at = text;
    point.revision = text;
    point.query = run < 4 ? text + "2" : text;
    point.headline = text;
    point.fingerprint = text;
    point.setup_hash = text;
    if (run == 3) {
      point.commit.reset();
    } else {
      point.commit->id = std::to_string(run) + text;
      point.commit->subject = text;
      point.commit->branch = text;
      point.commit->committed_at = text;
    }
    for (gate::HistoryBinding& binding : point.bindings) {
      binding.parameters = text;
      if (!binding.shape.empty()) binding.shape = text + binding.shape;
      if (!binding.failure.empty()) binding.failure = text;
    }
  }
  return series;
}

}  // namespace pgduet::test

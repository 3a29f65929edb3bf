#include "pgduet/gate/duet.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace pgduet::gate {
namespace {

constexpr double stage_sample_us = 4000;
constexpr int most_stage_executions = 40;
// The screening may be coarser: what it nominates for nothing costs a stage, and no verdict.
constexpr double screening_sample_us = 1000;
constexpr int most_screening_executions = 12;

// All samples of one side in a stage, and one round of the screening.
constexpr double stage_us = 600e3;
constexpr double screening_round_us = 8e3;
// Executions up to so long still get half of their rounds, and two up to the other length.
constexpr double half_rounds_us = 100e3;
constexpr double two_rounds_us = 5e6;

}  // namespace

std::vector<DuetTurn> draw_turns(std::span<const TurnItem> items, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  int rounds = 0;
  for (const TurnItem& item : items) rounds = std::max(rounds, item.rounds);
  std::vector<DuetTurn> turns;
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t item : order) {
      if (round >= items[item].rounds) continue;
      std::vector<DuetSide> sides = items[item].sides;
      std::shuffle(sides.begin(), sides.end(), random);
      for (const DuetSide side : sides) turns.push_back({item, side});
    }
  }
  return turns;
}

int executions_of_sample(double execution_us, bool screening) {
  const double wanted_us = screening ? screening_sample_us : stage_sample_us;
  const int most = screening ? most_screening_executions : most_stage_executions;
  if (!(execution_us > 0)) return most;
  return static_cast<int>(std::clamp(std::ceil(wanted_us / execution_us), 1.0, double(most)));
}

int rounds_of(double execution_us, int wanted, bool screening) {
  if (!(execution_us > 0)) return wanted;
  int least = execution_us < two_rounds_us ? 2 : 1;
  if (execution_us < half_rounds_us) least = std::max(least, wanted / 2);
  const double fitting = (screening ? screening_round_us * wanted : stage_us) / execution_us;
  if (fitting >= wanted) return wanted;
  return std::min(wanted, std::max(least, static_cast<int>(fitting)));
}

Duet::Duet(std::vector<Item> items) {
  for (Item& item : items) items_.push_back({item, {}, false});
}

bool Duet::is_open(const State& state) {
  if (state.dropped || state.item.reference) return false;
  return state.stages.empty() || !is_decided(state.stages, state.item.limits, state.item.rule);
}

std::vector<std::size_t> Duet::begin_stage() {
  std::vector<std::size_t> taking_part;
  if (!std::any_of(items_.begin(), items_.end(), is_open) || stage_ == most_stages) {
    return taking_part;
  }
  ++stage_;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool refers = items_[i].item.reference && !items_[i].dropped;
    if (refers || is_open(items_[i])) taking_part.push_back(i);
  }
  return taking_part;
}

void Duet::add(std::size_t item, const StageTimes& times) {
  items_.at(item).stages.push_back(times);
}

void Duet::drop(std::size_t item) { items_.at(item).dropped = true; }

}  // namespace pgduet::gate

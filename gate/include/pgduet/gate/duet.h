// The scheduling of a duet: who runs next, in which order, and when to stop. No clock and no server
// in here: the caller measures, and tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pgduet/gate/time.h"

namespace pgduet::gate {

// What takes a sample. `control` is base in a second session.
enum class DuetSide { base, head, control };

// One sample to take.
struct DuetTurn {
  std::size_t item = 0;
  DuetSide side = DuetSide::head;

  bool operator==(const DuetTurn&) const = default;
};

struct TurnItem {
  int rounds = stage_rounds;
  std::vector<DuetSide> sides;
};

// Rounds over all items, each round in another random order. Within a round the sides of one item
// follow each other, in random order, so that they see the same machine. Same seed, same turns.
std::vector<DuetTurn> draw_turns(std::span<const TurnItem> items, std::uint64_t seed);

// How many executions make a sample: as many as fill some milliseconds, one at least.
int executions_of_sample(double execution_us, bool screening);

// How many rounds an execution of this length gets: all of screening_rounds or stage_rounds, and
// fewer where it is slow by nature, down to one. Its times vary less, and a run must end.
int rounds_of(double execution_us, int wanted, bool screening);

// Which items need another stage. An item is one binding of a nominated query.
class Duet {
 public:
  struct Item {
    TimeLimits limits;
    StageRule rule;
    bool reference = false;  // measured along for the comparison of machines; decides nothing
  };

  explicit Duet(std::vector<Item> items);

  // Begins a stage and returns its items; none when all is decided.
  std::vector<std::size_t> begin_stage();

  // The stage that was begun last, from 1.
  int stage() const { return stage_; }

  // What the stage measured of an item.
  void add(std::size_t item, const StageTimes& times);

  // The item failed: it takes part no more.
  void drop(std::size_t item);

 private:
  struct State {
    Item item;
    std::vector<StageTimes> stages;
    bool dropped = false;
  };
  static bool is_open(const State& state);

  std::vector<State> items_;
  int stage_ = 0;
};

}  // namespace pgduet::gate

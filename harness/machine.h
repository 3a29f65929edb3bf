// The machine that times are taken on: its cores, who runs on them, and what else goes on.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "pgduet/gate/run_record.h"

namespace pgduet::harness {

// CPU time of one core since the machine started, in ticks of the clock.
struct CoreTicks {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;
  std::uint64_t steal = 0;
};

// By core, from /proc/stat; empty where that cannot be read.
std::vector<CoreTicks> read_core_ticks();

// The cores that this process may use.
std::vector<int> allowed_cores();

// Of the cores that this process may use, the one that others use least: watched for some 40 ms in
// which the caller does nothing. `preferred` unless another one is clearly idler.
int least_busy_core(std::optional<int> preferred);

// Whether the process runs on that core only from now on.
bool pin_process(pid_t pid, int core);

// Keeps the calling thread on one core. Processes that it starts meanwhile are kept there, too.
class PinnedThread {
 public:
  explicit PinnedThread(int core);
  ~PinnedThread();
  PinnedThread(const PinnedThread&) = delete;
  PinnedThread& operator=(const PinnedThread&) = delete;

  bool pinned() const { return pinned_; }

 private:
  cpu_set_t before_{};
  bool pinned_ = false;
};

// Watches the machine from its construction on.
class MachineWatch {
 public:
  MachineWatch() : start_(read_core_ticks()) {}

  // Everything but `pinned` and the notes.
  gate::MachineRecord record() const;

 private:
  std::vector<CoreTicks> start_;
};

// The CPU time of all processes that a process forks from now on, and that they fork. Of a
// postmaster: its sessions and their parallel workers. A task clock of perf_event_open, inherited.
class TaskClock {
 public:
  // Nothing where the kernel does not permit it (kernel.perf_event_paranoid, seccomp).
  static std::optional<TaskClock> of_children(pid_t pid);

  TaskClock(TaskClock&& other) noexcept;
  TaskClock& operator=(TaskClock&& other) noexcept;
  ~TaskClock();

  double microseconds() const;

 private:
  explicit TaskClock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace pgduet::harness

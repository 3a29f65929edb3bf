#include "machine.h"

#include <linux/perf_event.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace pgduet::harness {
namespace {

constexpr int watching_ms = 40;
// A core has to be idler by this part of its time before it is moved to: each move costs the
// caches.
constexpr double clearly_idler = 0.2;

// The part of the time between two readings that a core was busy.
double busy_part(const CoreTicks& before, const CoreTicks& after) {
  if (after.all <= before.all) return 0;
  const auto all = static_cast<double>(after.all - before.all);
  return 1 - static_cast<double>(after.idle - before.idle) / all;
}

CoreTicks sum_of(const std::vector<CoreTicks>& cores) {
  CoreTicks sum;
  for (const CoreTicks& core : cores) {
    sum.all += core.all;
    sum.idle += core.idle;
    sum.steal += core.steal;
  }
  return sum;
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::vector<CoreTicks> read_core_ticks() {
  std::vector<CoreTicks> cores;
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("cpu", 0) != 0 || line.size() < 4 || line[3] == ' ') continue;
    std::istringstream fields(line.substr(3));
    std::size_t number = 0;
    fields >> number;
    // user nice system idle iowait irq softirq steal (proc(5)); guest times are in user and nice.
    std::uint64_t ticks[8] = {};
    for (std::uint64_t& value : ticks) fields >> value;
    if (cores.size() <= number) cores.resize(number + 1);
    CoreTicks& core = cores[number];
    for (const std::uint64_t value : ticks) core.all += value;
    core.idle = ticks[3] + ticks[4];
    core.steal = ticks[7];
  }
  return cores;
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

int least_busy_core(std::optional<int> preferred) {
  const std::vector<int> cores = allowed_cores();
  if (cores.empty()) return 0;
  if (cores.size() == 1) return cores.front();
  const std::vector<CoreTicks> before = read_core_ticks();
  poll(nullptr, 0, watching_ms);
  const std::vector<CoreTicks> after = read_core_ticks();
  const auto busy = [&](int core) {
    const auto index = static_cast<std::size_t>(core);
    return index < before.size() && index < after.size() ? busy_part(before[index], after[index])
                                                         : 0.0;
  };
  const int idlest = *std::min_element(cores.begin(), cores.end(),
                                       [&](int a, int b) { return busy(a) < busy(b); });
  const bool may_stay = preferred &&
                        std::find(cores.begin(), cores.end(), *preferred) != cores.end() &&
                        busy(*preferred) - busy(idlest) < clearly_idler;
  return may_stay ? *preferred : idlest;
}

bool pin_process(pid_t pid, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return sched_setaffinity(pid, sizeof set, &set) == 0;
}

PinnedThread::PinnedThread(int core) {
  pinned_ = sched_getaffinity(0, sizeof before_, &before_) == 0 && pin_process(0, core);
}

PinnedThread::~PinnedThread() {
  if (pinned_) sched_setaffinity(0, sizeof before_, &before_);
}

gate::MachineRecord MachineWatch::record() const {
  gate::MachineRecord record;
  record.cores = static_cast<int>(allowed_cores().size());
  double load[2] = {};
  if (getloadavg(load, 2) == 2) record.load = load[1];
  const CoreTicks before = sum_of(start_);
  const CoreTicks after = sum_of(read_core_ticks());
  record.busy = busy_part(before, after);
  if (after.all > before.all) {
    record.steal = static_cast<double>(after.steal - before.steal) /
                   static_cast<double>(after.all - before.all);
  }
  record.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  return record;
}

std::optional<TaskClock> TaskClock::of_children(pid_t pid) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.inherit = 1;
  const auto descriptor = static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor < 0) return std::nullopt;
  return TaskClock(descriptor);
}

TaskClock::TaskClock(TaskClock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

TaskClock& TaskClock::operator=(TaskClock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

TaskClock::~TaskClock() {
  if (descriptor_ >= 0) close(descriptor_);
}

double TaskClock::microseconds() const {
  std::uint64_t nanoseconds = 0;
  if (read(descriptor_, &nanoseconds, sizeof nanoseconds) != sizeof nanoseconds) return 0;
  return static_cast<double>(nanoseconds) / 1e3;
}

}  // namespace pgduet::harness

// The most memory that this process has had.
#pragma once

#include <sys/resource.h>

namespace pgduet::bench {

inline double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts in kB
}

}  // namespace pgduet::bench

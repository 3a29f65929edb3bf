// `pgduet doctor --self-test`: what the gate is worth on this machine and these workloads.
#pragma once

#include "options.h"

namespace pgduet::cli {

struct SelfTestOptions {
  CommonOptions common;
  int runs = 3;   // in which nothing changed
  int cases = 6;  // slowdowns of each size
  int loops = 0;  // busy loops beside a third of the runs; 0: as many as cores, two at least
  bool json = false;
};

// Exit status 1 when there was a false alarm.
int self_test(const SelfTestOptions& options, Streams streams);

}  // namespace pgduet::cli

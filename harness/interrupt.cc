#include "pgduet/harness/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace pgduet::harness {
namespace {

volatile std::sig_atomic_t noted_signal = 0;

void note_signal(int signal) { noted_signal = signal; }

}  // namespace

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  // The first signal asks, the second of its kind meets the default action. No SA_RESTART.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old = {};
    sigaction(signal, nullptr, &old);
    // nohup and shells that start background jobs ignore signals for us: leave that so.
    if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

int pending_signal() { return noted_signal; }

void check_interrupt() {
  if (noted_signal != 0) throw Interrupted{noted_signal};
}

}  // namespace pgduet::harness

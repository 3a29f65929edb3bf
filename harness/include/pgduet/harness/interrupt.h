// SIGINT, SIGTERM and SIGHUP end a run through its destructors: a handler notes the signal, long
// work asks.
#pragma once

namespace pgduet::harness {

// Not an Error: nothing went wrong. Caught in cli::run(), which exits with 128 + signal.
struct Interrupted {
  int signal = 0;
};

// Installs the handlers; the second signal of the same kind ends the process at once. System calls
// that wait return EINTR, so that polling loops see the signal without delay. Call once, in main.
void install_signal_handlers();

// 0 when no signal came.
int pending_signal();

// Throws Interrupted when a signal came. Call between executions and in every polling loop.
void check_interrupt();

}  // namespace pgduet::harness

#include <iostream>
#include <string>
#include <vector>

#include "pgduet/harness/interrupt.h"
#include "run.h"

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  pgduet::harness::install_signal_handlers();
  return pgduet::cli::run(args, std::cout, std::cerr);
}

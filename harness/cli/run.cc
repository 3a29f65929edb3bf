#include "run.h"

namespace pgduet::cli {

int run(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  static_cast<void>(args);
  static_cast<void>(out);
  static_cast<void>(err);
  return 2;
}

}  // namespace pgduet::cli

#include "commands.h"
namespace pgduet::cli {
void add_demo(CLI::App&, Streams, Action&) {}
}  // namespace pgduet::cli

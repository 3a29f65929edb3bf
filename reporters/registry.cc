#include "console.h"
#include "json.h"
#include "junit.h"
#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {
namespace {

constexpr Format formats[] = {
    {"console", "summary for a terminal", &make_console_reporter},
    {"junit", "JUnit XML for CI test views", &make_junit_reporter},
    {"json", "the whole report as JSON, for scripts", &make_json_reporter},
};

}  // namespace

std::span<const Format> all_formats() { return formats; }

const Format* find_format(std::string_view name) {
  for (const Format& format : formats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace pgduet::reporters

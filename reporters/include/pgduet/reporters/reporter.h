// Reports: a finished judgement to a stream, one format a class. Verdicts, wording and order come
// from the report; a reporter decides layout and escaping only, and writes nothing but `out`.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string_view>

#include "pgduet/gate/report.h"

namespace pgduet::reporters {

struct ReportOptions {
  bool color = false;  // ANSI colours, for a terminal
  int width = 80;      // columns; console only
  bool all = false;    // console: also list what passed
};

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void write(const gate::Report& report, std::ostream& out) const = 0;
};

struct Format {
  std::string_view name;         // "junit"
  std::string_view description;  // "JUnit XML for CI test views"
  std::unique_ptr<Reporter> (*make)(const ReportOptions& options);
};

// All formats, the default one first.
std::span<const Format> all_formats();

// Null when there is none of that name.
const Format* find_format(std::string_view name);

}  // namespace pgduet::reporters

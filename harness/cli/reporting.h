// Reports as the command line asks for them: --report FORMAT[=PATH], --json, --all, --color.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "options.h"
#include "pgduet/gate/report.h"
#include "pgduet/reporters/reporter.h"

namespace pgduet::cli {

struct ReportChoice {
  std::vector<std::string> reports;  // "console", "junit=out/junit.xml"
  bool json = false;                 // short for "--report json"
  bool all = false;
  std::string color = "auto";
};

void add_report_options(CLI::App& command, ReportChoice& choice);

// Reports that are ready to be written.
class ReportWriter {
 public:
  // Opens every output, so that a bad path fails in the first second. Throws Error(usage) for an
  // unknown format (names the nearest), Error(environment) for a path that cannot be written.
  ReportWriter(const ReportChoice& choice, Streams streams);

  // Writes all of them; files atomically, streams (FIFOs, /dev/stdout) as they are.
  void write(const gate::Report& report) const;

 private:
  struct Output {
    const reporters::Format* format = nullptr;
    std::string path;  // "" for standard output
  };
  ReportChoice choice_;
  Streams streams_;
  std::vector<Output> outputs_;
};

}  // namespace pgduet::cli

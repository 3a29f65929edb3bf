// Reports as the command line asks for them: --report FORMAT[=PATH], --json, --all, --color.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
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

// A format as the options name it.
struct FormatName {
  std::string_view name;
  std::string_view description;
};

// --report, --json, --all, --color; without `formats` for all formats of a run's report.
void add_report_options(CLI::App& command, ReportChoice& choice);
void add_report_options(CLI::App& command, ReportChoice& choice,
                        const std::vector<FormatName>& formats, const std::string& all);

// Where reports go.
class ReportOutputs {
 public:
  // Opens every output, so that a bad path fails in the first second. The first of `formats` is the
  // one for standard output when none is asked for there. Throws Error(usage) for an unknown format
  // (names the nearest), Error(environment) for a path that cannot be written.
  ReportOutputs(const ReportChoice& choice, const std::vector<FormatName>& formats,
                Streams streams);

  // Calls `write_report` for each; files are written atomically, streams (FIFOs, /dev/stdout) as
  // they are.
  using WriteReport = std::function<void(std::string_view format,
                                         const reporters::ReportOptions& options, std::ostream&)>;
  void write(const WriteReport& write_report) const;

 private:
  struct Output {
    std::string format;
    std::string path;  // "" for standard output
  };
  ReportChoice choice_;
  Streams streams_;
  std::vector<Output> outputs_;
};

// Reports of a run that are ready to be written.
class ReportWriter {
 public:
  // Throws as ReportOutputs does.
  ReportWriter(const ReportChoice& choice, Streams streams);

  void write(const gate::Report& report) const;

 private:
  ReportOutputs outputs_;
};

}  // namespace pgduet::cli

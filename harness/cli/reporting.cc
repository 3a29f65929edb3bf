#include "reporting.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "pgduet/gate/error.h"
#include "pgduet/harness/files.h"

namespace pgduet::cli {
namespace {

std::vector<FormatName> run_formats() {
  std::vector<FormatName> formats;
  for (const reporters::Format& format : reporters::all_formats())
    formats.push_back({format.name, format.description});
  return formats;
}

void require_format(const std::string& name, const std::vector<FormatName>& formats) {
  std::vector<std::string> known;
  std::string list;
  for (const FormatName& format : formats) {
    if (format.name == name) return;
    known.emplace_back(format.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  const auto nearest = gate::nearest_name(name, known);
  throw gate::Error(gate::Error::Kind::usage, {}, "unrecognized report format \"" + name + "\"",
                    nearest ? "Did you mean \"" + *nearest + "\"?" : "Formats are " + list + ".");
}

void require_writable(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  const bool was_there = std::filesystem::exists(path, error);
  // A FIFO is opened once only: its reader takes the first end for the last.
  const bool stream = harness::is_stream(path);
  errno = 0;
  const bool writable =
      stream ? ::access(path.c_str(), W_OK) == 0 : std::ofstream(path, std::ios::app).good();
  if (!writable) {
    throw gate::Error(
        gate::Error::Kind::environment, {path, 0, 0},
        "could not open the report for writing: " + std::generic_category().message(errno),
        "Check the path behind --report.");
  }
  if (!was_there && !stream) std::filesystem::remove(path, error);
}

bool use_color(const std::string& choice, const std::ostream& out) {
  if (choice != "auto") return choice == "always";
  // https://no-color.org
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(out) && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

void add_report_options(CLI::App& command, ReportChoice& choice) {
  add_report_options(command, choice, run_formats(), "List the queries that passed, too");
}

void add_report_options(CLI::App& command, ReportChoice& choice,
                        const std::vector<FormatName>& formats, const std::string& all) {
  std::string description = "FORMAT[=PATH], repeatable; to standard output without a path:";
  for (const FormatName& format : formats)
    description += "\n" + std::string(format.name) + ": " + std::string(format.description);
  command.add_option("--report", choice.reports, description)
      ->allow_extra_args(false)
      ->type_name("FORMAT[=PATH]")
      ->group("Reports");
  command.add_flag("--json", choice.json, "The report as JSON on standard output")
      ->group("Reports");
  command.add_flag("--all", choice.all, all)->group("Reports");
  command.add_option("--color", choice.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str()
      ->group("Reports");
}

ReportOutputs::ReportOutputs(const ReportChoice& choice, const std::vector<FormatName>& formats,
                             Streams streams)
    : choice_(choice), streams_(streams) {
  std::vector<std::string> wanted = choice.reports;
  if (choice.json) wanted.emplace_back("json");
  bool to_standard_output = false;
  for (const std::string& report : wanted) {
    const std::size_t equals = report.find('=');
    Output output;
    output.format = report.substr(0, equals);
    require_format(output.format, formats);
    if (equals != std::string::npos) output.path = report.substr(equals + 1);
    if (equals != std::string::npos && output.path.empty()) {
      throw gate::Error(gate::Error::Kind::usage, {}, "report \"" + report + "\" has no path",
                        "Write FORMAT=PATH, or FORMAT alone for standard output.");
    }
    if (output.path.empty()) {
      to_standard_output = true;
    } else {
      require_writable(output.path);
      // The demo works in a directory of its own.
      output.path = std::filesystem::absolute(output.path).string();
    }
    outputs_.push_back(output);
  }
  // Files for machines do not take the console report away from who is watching.
  if (!to_standard_output)
    outputs_.insert(outputs_.begin(), {std::string(formats.front().name), ""});
}

void ReportOutputs::write(const WriteReport& write_report) const {
  for (const Output& output : outputs_) {
    reporters::ReportOptions options;
    options.all = choice_.all;
    if (output.path.empty()) {
      options.color = use_color(choice_.color, streams_.out);
      write_report(output.format, options, streams_.out);
      streams_.out.flush();
      continue;
    }
    std::ostringstream text;
    write_report(output.format, options, text);
    harness::write_output(output.path, text.str());
  }
}

ReportWriter::ReportWriter(const ReportChoice& choice, Streams streams)
    : outputs_(choice, run_formats(), streams) {}

void ReportWriter::write(const gate::Report& report) const {
  outputs_.write([&report](std::string_view format, const reporters::ReportOptions& options,
                           std::ostream& out) {
    reporters::find_format(format)->make(options)->write(report, out);
  });
}

}  // namespace pgduet::cli

// Writes the pages that the browser tests open: `html_pages DIRECTORY [QUERIES]`.
//
//   sample.html    every verdict
//   hostile.html   the same with hostile text everywhere, and 1 MB of SQL
//   many.html      500 queries, or as many as told
//   history.html, overview.html                    of one query, and of all
//   history_hostile.html, overview_hostile.html    the same with hostile text

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "large_report.h"
#include "pgduet/reporters/history.h"
#include "pgduet/reporters/reporter.h"
#include "sample_history.h"
#include "sample_report.h"

namespace {

using namespace pgduet;

void write(const std::filesystem::path& file, const gate::Report& report) {
  std::ofstream out(file, std::ios::binary);
  reporters::find_format("html")->make({})->write(report, out);
  if (!out.flush()) throw std::runtime_error("could not write " + file.string());
}

void write_histories(const std::filesystem::path& directory, const std::string& suffix,
                     const gate::QuerySeries& series, const std::vector<gate::QuerySeries>& store) {
  const reporters::HistoryFormat& format = *reporters::find_history_format("html");
  std::ofstream history(directory / ("history" + suffix + ".html"), std::ios::binary);
  format.write_history(gate::examine_history(series), {}, history);
  std::ofstream overview(directory / ("overview" + suffix + ".html"), std::ios::binary);
  format.write_overview(gate::examine_all(gate::HistoryOverview::Kind::top, store), {}, overview);
  if (!history.flush() || !overview.flush()) {
    throw std::runtime_error("could not write the histories to " + directory.string());
  }
}

std::string hostile_text() {
  using namespace std::string_literals;
  return "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
         "]]>\"><svg onload=\"window.pwned = 1\">'; javascript:window.pwned=1 {{name}} <!--rows--> "
         "</style></textarea>&lt;%0A::error::x|`\0\xff\xc0\xaf\xe2\x80\xae"s;
}

gate::Report hostile() {
  const std::string text = hostile_text();
  gate::Report report = test::hostile_report(text);
  auto record = std::make_shared<gate::RunRecord>(*report.record);
  std::string long_sql = "SELECT '" + text + "' FROM t WHERE id IN (1";
  while (long_sql.size() < 1'000'000) long_sql += ", " + std::to_string(long_sql.size());
  record->workloads[0].queries[0].head->sql = long_sql + ")";
  test::set_record(report, record);
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: html_pages DIRECTORY [QUERIES]\n";
    return 2;
  }
  try {
    const std::filesystem::path directory = argv[1];
    std::filesystem::create_directories(directory);
    write(directory / "sample.html", test::sample_report());
    write(directory / "hostile.html", hostile());
    write_histories(directory, "", test::sample_series(), test::sample_store());
    const gate::QuerySeries series = test::hostile_series(hostile_text());
    write_histories(directory, "_hostile", series, {series});
    write(directory / "many.html", test::large_report(argc == 3 ? std::stoi(argv[2]) : 500));
  } catch (const std::exception& error) {
    std::cerr << "html_pages: " << error.what() << "\n";
    return 3;
  }
  return 0;
}

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "golden.h"
#include "pgduet/reporters/history.h"
#include "sample_history.h"

namespace pgduet::reporters {
namespace {

using gate::HistoryOverview;
using test::expect_golden;

std::string history_text(const HistoryFormat& format, const gate::QuerySeries& series,
                         const ReportOptions& options = {}) {
  std::ostringstream out;
  format.write_history(gate::examine_history(series), options, out);
  return test::with_named_parts(out.str());
}

std::string overview_text(const HistoryFormat& format, HistoryOverview::Kind kind,
                          const std::vector<gate::QuerySeries>& store) {
  std::ostringstream out;
  format.write_overview(gate::examine_all(kind, store), {}, out);
  return test::with_named_parts(out.str());
}

TEST(HistoryGolden, EveryFormat) {
  ASSERT_FALSE(all_history_formats().empty());
  for (const HistoryFormat& format : all_history_formats()) {
    expect_golden("history." + std::string(format.name),
                  history_text(format, test::sample_series()));
  }
}

TEST(HistoryGolden, ConsoleInColor) {
  expect_golden("history_color.console", history_text(*find_history_format("console"),
                                                      test::sample_series(), {.color = true}));
}

TEST(HistoryGolden, ConsoleInFortyColumnsWithAllRuns) {
  expect_golden("history_narrow.console",
                history_text(*find_history_format("console"), test::sample_series(),
                             {.width = 40, .all = true}));
}

TEST(HistoryGolden, Overviews) {
  using Kind = HistoryOverview::Kind;
  for (const HistoryFormat& format : all_history_formats()) {
    for (const Kind kind : {Kind::top, Kind::slow, Kind::flaky}) {
      expect_golden("history_" + gate::to_text(kind) + "." + std::string(format.name),
                    overview_text(format, kind, test::sample_store()));
    }
  }
}

TEST(HistoryGolden, NothingSlow) {
  for (const HistoryFormat& format : all_history_formats()) {
    expect_golden(
        "history_nothing." + std::string(format.name),
        overview_text(format, HistoryOverview::Kind::slow, {test::even_series("cart", 20, 80)}));
  }
}

TEST(HistoryGolden, HostileText) {
  using namespace std::string_literals;
  const gate::QuerySeries series = test::hostile_series(
      "a<b>&\"'%]]>\n::error::x\r\n\x1b[31mred\x1b[0m\0nul\t\xff\xc0\xaf \xe2\x80\xae"s
      "gnp.exe </style></svg></script> {{summary}} ##[error]h");
  for (const HistoryFormat& format : all_history_formats()) {
    expect_golden("history_hostile." + std::string(format.name), history_text(format, series));
  }
}

}  // namespace
}  // namespace pgduet::reporters

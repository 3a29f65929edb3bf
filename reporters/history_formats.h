// The formats of reporters/history.h.
#pragma once

#include "pgduet/reporters/history.h"

namespace pgduet::reporters {

void write_console_history(const gate::QueryHistory& history, const ReportOptions& options,
                           std::ostream& out);
void write_console_overview(const gate::HistoryOverview& overview, const ReportOptions& options,
                            std::ostream& out);

// One page that needs nothing else, as html.h; without a script.
void write_html_history(const gate::QueryHistory& history, const ReportOptions& options,
                        std::ostream& out);
void write_html_overview(const gate::HistoryOverview& overview, const ReportOptions& options,
                         std::ostream& out);

void write_json_history(const gate::QueryHistory& history, const ReportOptions& options,
                        std::ostream& out);
void write_json_overview(const gate::HistoryOverview& overview, const ReportOptions& options,
                         std::ostream& out);

// "shop/orders_of_customer".
std::string full_name(const std::string& workload, const std::string& query);

// "2026-11-21 10:15" of "2026-11-21T10:15:00Z"; another text stays.
std::string minute_text(const std::string& iso_time);

// The times that runs are compared by; the blocks.
std::vector<std::optional<double>> adjusted_times(const gate::QueryHistory& history);
std::vector<std::optional<double>> blocks_touched(const gate::QueryHistory& history);

}  // namespace pgduet::reporters

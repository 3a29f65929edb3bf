#include "history_formats.h"

namespace pgduet::reporters {
namespace {

constexpr HistoryFormat formats[] = {
    {"console", "sparklines and tables for a terminal", &write_console_history,
     &write_console_overview},
    {"html", "one self-contained page with charts, for people", &write_html_history,
     &write_html_overview},
    {"json", "everything as JSON, for scripts", &write_json_history, &write_json_overview},
};

}  // namespace

std::span<const HistoryFormat> all_history_formats() { return formats; }

const HistoryFormat* find_history_format(std::string_view name) {
  for (const HistoryFormat& format : formats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string full_name(const std::string& workload, const std::string& query) {
  return workload + "/" + query;
}

std::string minute_text(const std::string& iso_time) {
  if (iso_time.size() < 16 || iso_time[10] != 'T') return iso_time;
  return iso_time.substr(0, 10) + " " + iso_time.substr(11, 5);
}

std::vector<std::optional<double>> adjusted_times(const gate::QueryHistory& history) {
  std::vector<std::optional<double>> times;
  for (const gate::HistoryRun& run : history.runs) times.push_back(run.adjusted_us);
  return times;
}

std::vector<std::optional<double>> blocks_touched(const gate::QueryHistory& history) {
  std::vector<std::optional<double>> blocks;
  for (const gate::HistoryRun& run : history.runs) {
    blocks.push_back(run.blocks ? std::optional(static_cast<double>(*run.blocks)) : std::nullopt);
  }
  return blocks;
}

}  // namespace pgduet::reporters

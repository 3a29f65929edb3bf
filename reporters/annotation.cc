#include "annotation.h"

#include <algorithm>
#include <filesystem>

namespace pgduet::reporters {

std::vector<Detail> brief_details_of(const gate::QueryReport& query) {
  std::vector<Detail> details = details_of(query);
  const auto is = [](const char* label) {
    return [label](const Detail& detail) { return detail.label == label; };
  };
  const bool time_judged =
      std::any_of(query.findings.begin(), query.findings.end(),
                  [](const gate::Finding& finding) { return finding.time.has_value(); });
  const bool reason_known = std::any_of(details.begin(), details.end(), is("why"));
  bool plan_told = false;
  std::erase_if(details, [&](const Detail& detail) {
    if (detail.label == "plan") {
      const bool tell = !reason_known && !plan_told;
      plan_told = true;
      return !tell;
    }
    if (detail.label == "time") return !time_judged;
    return detail.label != "why" && detail.label != "next";
  });
  return details;
}

std::string repository_path(const std::string& file) {
  return std::filesystem::path(file).lexically_normal().generic_string();
}

}  // namespace pgduet::reporters

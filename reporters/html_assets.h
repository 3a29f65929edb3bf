// The files of reporters/html/ as they were when the program was built. See html/embed.cmake.
#pragma once

#include <string_view>

namespace pgduet::reporters::html {

extern const std::string_view page_mustache;      // the page: summary, cards, frame of the rest
extern const std::string_view row_mustache;       // one query in the table
extern const std::string_view query_mustache;     // one query with all that is known of it
extern const std::string_view history_mustache;   // the page of one query's history
extern const std::string_view overview_mustache;  // the page of an overview of all
extern const std::string_view report_css;
extern const std::string_view history_css;  // what those two need beside report_css
extern const std::string_view report_js;
extern const std::string_view script_sha256;  // of report_js, in hexadecimal digits

}  // namespace pgduet::reporters::html

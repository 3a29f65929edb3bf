// SQL for the page: highlighted, of both sides where they differ.
#pragma once

#include <string>

#include "html_text.h"
#include "pgduet/gate/report.h"

namespace pgduet::reporters::html {

// More than this of one statement is left out of the page.
constexpr std::size_t most_sql_bytes = 64 * 1024;

// One statement: "lines", each with "parts" of "k" (a class; absent for plain text) and "text";
// "cut" says what was left out.
Data sql_data(const std::string& sql);

// Sets "statements" to one or two of {"side", sql_data...} of the query; nothing where no side has
// a statement. Lines that the other side does not have are "changed".
void set_statements(Data& data, const gate::QueryRecord& query);

}  // namespace pgduet::reporters::html

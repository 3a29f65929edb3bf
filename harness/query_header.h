// The comment lines under a query's name: description and settings of the query.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "pgduet/harness/workload.h"

namespace pgduet::harness {

// Reads the lines of one header, one by one, into a query. What needs the statement, its
// parameters, is left to the caller.
class QueryHeader {
 public:
  explicit QueryHeader(Query& query) : query_(query) {}

  // `text` is the line without its "--". Lines that are not settings are the description. Throws
  // Error(input) at `at` for a setting that is misspelt or has a wrong value.
  void read_line(std::string_view text, const gate::SourcePosition& at);

  // The generators of the "param" lines by parameter name.
  const std::map<std::string, Generator>& generators() const { return generators_; }

 private:
  void read_setting(const std::string& key, std::string_view value, const gate::SourcePosition& at);
  void read_parameter(std::string_view name, std::string_view value,
                      const gate::SourcePosition& at);

  Query& query_;
  std::map<std::string, Generator> generators_;
  std::set<std::string> seen_;
};

// Whether `name` can name a query or a workload: it becomes part of file names.
bool is_valid_name(std::string_view name);
constexpr const char* valid_name_hint =
    "Use letters, digits, \"_\", \"-\" and \".\", and a letter, digit or \"_\" first.";

}  // namespace pgduet::harness

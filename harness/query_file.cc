#include <algorithm>

#include "pgduet/harness/workload.h"
#include "query_header.h"
#include "text.h"

namespace pgduet::harness {
namespace {

using gate::Error;
using gate::SourcePosition;

[[noreturn]] void fail(const SourcePosition& at, const std::string& problem,
                       const std::string& hint = {}) {
  throw Error(Error::Kind::input, at, problem, hint);
}

// One line of the file, with its own line end.
struct Line {
  std::string_view text;
  int number = 0;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back({text.substr(0, end), number});
    text.remove_prefix(end);
  }
  return lines;
}

// What stands behind the "--" of a comment line; nothing for any other line.
std::optional<std::string_view> comment_of(const Line& line) {
  const std::string_view text = trimmed(line.text);
  if (text.substr(0, 2) != "--") return std::nullopt;
  return trimmed(text.substr(2));
}

// What stands behind "-- name:".
std::optional<std::string_view> name_of(const Line& line) {
  const auto comment = comment_of(line);
  if (!comment || comment->substr(0, 4) != "name") return std::nullopt;
  const std::string_view rest = trimmed(comment->substr(4));
  if (rest.substr(0, 1) != ":") return std::nullopt;
  return trimmed(rest.substr(1));
}

// The name alone: without sqlc's ":one", aiosql's operators (^ $ ! <! *! #) and its parameter list.
std::string read_name(std::string_view text, const SourcePosition& at) {
  const std::size_t end = std::min(text.find_first_of(" \t(^$!<*#"), text.size());
  const std::string name(text.substr(0, end));
  if (text.empty()) fail(at, "\"-- name:\" without a name");
  std::string_view rest = text.substr(end);
  if (rest.substr(0, 1) == "(") rest.remove_prefix(std::min(rest.find(')'), rest.size() - 1) + 1);
  rest = trimmed(rest);
  const bool is_annotation =
      rest.substr(0, 1) == ":" || rest.find_first_not_of("^$!<*#") == std::string_view::npos;
  if (!is_valid_name(name) || !is_annotation)
    fail(at, in_quotes(text) + " cannot name a query", valid_name_hint);
  return name;
}

// Reads the queries of one file from its lines.
class QueryFileReader {
 public:
  QueryFileReader(std::string_view text, const std::string& file, const gate::Policy& defaults,
                  const MissingGenerator& missing)
      : lines_(lines_of(text)), file_(file), defaults_(defaults), missing_(missing) {}

  std::vector<Query> read() {
    skip_prologue();
    std::vector<Query> queries;
    while (at_ < lines_.size()) queries.push_back(read_query());
    if (queries.empty())
      fail({file_, 0, 0}, "no query in the file", "Put a line \"-- name: my_query\" above each.");
    return queries;
  }

 private:
  SourcePosition position() const { return {file_, lines_[at_].number, 0}; }

  void skip_prologue() {
    for (; at_ < lines_.size() && !name_of(lines_[at_]); ++at_) {
      if (!trimmed(lines_[at_].text).empty() && !comment_of(lines_[at_]))
        fail(position(), "text above the first query",
             "Put a line \"-- name: my_query\" above each query.");
    }
  }

  Query read_query() {
    Query query;
    query.at = position();
    query.name = read_name(*name_of(lines_[at_++]), query.at);
    query.policy = defaults_;
    QueryHeader header(query);
    for (; at_ < lines_.size() && !name_of(lines_[at_]); ++at_) {
      const auto comment = comment_of(lines_[at_]);
      if (!comment && !trimmed(lines_[at_].text).empty()) break;
      if (comment) header.read_line(*comment, position());
    }
    query.description = trimmed(query.description);
    read_body(query);
    match_parameters(query, header.generators());
    return query;
  }

  void read_body(Query& query) {
    const std::size_t first = at_;
    while (at_ < lines_.size() && !name_of(lines_[at_])) ++at_;
    if (first == at_) fail_no_statement(query);
    query.sql_line = lines_[first].number;
    const char* begin = lines_[first].text.data();
    const char* end = lines_[at_ - 1].text.data() + lines_[at_ - 1].text.size();
    const std::string_view body(begin, static_cast<std::size_t>(end - begin));
    query.sql = the_statement(query, body);
    const std::size_t indentation = query.sql.find_first_not_of(" \t");
    query.sql_column = static_cast<int>(indentation) + 1;
    query.sql.erase(0, indentation);
    query.numbered = gate::number_parameters(query.sql, {file_, query.sql_line, query.sql_column});
    query.traits = gate::traits_of(query.numbered.sql);
  }

  [[noreturn]] static void fail_no_statement(const Query& query) {
    fail(query.at, "query " + in_quotes(query.name) + " has no statement");
  }

  // The body up to the end of its one statement.
  std::string the_statement(const Query& query, std::string_view body) const {
    // As many line ends as there are lines above make the scanner's positions the file's.
    const std::string above(static_cast<std::size_t>(query.sql_line - 1), '\n');
    const std::string padded = above + std::string(body);
    const auto statements = gate::split_statements(padded, file_);
    if (statements.empty()) fail_no_statement(query);
    if (statements.size() > 1)
      fail({file_, statements[1].line, 0},
           "query " + in_quotes(query.name) + " has more than one statement",
           "Give each statement a \"-- name:\" line of its own.");
    std::size_t line_begin = 0;
    for (int line = 1; line < statements[0].line; ++line)
      line_begin = padded.find('\n', line_begin) + 1;
    const std::size_t end = padded.find(statements[0].text, line_begin) + statements[0].text.size();
    return padded.substr(above.size(), end - above.size());
  }

  void match_parameters(Query& query, const std::map<std::string, Generator>& generators) const {
    const std::vector<std::string>& names = query.numbered.parameters;
    for (const auto& generator : generators) {
      if (std::find(names.begin(), names.end(), generator.first) != names.end()) continue;
      const auto nearest = gate::nearest_name(generator.first, names);
      fail(generator.second.at,
           "query " + in_quotes(query.name) + " has no parameter " + in_quotes(generator.first),
           nearest ? "Did you mean " + in_quotes(*nearest) + "?" : "");
    }
    for (const std::string& name : names) {
      const auto found = generators.find(name);
      std::optional<Generator> generator;
      if (found != generators.end())
        generator = found->second;
      else if (missing_)
        generator = missing_(query, name);
      if (!generator)
        fail(query.at,
             "parameter " + in_quotes(name) + " of query " + in_quotes(query.name) +
                 " has no generator",
             "Add a line such as \"-- param " + name + ": uniform(1, 100)\" under the name.");
      query.parameters.push_back({name, *generator});
    }
  }

  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::string file_;
  gate::Policy defaults_;
  const MissingGenerator& missing_;
};

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t digits_from(std::string_view text, std::size_t begin) {
  return std::min(text.find_first_not_of("0123456789", begin), text.size()) - begin;
}

}  // namespace

std::vector<Query> parse_query_file(std::string_view text, const std::string& file,
                                    const gate::Policy& defaults, const MissingGenerator& missing) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark)
    text.remove_prefix(byte_order_mark.size());
  return QueryFileReader(text, file, defaults, missing).read();
}

SourcePosition position_in_query(const Query& query, int character) {
  const std::string& written = query.sql;
  const std::string& sent = query.numbered.sql;
  SourcePosition at{query.at.file, query.sql_line, query.sql_column};
  const auto pass = [&](char c) {
    if (c == '\n')
      at = {at.file, at.line + 1, 1};
    else if (!is_continuation_byte(c))
      ++at.column;
  };
  std::size_t in_written = 0;
  std::size_t in_sent = 0;
  int seen = 1;
  const auto more = [&] { return in_sent < sent.size() && in_written < written.size(); };
  while (more() && (seen < character || is_continuation_byte(sent[in_sent]))) {
    if (written[in_written] == sent[in_sent]) {
      pass(written[in_written++]);
      ++in_sent;
      if (more() && !is_continuation_byte(sent[in_sent])) ++seen;
      continue;
    }
    // Only where ":name" was replaced by "$n" do the texts differ.
    const std::size_t digits = digits_from(sent, in_sent + 1);
    if (seen + static_cast<int>(digits) >= character) break;
    const auto number = static_cast<std::size_t>(std::stoul(sent.substr(in_sent + 1, digits)));
    const std::size_t end = in_written + 1 + query.numbered.parameters[number - 1].size();
    while (in_written < end) pass(written[in_written++]);
    in_sent += 1 + digits;
    seen += 1 + static_cast<int>(digits);
  }
  return at;
}

}  // namespace pgduet::harness

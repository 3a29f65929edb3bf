#include "pgduet/harness/generator.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <random>

#include "pgduet/gate/hash.h"
#include "text.h"

namespace pgduet::harness {
namespace {

using gate::Error;
using gate::SourcePosition;
using Kind = Generator::Kind;

struct KindName {
  Kind kind = Kind::values;
  const char* name = "";
  const char* usage = "";
  std::size_t arguments = 0;  // 0: any number from 1 on
};

constexpr std::array<KindName, 6> kind_names = {{
    {Kind::values, "values", "values(v1, v2, ...)", 0},
    {Kind::uniform, "uniform", "uniform(from, to)", 2},
    {Kind::zipf, "zipf", "zipf(from, to, exponent)", 3},
    {Kind::sequence, "sequence", "sequence(from, to)", 2},
    {Kind::dates, "dates", "dates(from, to)", 2},
    {Kind::query, "query", "query(SELECT ...)", 1},
}};

// One argument as it was written.
struct Argument {
  std::string text;
  bool is_string = false;  // stood in quotes
};

std::optional<std::chrono::sys_days> parse_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const char* at = text.data();
  const bool read = std::from_chars(at, at + 4, year).ptr == at + 4 &&
                    std::from_chars(at + 5, at + 7, month).ptr == at + 7 &&
                    std::from_chars(at + 8, at + 10, day).ptr == at + 10;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!read || year < 1 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// Reads one generator; every function throws at `at_`.
class GeneratorReader {
 public:
  GeneratorReader(std::string_view text, const SourcePosition& at) : text_(trimmed(text)), at_(at) {
    generator_.at = at;
  }

  Generator read() {
    const std::size_t open = text_.find('(');
    if (open == std::string_view::npos || text_.back() != ')') {
      fail("generator " + in_quotes(text_) + " is not of the form name(arguments)",
           known_generators());
    }
    name_ = find_kind(trimmed(text_.substr(0, open)));
    generator_.kind = name_.kind;
    const std::string_view inner = text_.substr(open + 1, text_.size() - open - 2);
    if (name_.kind == Kind::query)
      read_query(trimmed(inner));
    else
      read_arguments(split(inner));
    return std::move(generator_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& hint = {}) const {
    throw Error(Error::Kind::input, at_, problem, hint);
  }

  static std::string known_generators() {
    std::string text = "Generators are";
    for (const KindName& kind : kind_names)
      text += (kind.kind == Kind::values ? " " : ", ") + std::string(kind.usage);
    return text + ".";
  }

  KindName find_kind(std::string_view name) const {
    std::vector<std::string> names;
    for (const KindName& kind : kind_names) {
      if (name == kind.name) return kind;
      names.emplace_back(kind.name);
    }
    const auto nearest = gate::nearest_name(name, names);
    fail("unrecognized generator " + in_quotes(name),
         nearest ? "Did you mean " + in_quotes(*nearest) + "?" : known_generators());
  }

  void read_query(std::string_view sql) {
    if (sql.empty()) fail("generator \"query\" has no statement", usage_hint());
    generator_.sql = sql;
  }

  std::string usage_hint() const { return "Write it as " + std::string(name_.usage) + "."; }

  // At commas outside of quotes.
  std::vector<Argument> split(std::string_view inner) const {
    std::vector<Argument> arguments;
    if (trimmed(inner).empty()) return arguments;
    for (std::size_t at = 0;; ++at) {
      at = std::min(inner.find_first_not_of(" \t", at), inner.size());
      const bool is_string = at < inner.size() && inner[at] == '\'';
      arguments.push_back(is_string ? read_string(inner, at) : read_word(inner, at));
      if (at == inner.size()) return arguments;
    }
  }

  // 'it''s', up to the comma behind it.
  Argument read_string(std::string_view inner, std::size_t& at) const {
    Argument argument{"", true};
    for (++at;; ++at) {
      if (at >= inner.size())
        fail("unterminated string in generator " + in_quotes(name_.name),
             "Write a quote inside a string twice: 'it''s'.");
      if (inner[at] == '\'') {
        ++at;
        if (at >= inner.size() || inner[at] != '\'') break;
      }
      argument.text += inner[at];
    }
    at = std::min(inner.find_first_not_of(" \t", at), inner.size());
    if (at < inner.size() && inner[at] != ',')
      fail("unexpected text behind string '" + argument.text + "' in generator " +
           in_quotes(name_.name));
    return argument;
  }

  Argument read_word(std::string_view inner, std::size_t& at) const {
    const std::size_t end = std::min(inner.find(',', at), inner.size());
    const std::string_view word = trimmed(inner.substr(at, end - at));
    if (word.empty()) fail("empty argument in generator " + in_quotes(name_.name));
    if (word.find_first_of("'()") != std::string_view::npos)
      fail("argument " + in_quotes(word) + " of generator " + in_quotes(name_.name) +
               " must stand in quotes",
           "Write strings as in SQL: 'it''s'.");
    at = end;
    return {std::string(word), false};
  }

  void read_arguments(const std::vector<Argument>& arguments) {
    if (arguments.empty() || (name_.arguments != 0 && arguments.size() != name_.arguments)) {
      fail("generator " + in_quotes(name_.name) + " cannot have " +
               std::to_string(arguments.size()) +
               (arguments.size() == 1 ? " argument" : " arguments"),
           usage_hint());
    }
    if (name_.kind == Kind::values) return read_values(arguments);
    if (name_.kind == Kind::dates) return read_dates(arguments);
    if (name_.kind == Kind::uniform)
      generator_.decimals =
          std::max(decimals_of(arguments[0].text), decimals_of(arguments[1].text));
    generator_.from = whole_number(arguments[0].text);
    generator_.to = whole_number(arguments[1].text);
    if (generator_.from > generator_.to) fail_empty_range(arguments);
    if (name_.kind == Kind::zipf) read_exponent(arguments[2].text);
  }

  [[noreturn]] void fail_empty_range(const std::vector<Argument>& arguments) const {
    fail("empty range in generator " + in_quotes(name_.name) + ": " + arguments[0].text +
         " is greater than " + arguments[1].text);
  }

  void read_values(const std::vector<Argument>& arguments) {
    for (const Argument& argument : arguments) {
      const bool is_null = !argument.is_string && is_null_word(argument.text);
      generator_.values.push_back(is_null ? std::nullopt : std::optional(argument.text));
    }
  }

  static bool is_null_word(const std::string& text) {
    return text == "NULL" || text == "null" || text == "Null";
  }

  static int decimals_of(const std::string& text) {
    const std::size_t point = text.find('.');
    return point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  }

  // A decimal number in units of 10^-decimals: exact, so that a draw is the same on every machine.
  std::int64_t whole_number(const std::string& text) const {
    // Fifteen digits, so that differences and products below stay far from overflowing.
    constexpr std::size_t most_digits = 15;
    std::string digits = text;
    int decimals = decimals_of(text);
    if (const std::size_t point = digits.find('.'); point != std::string::npos)
      digits.erase(point, 1);
    for (; decimals < generator_.decimals; ++decimals) digits += '0';
    const std::string unsigned_digits = digits.substr(!digits.empty() && digits[0] == '-' ? 1 : 0);
    std::int64_t number = 0;
    const char* end = digits.data() + digits.size();
    const std::from_chars_result result = std::from_chars(digits.data(), end, number);
    const bool is_number = result.ec == std::errc() && result.ptr == end;
    const bool written_well =
        !text.empty() && text.back() != '.' && decimals == generator_.decimals;
    if (!is_number || !written_well || unsigned_digits.size() > most_digits) {
      fail("argument " + in_quotes(text) + " of generator " + in_quotes(name_.name) + " is not a " +
               (name_.kind == Kind::uniform ? "number" : "whole number"),
           unsigned_digits.size() > most_digits ? "Numbers have at most 15 digits." : "");
    }
    return number;
  }

  void read_exponent(const std::string& text) {
    const char* end = text.data() + text.size();
    const std::from_chars_result result = std::from_chars(text.data(), end, generator_.exponent);
    constexpr double most = 10;  // from here on nothing but the first value would be drawn
    if (result.ec != std::errc() || result.ptr != end || !(generator_.exponent > 0) ||
        generator_.exponent > most)
      fail("exponent " + in_quotes(text) +
           " of generator \"zipf\" is not a number above 0, at most 10");
  }

  void read_dates(const std::vector<Argument>& arguments) {
    generator_.from_date = arguments[0].text;
    generator_.to_date = arguments[1].text;
    for (const Argument& argument : arguments) {
      if (!parse_date(argument.text))
        fail("argument " + in_quotes(argument.text) +
                 " of generator \"dates\" is not a date of the calendar",
             "Write dates as 2026-01-31.");
    }
    if (generator_.from_date > generator_.to_date) fail_empty_range(arguments);
  }

  std::string_view text_;
  SourcePosition at_;
  KindName name_;
  Generator generator_;
};

// The engine's output is fixed by the C++ standard; that of the standard distributions is not, so
// none is used here.
using Random = std::mt19937_64;

Random random_for(const Seed& seed, int parameter, int binding) {
  const std::string key = seed.workload + '\0' + seed.query + '\0' + std::to_string(parameter) +
                          '\0' + std::to_string(binding);
  return Random(gate::hash64(key));
}

// A number in [0, count), all equally likely: draws above the last multiple of `count` are thrown
// away.
std::uint64_t draw_below(Random& random, std::uint64_t count) {
  const std::uint64_t excess = (Random::max() % count + 1) % count;
  for (;;) {
    const std::uint64_t drawn = random();
    if (drawn <= Random::max() - excess) return drawn % count;
  }
}

std::int64_t draw_between(Random& random, std::int64_t from, std::int64_t to) {
  return from +
         static_cast<std::int64_t>(draw_below(random, static_cast<std::uint64_t>(to - from) + 1));
}

// A number in (0, 1] with 53 random bits.
double draw_unit(Random& random) { return (static_cast<double>(random() >> 11U) + 1) * 0x1.0p-53; }

// Draws ranks 1..count with probability proportional to rank^-exponent by rejection-inversion, in
// constant time and memory.
// Source: Hörmann and Derflinger (1996), "Rejection-inversion to generate variates from monotone
// discrete distributions", ACM TOMACS 6(3), 169-184.
class ZipfRanks {
 public:
  ZipfRanks(double count, double exponent)
      : count_(count),
        exponent_(exponent),
        first_(integral(1.5) - 1),
        last_(integral(count + 0.5)),
        accepted_(2 - inverse(integral(2.5) - std::pow(2.0, -exponent))) {}

  double draw(Random& random) const {
    for (;;) {
      const double u = last_ + draw_unit(random) * (first_ - last_);
      const double x = inverse(u);
      const double rank = std::clamp(std::floor(x + 0.5), 1.0, count_);
      if (rank - x <= accepted_ || u >= integral(rank + 0.5) - std::pow(rank, -exponent_))
        return rank;
    }
  }

 private:
  bool is_harmonic() const { return std::abs(exponent_ - 1) < 1e-9; }

  // The integral of x^-exponent, and its inverse.
  double integral(double x) const {
    return is_harmonic() ? std::log(x) : (std::pow(x, 1 - exponent_) - 1) / (1 - exponent_);
  }
  double inverse(double y) const {
    if (is_harmonic()) return std::exp(y);
    // Rounding may take the base below zero at the far end of a long range.
    return std::pow(std::max(1 + y * (1 - exponent_), 0.0), 1 / (1 - exponent_));
  }

  double count_;
  double exponent_;
  double first_;
  double last_;
  double accepted_;
};

std::int64_t draw_zipf(const Generator& generator, Random& random, int binding) {
  if (binding == 1) return generator.from;
  if (binding == 2) return generator.to;
  const auto count = static_cast<double>(generator.to - generator.from + 1);
  const double rank = ZipfRanks(count, generator.exponent).draw(random);
  return generator.from + static_cast<std::int64_t>(rank) - 1;
}

std::string decimal_text(std::int64_t number, int decimals) {
  std::string digits = std::to_string(number < 0 ? -number : number);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return (number < 0 ? "-" : "") + digits;
}

std::string two_digits(unsigned number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string draw_date(const Generator& generator, Random& random) {
  const std::chrono::sys_days from = *parse_date(generator.from_date);
  const std::chrono::sys_days to = *parse_date(generator.to_date);
  const std::int64_t day = draw_between(random, 0, (to - from).count());
  const std::chrono::year_month_day date(from + std::chrono::days(day));
  std::string year = std::to_string(static_cast<int>(date.year()));
  year.insert(0, 4 - year.size(), '0');
  return year + "-" + two_digits(static_cast<unsigned>(date.month())) + "-" +
         two_digits(static_cast<unsigned>(date.day()));
}

template <typename List>
const std::optional<std::string>& in_turn(const List& list, int binding) {
  return list[static_cast<std::size_t>(binding - 1) % list.size()];
}

}  // namespace

Generator parse_generator(std::string_view text, const SourcePosition& at) {
  return GeneratorReader(text, at).read();
}

std::optional<std::string> generate(const Generator& generator, const Seed& seed, int parameter,
                                    int binding,
                                    const std::vector<std::optional<std::string>>& rows) {
  Random random = random_for(seed, parameter, binding);
  switch (generator.kind) {
    case Kind::values:
      return in_turn(generator.values, binding);
    case Kind::uniform:
      return decimal_text(draw_between(random, generator.from, generator.to), generator.decimals);
    case Kind::zipf:
      return std::to_string(draw_zipf(generator, random, binding));
    case Kind::sequence:
      return std::to_string(generator.from + (binding - 1) % (generator.to - generator.from + 1));
    case Kind::dates:
      return draw_date(generator, random);
    case Kind::query:
      break;
  }
  if (rows.empty())
    throw Error(Error::Kind::input, generator.at, "generator \"query\" returned no row",
                "Its rows are the values of the parameter.");
  return in_turn(rows, binding);
}

}  // namespace pgduet::harness

#include "clause_diff.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "condition.h"

namespace pgduet::gate {
namespace {

// What is compared as a whole by those who know the node: order matters in it.
constexpr std::array<std::string_view, 5> keys = {"Sort Key", "Presorted Key", "Group Key",
                                                  "Grouping Sets", "Function Call"};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '#' || static_cast<unsigned char>(c) >= 0x80;
}

// The next place from `from` on at which "name." stands as a whole word; npos when there is none.
std::size_t find_qualifier(std::string_view text, const std::string& name, std::size_t from) {
  if (name.empty()) return std::string_view::npos;
  for (std::size_t at = text.find(name, from); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool begins = at == 0 || (!is_name_character(text[at - 1]) && text[at - 1] != '.');
    if (begins && end < text.size() && text[end] == '.') return at;
  }
  return std::string_view::npos;
}

// The columns of `name` in a clause, sorted.
std::vector<std::string_view> columns_of(std::string_view text, const std::string& name) {
  std::vector<std::string_view> columns;
  for (std::size_t at = find_qualifier(text, name, 0); at != std::string_view::npos;
       at = find_qualifier(text, name, at + 1)) {
    const std::size_t begin = at + name.size() + 1;
    std::size_t end = begin;
    const bool quoted = begin < text.size() && text[begin] == '"';
    if (quoted) {
      end = std::min(text.find('"', begin + 1), text.size() - 1) + 1;
    } else {
      while (end < text.size() && is_name_character(text[end])) ++end;
    }
    columns.push_back(text.substr(begin, end - begin));
  }
  std::sort(columns.begin(), columns.end());
  return columns;
}

bool share_a_column(const Clause& before, const Clause& after, const std::string& name) {
  const auto one = columns_of(before.text, name);
  const auto other = columns_of(after.text, name);
  return std::any_of(one.begin(), one.end(), [&](std::string_view column) {
    return std::binary_search(other.begin(), other.end(), column);
  });
}

void remove_common(std::vector<Clause>& before, std::vector<Clause>& after) {
  for (auto clause = before.begin(); clause != before.end();) {
    const auto same = std::find(after.begin(), after.end(), *clause);
    if (same == after.end()) {
      ++clause;
    } else {
      after.erase(same);
      clause = before.erase(clause);
    }
  }
}

void remove_rechecks(std::vector<Clause>& clauses) {
  clauses.erase(std::remove_if(clauses.begin(), clauses.end(),
                               [](const Clause& clause) { return clause.place == "Recheck Cond"; }),
                clauses.end());
}

void remove_subplans(std::vector<Clause>& clauses) {
  clauses.erase(std::remove_if(clauses.begin(), clauses.end(),
                               [](const Clause& clause) {
                                 return clause.text.find("SubPlan)") != std::string::npos;
                               }),
                clauses.end());
}

template <typename Same>
void pair_up(std::vector<Clause>& before, std::vector<Clause>& after,
             std::vector<ClauseChange>& changes, const Same& same) {
  for (auto clause = before.begin(); clause != before.end();) {
    const auto match = std::find_if(after.begin(), after.end(),
                                    [&](const Clause& other) { return same(*clause, other); });
    if (match == after.end()) {
      ++clause;
    } else {
      changes.push_back({*clause, *match});
      after.erase(match);
      clause = before.erase(clause);
    }
  }
}

std::string with_article(std::string_view place) {
  const bool vowel = place.starts_with("I") || place.starts_with("O");
  return (vowel ? "an " : "a ") + std::string(place);
}

// What is compared: "lower(email)" of "lower(email) = ?", else the whole clause.
std::string compared_expression(const std::string& clause) {
  constexpr std::string_view constant = "?";
  if (!clause.ends_with(constant)) return clause;
  const std::size_t before_constant = clause.rfind(' ');
  if (before_constant == std::string::npos || before_constant == 0) return clause;
  const std::size_t before_operator = clause.rfind(' ', before_constant - 1);
  const bool binary = before_operator != std::string::npos &&
                      clause.find(" AND ") == std::string::npos &&
                      clause.find(" OR ") == std::string::npos;
  return binary ? clause.substr(0, before_operator) : clause;
}

}  // namespace

void add_clauses(const CanonicalNode& node, std::vector<Clause>& clauses) {
  for (const CanonicalCondition& condition : node.conditions) {
    if (std::find(keys.begin(), keys.end(), condition.place) != keys.end()) continue;
    for (std::string& text : clauses_of(condition.text)) {
      Clause clause{condition.place, std::move(text)};
      // The parts of a BitmapOr often differ in their constants only.
      if (std::find(clauses.begin(), clauses.end(), clause) == clauses.end()) {
        clauses.push_back(std::move(clause));
      }
    }
  }
}

std::vector<ClauseChange> compare_clauses(std::vector<Clause> before, std::vector<Clause> after,
                                          const std::string& name) {
  std::vector<ClauseChange> changes;
  remove_common(before, after);
  remove_rechecks(before);
  remove_rechecks(after);
  pair_up(before, after, changes,
          [](const Clause& one, const Clause& other) { return one.text == other.text; });
  pair_up(before, after, changes,
          [&](const Clause& one, const Clause& other) { return share_a_column(one, other, name); });
  // A subplan that came or went is a change of its own.
  remove_subplans(before);
  remove_subplans(after);
  if (before.size() == 1 && after.size() == 1) {
    changes.push_back({before.front(), after.front()});
    return changes;
  }
  for (Clause& clause : before) changes.push_back({std::move(clause), {}});
  for (Clause& clause : after) changes.push_back({{}, std::move(clause)});
  return changes;
}

std::string sentence_of(const ClauseChange& change, const std::string& name) {
  const std::string before = renamed(change.before.text, name, "");
  const std::string after = renamed(change.after.text, name, "");
  const std::string place_before(change.before.place);
  const std::string place_after(change.after.place);
  if (before.empty()) return "new " + place_after + " " + after;
  if (after.empty()) return place_before + " " + before + " is gone";
  if (place_before == place_after) return place_before + " " + before + " → " + after;
  const std::string moved =
      before + " is no longer " + with_article(place_before) + ": now " + with_article(place_after);
  return before == after ? moved : moved + " on " + compared_expression(after);
}

std::string renamed(std::string_view text, const std::string& from, const std::string& to) {
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = find_qualifier(text, from, 0); at != std::string_view::npos;
       at = find_qualifier(text, from, done)) {
    result += text.substr(done, at - done);
    result += to;
    done = at + from.size() + (to.empty() ? 1 : 0);
  }
  result += text.substr(done);
  return result;
}

}  // namespace pgduet::gate

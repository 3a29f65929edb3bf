// What one statement of a setup changes, by its parse tree.
#pragma once

#include <set>
#include <string>

namespace pgduet::gate {

struct StatementEffect {
  // Its parts of the database cannot be told from the statement.
  bool unknown = false;
  std::set<std::string> names;    // relations and functions, lower case, without their schema
  std::set<std::string> indexes;  // indexes and statistics objects: their relation is not named
  bool writes_rows = false;       // fires triggers and foreign keys' actions
  bool reads_rows = false;        // what it leaves depends on other relations' rows
  // A SELECT that may set sequences: it changes none but those that its words name.
  bool names_in_words = false;
};

StatementEffect effect_of(const std::string& sql);

// The first words of a statement, in upper case, for messages: "ALTER ROLE", "DO".
std::string command_of(const std::string& sql);

// Whether a text looks into the server's own catalogues, where every change shows.
bool reads_catalog(const std::set<std::string>& words);

// The words of a text, in lower case: names, keywords, parts of strings.
std::set<std::string> words_of(const std::string& text);

bool shares_word(const std::set<std::string>& words, const std::set<std::string>& others);

}  // namespace pgduet::gate

// A SQL text cut into parts that are coloured alike, by the server's own scanner (libpg_query):
// what a page needs that highlights SQL.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgduet::gate {

// A part of a text.
struct SqlSpan {
  enum class Kind {
    plain,       // blanks, and a text that the scanner cannot read
    keyword,     // words that the grammar gives a meaning: SELECT, LEFT, NULL
    identifier,  // names, quoted ones too, and words that are keywords only in other places
    string,      // 'text', E'text', $$text$$, U&'text', B'101', X'1F'
    number,      //
    parameter,   // $1, :name
    comment,     //
    sign         // operators and punctuation
  };

  Kind kind = Kind::plain;
  std::size_t begin = 0;  // bytes
  std::size_t end = 0;

  bool operator==(const SqlSpan&) const = default;
};

// The whole text, without gaps, in order. A text that the scanner cannot read (an unterminated
// string, a zero byte) is one plain span; an empty one is none. Blanks belong to a span of their
// own.
std::vector<SqlSpan> sql_spans(std::string_view sql);

}  // namespace pgduet::gate

// Whole outputs, compared with files in tests/golden/expected.
#pragma once

#include <string>

namespace pgduet::test {

// Fails the current test, without ending it, when `actual` is not the text of
// tests/golden/expected/`name`. The failure shows the difference, keeps the actual text in the
// build directory and says how to accept it: with tests/golden/accept, never by running a test.
void expect_golden(const std::string& name, const std::string& actual);

// A page with names in place of what it embeds, which is another matter: its style and script are
// files of their own, and packed plans differ from zlib to zlib.
std::string with_named_parts(std::string page);

}  // namespace pgduet::test

// The Markdown report as GitHub's parser (cmark-gfm) reads it: no text of a report becomes markup.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "markdown_text.h"
#include "pgduet/reporters/reporter.h"
#include "sample_report.h"
#include "terminal_text.h"

namespace pgduet::reporters {
namespace {

using namespace std::string_literals;

std::string file_contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// As GitHub does it: raw HTML is let through (and sanitized later), all extensions are on.
std::string rendered(const std::string& markdown) {
  const auto file = std::filesystem::path(testing::TempDir()) /
                    ("pgduet-markdown-" + std::to_string(::getpid()) + ".md");
  std::ofstream(file, std::ios::binary) << markdown;
  const std::string html = file.string() + ".html";
  const std::string command = PGDUET_CMARK_GFM
                              " --unsafe -e table -e autolink -e strikethrough -e tasklist "
                              "-e footnotes '" +
                              file.string() + "' > '" + html + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::string output = file_contents(html);
  std::filesystem::remove(file);
  std::filesystem::remove(html);
  return output;
}

struct Html {
  std::vector<std::string> tags;  // without comments, and without the <span> around a "$"
  std::vector<std::string> texts;
};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// cmark-gfm writes four references, and no others.
std::string decoded(std::string text) {
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "\xe2\x80\x8b", "");  // the zero-width blank
  return text;
}

Html parsed(std::string html) {
  replace_all(html, "<!-- -->", "");
  replace_all(html, "<span>$</span>", "$");
  Html result;
  std::size_t at = 0;
  while (at < html.size()) {
    const std::size_t open = std::min(html.find('<', at), html.size());
    result.texts.push_back(decoded(html.substr(at, open - at)));
    if (open == html.size()) break;
    const std::size_t close = html.find('>', open);
    result.tags.push_back(html.substr(open, close + 1 - open));
    at = close + 1;
  }
  return result;
}

std::string written(const gate::Report& report) {
  std::ostringstream out;
  find_format("markdown")->make({})->write(report, out);
  return out.str();
}

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts = {
      "<script>alert(1)</script>",
      "</summary></details></code><!-- --><img src=x onerror=y>",
      "a | b \\| c \\\\| d",
      "`code` ``code`` ```",
      "text\n```\n~~~\n# heading\n- item\n\n1. item\n> quote\n***\n| a |\n|---|\n",
      "@octocat @org/team a@b.example mailto:a@b.example xmpp:a@b.example",
      "#1 GH-2 gh-3 owner/repository#4",
      "https://x.example www.x.example ftp://x.example http://a@b.example",
      "[link](https://x.example) ![image](x.png) [ref] [^1] [x]: y",
      "*a* **b** _c_ __d__ ~~e~~ ~f~ ***g***",
      "\\*a\\* \\<b\\> \\`c\\`",
      "&lt;b&gt; &#60; &amp; &copy;",
      "<https://x.example> <a@b.example>",
      ":tada: :100: ::error::x",
      "$a$ $$b$$ $`c`$",
      "]]> %0A ::error:: \0 \xff\xc0\xaf"s,
      "\xe2\x80\xae reversed \xe2\x80\x8b",
      "- [ ] task",
      std::string(20, '`') + std::string(20, '[') + std::string(20, '*'),
      "<!-- comment",
      "--> end",
      "<![CDATA[",
      "<?php",
      "<!DOCTYPE html>",
      "\t\tcode",
      "x  \ny",
  };
  return texts;
}

TEST(MarkdownRendered, HostileTextMakesNoElementOfItsOwn) {
  const Html harmless = parsed(rendered(written(test::hostile_report("x"))));
  ASSERT_THAT(harmless.tags, testing::Contains("<table>"));
  ASSERT_THAT(harmless.tags, testing::Contains("<details open>"));
  ASSERT_THAT(harmless.tags, testing::Contains(testing::StartsWith("<code class=")));
  for (const std::string& text : hostile_texts()) {
    EXPECT_EQ(parsed(rendered(written(test::hostile_report(text)))).tags, harmless.tags)
        << testing::PrintToString(text);
  }
}

// Texts of what means something, in all orders; a fixed seed, so that a failure stays one.
std::vector<std::string> random_texts(int count) {
  const std::vector<std::string> pieces = {
      "a",        "1",       " ",    "\\",      "`",    "``",      "*",   "**",
      "_",        "__",      "~",    "~~",      "[",    "]",       "(",   ")",
      "!",        "<",       ">",    "&",       "amp;", "&lt;",    "#",   "|",
      "@",        "@b",      "://",  "www",     "www.", ".",       "com", "http",
      ":",        "http://", "ftp:", "mailto:", "-",    "--",      "+",   "=",
      "\"",       "'",       "$",    "{",       "}",    "</code>", "<b>", "<!--",
      "/>",       "-->",     "^",    "[^",      "gh-1", "%",       "?",   "https://x.org",
      "\xc3\xa9", "b@c.de"};
  std::mt19937 random(20261122);
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    std::string text = "x";
    const std::size_t length = 1 + random() % 12;
    for (std::size_t j = 0; j < length; ++j) text += pieces[random() % pieces.size()];
    texts.push_back(text + "y");
  }
  return texts;
}

TEST(MarkdownRendered, TextIsShownAsItIs) {
  const std::vector<std::string> texts = random_texts(3000);
  std::string paragraphs;
  std::string table = "| t |\n| --- |\n";
  std::string codes;
  for (const std::string& text : texts) {
    paragraphs += "- " + markdown_text(text) + "\n";
    table += "| " + markdown_text(text) + " |\n";
    codes += "| " + markdown_code(text) + " |\n";
  }
  for (const std::string& markdown : {paragraphs, table, "| t |\n| --- |\n" + codes}) {
    std::vector<std::string> shown;
    for (const std::string& text : parsed(rendered(markdown)).texts) {
      if (text.find_first_not_of('\n') != std::string::npos && text != "t") shown.push_back(text);
    }
    ASSERT_GE(shown.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(shown[i], terminal_text(texts[i]));
    EXPECT_EQ(shown.size(), texts.size());
  }
}

TEST(MarkdownRendered, BlocksKeepTheirLines) {
  for (const std::string& text : {"a\n  b\n"s, "```\n````\n~~~~\n</code></pre>"s, "<b>&amp;"s}) {
    const Html html = parsed(rendered("- x\n\n" + markdown_block(text, "sql") + "\nend\n"));
    EXPECT_THAT(html.tags, testing::IsSupersetOf({"<pre>"s, "<code class=\"language-sql\">"s,
                                                  "</code>"s, "</pre>"s}));
    EXPECT_THAT(html.texts, testing::Contains(text.back() == '\n' ? text : text + "\n"));
    EXPECT_THAT(html.tags, testing::SizeIs(10));
  }
}

}  // namespace
}  // namespace pgduet::reporters

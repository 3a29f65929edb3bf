#include "pgduet/gate/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pgduet/gate/hash.h"

namespace pgduet::gate {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_json_document(text, "f.json");
  } catch (const Error& error) {
    return to_text(error);
  }
  return "no error";
}

TEST(ParseJsonDocument, KnowsTheLineOfEachValue) {
  const JsonDocument document = parse_json_document(
      "{ // a comment\n"
      "  \"a\": 1,\n"
      "  \"b\": [\n"
      "    { \"c/d\": true },\n"
      "    2\n"
      "  ]\n"
      "}\n",
      "f.json");
  EXPECT_EQ(document.root.dump(), R"({"a":1,"b":[{"c/d":true},2]})");
  EXPECT_EQ(document.at("/a"), (SourcePosition{"f.json", 2, 0}));
  EXPECT_EQ(document.at("/b/0/c~1d"), (SourcePosition{"f.json", 4, 0}));
  EXPECT_EQ(document.at("/b/1"), (SourcePosition{"f.json", 5, 0}));
  EXPECT_EQ(document.at("/b/0/not_there"), (SourcePosition{"f.json", 4, 0}));
}

TEST(ParseJsonDocument, SaysWhereTheTextIsNotJson) {
  EXPECT_EQ(
      error_of("{\n  \"a\": 1,\n  \"b\" 2\n}"),
      "f.json:3:7: this is not JSON: syntax error while parsing object separator - unexpected "
      "number literal; expected ':'");
  EXPECT_THAT(error_of(""), testing::StartsWith("f.json:1:1: this is not JSON: "));
  EXPECT_THAT(error_of("{\"a\": 1"), testing::HasSubstr("unexpected end of input"));
}

TEST(ParseJsonDocument, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(error_of("{\"a\": 1,\n\"a\": 2}"), "f.json:2: key \"a\" stands twice in one object");
}

TEST(RequireKnownKeys, NamesTheNearestKey) {
  const JsonDocument document =
      parse_json_document("{\n \"postgres\": {\n  \"setings\": {}\n }\n}", "w.json");
  try {
    require_known_keys(document, "/postgres", {"versions", "settings"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "w.json:3: unrecognized key \"setings\"\n  hint: Did you mean \"settings\"?");
    EXPECT_EQ(exit_status(error.kind()), 2);
  }
  EXPECT_NO_THROW(require_known_keys(document, "", {"postgres"}));
}

TEST(RequireKnownKeys, ListsTheKeysWhenNoneIsNear) {
  const JsonDocument document = parse_json_document("{\"zzz\": 1}", "w.json");
  try {
    require_known_keys(document, "", {"name", "setup"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "w.json:1: unrecognized key \"zzz\"\n  hint: Known keys are name, setup.");
  }
}

TEST(ToPrettyText, KeepsFlatValuesOnOneLineAndEndsWithANewline) {
  const Json value = Json::parse(R"({"a":{"x":1,"y":"z"},"b":[[1,2],[]],"c":[]})");
  EXPECT_EQ(to_pretty_text(value),
            "{\n"
            "  \"a\": { \"x\": 1, \"y\": \"z\" },\n"
            "  \"b\": [\n"
            "    [1, 2],\n"
            "    []\n"
            "  ],\n"
            "  \"c\": []\n"
            "}\n");
}

TEST(ToPrettyText, BreaksWhatIsTooWideAndReadsBackTheSame) {
  Json value;
  for (int i = 0; i < 40; ++i) value["list"].push_back(i * 1000);
  const std::string text = to_pretty_text(value);
  EXPECT_THAT(text, testing::StartsWith("{\n  \"list\": [\n    0,\n    1000,\n"));
  EXPECT_EQ(Json::parse(text), value);
}

TEST(ToPrettyText, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(to_pretty_text(Json("a\xff")), "\"a\xef\xbf\xbd\"\n");
}

TEST(Hash, IsTheSameOnEveryMachine) {
  EXPECT_EQ(hash64("pgduet"), hash64("pgduet"));
  EXPECT_NE(hash64("pgduet"), hash64("pgduet", 1));
  EXPECT_EQ(hash_hex(""), "99aa06d3014798d86001c324468d497f");
}

TEST(NearestName, AllowsAThirdOfTheLettersToDiffer) {
  const std::vector<std::string> known = {"time_ratio", "work_ratio", "changed"};
  EXPECT_EQ(nearest_name("time_ration", known), "time_ratio");
  EXPECT_EQ(nearest_name("chnaged", known), "changed");
  EXPECT_EQ(nearest_name("colour", known), std::nullopt);
  const std::vector<std::string> commands = {"check", "record"};
  EXPECT_EQ(nearest_name("chekc", commands), "check");
  EXPECT_EQ(nearest_name("a", {}), std::nullopt);
}

}  // namespace
}  // namespace pgduet::gate

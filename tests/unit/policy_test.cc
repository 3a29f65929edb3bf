#include "pgduet/gate/policy.h"

#include <gtest/gtest.h>

#include "error_text.h"

namespace pgduet::gate {
namespace {

const SourcePosition at = {"workload.json", 14, 0};

Policy policy_with(const std::string& key, const std::string& value) {
  Policy policy;
  set_policy(policy, key, value, at);
  return policy;
}

std::string error_for(const std::string& key, const std::string& value) {
  return error_text([&] { policy_with(key, value); });
}

TEST(SetPolicy, SetsTheNamedLimitOnly) {
  EXPECT_EQ(policy_with("time_ratio", "1.3"), (Policy{.time_ratio = 1.3}));
  EXPECT_EQ(policy_with("minor_share", "0"), (Policy{.minor_share = 0}));
  EXPECT_EQ(policy_with("minor_share", "1"), (Policy{.minor_share = 1}));
  EXPECT_EQ(policy_with("minor_time_ratio", "2"), (Policy{.minor_time_ratio = 2}));
  EXPECT_EQ(policy_with("slow_ms", "0.5"), (Policy{.slow_ms = 0.5}));
  EXPECT_EQ(policy_with("work_ratio", "3"), (Policy{.work_ratio = 3}));
  EXPECT_EQ(policy_with("work_blocks", "0"), (Policy{.work_blocks = 0}));
  EXPECT_EQ(policy_with("changed", "fail"), (Policy{.changed = Policy::Action::fail}));
  EXPECT_EQ(policy_with("new", "fail"), (Policy{.new_query = Policy::Action::fail}));
  EXPECT_EQ(policy_with("inconclusive", "fail"), (Policy{.inconclusive = Policy::Action::fail}));
}

TEST(SetPolicy, NamesTheNearestKey) {
  EXPECT_EQ(error_for("tme_ratio", "1.3"),
            "workload.json:14: unrecognized policy \"tme_ratio\"\n  hint: Did you mean "
            "\"time_ratio\"?");
  EXPECT_EQ(error_for("speed", "1.3"),
            "workload.json:14: unrecognized policy \"speed\"\n  hint: Known policies are "
            "time_ratio, minor_share, minor_time_ratio, slow_ms, work_ratio, work_blocks, changed, "
            "new, inconclusive.");
  EXPECT_EQ(error_for("slow_m", "50"),
            "workload.json:14: unrecognized policy \"slow_m\"\n  hint: Did you mean \"slow_ms\"?");
}

TEST(SetPolicy, RefusesValuesOutOfRange) {
  EXPECT_EQ(error_for("time_ratio", "1"),
            "workload.json:14: policy \"time_ratio\" must be a number above 1, not \"1\"");
  for (const char* value : {"", "abc", "1.3x", "-2", "nan", "inf", "0.9", " 2"}) {
    EXPECT_EQ(error_for("work_ratio", value),
              "workload.json:14: policy \"work_ratio\" must be a number above 1, not \"" +
                  std::string(value) + "\"");
  }
  EXPECT_EQ(error_for("work_blocks", "-1"),
            "workload.json:14: policy \"work_blocks\" must be a whole number from 0 on, not "
            "\"-1\"");
  EXPECT_EQ(error_for("work_blocks", "1.5"),
            "workload.json:14: policy \"work_blocks\" must be a whole number from 0 on, not "
            "\"1.5\"");
  for (const char* value : {"2", "-0.1", "nan"}) {
    EXPECT_EQ(error_for("minor_share", value),
              "workload.json:14: policy \"minor_share\" must be a number from 0 to 1, not \"" +
                  std::string(value) + "\"");
  }
  for (const char* value : {"0", "-1", "50ms", "inf", "nan", ""}) {
    EXPECT_EQ(error_for("slow_ms", value),
              "workload.json:14: policy \"slow_ms\" must be a number above 0, not \"" +
                  std::string(value) + "\"");
  }
  EXPECT_EQ(error_for("changed", "fial"),
            "workload.json:14: policy \"changed\" must be \"report\" or \"fail\", not \"fial\"\n"
            "  hint: Did you mean \"fail\"?");
  EXPECT_EQ(error_for("changed", "reprt"),
            "workload.json:14: policy \"changed\" must be \"report\" or \"fail\", not \"reprt\"\n"
            "  hint: Did you mean \"report\"?");
}

TEST(PolicyJson, ComesBackAsItWas) {
  const Policy policy = {.time_ratio = 1.3,
                         .minor_share = 0.01,
                         .minor_time_ratio = 2,
                         .slow_ms = 50,
                         .work_ratio = 4,
                         .work_blocks = 128,
                         .changed = Policy::Action::fail,
                         .new_query = Policy::Action::fail};
  EXPECT_EQ(to_json(policy).dump(),
            R"({"time_ratio":1.3,"minor_share":0.01,"minor_time_ratio":2.0,"slow_ms":50.0,)"
            R"("work_ratio":4.0,"work_blocks":128,"changed":"fail","new":"fail",)"
            R"("inconclusive":"report"})");
  EXPECT_EQ(policy_from_json(to_json(policy)), policy);
}

TEST(PolicyJson, KeepsTheDefaultOfWhatIsAbsent) {
  EXPECT_EQ(policy_from_json(Json::object()), Policy{});
  EXPECT_EQ(policy_from_json(Json::parse(R"({"time_ratio": 1.3})")), (Policy{.time_ratio = 1.3}));
  EXPECT_EQ(error_text([] { policy_from_json(Json::parse(R"({"changed": "explode"})")); }),
            "unrecognized value \"explode\" of \"changed\"");
}

}  // namespace
}  // namespace pgduet::gate

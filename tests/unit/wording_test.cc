#include "pgduet/gate/wording.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace pgduet::gate {
namespace {

TEST(CountText, GroupsDigits) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(31872), "31,872");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(count_text(-123), "-123");
  EXPECT_EQ(count_text(std::numeric_limits<std::int64_t>::max()), "9,223,372,036,854,775,807");
}

TEST(Counted, KnowsTheSingular) {
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(counted(31872, "temp block"), "31,872 temp blocks");
  EXPECT_EQ(counted(1, "query"), "1 query");
  EXPECT_EQ(counted(2, "query"), "2 queries");
  EXPECT_EQ(counted(2, "key"), "2 keys");
}

TEST(RatioText, HasTwoDigitsBelowTen) {
  EXPECT_EQ(ratio_text(1.04), "1×");
  EXPECT_EQ(ratio_text(2.34), "2.3×");
  EXPECT_EQ(ratio_text(9.949), "9.9×");
  EXPECT_EQ(ratio_text(9.96), "10×");
  EXPECT_EQ(ratio_text(0.25), "0.25×");
  EXPECT_EQ(ratio_text(1328), "1,328×");
}

TEST(NumberText, IsShort) {
  EXPECT_EQ(number_text(10.25), "10.25");
  EXPECT_EQ(number_text(10), "10");
  EXPECT_EQ(number_text(1e12), "1e+12");
}

TEST(ListText, ReadsLikeASentence) {
  EXPECT_EQ(list_text({}), "");
  EXPECT_EQ(list_text({"a"}), "a");
  EXPECT_EQ(list_text({"a", "b"}), "a and b");
  EXPECT_EQ(list_text({"a", "b", "c"}), "a, b and c");
}

}  // namespace
TEST(Wording, DurationsHaveTwoDigits) {
  EXPECT_EQ(duration_text(0), "0 µs");
  EXPECT_EQ(duration_text(0.314), "0.31 µs");
  EXPECT_EQ(duration_text(7.53), "7.5 µs");
  EXPECT_EQ(duration_text(9.96), "10 µs");
  EXPECT_EQ(duration_text(31.4), "31 µs");
  EXPECT_EQ(duration_text(312.4), "312 µs");
  EXPECT_EQ(duration_text(999.6), "1.0 ms");
  EXPECT_EQ(duration_text(75'100), "75 ms");
  EXPECT_EQ(duration_text(1.23e6), "1.2 s");
  EXPECT_EQ(duration_text(7.2e9), "7,200 s");
}

TEST(Wording, FactorsHaveTwoDecimals) {
  EXPECT_EQ(factor_text(1.07), "1.07×");
  EXPECT_EQ(factor_text(2.4149), "2.41×");
  EXPECT_EQ(factor_text(347.2), "347×");
}

}  // namespace pgduet::gate

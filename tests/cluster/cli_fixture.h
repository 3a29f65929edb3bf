// A project of a test's own, and whole invocations of pgduet on it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "pgduet/harness/files.h"
#include "run.h"
#include "test_server.h"

namespace pgduet::cli {

namespace fs = std::filesystem;
using harness::TempDir;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// A project with one workload, `tiny`, in a directory of its own.
class CliTest : public testing::Test {
 protected:
  CliTest() : directory_(harness::test_directory()) {
    write("workloads/tiny/workload.json",
          R"({"format_version": 1, "name": "tiny", "setup": [{"sql": "setup/*.sql"}],)"
          R"( "queries": ["queries/*.sql"]})");
    write(
        "workloads/tiny/setup/001_items.sql",
        "CREATE TABLE items (id integer PRIMARY KEY, owner integer NOT NULL, name text);\n"
        "INSERT INTO items SELECT i, i % 2000, 'item ' || i FROM generate_series(1, 40000) AS i;\n"
        "CREATE INDEX items_owner_idx ON items (owner);\n");
    write("workloads/tiny/queries/items.sql",
          "-- name: items_of_owner\n"
          "-- param owner: values(7, 1999)\n"
          "SELECT id, name FROM items WHERE owner = :owner ORDER BY id;\n"
          "\n"
          "-- name: item_by_id\n"
          "-- param id: values(1, 40000)\n"
          "SELECT name FROM items WHERE id = :id;\n"
          "\n"
          "-- name: rename_item\n"
          "-- param id: values(5)\n"
          "UPDATE items SET name = 'new' WHERE id = :id RETURNING name;\n");
  }

  const fs::path& top() const { return directory_.path(); }
  fs::path workload() const { return top() / "workloads" / "tiny"; }

  void write(const fs::path& file, const std::string& text) {
    harness::write_file_atomically(top() / file, text);
  }
  void append(const fs::path& file, const std::string& text) {
    write(file, harness::read_file(top() / file) + text);
  }

  // pgduet with the directories of this test; `arguments` begins with the command.
  std::vector<std::string> arguments(std::vector<std::string> given) const {
    const std::vector<std::string> places = {
        "--baselines", (top() / "baselines").string(),
        "--state-dir", (top() / "state").string(),
        "--cache-dir", harness::test_cache_directory().string(),
        "--pg-bin",    harness::test_installation().bin_directory.string(),
        "--head-pg",   std::to_string(harness::test_installation().major)};
    given.insert(given.begin() + 1, workload().string());
    given.insert(given.end(), places.begin(), places.end());
    return given;
  }

  static Outcome run_exactly(const std::vector<std::string>& given) {
    std::ostringstream out;
    std::ostringstream err;
    const int status = cli::run(given, out, err);
    return {status, out.str(), err.str()};
  }
  Outcome pgduet(const std::vector<std::string>& given) const {
    return run_exactly(arguments(given));
  }

  // Base is the workload as it is now; what is written from here on is the change.
  void keep_as_base() { harness::copy_tree(workload(), top() / "base" / "tiny"); }
  Outcome check_against_base() const {
    return pgduet({"check", "--base-dir", (top() / "base").string()});
  }

  TempDir directory_;
};

}  // namespace pgduet::cli

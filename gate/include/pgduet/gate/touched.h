// What a change of a workload's setup can touch, so that `check --changed` runs those queries only.
//
// Decided by names, which errs on one side only. A statement of the setup that differs touches what
// it creates, alters, drops or fills. From there on everything is touched that mentions a touched
// name: views, functions, tables by their defaults and policies, partitions and their parents, the
// later statements of the setup that read what was touched, and at last the queries. Names are
// compared without their schema and as words of the text, so that a name in a function's body or in
// a string counts, and so does a column of the same name: that runs a query too many, never one too
// few. What cannot be followed (DO, SET, ALTER ROLE, another server, a migration tool, ...) touches
// everything, and the reason is told.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pgduet/gate/run_record.h"
#include "pgduet/gate/sql.h"

namespace pgduet::gate {

// One step of a setup, as a text.
struct SetupStepText {
  enum class Kind {
    sql,
    copy,     // of a file into a table
    restore,  // of a dump
    run       // of a program
  };

  Kind kind = Kind::sql;
  std::string name;                      // "setup/001_schema.sql"
  std::vector<SqlStatement> statements;  // of sql
  std::string into;                      // of copy: the table
  std::string content_hash;              // of copy and restore
};

// One side of a workload, with its database built.
struct SetupSide {
  const SideRecord* record = nullptr;  // never null
  std::vector<SetupStepText> steps;
  std::vector<std::string> extensions;
  double scale = 1;
  // What connects objects without naming them, and so cannot be followed: "operator ===", "rule
  // keep_log on orders".
  std::vector<std::string> unnamed_dependencies;
};

// What a change touches.
struct Touched {
  // Why it is everything: "setup/003_more.sql:12 (DO) may do anything"; "" when it is not.
  std::string everything_because;
  // What differs between the sides to begin with: "orders", "order_total". In order of name.
  std::set<std::string> changed;
  // The words that give a text away: of one that reads, and of one that writes or calls what may
  // write, which triggers and foreign keys concern as well.
  std::set<std::string> read;
  std::set<std::string> written;
};

// What differs between the databases of base and head. The sides need not have the same files.
Touched touched_by(const SetupSide& base, const SetupSide& head);

// Whether a query can notice. `texts`: its statement, and what else it is made of.
bool can_touch(const Touched& touched, const std::vector<std::string>& texts, bool writes);

}  // namespace pgduet::gate

// Runs one setup step of a workload.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/sql.h"
#include "pgduet/harness/setup.h"
#include "pgduet/harness/workload.h"
#include "session.h"

namespace pgduet::harness {

// What was run, as far as changes of the catalogue can be traced to it.
struct RanStep {
  std::string content_hash;                    // of everything that went into it
  std::vector<gate::SqlStatement> statements;  // of an sql step; empty for others
};

// The script of an sql step: the way up, with its variables replaced. Throws Error(input) when the
// file cannot be read.
std::string setup_script(const Workload& workload, const SetupStep& step);

// Throws what build_database throws.
RanStep run_step(const Workload& workload, const SetupStep& step, const SetupTarget& target);

// The Error of a statement of the setup, or the environment's where that is to blame.
gate::Error setup_error(const StatementFailure& failure, const gate::SourcePosition& at,
                        const std::string& what);

}  // namespace pgduet::harness

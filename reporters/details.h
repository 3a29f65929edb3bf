// What a report tells about one query below its headline, as labelled lines that each format of
// running text (console, JUnit) lays out in its own way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgduet/gate/report.h"

namespace pgduet::reporters {

// What a verdict is for its reader; formats with colours have one for each.
enum class Tone { bad, warn, note, good, quiet };

Tone tone_of(gate::Verdict verdict, bool fails);
Tone tone_of(const gate::QueryReport& query);

// One line: "plan", "orders o: Index Scan using orders_customer_id_idx → Seq Scan".
struct Detail {
  std::string label;  // at most 8 letters; "why", "plan", "time", "next", ...
  std::string text;

  bool operator==(const Detail&) const = default;
};

// The headline; the verdict where there is none.
std::string headline_or_verdict(const gate::QueryReport& query);

// In the order in which a reader asks: why, what exactly, how slow, with which parameters, what
// else is known, what to do. Says nothing twice: a finding or a reason that the headline gives is
// left out, and bindings other than the one that decided are only counted.
std::vector<Detail> details_of(const gate::QueryReport& query);

// "CPU 31 µs → 75 ms (2,419×), wall 60 µs → 76 ms (1,267×)"; "" when no time is known.
std::string times_text(const gate::TimesShown& times);

// The first of them: CPU time where it is known, else wall time.
std::string main_time_text(const gate::TimesShown& times);

// "blocks 24 → 8,334 (347×), rows visited 20 → 100,000 (5,000×)": what differs; "" when nothing.
std::string work_text(const gate::QueryReport& query);

// The binding of that number; null where the side does not have it.
const gate::BindingRun* find_binding(const std::optional<gate::QueryRun>& side, int number);

// The side that stands for the query where one is shown: head's, else base's; null when neither
// ran it.
const gate::QueryRun* shown_side(const gate::QueryRecord& query);

// The binding that decided the verdict, on the side that has it; null when there is none.
const gate::BindingRun* worst_binding(const gate::QueryReport& query);

// The places that findings blame, each once.
std::vector<gate::SourcePosition> culprits_of(const gate::QueryReport& query);

// "PostgreSQL 15.18, compared with base 3f2a91c and 31 baselines".
std::string comparison_text(const gate::WorkloadReport& workload);

// "31 queries: 1 broken, 1 regressed, 29 passed", the worst first.
std::string counts_text(const gate::WorkloadReport& workload);

}  // namespace pgduet::reporters

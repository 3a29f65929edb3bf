#include "acceptance.h"

#include <algorithm>

namespace pgduet::gate {
namespace {

using What = AcceptedEntry::What;

const Finding* convicting(const Comparison& comparison, Finding::Kind kind) {
  for (const Finding& finding : comparison.findings) {
    if (finding.kind == kind && finding.weight == Finding::Weight::convicts) return &finding;
  }
  return nullptr;
}

// Work is exact. A time is above a limit where the stages say so, as with any other limit: its
// ratio moves from run to run, and what was accepted may not fail by that.
bool is_within(const AcceptedEntry& entry, const Finding* finding) {
  if (!entry.up_to_ratio) return true;
  if (finding == nullptr || !finding->ratio) return false;
  if (*finding->ratio <= *entry.up_to_ratio) return true;
  return finding->time && decide(finding->time->stages, *entry.up_to_ratio) != TimeOutcome::slower;
}

// The first entry of this kind that covers `finding`; one that still holds before one that expired.
const AcceptedEntry* find_entry(const std::vector<AcceptedEntry>& entries, What what,
                                const Finding* finding, const std::string& today) {
  const AcceptedEntry* expired = nullptr;
  for (const AcceptedEntry& entry : entries) {
    if (entry.what != what || !is_within(entry, finding)) continue;
    // ISO dates sort as text.
    if (today <= entry.expires) return &entry;
    if (expired == nullptr) expired = &entry;
  }
  return expired;
}

// Time follows work: where an entry lets a query do twice the work, it may take twice the time. A
// slowdown that is shown by one run and just not by the next needs no entry of its own.
const AcceptedEntry* find_time_entry(const std::vector<AcceptedEntry>& entries,
                                     const Comparison& comparison, const std::string& today) {
  const Finding* time = convicting(comparison, Finding::Kind::time);
  const AcceptedEntry* entry = find_entry(entries, What::time, time, today);
  if (entry != nullptr && today <= entry->expires) return entry;
  const Finding* work = convicting(comparison, Finding::Kind::work);
  if (work == nullptr || find_entry(entries, What::work, work, today) == nullptr) return entry;
  const AcceptedEntry* by_work = find_entry(entries, What::work, time, today);
  return by_work != nullptr ? by_work : entry;
}

// `verdict`, unless an entry covers it.
Verdict covered(Verdict verdict, const AcceptedEntry* entry, const std::string& today,
                std::vector<std::string>& notes) {
  if (entry == nullptr) return verdict;
  const bool holds = today <= entry->expires;
  const std::string note =
      holds ? "accepted by " + entry->owner + " until " + entry->expires + ": " + entry->reason
            : "accepted until " + entry->expires + " by " + entry->owner +
                  " has expired: " + entry->reason;
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  return holds ? Verdict::accepted : verdict;
}

}  // namespace

bool fails_gate(Verdict verdict, const Policy& policy) {
  switch (verdict) {
    case Verdict::broken:
    case Verdict::regressed:
    case Verdict::missing:
      return true;
    case Verdict::changed:
      return policy.changed == Policy::Action::fail;
    case Verdict::new_query:
      return policy.new_query == Policy::Action::fail;
    case Verdict::inconclusive:
      return policy.inconclusive == Policy::Action::fail;
    case Verdict::accepted:
    case Verdict::improved:
    case Verdict::passed:
    case Verdict::skipped:
      return false;
  }
  return false;
}

bool is_worse(Verdict first, Verdict second, const Policy& policy) {
  const bool changes_pass = !fails_gate(Verdict::changed, policy);
  if (changes_pass && first == Verdict::changed && second == Verdict::accepted) return false;
  if (changes_pass && first == Verdict::accepted && second == Verdict::changed) return true;
  return first < second;
}

Acceptance apply_accepted(const std::vector<AcceptedEntry>& entries, const Comparison& comparison,
                          const Policy& policy, const std::string& today) {
  Acceptance acceptance;
  Verdict result = comparison.result;
  // An error is never accepted: an entry made for another result would hide it.
  if (result == Verdict::broken && !has_convicting(comparison.findings, Finding::Kind::failure)) {
    result =
        covered(result, find_entry(entries, What::result, nullptr, today), today, acceptance.notes);
  }
  Verdict plan_and_work = comparison.plan_and_work;
  if (fails_gate(plan_and_work, policy)) {
    const bool of_plan = plan_and_work == Verdict::changed &&
                         has_convicting(comparison.findings, Finding::Kind::plan);
    const AcceptedEntry* entry =
        of_plan
            ? find_entry(entries, What::plan, nullptr, today)
            : find_entry(entries, What::work, convicting(comparison, Finding::Kind::work), today);
    plan_and_work = covered(plan_and_work, entry, today, acceptance.notes);
  }
  Verdict time = comparison.time;
  if (time != Verdict::broken && time != Verdict::inconclusive && fails_gate(time, policy)) {
    time = covered(time, find_time_entry(entries, comparison, today), today, acceptance.notes);
  }
  acceptance.verdict = std::min(
      {result, plan_and_work, time},
      [&policy](Verdict first, Verdict second) { return is_worse(first, second, policy); });
  return acceptance;
}

}  // namespace pgduet::gate

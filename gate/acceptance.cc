#include "acceptance.h"

#include <algorithm>
#include <optional>

namespace pgduet::gate {
namespace {

using What = AcceptedEntry::What;

// By how much work or time grew; nothing where there was none before.
std::optional<double> convicting_ratio(const Comparison& comparison, Finding::Kind kind) {
  for (const Finding& finding : comparison.findings) {
    if (finding.kind == kind && finding.weight == Finding::Weight::convicts) {
      return finding.ratio;
    }
  }
  return std::nullopt;
}

bool is_within(const AcceptedEntry& entry, const std::optional<double>& ratio) {
  return !entry.up_to_ratio || (ratio && *ratio <= *entry.up_to_ratio);
}

// The first entry of this kind that covers `ratio`; one that still holds before one that expired.
const AcceptedEntry* find_entry(const std::vector<AcceptedEntry>& entries, What what,
                                const std::optional<double>& ratio, const std::string& today) {
  const AcceptedEntry* expired = nullptr;
  for (const AcceptedEntry& entry : entries) {
    if (entry.what != what || !is_within(entry, ratio)) continue;
    // ISO dates sort as text.
    if (today <= entry.expires) return &entry;
    if (expired == nullptr) expired = &entry;
  }
  return expired;
}

// `verdict`, unless an entry covers it.
Verdict covered(Verdict verdict, const AcceptedEntry* entry, const std::string& today,
                std::vector<std::string>& notes) {
  if (entry == nullptr) return verdict;
  if (today <= entry->expires) {
    notes.push_back("accepted by " + entry->owner + " until " + entry->expires + ": " +
                    entry->reason);
    return Verdict::accepted;
  }
  notes.push_back("accepted until " + entry->expires + " by " + entry->owner +
                  " has expired: " + entry->reason);
  return verdict;
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

Acceptance apply_accepted(const std::vector<AcceptedEntry>& entries, const Comparison& comparison,
                          const Policy& policy, const std::string& today) {
  Acceptance acceptance;
  Verdict result = comparison.result;
  // An error is never accepted: an entry made for another result would hide it.
  if (result == Verdict::broken && !has_convicting(comparison.findings, Finding::Kind::failure)) {
    result = covered(result, find_entry(entries, What::result, std::nullopt, today), today,
                     acceptance.notes);
  }
  Verdict plan_and_work = comparison.plan_and_work;
  if (fails_gate(plan_and_work, policy)) {
    const bool of_plan = plan_and_work == Verdict::changed &&
                         has_convicting(comparison.findings, Finding::Kind::plan);
    const AcceptedEntry* entry =
        of_plan ? find_entry(entries, What::plan, std::nullopt, today)
                : find_entry(entries, What::work, convicting_ratio(comparison, Finding::Kind::work),
                             today);
    plan_and_work = covered(plan_and_work, entry, today, acceptance.notes);
  }
  Verdict time = comparison.time;
  if (time != Verdict::broken && time != Verdict::inconclusive && fails_gate(time, policy)) {
    const auto ratio = convicting_ratio(comparison, Finding::Kind::time);
    time = covered(time, find_entry(entries, What::time, ratio, today), today, acceptance.notes);
  }
  acceptance.verdict = std::min({result, plan_and_work, time});
  // What would have failed is said rather than a change that never would.
  const bool covers = result == Verdict::accepted || time == Verdict::accepted;
  if (covers && acceptance.verdict == Verdict::changed && !fails_gate(Verdict::changed, policy)) {
    acceptance.verdict = Verdict::accepted;
  }
  return acceptance;
}

}  // namespace pgduet::gate

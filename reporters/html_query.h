// One query for the page.
#pragma once

#include <map>
#include <string>

#include "details.h"
#include "html_plan.h"
#include "html_text.h"
#include "pgduet/gate/judge.h"
#include "pgduet/gate/report.h"
#include "worst_first.h"

namespace pgduet::reporters::html {

// What the queries of one workload share.
struct WorkloadContext {
  PlanContext plans;
  gate::WorkloadBaselines baselines;
};

// What cards, rows of the table and the details have in common: "id" (unique in the page), "name",
// "verdict", "tone" (a class: bad, warn, note, good, quiet), "fails", "headline", "place".
Data summary_of(const NamedQuery& query, std::size_t number);

// Adds the cells of the table's row, with "..._key" to sort by.
void add_measures(Data& data, const gate::QueryReport& query);

// Adds "points", what a reader asks: why, what changed, how slow, with which parameters, what to
// do.
void add_points(Data& data, const gate::QueryReport& query);

// The same without what a reader asks later: parameters, notes, estimates.
void add_essential_points(Data& data, const gate::QueryReport& query);

// Adds all the rest that is known of the query. `context` is empty for a workload without record.
void add_details(Data& data, const NamedQuery& query, const WorkloadContext& context);

// A class of colour for a verdict; never the only sign of it.
const char* tone_class(Tone tone);
const char* tone_class(const gate::QueryReport& query);

}  // namespace pgduet::reporters::html

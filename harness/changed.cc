#include "changed.h"

#include <algorithm>
#include <vector>

#include "pgduet/gate/sql.h"
#include "pgduet/gate/touched.h"
#include "pgduet/gate/wording.h"
#include "session.h"
#include "setup_step.h"

namespace pgduet::harness {
namespace {

constexpr std::size_t most_shown_names = 5;

gate::SetupStepText::Kind kind_of(SetupStep::Kind kind) {
  switch (kind) {
    case SetupStep::Kind::sql:
      return gate::SetupStepText::Kind::sql;
    case SetupStep::Kind::copy:
      return gate::SetupStepText::Kind::copy;
    case SetupStep::Kind::restore:
      return gate::SetupStepText::Kind::restore;
    case SetupStep::Kind::run:
      break;
  }
  return gate::SetupStepText::Kind::run;
}

std::string content_hash(const gate::SideRecord& record, const std::string& step) {
  for (const gate::StepRecord& one : record.steps) {
    if (one.name == step) return one.content_hash;
  }
  return "";
}

// Rules, and what operators, casts and aggregates call, stand in no text that names them.
std::vector<std::string> unnamed_dependencies(const Database& database) {
  constexpr const char* sql = R"sql(
    SELECT what FROM (
      SELECT 'pg_rewrite'::regclass AS class, oid,
             'rule ' || rulename || ' on ' || ev_class::regclass AS what
      FROM pg_rewrite WHERE rulename <> '_RETURN'
      UNION ALL SELECT 'pg_operator'::regclass, oid, 'operator ' || oprname FROM pg_operator
      UNION ALL SELECT 'pg_cast'::regclass, oid, 'the cast from ' || castsource::regtype || ' to '
        || casttarget::regtype FROM pg_cast
      UNION ALL SELECT 'pg_proc'::regclass, oid, 'aggregate ' || proname FROM pg_proc
        WHERE prokind = 'a'
      UNION ALL SELECT 'pg_opclass'::regclass, oid, 'operator class ' || opcname FROM pg_opclass
      UNION ALL SELECT 'pg_event_trigger'::regclass, oid, 'event trigger ' || evtname
        FROM pg_event_trigger
      UNION ALL SELECT 'pg_type'::regclass, oid, 'type ' || typname FROM pg_type
        WHERE typtype = 'b' AND typelem = 0
    ) AS object
    WHERE oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend WHERE deptype = 'e' AND classid = class
                      AND objid = object.oid)
    ORDER BY 1)sql";
  try {
    Session session(database.connection_string);
    const pqxx::result result = session.execute(sql);
    std::vector<std::string> found;
    for (int i = 0; i < compat::rows(result); ++i) {
      found.emplace_back(compat::row(result, i)[0].c_str());
    }
    return found;
  } catch (const StatementFailure& failure) {
    throw connection_error(failure);
  }
}

gate::SetupSide setup_side(const ChangedSide& side) {
  gate::SetupSide texts;
  texts.record = side.record;
  texts.extensions = side.workload->extensions;
  texts.scale = side.workload->scale;
  texts.unnamed_dependencies = unnamed_dependencies(side.database);
  for (const SetupStep& step : side.workload->setup) {
    gate::SetupStepText text;
    text.kind = kind_of(step.kind);
    text.name = step.name();
    text.into = step.into;
    text.content_hash = content_hash(*side.record, text.name);
    if (step.kind == SetupStep::Kind::sql) {
      text.statements = gate::split_statements(setup_script(*side.workload, step), step.file);
    }
    texts.steps.push_back(std::move(text));
  }
  return texts;
}

bool same_baseline(const gate::WorkloadBaselines& baselines, const std::string& query) {
  const auto head = baselines.head.find(query);
  const auto base = baselines.base.find(query);
  if (head == baselines.head.end() || base == baselines.base.end()) {
    return head == baselines.head.end() && base == baselines.base.end();
  }
  return head->second.baseline == base->second.baseline;
}

bool is_as_it_was(const Query& query, const Query& on_base, const ChangedOptions& options) {
  return same_execution(on_base, query) && on_base.policy == query.policy &&
         on_base.weight == query.weight && on_base.skip_reason == query.skip_reason &&
         (options.baselines == nullptr || same_baseline(*options.baselines, query.name));
}

bool is_touched(const Query& query, const gate::Touched& touched) {
  if (touched.changed.empty()) return false;
  std::vector<std::string> texts = {query.numbered.sql};
  for (const Parameter& parameter : query.parameters) texts.push_back(parameter.generator.sql);
  return !query.traits.parsed || gate::can_touch(touched, texts, query.traits.writes);
}

std::string names_text(const std::set<std::string>& names) {
  if (names.empty()) return "";
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < most_shown_names) shown.push_back(name);
  }
  if (shown.size() < names.size()) {
    shown.push_back(gate::count_text(static_cast<std::int64_t>(names.size() - shown.size())) +
                    " more");
  }
  return " (" + gate::list_text(shown) + ")";
}

}  // namespace

bool same_execution(const Query& a, const Query& b) {
  const auto generators = [](const Query& query) {
    std::vector<Parameter> parameters = query.parameters;
    for (Parameter& parameter : parameters) parameter.generator.at = {};
    return parameters;
  };
  const std::vector<Parameter> of_a = generators(a);
  const std::vector<Parameter> of_b = generators(b);
  return a.numbered.sql == b.numbered.sql && a.role == b.role && a.settings == b.settings &&
         a.order_any == b.order_any && a.timeout == b.timeout && a.bindings == b.bindings &&
         std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                    [](const Parameter& x, const Parameter& y) {
                      return x.name == y.name && x.generator == y.generator;
                    });
}

ChangedQueries changed_queries(const ChangedSide& base, const ChangedSide& head,
                               const ChangedOptions& options) {
  gate::Touched touched;
  const bool same_setup = base.record->setup_hash == head.record->setup_hash &&
                          base.record->postgres_version == head.record->postgres_version;
  if (!same_setup) touched = gate::touched_by(setup_side(base), setup_side(head));
  ChangedQueries result;
  if (!touched.everything_because.empty()) {
    result.note = "--changed: all queries were run, as " + touched.everything_because;
    return result;
  }
  const auto base_queries = queries_by_name(*base.workload);
  std::int64_t run = 0;
  for (const Query& query : head.workload->queries) {
    if (!options.is_chosen(query.name) || query.skip_reason) continue;
    const auto on_base = base_queries.find(query.name);
    if (on_base != base_queries.end() && is_as_it_was(query, *on_base->second, options) &&
        !is_touched(query, touched))
      result.not_touched.insert(query.name);
    else
      ++run;
  }
  const auto all = run + static_cast<std::int64_t>(result.not_touched.size());
  result.note = "--changed: " + gate::count_text(run) + " of " + gate::counted(all, "query") +
                " can be touched by this change" + names_text(touched.changed) +
                (result.not_touched.empty() ? "" : "; the others were not run");
  return result;
}

}  // namespace pgduet::harness

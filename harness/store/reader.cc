#include "reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pgduet/gate/error.h"
#include "query_lineage.h"

namespace pgduet::harness {
namespace {

using gate::Error;

struct QueryName {
  std::string workload;
  std::string query;

  std::string text() const { return workload + "/" + query; }
};

std::vector<QueryName> query_names(Session& session) {
  const pqxx::result result = session.execute(
      "SELECT DISTINCT workload COLLATE \"C\", name COLLATE \"C\" FROM pgduet.queries ORDER BY 1, "
      "2");
  std::vector<QueryName> names;
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    names.push_back({row[0].c_str(), row[1].c_str()});
  }
  return names;
}

QueryName find_query(Session& session, const std::string& name) {
  std::vector<QueryName> found;
  std::vector<std::string> known;
  for (const QueryName& one : query_names(session)) {
    known.push_back(one.text());
    known.push_back(one.query);
    if (name == one.query || name == one.text()) found.push_back(one);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const auto nearest = gate::nearest_name(name, known);
    throw Error(Error::Kind::usage, {}, "there is no query \"" + name + "\" in the store",
                nearest         ? "Did you mean \"" + *nearest + "\"?"
                : known.empty() ? "No run is in it yet: \"pgduet check\" makes one."
                                : "\"pgduet history --top\" lists the queries that it has.");
  }
  std::string hint = "Write ";
  for (const QueryName& one : found)
    hint += (&one == &found.front() ? "\"" : " or \"") + one.text() + "\"";
  throw Error(Error::Kind::usage, {}, "query \"" + name + "\" is in several workloads", hint + ".");
}

template <typename Values, typename ToText>
std::string array_of(const Values& values, const ToText& to_text) {
  std::string array = "{";
  for (const auto& value : values) array += (array.size() > 1 ? "," : "") + to_text(value);
  return array + "}";
}

std::string array_of(const std::vector<std::int64_t>& ids) {
  return array_of(ids, [](std::int64_t id) { return std::to_string(id); });
}

class StoredQueries {
 public:
  StoredQueries(Session& session, std::string workload)
      : session_(session), workload_(std::move(workload)) {}

  LineageSource source() {
    return {[this](const std::string& name) { return read("name", name); },
            [this](const std::string& fingerprint) { return read("fingerprint", fingerprint); },
            [this](const KnownQuery& one, const KnownQuery& other) {
              return side_by_side(one, other);
            }};
  }

 private:
  std::vector<KnownQuery> read(const std::string& column, const std::string& value) {
    const pqxx::result result = session_.execute_params(
        "SELECT q.query_id, q.name, q.fingerprint, b.run_id, b.side FROM pgduet.queries AS q "
        "CROSS JOIN LATERAL (SELECT run_id, side FROM pgduet.query_bindings WHERE query_id = "
        "q.query_id ORDER BY run_id, side LIMIT 1) AS b WHERE q.workload = $1 AND q." +
            column + " = $2",
        {workload_, value});
    std::vector<KnownQuery> queries;
    for (int i = 0; i < compat::rows(result); ++i) {
      const pqxx::row row = compat::row(result, i);
      queries.push_back({row[0].as<std::int64_t>(), row[1].c_str(), row[2].c_str(), row[3].c_str(),
                         row[4].c_str()});
    }
    return queries;
  }

  bool side_by_side(const KnownQuery& one, const KnownQuery& other) {
    const pqxx::result result = session_.execute_params(
        "SELECT run_id FROM pgduet.query_bindings WHERE query_id = $1 AND side = 'head' INTERSECT "
        "SELECT run_id FROM pgduet.query_bindings WHERE query_id = $2 AND side = 'head' LIMIT 1",
        {std::to_string(one.query_id), std::to_string(other.query_id)});
    return compat::rows(result) > 0;
  }

  Session& session_;
  std::string workload_;
};

// The columns of a point and a binding, and where they come from.
constexpr const char* points_sql =
    "SELECT q.workload, q.name, q.fingerprint, b.run_id,"
    " to_char(b.started_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " r.only_selected, CASE WHEN base.modified THEN NULL"
    " ELSE coalesce(base.commit_id, base.revision, '') END,"
    " s.revision, s.commit_id, s.commit_subject,"
    " to_char(s.committed_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), s.branch, s.modified,"
    " s.postgres_major, s.setup_hash, v.weight, v.policy ->> 'slow_ms', v.verdict, v.fails,"
    " v.headline, b.binding, b.parameters, b.shape, b.failure, b.executions, b.samples, "
    "b.cpu_min_us,"
    " b.wall_min_us, b.wall_median_us, b.wall_p95_us, b.wall_max_us, b.blocks, b.rows_visited "
    "FROM pgduet.query_bindings AS b "
    "JOIN pgduet.queries AS q USING (query_id) "
    "JOIN pgduet.runs AS r ON r.run_id = b.run_id "
    "JOIN pgduet.run_sides AS s"
    " ON s.run_id = b.run_id AND s.workload = q.workload AND s.side = b.side "
    "LEFT JOIN pgduet.run_sides AS base"
    " ON base.run_id = b.run_id AND base.workload = q.workload AND base.side = 'base' "
    "LEFT JOIN pgduet.query_verdicts AS v ON v.query_id = b.query_id AND v.run_id = b.run_id "
    "WHERE b.side = 'head' AND ($1 = '' OR s.branch = $1)";

gate::Verdict verdict_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(gate::Verdict::skipped); ++i) {
    if (const auto verdict = static_cast<gate::Verdict>(i); gate::to_text(verdict) == name)
      return verdict;
  }
  return gate::Verdict::passed;
}

// Reads a row's fields one after the other.
class FieldReader {
 public:
  explicit FieldReader(const pqxx::row& row) : row_(row) {}

  std::string text() {
    const auto field = next();
    return field.is_null() ? std::string() : std::string(field.c_str());
  }
  template <typename Value>
  std::optional<Value> optional() {
    const auto field = next();
    return field.is_null() ? std::nullopt : std::optional(field.template as<Value>());
  }
  template <typename Value>
  Value value_or(Value otherwise) {
    return optional<Value>().value_or(otherwise);
  }

 private:
  pqxx::field next() { return row_[column_++]; }

  const pqxx::row& row_;
  pqxx::row::size_type column_ = 0;
};

gate::HistoryPoint read_point(FieldReader& fields) {
  gate::HistoryPoint point;
  point.query = fields.text();
  point.fingerprint = fields.text();
  point.run_id = fields.text();
  point.started_at = fields.text();
  point.partial = fields.value_or(false);
  point.base = fields.optional<std::string>();
  point.revision = fields.text();
  gate::CommitRecord commit;
  commit.id = fields.text();
  commit.subject = fields.text();
  commit.committed_at = fields.text();
  commit.branch = fields.text();
  commit.modified = fields.value_or(false);
  if (!commit.id.empty()) point.commit = std::move(commit);
  point.postgres_major = fields.value_or(0);
  point.setup_hash = fields.text();
  point.weight = fields.value_or(point.weight);
  point.slow_ms = fields.value_or(point.slow_ms);
  point.verdict = verdict_named(fields.text());
  point.fails = fields.value_or(false);
  point.headline = fields.text();
  return point;
}

gate::HistoryBinding read_binding(FieldReader& fields) {
  gate::HistoryBinding binding;
  binding.number = fields.value_or(binding.number);
  binding.parameters = fields.text();
  binding.shape = fields.text();
  binding.failure = fields.text();
  binding.executions = fields.value_or(0);
  binding.samples = fields.value_or(0);
  binding.cpu_min_us = fields.optional<double>();
  binding.wall_min_us = fields.optional<double>();
  binding.wall_median_us = fields.optional<double>();
  binding.wall_p95_us = fields.optional<double>();
  binding.wall_max_us = fields.optional<double>();
  binding.blocks = fields.value_or(std::int64_t{0});
  binding.rows_visited = fields.value_or(std::int64_t{0});
  return binding;
}

// A history is of one version, but for the time before an upgrade.
void keep_one_version(std::vector<gate::HistoryPoint>& points, int major) {
  const bool named = major != 0;
  if (!named) major = points.back().postgres_major;
  bool upgraded = named;
  std::erase_if(points, [&](const gate::HistoryPoint& point) {
    upgraded = upgraded || point.postgres_major == major;
    return upgraded && point.postgres_major != major;
  });
}

void keep_newest(std::vector<gate::HistoryPoint>& points, int count) {
  if (count > 0 && points.size() > static_cast<std::size_t>(count))
    points.erase(points.begin(), points.end() - count);
}

// Rows that are sorted by workload, name where `by_name`, run and binding.
std::vector<gate::QuerySeries> series_of(const pqxx::result& result, bool by_name) {
  std::vector<gate::QuerySeries> all;
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    FieldReader fields(row);
    const std::string workload = fields.text();
    gate::HistoryPoint point = read_point(fields);
    if (all.empty() || (by_name && (all.back().workload != workload ||
                                    all.back().points.back().query != point.query))) {
      all.push_back({workload, "", {}, {}});
    }
    std::vector<gate::HistoryPoint>& points = all.back().points;
    if (points.empty() || points.back().run_id != point.run_id ||
        points.back().query != point.query) {
      points.push_back(std::move(point));
    }
    points.back().bindings.push_back(read_binding(fields));
  }
  for (gate::QuerySeries& series : all) series.query = series.points.back().query;
  return all;
}

// The times of some other queries of the runs: enough of them to tell the machine's speed.
constexpr const char* others_sql =
    "SELECT b.query_id, b.run_id,"
    " CASE WHEN count(*) = count(b.cpu_min_us) THEN sum(b.cpu_min_us) END,"
    " CASE WHEN count(*) = count(b.wall_min_us) THEN sum(b.wall_min_us) END "
    "FROM pgduet.query_bindings AS b "
    "WHERE b.side = 'head' AND b.query_id = ANY ($1::bigint[]) AND b.run_id = ANY ($2::text[]) "
    "GROUP BY b.query_id, b.run_id";

void read_others(Session& session, const std::vector<std::int64_t>& own,
                 gate::QuerySeries& series) {
  const pqxx::result others = session.execute_params(
      "SELECT q.query_id FROM pgduet.query_verdicts AS v JOIN pgduet.queries AS q USING (query_id) "
      "WHERE v.run_id = $1 AND q.workload = $2 AND v.query_id <> ALL ($3::bigint[]) "
      "ORDER BY q.query_id LIMIT 100",
      {series.points.back().run_id, series.workload, array_of(own)});
  std::vector<std::int64_t> ids;
  for (int i = 0; i < compat::rows(others); ++i)
    ids.push_back(compat::row(others, i)[0].as<std::int64_t>());
  const std::string runs =
      array_of(series.points, [](const gate::HistoryPoint& point) { return point.run_id; });
  const pqxx::result times = session.execute_params(others_sql, {array_of(ids), runs});
  for (int i = 0; i < compat::rows(times); ++i) {
    const pqxx::row row = compat::row(times, i);
    FieldReader fields(row);
    const std::string query = fields.text();
    const std::string run_id = fields.text();
    gate::OtherTime& time = series.others[query][run_id];
    time.cpu_us = fields.optional<double>();
    time.wall_us = fields.optional<double>();
  }
}

// The lineages of the queries of some series, as they show in their runs.
class LinkedSeries {
 public:
  explicit LinkedSeries(const std::vector<gate::QuerySeries>& all) : all_(all) {
    std::map<std::pair<std::size_t, std::string>, std::int64_t> ids;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const gate::HistoryPoint& point : all[i].points) {
        const auto [found, is_new] = ids.try_emplace({i, point.fingerprint}, ids.size());
        if (is_new) {
          statements_.push_back({i, {}});
          const KnownQuery query = {found->second, all[i].query, point.fingerprint, point.run_id,
                                    "head"};
          by_name_[{all[i].workload, all[i].query}].push_back(query);
          by_fingerprint_[{all[i].workload, point.fingerprint}].push_back(query);
        }
        statement(found->second).points.emplace(point.run_id, &point);
      }
    }
  }

  // Each with what it was under other names, and those names left out: a query that was renamed is
  // one query.
  std::vector<gate::QuerySeries> link() {
    std::vector<gate::QuerySeries> linked;
    std::set<std::size_t> former;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const gate::QuerySeries& own = all_[i];
      const std::string& first = own.points.front().run_id;
      linked.push_back({own.workload, own.query, {}, {}});
      std::map<std::string, const gate::HistoryPoint*> points;
      for (const std::int64_t id : lineage_of(own.query, source(own.workload))) {
        const Statement& one = statement(id);
        for (const auto& [run_id, point] : one.points) {
          if (one.series == i || run_id < first) points.emplace(run_id, point);
        }
        if (all_[one.series].points.back().run_id < first) former.insert(one.series);
      }
      for (const auto& [run_id, point] : points) linked.back().points.push_back(*point);
    }
    std::vector<gate::QuerySeries> present;
    for (std::size_t i = 0; i < linked.size(); ++i) {
      if (!former.contains(i)) present.push_back(std::move(linked[i]));
    }
    return present;
  }

 private:
  using Key = std::pair<std::string, std::string>;  // workload, name or fingerprint
  struct Statement {
    std::size_t series = 0;
    std::map<std::string, const gate::HistoryPoint*> points;  // by run
  };

  Statement& statement(std::int64_t id) { return statements_[static_cast<std::size_t>(id)]; }

  LineageSource source(const std::string& workload) {
    return {[this, workload](const std::string& name) {
              return by_name_[{workload, name}];
            },
            [this, workload](const std::string& fingerprint) {
              return by_fingerprint_[{workload, fingerprint}];
            },
            [this](const KnownQuery& one, const KnownQuery& other) {
              const auto& points = statement(one.query_id).points;
              return std::any_of(points.begin(), points.end(), [&](const auto& point) {
                return statement(other.query_id).points.contains(point.first);
              });
            }};
  }

  const std::vector<gate::QuerySeries>& all_;
  std::vector<Statement> statements_;  // by id
  std::map<Key, std::vector<KnownQuery>> by_name_;
  std::map<Key, std::vector<KnownQuery>> by_fingerprint_;
};

// The first run in which the query had its name.
std::string first_run_of(const gate::QuerySeries& series) {
  const auto first =
      std::find_if(series.points.begin(), series.points.end(),
                   [&](const gate::HistoryPoint& point) { return point.query == series.query; });
  return first == series.points.end() ? "~" : first->run_id;  // behind all run ids
}

}  // namespace

std::vector<std::string> read_query_names(Session& session) {
  std::vector<std::string> names;
  for (const QueryName& one : query_names(session)) names.push_back(one.text());
  return names;
}

gate::QuerySeries read_history(Session& session, const std::string& name,
                               const HistoryFilter& filter) {
  const QueryName query = find_query(session, name);
  StoredQueries stored(session, query.workload);
  const std::vector<std::int64_t> ids = lineage_of(query.query, stored.source());
  const pqxx::result result = session.execute_params(
      std::string(points_sql) +
          " AND b.query_id = ANY ($2::bigint[]) ORDER BY b.run_id, b.query_id, b.binding",
      {filter.branch, array_of(ids)});
  std::vector<gate::QuerySeries> found = series_of(result, false);
  if (found.empty()) return {query.workload, query.query, {}, {}};
  gate::QuerySeries series = std::move(found.front());
  series.query = query.query;
  // Another branch may go on with the former name.
  std::erase_if(series.points, [&, first = first_run_of(series)](const gate::HistoryPoint& point) {
    return point.query != series.query && point.run_id >= first;
  });
  if (!series.points.empty()) keep_one_version(series.points, filter.major);
  keep_newest(series.points, filter.last);
  if (series.points.empty()) return series;
  read_others(session, ids, series);
  return series;
}

std::vector<gate::QuerySeries> read_histories(Session& session, const HistoryFilter& filter) {
  const std::string newest =
      filter.last == 0
          ? ""
          : " AND b.run_id = ANY (SELECT DISTINCT run_id FROM pgduet.run_sides WHERE side = 'head' "
            "AND ($1 = '' OR branch = $1) AND $2::integer IN (0, postgres_major) "
            "ORDER BY run_id DESC LIMIT " +
                std::to_string(filter.last) + ")";
  const pqxx::result result = session.execute_params(
      std::string(points_sql) + newest +
          " ORDER BY q.workload COLLATE \"C\", q.name COLLATE \"C\", b.run_id, b.query_id, "
          "b.binding",
      filter.last == 0 ? compat::Values{filter.branch}
                       : compat::Values{filter.branch, std::to_string(filter.major)});
  std::vector<gate::QuerySeries> all = LinkedSeries(series_of(result, true)).link();
  for (gate::QuerySeries& series : all) keep_one_version(series.points, filter.major);
  std::erase_if(all, [](const gate::QuerySeries& series) { return series.points.empty(); });
  return all;
}

}  // namespace pgduet::harness

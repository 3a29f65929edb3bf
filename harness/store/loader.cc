#include "loader.h"

#include <algorithm>
#include <map>
#include <vector>

#include "migrations.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/json.h"
#include "pgduet/gate/wording.h"
#include "pgduet/reporters/query_json.h"
#include "rows.h"
#include "store_session.h"

namespace pgduet::harness {
namespace {

constexpr const char* partitioned_tables[] = {"query_executions", "query_plans"};

std::optional<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string outcome_name(gate::Report::Outcome outcome) {
  switch (outcome) {
    case gate::Report::Outcome::passed:
      return "passed";
    case gate::Report::Outcome::failed:
      return "failed";
    case gate::Report::Outcome::not_measured:
      break;
  }
  return "not_measured";
}

// The times of a binding in one run: of the screening, which takes as many samples of each query;
// those of the duet are more the slower a query got.
struct Times {
  std::int64_t executions = 0;
  std::int64_t samples = 0;
  std::optional<double> cpu_min_us = std::nullopt;
  std::optional<double> wall_min_us = std::nullopt;
  std::optional<double> wall_median_us = std::nullopt;
  std::optional<double> wall_p95_us = std::nullopt;
  std::optional<double> wall_max_us = std::nullopt;
};

// The smallest time that a share of the executions does not exceed. `samples` are sorted by time.
double quantile(const std::vector<const gate::Execution*>& samples, std::int64_t executions,
                double share) {
  std::int64_t seen = 0;
  for (const gate::Execution* sample : samples) {
    seen += sample->executions;
    if (static_cast<double>(seen) >= share * static_cast<double>(executions))
      return sample->wall_us;
  }
  return samples.back()->wall_us;
}

Times times_of(const gate::BindingRun& binding) {
  std::vector<const gate::Execution*> samples;
  for (const gate::Execution& execution : binding.executions) {
    if (execution.stage == 0 && !execution.control) samples.push_back(&execution);
  }
  Times times;
  if (samples.empty()) return times;
  std::sort(samples.begin(), samples.end(), [](const gate::Execution* a, const gate::Execution* b) {
    return a->wall_us < b->wall_us;
  });
  for (const gate::Execution* sample : samples) times.executions += sample->executions;
  times.samples = static_cast<std::int64_t>(samples.size());
  times.wall_min_us = samples.front()->wall_us;
  times.wall_max_us = samples.back()->wall_us;
  times.wall_median_us = quantile(samples, times.executions, 0.5);
  times.wall_p95_us = quantile(samples, times.executions, 0.95);
  times.cpu_min_us = gate::minimum_times(binding)->cpu_us;
  return times;
}

// What the rows of one query on one side have in common.
struct Side {
  std::int64_t query_id;
  const char* name;
  const gate::QueryRun& run;
};

// The sides of a query that ran, head last.
std::vector<Side> sides_of(const std::string& workload, const gate::QueryRecord& query) {
  std::vector<Side> sides;
  const auto add = [&](const char* side, const std::optional<gate::QueryRun>& run) {
    if (run) sides.push_back({query_id(workload, query.name, store_fingerprint(*run)), side, *run});
  };
  add("base", query.base);
  add("head", query.head);
  return sides;
}

template <typename Action>
void for_each_side(const gate::RunRecord& record, const Action& action) {
  for (const gate::WorkloadRecord& workload : record.workloads) {
    for (const gate::QueryRecord& query : workload.queries) {
      for (const Side& side : sides_of(workload.name, query)) action(workload, query, side);
    }
  }
}

// As the type jsonb takes it: that has no character 0, which JSON writes as \u0000.
std::string jsonb_text(const gate::Json& value) {
  const std::string text = gate::one_line(value);
  constexpr std::string_view nothing = "u0000";
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] != '\\') continue;
    if (text.compare(i + 1, nothing.size(), nothing) == 0) {
      result += "ufffd";
      i += nothing.size();
    } else {
      result += text[++i];
    }
  }
  return result;
}

class RunInserter {
 public:
  RunInserter(Session& session, const gate::Report& report)
      : session_(session), report_(report), record_(*report.record) {}

  // Who inserts the run's row first has the run; others wait for the end of that transaction.
  bool insert(std::string_view compressed_record) {
    if (!insert_run_row()) return false;
    insert_record(compressed_record);
    insert_sides();
    insert_queries();
    insert_bindings();
    insert_executions();
    insert_plans();
    insert_verdicts();
    return true;
  }

 private:
  Rows::Constant run_id() const { return {{"run_id", "text"}, record_.run_id}; }
  Rows::Constant started_at() const { return {{"started_at", "timestamptz"}, record_.started_at}; }

  bool insert_run_row() {
    const pqxx::result inserted = session_.execute_params(
        "INSERT INTO pgduet.runs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (run_id) DO NOTHING RETURNING run_id",
        {record_.run_id, record_.started_at, gate::number_text(record_.seconds),
         record_.pgduet_version, outcome_name(report_.outcome), report_.summary,
         record_.only_selected ? "t" : "f", std::to_string(record_.machine.cores),
         gate::number_text(record_.machine.load), std::to_string(loaded_version)});
    return compat::rows(inserted) == 1;
  }

  void insert_record(std::string_view compressed_record) {
    std::string hexadecimal = "\\x";
    hexadecimal.reserve(2 * compressed_record.size() + 2);
    for (const char c : compressed_record) {
      const auto byte = static_cast<unsigned char>(c);
      hexadecimal += "0123456789abcdef"[byte >> 4];
      hexadecimal += "0123456789abcdef"[byte & 15];
    }
    session_.execute_params(
        "INSERT INTO pgduet.run_records VALUES ($1, $2) ON CONFLICT (run_id) DO NOTHING",
        {record_.run_id, hexadecimal});
  }

  void insert_sides() {
    Rows rows(session_, "pgduet.run_sides",
              {{"workload", "text"},
               {"side", "text"},
               {"revision", "text"},
               {"commit_id", "text"},
               {"commit_subject", "text"},
               {"committed_at", "timestamptz"},
               {"branch", "text"},
               {"modified", "boolean"},
               {"postgres_major", "integer"},
               {"postgres_version", "text"},
               {"external_server", "boolean"},
               {"clock", "text"},
               {"setup_hash", "text"}},
              {run_id()});
    const auto add = [&rows](const std::string& workload, const char* side,
                             const gate::SideRecord& record) {
      rows << workload << side << record.revision;
      if (const auto& commit = record.commit) {
        rows << commit->id << commit->subject << or_null(commit->committed_at)
             << or_null(commit->branch) << commit->modified;
      } else {
        for (int i = 0; i < 5; ++i) rows << std::nullopt;
      }
      rows << record.postgres_major << record.postgres_version << record.external_server
           << record.clock << record.setup_hash;
    };
    for (const gate::WorkloadRecord& workload : record_.workloads) {
      if (workload.base) add(workload.name, "base", *workload.base);
      add(workload.name, "head", workload.head);
    }
    rows.finish();
  }

  void insert_queries() {
    struct Identity {
      std::string workload, name, fingerprint, normalized_sql;
    };
    // By query_id, so that loaders that know the same new queries never wait for each other in a
    // circle.
    std::map<std::int64_t, Identity> queries;
    for_each_side(record_, [&](const gate::WorkloadRecord& workload, const gate::QueryRecord& query,
                               const Side& side) {
      queries.try_emplace(side.query_id,
                          Identity{workload.name, query.name, store_fingerprint(side.run),
                                   side.run.normalized_sql});
    });
    const std::vector<Rows::Column> columns = {{"query_id", "bigint"},
                                               {"workload", "text"},
                                               {"name", "text"},
                                               {"fingerprint", "text"},
                                               {"normalized_sql", "text"}};
    Rows rows(session_, "pgduet.queries", columns, {}, "ON CONFLICT (query_id) DO NOTHING");
    for (const auto& [id, identity] : queries) {
      rows << id << identity.workload << identity.name << identity.fingerprint
           << identity.normalized_sql;
    }
    rows.finish();
  }

  void insert_bindings() {
    Rows rows(session_, "pgduet.query_bindings",
              {{"query_id", "bigint"},
               {"side", "text"},
               {"binding", "integer"},
               {"parameters", "text"},
               {"shape", "text"},
               {"sqlstate", "text"},
               {"failure", "text"},
               {"result_rows", "bigint"},
               {"result_checksum", "text"},
               {"blocks", "bigint"},
               {"temp_blocks", "bigint"},
               {"rows_visited", "bigint"},
               {"wal_bytes", "bigint"},
               {"planning_blocks", "bigint"},
               {"memory_kb", "bigint"},
               {"executions", "bigint"},
               {"samples", "integer"},
               {"cpu_min_us", "double precision"},
               {"wall_min_us", "double precision"},
               {"wall_median_us", "double precision"},
               {"wall_p95_us", "double precision"},
               {"wall_max_us", "double precision"}},
              {run_id(), started_at()});
    for_each_side(record_, [&](const auto&, const auto&, const Side& side) {
      for (const gate::BindingRun& binding : side.run.bindings) {
        rows << side.query_id << side.name << binding.number << gate::to_text(binding.parameters)
             << or_null(binding.shape);
        if (binding.failure)
          rows << or_null(binding.failure->sqlstate) << binding.failure->message;
        else
          rows << std::nullopt << std::nullopt;
        if (binding.result)
          rows << binding.result->rows << or_null(binding.result->checksum);
        else
          rows << std::nullopt << std::nullopt;
        if (binding.failure) {
          for (int i = 0; i < 6; ++i) rows << std::nullopt;
        } else {
          const gate::Work& work = binding.work;
          rows << work.blocks() << work.temp_blocks << work.rows_visited << work.wal_bytes
               << work.planning_blocks << work.memory_kb;
        }
        const Times times = times_of(binding);
        rows << times.executions << times.samples << times.cpu_min_us << times.wall_min_us
             << times.wall_median_us << times.wall_p95_us << times.wall_max_us;
      }
    });
    rows.finish();
  }

  void insert_executions() {
    Rows rows(session_, "pgduet.query_executions",
              {{"query_id", "bigint"},
               {"side", "text"},
               {"binding", "integer"},
               {"sample", "integer"},
               {"stage", "integer"},
               {"control", "boolean"},
               {"executions", "integer"},
               {"wall_us", "double precision"},
               {"cpu_us", "double precision"},
               {"client_us", "double precision"},
               {"queued_us", "double precision"}},
              {run_id(), started_at()});
    for_each_side(record_, [&](const auto&, const auto&, const Side& side) {
      for (const gate::BindingRun& binding : side.run.bindings) {
        int sample = 0;
        for (const gate::Execution& one : binding.executions) {
          rows << side.query_id << side.name << binding.number << ++sample << one.stage
               << one.control << one.executions << one.wall_us << one.cpu_us << one.client_us
               << one.queued_us;
        }
      }
    });
    rows.finish();
  }

  void insert_plans() {
    Rows rows(session_, "pgduet.query_plans",
              {{"query_id", "bigint"},
               {"side", "text"},
               {"binding", "integer"},
               {"shape", "text"},
               {"plan", "jsonb"}},
              {run_id(), started_at()});
    const auto add = [&rows](const Side& side, int binding, const std::string& shape,
                             const gate::Json& plan) {
      if (!plan.is_null())
        rows << side.query_id << side.name << binding << shape << jsonb_text(plan);
    };
    for_each_side(record_, [&](const auto&, const auto&, const Side& side) {
      add(side, 0, side.run.generic_shape, side.run.generic_plan);
      for (const gate::BindingRun& binding : side.run.bindings)
        add(side, binding.number, binding.shape, binding.plan);
    });
    rows.finish();
  }

  void insert_verdicts() {
    Rows rows(session_, "pgduet.query_verdicts",
              {{"query_id", "bigint"},
               {"verdict", "text"},
               {"fails", "boolean"},
               {"headline", "text"},
               {"worst_binding", "integer"},
               {"weight", "double precision"},
               {"share", "double precision"},
               {"policy", "jsonb"},
               {"report", "jsonb"}},
              {run_id(), started_at()});
    for (const gate::WorkloadReport& workload : report_.workloads) {
      for (const gate::QueryReport& query : workload.queries) {
        if (query.record == nullptr) continue;
        const std::vector<Side> sides = sides_of(workload.name, *query.record);
        if (sides.empty()) continue;
        rows << sides.back().query_id << gate::to_text(query.verdict) << query.fails
             << query.headline << query.worst_binding << query.record->weight << query.share
             << jsonb_text(gate::to_json(query.record->policy))
             << jsonb_text(reporters::query_json(query));
      }
    }
    rows.finish();
  }

  Session& session_;
  const gate::Report& report_;
  const gate::RunRecord& record_;
};

// "2026-11" of a time in ISO 8601.
std::string month_of(const std::string& started_at) { return started_at.substr(0, 7); }

}  // namespace

std::int64_t query_id(std::string_view workload, std::string_view name,
                      std::string_view fingerprint) {
  std::string text(workload);
  text += '\0';
  text += name;
  text += '\0';
  text += fingerprint;
  return static_cast<std::int64_t>(gate::hash64(text));
}

std::string store_fingerprint(const gate::QueryRun& run) {
  if (!run.fingerprint.empty() && !run.fingerprint.starts_with("queryid:")) return run.fingerprint;
  return "text:" + gate::hash_hex(run.sql).substr(0, 16);
}

void make_partitions(Session& session, const std::string& started_at) {
  const std::string month = month_of(started_at);
  std::string suffix = month;
  std::replace(suffix.begin(), suffix.end(), '-', '_');
  for (const char* table : partitioned_tables) {
    const std::string name = std::string(table) + "_" + suffix;
    if (has_table(session, name)) continue;
    session.execute("SELECT pg_advisory_xact_lock(hashtext('pgduet partitions'))");
    if (has_table(session, name)) continue;
    const std::string parent = std::string("pgduet.") + table;
    const std::string partition = "pgduet." + name;
    // Attached and not made as a partition: that would wait for all who read the table. Owned as
    // the table is, so that another runner can drop it.
    session.execute("CREATE TABLE " + partition + " (LIKE " + parent + ")");
    session.execute("ALTER TABLE " + parent + " ATTACH PARTITION " + partition +
                    " FOR VALUES FROM ('" + month + "-01 00:00:00+00') TO (timestamptz '" + month +
                    "-01 00:00:00+00' + interval '1 month')");
    session.execute("ALTER TABLE " + partition + " OWNER TO " +
                    session.text("SELECT relowner::regrole FROM pg_class WHERE oid = '" + parent +
                                 "'::regclass"));
  }
}

bool insert_run(Session& session, const gate::Report& report, std::string_view compressed_record) {
  return RunInserter(session, report).insert(compressed_record);
}

bool clear_run(Session& session, const std::string& run_id) {
  // Waits for another who clears the run. That one's row is not the one that we saw: each of our
  // statements would see another part of what it inserted.
  const pqxx::result ours =
      session.execute_params("SELECT FROM pgduet.runs WHERE run_id = $1 FOR UPDATE", {run_id});
  if (compat::rows(ours) == 0) return false;
  // These have no index by run: all rows of a run are in one partition.
  for (const char* table : partitioned_tables) {
    session.execute_params(std::string("DELETE FROM pgduet.") + table +
                               " WHERE run_id = $1 AND started_at = (SELECT started_at FROM "
                               "pgduet.runs WHERE run_id = $1)",
                           {run_id});
  }
  for (const char* table : {"query_verdicts", "query_bindings", "run_sides", "runs"}) {
    session.execute_params(std::string("DELETE FROM pgduet.") + table + " WHERE run_id = $1",
                           {run_id});
  }
  return true;
}

void delete_runs(Session& session, const std::vector<std::string>& run_ids) {
  std::string ids = "{";
  for (const std::string& id : run_ids) ids += (ids.size() > 1 ? "," : "") + id;
  ids += "}";
  // Other months may have a partition that a loader has just made for its run.
  const pqxx::result months = session.execute_params(
      "SELECT to_char(started_at, 'YYYY_MM'), bool_and(run_id = ANY ($1::text[])) FROM pgduet.runs "
      "GROUP BY 1 HAVING bool_or(run_id = ANY ($1::text[]))",
      {ids});
  for (int i = 0; i < compat::rows(months); ++i) {
    const pqxx::row month = compat::row(months, i);
    for (const char* table : partitioned_tables) {
      const std::string partition = std::string("pgduet.") + table + "_" + month[0].c_str();
      if (month[1].as<bool>())
        session.execute("DROP TABLE IF EXISTS " + partition);
      else
        session.execute_params("DELETE FROM " + partition + " WHERE run_id = ANY ($1::text[])",
                               {ids});
    }
  }
  for (const char* table :
       {"query_verdicts", "query_bindings", "run_sides", "run_records", "runs"}) {
    session.execute_params(
        std::string("DELETE FROM pgduet.") + table + " WHERE run_id = ANY ($1::text[])", {ids});
  }
  if (has_table(session, "recommendations"))
    session.execute_params("DELETE FROM pgduet.recommendations WHERE run_id = ANY ($1::text[])",
                           {ids});
  delete_orphans(session);
}

void delete_orphans(Session& session) {
  session.execute(
      "DELETE FROM pgduet.queries AS q WHERE NOT EXISTS (SELECT FROM pgduet.query_bindings AS b "
      "WHERE b.query_id = q.query_id) AND NOT EXISTS (SELECT FROM pgduet.query_verdicts AS v "
      "WHERE v.query_id = q.query_id)");
}

}  // namespace pgduet::harness

#include <algorithm>
#include <string>
#include <tuple>

#include "pgduet/harness/setup.h"
#include "session.h"

namespace pgduet::harness {
namespace {

// Each part selects (kind, name, relation, definition) of the objects in user schemas that no
// extension owns. Texts are the server's own, so two databases are only comparable on one major
// version.
constexpr const char* schemas = R"sql(
WITH schemas AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), extension_members AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relations AS (
  SELECT c.*, s.nspname || '.' || c.relname AS full_name
  FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S', 'c') AND c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM extension_members e
                    WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
)
)sql";

constexpr const char* tables = R"sql(
SELECT 'table', full_name, '', concat_ws(', ',
  CASE relkind WHEN 'p' THEN 'partitioned by ' || pg_get_partkeydef(oid)
               WHEN 'f' THEN 'foreign table' ELSE 'table' END,
  CASE WHEN relpersistence = 'u' THEN 'unlogged' END,
  (SELECT 'inherits ' || string_agg(inhparent::regclass::text, ' ' ORDER BY inhseqno)
   FROM pg_inherits WHERE inhrelid = relations.oid),
  pg_get_expr(relpartbound, oid),
  CASE WHEN relrowsecurity THEN 'row security' END,
  CASE WHEN relforcerowsecurity THEN 'forced row security' END,
  array_to_string(reloptions, ', '))
FROM relations WHERE relkind IN ('r', 'p', 'f')
)sql";

// attstattarget is NULL for the default from PostgreSQL 17 on, -1 before. Minor releases of late
// keep a "pg_attver" of their own in attoptions that no two builds share.
constexpr const char* columns = R"sql(
SELECT 'column', full_name || '.' || attname, full_name, concat_ws(' ',
  format_type(atttypid, atttypmod),
  CASE WHEN attnotnull THEN 'not null' END,
  CASE WHEN attidentity <> '' THEN 'identity'
       WHEN attgenerated <> '' THEN 'generated ' || pg_get_expr(adbin, adrelid)
       ELSE 'default ' || pg_get_expr(adbin, adrelid) END,
  CASE WHEN attcollation <> typcollation THEN 'collate ' || attcollation::regcollation END,
  CASE WHEN coalesce(attstattarget, -1) >= 0 THEN 'statistics ' || attstattarget END,
  (SELECT string_agg(option, ' ') FROM unnest(attoptions) AS option WHERE option LIKE 'n_distinct%'))
FROM relations
JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type ON pg_type.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'f', 'm')
)sql";

// "public.orders USING btree (customer_id)": what follows the name in the server's text, so that a
// renamed index keeps its definition.
constexpr const char* indexes = R"sql(
SELECT 'index', s.nspname || '.' || c.relname, relations.full_name, concat_ws(' ',
  CASE WHEN indisunique THEN 'UNIQUE' END,
  substr(pg_get_indexdef(indexrelid),
         length('CREATE ' || CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX '
                || quote_ident(c.relname) || ' ON ') + 1),
  CASE WHEN NOT indisvalid THEN 'INVALID' END,
  (SELECT string_agg('STATISTICS ' || attnum || ' ' || attstattarget, ' ' ORDER BY attnum)
   FROM pg_attribute WHERE attrelid = indexrelid AND attstattarget >= 0))
FROM relations JOIN pg_index ON indrelid = relations.oid
JOIN pg_class c ON c.oid = indexrelid JOIN schemas s ON s.oid = c.relnamespace
)sql";

// NOT NULL constraints (contype n, PostgreSQL 18) are said with their column.
constexpr const char* constraints = R"sql(
SELECT 'constraint', full_name || '.' || conname, full_name, pg_get_constraintdef(pg_constraint.oid)
FROM relations JOIN pg_constraint ON conrelid = relations.oid
WHERE contype IN ('p', 'u', 'f', 'c', 'x')
)sql";

constexpr const char* views = R"sql(
SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, full_name, '',
  concat_ws(' ', pg_get_viewdef(oid), array_to_string(reloptions, ', '))
FROM relations WHERE relkind IN ('v', 'm')
)sql";

constexpr const char* functions = R"sql(
SELECT 'function', s.nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid)
  || ')', '', CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN schemas s ON s.oid = pronamespace
WHERE NOT EXISTS (SELECT FROM extension_members e
                  WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
)sql";

constexpr const char* statistics_objects = R"sql(
SELECT 'statistics object', s.nspname || '.' || stxname, full_name,
  concat_ws(' ', pg_get_statisticsobjdef(x.oid),
            CASE WHEN coalesce(stxstattarget, -1) >= 0 THEN 'statistics ' || stxstattarget END)
FROM pg_statistic_ext x JOIN relations ON relations.oid = stxrelid
JOIN schemas s ON s.oid = stxnamespace
)sql";

constexpr const char* triggers = R"sql(
SELECT 'trigger', full_name || '.' || tgname, full_name,
  concat_ws(' ', pg_get_triggerdef(t.oid), CASE WHEN tgenabled <> 'O' THEN 'enabled ' || tgenabled::text END)
FROM pg_trigger t JOIN relations ON relations.oid = tgrelid WHERE NOT tgisinternal
)sql";

constexpr const char* policies = R"sql(
SELECT 'policy', full_name || '.' || polname, full_name, concat_ws(' ',
  CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
  'for ' || polcmd::text,
  'to ' || (SELECT string_agg(coalesce(rolname, 'public'), ', ' ORDER BY rolname)
            FROM unnest(polroles) member LEFT JOIN pg_roles ON pg_roles.oid = member),
  'using ' || pg_get_expr(polqual, polrelid),
  'with check ' || pg_get_expr(polwithcheck, polrelid))
FROM pg_policy JOIN relations ON relations.oid = polrelid
)sql";

constexpr const char* sequences = R"sql(
SELECT 'sequence', full_name, '', concat_ws(' ', format_type(seqtypid, NULL), 'start', seqstart,
  'increment', seqincrement, 'from', seqmin, 'to', seqmax, 'cache', seqcache,
  CASE WHEN seqcycle THEN 'cycle' END)
FROM relations JOIN pg_sequence ON seqrelid = relations.oid
)sql";

constexpr const char* types = R"sql(
SELECT 'type', s.nspname || '.' || typname, '', CASE typtype
  WHEN 'e' THEN 'enum (' || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                             FROM pg_enum WHERE enumtypid = t.oid) || ')'
  WHEN 'd' THEN concat_ws(' ', 'domain over ' || format_type(typbasetype, typtypmod),
    CASE WHEN typnotnull THEN 'not null' END, 'default ' || typdefault,
    (SELECT string_agg(pg_get_constraintdef(oid), ' ' ORDER BY conname)
     FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'))
  WHEN 'r' THEN 'range over ' || (SELECT format_type(rngsubtype, NULL) FROM pg_range
                                  WHERE rngtypid = t.oid)
  ELSE 'composite (' || (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', '
                                           ORDER BY attnum)
                         FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0
                           AND NOT attisdropped) || ')' END
FROM pg_type t JOIN schemas s ON s.oid = typnamespace
WHERE (typtype IN ('e', 'd', 'r')
       OR typtype = 'c' AND EXISTS (SELECT FROM relations WHERE oid = typrelid AND relkind = 'c'))
  AND NOT EXISTS (SELECT FROM extension_members e
                  WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
)sql";

// plpgsql is in every database.
constexpr const char* extensions = R"sql(
SELECT 'extension', extname, '', extversion FROM pg_extension WHERE extname <> 'plpgsql'
)sql";

constexpr const char* settings = R"sql(
SELECT 'setting', split_part(setting, '=', 1)
         || CASE WHEN setrole <> 0 THEN ' of role ' || setrole::regrole ELSE '' END,
  '', substr(setting, strpos(setting, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
   OR setdatabase = 0
)sql";

}  // namespace

gate::Catalog read_catalog(const std::string& connection_string) try {
  Session session(connection_string);
  // Everything is then named with its schema, whatever search_path the database has. jit: the
  // planner's estimates for these texts are high enough to compile them, which takes 100 times
  // longer than running them.
  session.execute("SET search_path = pg_catalog; SET jit = off");
  std::string sql = schemas;
  const char* separator = "";
  for (const char* part :
       {tables, columns, indexes, constraints, views, functions, statistics_objects, triggers,
        policies, sequences, types, extensions, settings}) {
    sql += std::string(separator) + part;
    separator = "UNION ALL";
  }
  const pqxx::result result = session.execute(sql);
  gate::Catalog catalog;
  catalog.reserve(static_cast<std::size_t>(compat::rows(result)));
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    catalog.push_back({.kind = row[0].c_str(),
                       .name = row[1].c_str(),
                       .relation = row[2].c_str(),
                       .definition = row[3].c_str()});
  }
  std::sort(catalog.begin(), catalog.end(), [](const auto& a, const auto& b) {
    return std::tie(a.kind, a.name, a.definition) < std::tie(b.kind, b.name, b.definition);
  });
  return catalog;
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

}  // namespace pgduet::harness

#include <algorithm>
#include <set>

#include "pgduet/gate/sql.h"
#include "pgduet/harness/scaffold.h"
#include "session.h"

namespace pgduet::harness {
namespace {

// So many that an index pays, and few enough to be built in a second.
constexpr const char* rows = "10000";

struct Column {
  std::string name;
  std::string type;              // "character varying(20)", as format_type() says it
  std::string category;          // pg_type.typcategory of the base type
  std::string base;              // the base type's name: "int4", "text", "uuid"
  int length = 0;                // of varchar(n) and char(n); 0 without
  bool unique = false;           // alone or with others, in a unique index
  std::string referenced_table;  // quoted; "" without a foreign key of this column alone
  std::string referenced_column;
};

struct Table {
  std::string name;  // quoted, with its schema where that is needed
  std::vector<Column> columns;
  std::set<std::string> references;  // other tables, by name
};

// Columns that a row needs a value for: not those that are generated or number themselves. A
// default that is the clock's or chance is no data to compare results with.
constexpr const char* columns_sql = R"sql(
  SELECT c.oid::regclass::text, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
         base.typcategory, base.typname,
         CASE WHEN base.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 0 END,
         EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)),
         f.confrelid::regclass::text, quote_ident(fa.attname)
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type AS t ON t.oid = a.atttypid
  JOIN pg_type AS base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
  LEFT JOIN LATERAL (SELECT * FROM pg_constraint AS k
                     WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
                     ORDER BY k.conname LIMIT 1) AS f ON true
  LEFT JOIN pg_attribute AS fa ON fa.attrelid = f.confrelid AND fa.attnum = f.confkey[1]
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relname !~ '(schema_migrations|_migrations|alembic_version|goose_db_version|flyway_schema_history|databasechangelog.*)$'
    AND a.attidentity = '' AND a.attgenerated = ''
    AND (d.adbin IS NULL OR f.oid IS NOT NULL OR base.typcategory = 'D' OR base.typname = 'uuid')
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum)sql";

std::vector<Table> read_tables(Session& session) {
  std::vector<Table> tables;
  const pqxx::result result = session.execute(columns_sql);
  for (int i = 0; i < compat::rows(result); ++i) {
    const pqxx::row row = compat::row(result, i);
    const std::string name = row[0].c_str();
    if (tables.empty() || tables.back().name != name) {
      if (session.text("SELECT EXISTS (SELECT FROM " + name + ")") == "t") continue;
      tables.push_back({name, {}, {}});
    }
    Column column;
    column.name = row[1].c_str();
    column.type = row[2].c_str();
    column.category = row[3].c_str();
    column.base = row[4].c_str();
    column.length = std::stoi(row[5].c_str());
    column.unique = row[6].c_str()[0] == 't';
    if (!row[7].is_null()) {
      column.referenced_table = row[7].c_str();
      column.referenced_column = row[8].c_str();
      if (column.referenced_table != name) tables.back().references.insert(column.referenced_table);
    }
    tables.back().columns.push_back(std::move(column));
  }
  return tables;
}

// Referenced tables first; those that refer to one another in their order.
std::vector<Table> in_order(std::vector<Table> tables) {
  std::vector<Table> ordered;
  while (!tables.empty()) {
    const auto waits = [&](const Table& table) {
      return std::any_of(tables.begin(), tables.end(),
                         [&](const Table& other) { return table.references.contains(other.name); });
    };
    auto next = std::find_if_not(tables.begin(), tables.end(), waits);
    if (next == tables.end()) next = tables.begin();
    ordered.push_back(std::move(*next));
    tables.erase(next);
  }
  return ordered;
}

// A number from 1 to `largest`, that looks drawn; another for each column. Amounts are rarely 0.
std::string scattered(std::size_t column, const std::string& largest) {
  return "1 + (hashint4(g + " + std::to_string(1000003 * (column + 1)) + ") & 2147483647) % " +
         largest;
}

std::string text_value(const Column& column, std::size_t number) {
  // As many values as rows where they must differ; else some are common and some are rare.
  std::string name = column.name;
  std::erase(name, '"');
  std::string value = gate::quote_literal(name + " ") + " || ";
  value += column.unique ? "g" : "(" + scattered(number, "1000") + ")";
  if (column.length == 0) return value;
  const std::string length = std::to_string(column.length);
  return "right(" + value + ", " + length + ")";
}

std::string value_of(const Column& column, const Table& table, std::size_t number) {
  if (!column.referenced_table.empty()) {
    // A row cannot refer to rows that the same statement makes.
    if (column.referenced_table == table.name) return "NULL";
    const std::string all = "(ARRAY(SELECT " + column.referenced_column + " FROM " +
                            column.referenced_table + " ORDER BY 1))";
    const std::string count = "(SELECT count(*) FROM " + column.referenced_table + ")";
    return all + "[" + scattered(number, count) + "]";
  }
  const std::string cast = "::" + column.type;
  if (column.category == "N") {
    const std::string largest = column.base == "int2" ? "30000" : "1000";
    return "(" + (column.unique ? std::string("g") : scattered(number, largest)) + ")" + cast;
  }
  if (column.category == "B") return "g % 2 = 0";
  if (column.category == "S") return text_value(column, number);
  if (column.category == "D") {
    if (column.base == "time" || column.base == "timetz")
      return "(time '08:00' + g * interval '1 second')" + cast;
    return "(timestamp '2026-01-01' + g * interval '1 minute')" + cast;
  }
  if (column.category == "T") return "g * interval '1 minute'";
  if (column.category == "A") return "'{}'" + cast;
  if (column.category == "E")
    return "(enum_range(NULL" + cast + "))[1 + g % cardinality(enum_range(NULL" + cast + "))]";
  if (column.base == "uuid") return "md5(" + gate::quote_literal(table.name) + " || g)::uuid";
  if (column.base == "json" || column.base == "jsonb") return "'{}'" + cast;
  if (column.base == "bytea") return "decode(md5(g::text), 'hex')";
  if (column.base == "inet" || column.base == "cidr") return "('10.0.0.0'::inet + g)" + cast;
  return "NULL";
}

std::string insert_of(const Table& table) {
  std::string names;
  std::string values;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    names += (i == 0 ? "" : ", ") + table.columns[i].name;
    values += (i == 0 ? "" : ",\n       ") + value_of(table.columns[i], table, i);
  }
  return "INSERT INTO " + table.name + " (" + names + ")\nSELECT " + values +
         "\nFROM generate_series(1, (" + rows +
         " * :scale)::integer) AS g\nON CONFLICT DO NOTHING;\n";
}

std::string commented(const std::string& text) {
  std::string result = "-- ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '\n' && i + 1 < text.size()) result += "-- ";
  }
  return result;
}

}  // namespace

SeedScript make_seed(const Database& database) try {
  Session session(database.connection_string);
  const std::vector<Table> tables = in_order(read_tables(session));
  if (tables.empty()) return {};
  SeedScript seed;
  seed.script =
      "-- Rows for the tables that the migrations leave empty, so that plans are those of tables\n"
      "-- that hold something. Make them as many and as skewed as production's: plans depend on "
      "it.\n"
      "-- g is the row's number; hashint4() scatters it, the same way each time.\n";
  for (const Table& table : tables) {
    const std::string insert = insert_of(table);
    try {
      session.execute(gate::substitute_variable(insert, "scale", "1"));
      session.execute("ANALYZE " + table.name);
      seed.script += "\n" + insert;
    } catch (const StatementFailure& failure) {
      if (is_environment_failure(failure)) throw;
      seed.left_empty.push_back(table.name);
      seed.script +=
          "\n" +
          commented("The server refused this one: " + std::string(failure.what()) + "\n" + insert);
    }
  }
  return seed;
} catch (const StatementFailure& failure) {
  throw connection_error(failure);
}

}  // namespace pgduet::harness

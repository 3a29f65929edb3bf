-- What ran: runs, the databases that they compared, and the queries, whose identity stands apart from their executions.

CREATE TABLE pgduet.runs (
  run_id text COLLATE "C" PRIMARY KEY,
  started_at timestamptz NOT NULL,
  duration_seconds double precision NOT NULL,
  pgduet_version text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('passed', 'failed', 'not_measured')),
  summary text NOT NULL,
  only_selected boolean NOT NULL,
  cores integer NOT NULL,
  machine_load double precision NOT NULL,
  loaded_version integer NOT NULL
);
COMMENT ON TABLE pgduet.runs IS 'One run of pgduet. On Citus: a reference table.';
COMMENT ON COLUMN pgduet.runs.run_id IS 'Sorts by time';
COMMENT ON COLUMN pgduet.runs.outcome IS 'What the gate said';
COMMENT ON COLUMN pgduet.runs.only_selected IS 'A part of the queries was run (--only)';
COMMENT ON COLUMN pgduet.runs.machine_load IS 'Load average over 5 minutes at the end of the run';
COMMENT ON COLUMN pgduet.runs.loaded_version IS 'Migration of the tables that the run was loaded into; it is loaded again when that is too old';

CREATE TABLE pgduet.run_records (
  run_id text COLLATE "C" PRIMARY KEY,
  record bytea NOT NULL
);
ALTER TABLE pgduet.run_records ALTER COLUMN record SET STORAGE EXTERNAL;
COMMENT ON TABLE pgduet.run_records IS 'The run record of each run, from which all else here is made. On Citus: distributed by run_id.';
COMMENT ON COLUMN pgduet.run_records.record IS 'The JSON file, compressed with gzip';

CREATE TABLE pgduet.run_sides (
  run_id text COLLATE "C" NOT NULL,
  workload text NOT NULL,
  side text NOT NULL CHECK (side IN ('base', 'head')),
  revision text NOT NULL,
  commit_id text,
  commit_subject text,
  committed_at timestamptz,
  branch text,
  modified boolean,
  postgres_major integer NOT NULL,
  postgres_version text NOT NULL,
  external_server boolean NOT NULL,
  clock text NOT NULL,
  setup_hash text NOT NULL,
  PRIMARY KEY (run_id, workload, side)
);
COMMENT ON TABLE pgduet.run_sides IS 'A database that a run compared: base or head of a workload. On Citus: a reference table.';
COMMENT ON COLUMN pgduet.run_sides.revision IS 'As reports show it';
COMMENT ON COLUMN pgduet.run_sides.modified IS 'The work tree had changes that are in no commit';
COMMENT ON COLUMN pgduet.run_sides.external_server IS 'pgduet did not start the server (--server)';
COMMENT ON COLUMN pgduet.run_sides.setup_hash IS 'Of all that makes the database; the same hash, the same data';

CREATE TABLE pgduet.queries (
  query_id bigint PRIMARY KEY,
  workload text NOT NULL,
  name text NOT NULL,
  fingerprint text NOT NULL,
  normalized_sql text NOT NULL
);
CREATE INDEX queries_workload_name_idx ON pgduet.queries (workload, name);
CREATE INDEX queries_workload_fingerprint_idx ON pgduet.queries (workload, fingerprint);
COMMENT ON TABLE pgduet.queries IS 'A statement under a name. A renamed query is another row with the same fingerprint, a rewritten one another row with the same name. On Citus: distributed by query_id, and so are all tables with a query_id, colocated with this one.';
COMMENT ON COLUMN pgduet.queries.query_id IS 'Hash of workload, name and fingerprint: the same in every store';
COMMENT ON COLUMN pgduet.queries.fingerprint IS 'By libpg_query, which leaves constants and formatting out; of a statement that it cannot parse "text:" and the hash of its text';
COMMENT ON COLUMN pgduet.queries.normalized_sql IS 'Constants replaced by $n';

CREATE TABLE pgduet.retention (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  kept_since timestamptz NOT NULL
);
COMMENT ON TABLE pgduet.retention IS 'At most one row: runs before kept_since were pruned and are not loaded again. On Citus: a reference table.';

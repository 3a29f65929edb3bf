-- What was measured: a row a binding, and all samples.

CREATE TABLE pgduet.query_bindings (
  query_id bigint NOT NULL REFERENCES pgduet.queries,
  run_id text COLLATE "C" NOT NULL,
  side text NOT NULL CHECK (side IN ('base', 'head')),
  binding integer NOT NULL,
  started_at timestamptz NOT NULL,
  parameters text NOT NULL,
  shape text,
  sqlstate text,
  failure text,
  result_rows bigint,
  result_checksum text,
  blocks bigint,
  temp_blocks bigint,
  rows_visited bigint,
  wal_bytes bigint,
  planning_blocks bigint,
  memory_kb bigint,
  executions bigint NOT NULL,
  samples integer NOT NULL,
  cpu_min_us double precision,
  wall_min_us double precision,
  wall_median_us double precision,
  wall_p95_us double precision,
  wall_max_us double precision,
  PRIMARY KEY (query_id, run_id, side, binding)
);
CREATE INDEX query_bindings_run_id_idx ON pgduet.query_bindings (run_id);
COMMENT ON TABLE pgduet.query_bindings IS 'A query with one set of parameter values, on one side of a run. On Citus: distributed by query_id.';
COMMENT ON COLUMN pgduet.query_bindings.side IS 'A query that cannot differ between base and head runs once, as head';
COMMENT ON COLUMN pgduet.query_bindings.started_at IS 'Of the run';
COMMENT ON COLUMN pgduet.query_bindings.shape IS 'Of its plan: the same shape, the same plan but for costs, counts and constants';
COMMENT ON COLUMN pgduet.query_bindings.failure IS 'The server''s words';
COMMENT ON COLUMN pgduet.query_bindings.blocks IS 'Shared, local and temporary blocks touched, hit or read';
COMMENT ON COLUMN pgduet.query_bindings.rows_visited IS 'By all scans, with those that filters removed';
COMMENT ON COLUMN pgduet.query_bindings.memory_kb IS 'Peak of sorts and hashes';
COMMENT ON COLUMN pgduet.query_bindings.executions IS 'That the times rest on; 0 where none were timed';
COMMENT ON COLUMN pgduet.query_bindings.samples IS 'That these executions are in; each gave one time';
COMMENT ON COLUMN pgduet.query_bindings.cpu_min_us IS 'CPU time of the server process in the fastest execution; null where it cannot be read';

CREATE TABLE pgduet.query_executions (
  query_id bigint NOT NULL,
  started_at timestamptz NOT NULL,
  wall_us double precision NOT NULL,
  cpu_us double precision,
  client_us double precision NOT NULL,
  queued_us double precision,
  binding integer NOT NULL,
  stage integer NOT NULL,
  sample integer NOT NULL,
  executions integer NOT NULL,
  control boolean NOT NULL,
  side text NOT NULL,
  run_id text COLLATE "C" NOT NULL
) PARTITION BY RANGE (started_at);
CREATE INDEX query_executions_query_id_started_at_idx ON pgduet.query_executions (query_id, started_at);
COMMENT ON TABLE pgduet.query_executions IS 'Every sample: some executions of a binding in a row, without EXPLAIN; times are those of one of them. A partition a month (UTC). On Citus: distributed by query_id.';
COMMENT ON COLUMN pgduet.query_executions.started_at IS 'Of the run';
COMMENT ON COLUMN pgduet.query_executions.wall_us IS 'As the client sees it';
COMMENT ON COLUMN pgduet.query_executions.cpu_us IS 'Of the server process; null where it cannot be read';
COMMENT ON COLUMN pgduet.query_executions.client_us IS 'CPU time of the client, within wall_us';
COMMENT ON COLUMN pgduet.query_executions.queued_us IS 'Wait for a core, within wall_us; null where the kernel does not tell';
COMMENT ON COLUMN pgduet.query_executions.stage IS '0: the screening; from 1: the duet';
COMMENT ON COLUMN pgduet.query_executions.sample IS 'Its number among those of the binding, from 1';
COMMENT ON COLUMN pgduet.query_executions.executions IS 'How many there are in the sample';
COMMENT ON COLUMN pgduet.query_executions.control IS 'Base against itself';

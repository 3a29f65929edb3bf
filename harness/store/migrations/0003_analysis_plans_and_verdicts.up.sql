-- What was made of it: plans and verdicts.

CREATE TABLE pgduet.query_plans (
  query_id bigint NOT NULL,
  started_at timestamptz NOT NULL,
  binding integer NOT NULL,
  side text NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  shape text NOT NULL,
  plan jsonb NOT NULL
) PARTITION BY RANGE (started_at);
CREATE INDEX query_plans_query_id_started_at_idx ON pgduet.query_plans (query_id, started_at);
COMMENT ON TABLE pgduet.query_plans IS 'Every plan, whole, as EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, WAL, TIMING OFF, FORMAT JSON) gave it. A partition a month (UTC). On Citus: distributed by query_id.';
COMMENT ON COLUMN pgduet.query_plans.binding IS '0: the generic plan, which was not executed';

CREATE TABLE pgduet.query_verdicts (
  query_id bigint NOT NULL REFERENCES pgduet.queries,
  run_id text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  verdict text NOT NULL,
  fails boolean NOT NULL,
  headline text NOT NULL,
  worst_binding integer NOT NULL,
  weight double precision NOT NULL,
  share double precision NOT NULL,
  policy jsonb NOT NULL,
  report jsonb NOT NULL,
  PRIMARY KEY (query_id, run_id)
);
CREATE INDEX query_verdicts_run_id_idx ON pgduet.query_verdicts (run_id);
COMMENT ON TABLE pgduet.query_verdicts IS 'What the gate said of a query in a run. Queries that were skipped, or gone on both sides, have no row. On Citus: distributed by query_id.';
COMMENT ON COLUMN pgduet.query_verdicts.headline IS 'The sentence that a reviewer reads first';
COMMENT ON COLUMN pgduet.query_verdicts.share IS 'Of the workload''s time on base: executions by weight, 0 to 1';
COMMENT ON COLUMN pgduet.query_verdicts.policy IS 'The limits that it was judged by';
COMMENT ON COLUMN pgduet.query_verdicts.report IS 'All that the report says of it, as --report json has it: findings, times, work, notes, next step';

-- What was advised. Nothing else here depends on it.

CREATE TABLE pgduet.recommendations (
  query_id bigint NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  recommendation_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  rule text,
  model text,
  statement text NOT NULL,
  proved boolean NOT NULL,
  confidence double precision CHECK (confidence BETWEEN 0 AND 1),
  evidence jsonb NOT NULL,
  PRIMARY KEY (query_id, run_id, recommendation_id)
);
COMMENT ON TABLE pgduet.recommendations IS 'Remedies that were tried for a failure. On Citus: distributed by query_id.';
COMMENT ON COLUMN pgduet.recommendations.rule IS 'The rule that proposed it; null where a model did';
COMMENT ON COLUMN pgduet.recommendations.proved IS 'It helped when it was built and measured; false: tried, did not help';
COMMENT ON COLUMN pgduet.recommendations.confidence IS 'Computed from the evidence';
COMMENT ON COLUMN pgduet.recommendations.evidence IS 'What was measured before and after';

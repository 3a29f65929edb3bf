-- For people who ask with SQL.

CREATE VIEW pgduet.query_history AS
SELECT q.workload, q.name, b.started_at, s.commit_id, s.commit_subject, s.branch, s.postgres_major, b.side, b.binding, b.parameters,
  b.shape, b.blocks, b.rows_visited, b.executions, b.cpu_min_us, b.wall_min_us, b.wall_median_us, b.wall_p95_us, b.wall_max_us, b.failure,
  v.verdict, v.headline, b.run_id, b.query_id
FROM pgduet.query_bindings AS b
JOIN pgduet.queries AS q USING (query_id)
JOIN pgduet.run_sides AS s ON s.run_id = b.run_id AND s.workload = q.workload AND s.side = b.side
LEFT JOIN pgduet.query_verdicts AS v ON v.query_id = b.query_id AND v.run_id = b.run_id;
COMMENT ON VIEW pgduet.query_history IS 'Each binding of each query in each run, with commit and verdict';

CREATE VIEW pgduet.plan_flips AS
SELECT workload, name, started_at, commit_id, commit_subject, branch, postgres_major, binding, parameters, former_shape, shape, run_id, query_id
FROM (
  SELECT h.*, lag(shape) OVER (PARTITION BY workload, name, binding, parameters ORDER BY run_id) AS former_shape
  FROM pgduet.query_history AS h
  WHERE side = 'head' AND shape IS NOT NULL
) AS history
WHERE former_shape <> shape;
COMMENT ON VIEW pgduet.plan_flips IS 'Runs whose plan of a binding is of another shape than in the run before';

CREATE VIEW pgduet.slow_queries AS
SELECT h.workload, h.name, h.binding, h.parameters, count(*) AS runs, min(h.started_at) AS since, max(h.started_at) AS until,
  max(h.wall_median_us) / 1000 AS wall_median_ms, max(h.wall_max_us) / 1000 AS wall_max_ms, min((v.policy ->> 'slow_ms')::double precision) AS slow_ms
FROM pgduet.query_history AS h
JOIN pgduet.query_verdicts AS v USING (query_id, run_id)
WHERE h.side = 'head' AND h.wall_max_us >= 1000 * (v.policy ->> 'slow_ms')::double precision
GROUP BY h.workload, h.name, h.binding, h.parameters;
COMMENT ON VIEW pgduet.slow_queries IS 'Bindings with an execution that took as long as their policy calls slow (slow_ms), and in how many runs';

DROP VIEW pgduet.slow_queries;
DROP VIEW pgduet.plan_flips;
DROP VIEW pgduet.query_history;

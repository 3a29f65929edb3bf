DROP TABLE pgduet.query_executions;
DROP TABLE pgduet.query_bindings;

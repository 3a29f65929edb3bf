DROP TABLE pgduet.query_verdicts;
DROP TABLE pgduet.query_plans;

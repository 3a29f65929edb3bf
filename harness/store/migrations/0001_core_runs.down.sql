DROP TABLE pgduet.retention;
DROP TABLE pgduet.queries;
DROP TABLE pgduet.run_sides;
DROP TABLE pgduet.run_records;
DROP TABLE pgduet.runs;

DROP TABLE pgduet.recommendations;

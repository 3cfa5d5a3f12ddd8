DROP FUNCTION balance_of(text);
DROP VIEW balance;
DROP TABLE entry;

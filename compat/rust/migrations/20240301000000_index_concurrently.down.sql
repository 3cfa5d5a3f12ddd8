-- no-transaction
DROP INDEX CONCURRENTLY entry_tags;

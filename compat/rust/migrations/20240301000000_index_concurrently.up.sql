-- no-transaction
CREATE INDEX CONCURRENTLY entry_tags ON entry USING gin (tags);

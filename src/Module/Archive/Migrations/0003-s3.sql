-- Targets that are listed incrementally: when all of one was listed last (Unix ms UTC), and which buckets create conditionally
ALTER TABLE targets ADD COLUMN listed_at INTEGER;
CREATE TABLE buckets(uri TEXT PRIMARY KEY, conditional_create INTEGER NOT NULL, probed_at INTEGER NOT NULL) WITHOUT ROWID;

-- Server side (memory spec 6.5): the chunks that this machine keeps, in the order of their arrival. What their row lists hold is
-- in memory_log as well. data: the canonical form (4.5), whose hash the id is. created_at: the client's time, else ours; Unix ms UTC.
CREATE TABLE memory_log_chunks(
  arrival INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, chunk_id TEXT NOT NULL, created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL, sessions INTEGER NOT NULL, memories INTEGER NOT NULL, prompts INTEGER NOT NULL, data BLOB NOT NULL,
  UNIQUE(project, chunk_id)
);

-- Whether a project's log knows a session, which the rows of a chunk may refer to.
CREATE INDEX ix_memory_log_sessions ON memory_log(project, entity_key) WHERE entity = 'session' AND op = 'upsert';

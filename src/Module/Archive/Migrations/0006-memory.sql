-- Memory plane (memory spec). Texts and times of content tables are stored as received; times of state tables are Unix ms UTC.
CREATE TABLE memory_sessions(
  rid INTEGER PRIMARY KEY,                   -- order of arrival
  id TEXT NOT NULL UNIQUE,                   -- chosen by the caller; also the identity in sync (1.2)
  project TEXT NOT NULL DEFAULT '', directory TEXT NOT NULL DEFAULT '', started_at TEXT NOT NULL,
  ended_at TEXT, summary TEXT
);
CREATE INDEX ix_memory_sessions_project ON memory_sessions(project);

-- sync_id is not unique (1.6): of several rows with one, the highest id is the one that counts. Large columns come last.
CREATE TABLE memory_observations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id TEXT NOT NULL,
  session_id TEXT NOT NULL REFERENCES memory_sessions(id),
  type TEXT NOT NULL DEFAULT '', project TEXT,               -- null = that of the session
  scope TEXT NOT NULL DEFAULT 'project', topic_key TEXT,
  revision_count INTEGER NOT NULL DEFAULT 1, duplicate_count INTEGER NOT NULL DEFAULT 1,
  last_seen_at TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,
  normalized_hash TEXT, tool_name TEXT, title TEXT NOT NULL DEFAULT '', content TEXT NOT NULL
);
CREATE INDEX ix_memory_observations_sync ON memory_observations(sync_id);
CREATE INDEX ix_memory_observations_session ON memory_observations(session_id);
CREATE INDEX ix_memory_observations_project ON memory_observations(project);
CREATE INDEX ix_memory_observations_topic ON memory_observations(topic_key, project, scope) WHERE topic_key IS NOT NULL;

CREATE TABLE memory_prompts(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id TEXT NOT NULL,
  session_id TEXT NOT NULL REFERENCES memory_sessions(id),
  project TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX ix_memory_prompts_sync ON memory_prompts(sync_id);
CREATE INDEX ix_memory_prompts_session ON memory_prompts(session_id);
CREATE INDEX ix_memory_prompts_project ON memory_prompts(project);
CREATE TABLE memory_tombstones(              -- of prompts (1.4)
  sync_id TEXT PRIMARY KEY, session_id TEXT, project TEXT NOT NULL DEFAULT '', deleted_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX ix_memory_tombstones_project ON memory_tombstones(project);

CREATE TABLE memory_relations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id TEXT NOT NULL UNIQUE,
  source_id TEXT NOT NULL, target_id TEXT NOT NULL,          -- sync ids of observations
  relation TEXT NOT NULL DEFAULT 'pending', reason TEXT, evidence TEXT, confidence REAL,
  judgment_status TEXT NOT NULL DEFAULT 'pending', marked_by_actor TEXT, marked_by_kind TEXT, marked_by_model TEXT,
  session_id TEXT, superseded_at TEXT, superseded_by_relation_id INTEGER, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX ix_memory_relations_source ON memory_relations(source_id);
CREATE INDEX ix_memory_relations_target ON memory_relations(target_id);

CREATE VIRTUAL TABLE memory_text USING fts5(title, content, topic_key, content='memory_observations', content_rowid='id',
  tokenize='unicode61 remove_diacritics 2');
INSERT INTO memory_text(memory_text, rank) VALUES ('pgsz', 8000), ('hashsize', 4194304), ('automerge', 8);
CREATE TRIGGER memory_observations_ai AFTER INSERT ON memory_observations BEGIN
  INSERT INTO memory_text(rowid, title, content, topic_key) VALUES (new.id, new.title, new.content, new.topic_key);
END;
CREATE TRIGGER memory_observations_ad AFTER DELETE ON memory_observations BEGIN
  INSERT INTO memory_text(memory_text, rowid, title, content, topic_key)
    VALUES ('delete', old.id, old.title, old.content, old.topic_key);
END;
CREATE TRIGGER memory_observations_au AFTER UPDATE OF title, content, topic_key ON memory_observations
  WHEN old.title <> new.title OR old.content <> new.content OR old.topic_key IS NOT new.topic_key BEGIN
  INSERT INTO memory_text(memory_text, rowid, title, content, topic_key)
    VALUES ('delete', old.id, old.title, old.content, old.topic_key);
  INSERT INTO memory_text(rowid, title, content, topic_key) VALUES (new.id, new.title, new.content, new.topic_key);
END;

-- Chunk directories (4.3, 4.4). target_key: 'local', or 'cloud:<project>'.
CREATE TABLE memory_chunks(target_key TEXT NOT NULL DEFAULT 'local', chunk_id TEXT NOT NULL, imported_at INTEGER NOT NULL,
  PRIMARY KEY(target_key, chunk_id)) WITHOUT ROWID;
CREATE TABLE memory_chunk_rows(target_key TEXT NOT NULL, chunk_id TEXT NOT NULL, entity TEXT NOT NULL, entity_key TEXT NOT NULL,
  row_hash TEXT NOT NULL, PRIMARY KEY(target_key, chunk_id, entity, entity_key)) WITHOUT ROWID;
CREATE INDEX ix_memory_chunk_rows_key ON memory_chunk_rows(entity, entity_key);

-- Enrollment (5.2). An enrolled project owes a pass from 0; until it is done nothing of the project is pushed.
CREATE TABLE memory_projects(project TEXT PRIMARY KEY, enrolled_at INTEGER NOT NULL, owes_pass INTEGER NOT NULL DEFAULT 1,
  backfilled_at INTEGER) WITHOUT ROWID;

-- The journal (5.1): what this machine changed in enrolled projects. Pending = neither acked nor quarantined.
CREATE TABLE memory_mutations(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,     -- local seq; unrelated to those of a server
  entity TEXT NOT NULL, entity_key TEXT NOT NULL, op TEXT NOT NULL, project TEXT NOT NULL DEFAULT '',
  occurred_at INTEGER NOT NULL, acked_at INTEGER,
  disposition TEXT, reason TEXT, disposed_at INTEGER,        -- 'quarantined': can never be sent as it is (7.2 step 3)
  payload TEXT NOT NULL,
  CHECK(acked_at IS NULL OR disposition IS NULL)
);
CREATE INDEX ix_memory_mutations_pending ON memory_mutations(project, seq) WHERE acked_at IS NULL AND disposition IS NULL;
CREATE INDEX ix_memory_mutations_queue ON memory_mutations(seq) WHERE acked_at IS NULL AND disposition IS NULL;
CREATE INDEX ix_memory_mutations_quarantined ON memory_mutations(seq) WHERE disposition IS NOT NULL;
CREATE INDEX ix_memory_mutations_entity ON memory_mutations(entity, entity_key, seq);

-- Version pairs (8.2) and session registers (8.3: entity 'session.<field>', 'session.deleted').
-- cloud_seq: null = journalled, not acked; > 0 = the server's number; 0 = from the server, number unknown; -1 = never sent.
-- No row beside a data row means -1: most archives never meet a server, and theirs stays empty but for 'gone' rows.
CREATE TABLE memory_versions(entity TEXT NOT NULL, entity_key TEXT NOT NULL, version_time TEXT NOT NULL DEFAULT '', cloud_seq INTEGER,
  state TEXT NOT NULL CHECK(state IN('live','deleted','gone')), project TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(entity, entity_key)) WITHOUT ROWID;
CREATE INDEX ix_memory_versions_project ON memory_versions(project, state);

-- Answers that a pull owes (8.3): entities to be journalled again, as stored, at its end.
CREATE TABLE memory_answers(entity TEXT NOT NULL, entity_key TEXT NOT NULL, PRIMARY KEY(entity, entity_key)) WITHOUT ROWID;

-- Pulled or imported mutations that wait or never apply (8.5). id: 'entity:key', of dead ones a hash.
CREATE TABLE memory_deferred(
  id TEXT PRIMARY KEY, entity TEXT NOT NULL, entity_key TEXT NOT NULL, op TEXT NOT NULL, project TEXT NOT NULL DEFAULT '',
  remote_seq INTEGER NOT NULL, occurred_at TEXT, waits_for TEXT,               -- waits_for: id of the missing session
  apply_status TEXT NOT NULL CHECK(apply_status IN('deferred','dead')), reason_code TEXT NOT NULL, last_error TEXT,
  retry_count INTEGER NOT NULL DEFAULT 0, first_seen_at INTEGER NOT NULL, last_attempted_at INTEGER, payload TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX ix_memory_deferred_waits ON memory_deferred(waits_for) WHERE waits_for IS NOT NULL;

-- Client side of a server (5.5, 7.3, 7.4). target_key: 'cloud' (the mutation log), 'cloud:<project>' (status of a project).
CREATE TABLE memory_targets(
  target_key TEXT PRIMARY KEY, lifecycle TEXT NOT NULL DEFAULT 'idle',
  last_enqueued_seq INTEGER NOT NULL DEFAULT 0, last_acked_seq INTEGER NOT NULL DEFAULT 0,
  last_pulled_seq INTEGER NOT NULL DEFAULT 0,                -- the pull cursor, numbers of the server
  cursor_entity TEXT, cursor_key TEXT, cursor_op TEXT, cursor_occurred_at TEXT,   -- the mutation that the cursor stands on
  server_url TEXT, memory_order TEXT NOT NULL DEFAULT 'LogOrder', owes_pass INTEGER NOT NULL DEFAULT 0,
  mapped_max INTEGER NOT NULL DEFAULT 0,                     -- largest number ever mapped at this server
  pull_count INTEGER NOT NULL DEFAULT 0, page_limit INTEGER, -- re-read window; limit after answers too large
  consecutive_failures INTEGER NOT NULL DEFAULT 0, backoff_until INTEGER,
  lease_owner TEXT, lease_until INTEGER,
  reason_code TEXT, reason_message TEXT, last_error TEXT, last_sync_at INTEGER, updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE memory_mapping(local_seq INTEGER PRIMARY KEY, cloud_seq INTEGER NOT NULL, synced_at INTEGER NOT NULL);
CREATE INDEX ix_memory_mapping_cloud ON memory_mapping(cloud_seq);

-- Server side (6): the log that this machine serves. AUTOINCREMENT: a number is never given twice. Writers are one at a
-- time, so numbers become visible in their order.
CREATE TABLE memory_log(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, entity TEXT NOT NULL, entity_key TEXT NOT NULL, op TEXT NOT NULL,
  occurred_at INTEGER NOT NULL, created_by TEXT, payload TEXT NOT NULL
);
CREATE INDEX ix_memory_log_project ON memory_log(project, seq);
CREATE TABLE memory_log_projects(project TEXT PRIMARY KEY, paused_at INTEGER, reason TEXT) WITHOUT ROWID;

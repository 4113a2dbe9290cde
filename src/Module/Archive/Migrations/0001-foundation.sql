-- Session plane. Column names follow the wire (spec 4.2-4.9). Own rows bear the native id, foreign rows origin~native.
CREATE TABLE sessions(
  sid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  own INTEGER NOT NULL,                      -- ownership is this flag, never a comparison of machine (spec 6.1)
  origin TEXT NOT NULL DEFAULT '',           -- publishing origin of a foreign row, '' for own rows
  project TEXT NOT NULL DEFAULT '', machine TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '',
  agent_label TEXT NOT NULL DEFAULT '', entrypoint TEXT NOT NULL DEFAULT '', first_message TEXT,
  display_name TEXT, session_name TEXT, started_at TEXT, ended_at TEXT,
  message_count INTEGER NOT NULL DEFAULT 0, user_message_count INTEGER NOT NULL DEFAULT 0,
  parent_session_id TEXT, relationship_type TEXT NOT NULL DEFAULT '',
  total_output_tokens INTEGER NOT NULL DEFAULT 0, peak_context_tokens INTEGER NOT NULL DEFAULT 0,
  has_total_output_tokens INTEGER NOT NULL DEFAULT 0, has_peak_context_tokens INTEGER NOT NULL DEFAULT 0,
  is_automated INTEGER NOT NULL DEFAULT 0,
  tool_failure_signal_count INTEGER NOT NULL DEFAULT 0, tool_retry_count INTEGER NOT NULL DEFAULT 0,
  edit_churn_count INTEGER NOT NULL DEFAULT 0, consecutive_failure_max INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '', outcome_confidence TEXT NOT NULL DEFAULT '', ended_with_role TEXT NOT NULL DEFAULT '',
  final_failure_streak INTEGER NOT NULL DEFAULT 0, signals_pending_since TEXT,
  compaction_count INTEGER NOT NULL DEFAULT 0, mid_task_compaction_count INTEGER NOT NULL DEFAULT 0,
  context_pressure_max REAL, health_score INTEGER, health_grade TEXT,
  has_tool_calls INTEGER NOT NULL DEFAULT 0, has_context_data INTEGER NOT NULL DEFAULT 0,
  quality_signal_version INTEGER NOT NULL DEFAULT 0, short_prompt_count INTEGER NOT NULL DEFAULT 0,
  unstructured_start INTEGER NOT NULL DEFAULT 0, missing_success_criteria_count INTEGER NOT NULL DEFAULT 0,
  missing_verification_count INTEGER NOT NULL DEFAULT 0, duplicate_prompt_count INTEGER NOT NULL DEFAULT 0,
  no_code_context_count INTEGER NOT NULL DEFAULT 0, runaway_tool_loop_count INTEGER NOT NULL DEFAULT 0,
  data_version INTEGER NOT NULL DEFAULT 0,
  cwd TEXT NOT NULL DEFAULT '', git_branch TEXT NOT NULL DEFAULT '', source_session_id TEXT NOT NULL DEFAULT '',
  source_version TEXT NOT NULL DEFAULT '', transcript_fidelity TEXT NOT NULL DEFAULT '',
  parser_malformed_lines INTEGER NOT NULL DEFAULT 0, is_truncated INTEGER NOT NULL DEFAULT 0,
  deleted_at TEXT, created_at TEXT NOT NULL DEFAULT '', termination_status TEXT,
  secret_leak_count INTEGER NOT NULL DEFAULT 0, secrets_rules_version TEXT NOT NULL DEFAULT '',
  file_path TEXT, file_size INTEGER, file_mtime INTEGER, file_inode INTEGER, file_device INTEGER, file_hash TEXT,
  local_modified_at TEXT,
  transcript_revision TEXT                   -- the writer bumps it with every change of messages or usage (spec 6.6)
);
CREATE INDEX ix_sessions_started ON sessions(started_at);
CREATE INDEX ix_sessions_origin ON sessions(origin, started_at);

-- Large columns come last: SQLite reaches a column by reading all before it, overflow pages included.
CREATE TABLE messages(
  mid INTEGER PRIMARY KEY,
  sid INTEGER NOT NULL REFERENCES sessions(sid) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  role TEXT NOT NULL, timestamp TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '',
  has_thinking INTEGER NOT NULL DEFAULT 0, has_tool_use INTEGER NOT NULL DEFAULT 0,
  is_system INTEGER NOT NULL DEFAULT 0, is_sidechain INTEGER NOT NULL DEFAULT 0, is_compact_boundary INTEGER NOT NULL DEFAULT 0,
  content_length INTEGER NOT NULL DEFAULT 0, context_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
  has_context_tokens INTEGER NOT NULL DEFAULT 0, has_output_tokens INTEGER NOT NULL DEFAULT 0,
  claude_message_id TEXT NOT NULL DEFAULT '', claude_request_id TEXT NOT NULL DEFAULT '',
  source_type TEXT NOT NULL DEFAULT '', source_subtype TEXT NOT NULL DEFAULT '', source_uuid TEXT NOT NULL DEFAULT '',
  source_parent_uuid TEXT NOT NULL DEFAULT '', token_usage TEXT NOT NULL DEFAULT '',
  content TEXT NOT NULL, thinking_text TEXT NOT NULL DEFAULT '',
  UNIQUE(sid, ordinal)
);
CREATE TABLE tool_calls(
  cid INTEGER PRIMARY KEY,
  mid INTEGER NOT NULL REFERENCES messages(mid) ON DELETE CASCADE,
  call_index INTEGER NOT NULL,
  tool_name TEXT NOT NULL, category TEXT NOT NULL DEFAULT '', tool_use_id TEXT NOT NULL DEFAULT '',
  skill_name TEXT NOT NULL DEFAULT '', subagent_session_id TEXT NOT NULL DEFAULT '', file_path TEXT NOT NULL DEFAULT '',
  result_content_length INTEGER NOT NULL DEFAULT 0, input_json TEXT NOT NULL DEFAULT '', result_content TEXT NOT NULL DEFAULT '',
  UNIQUE(mid, call_index)
);
CREATE TABLE tool_result_events(
  cid INTEGER NOT NULL REFERENCES tool_calls(cid) ON DELETE CASCADE,
  event_index INTEGER NOT NULL,
  source TEXT NOT NULL, status TEXT NOT NULL, tool_use_id TEXT NOT NULL DEFAULT '',
  agent_id TEXT NOT NULL DEFAULT '', subagent_session_id TEXT NOT NULL DEFAULT '', timestamp TEXT NOT NULL DEFAULT '',
  content_length INTEGER NOT NULL DEFAULT 0, content TEXT NOT NULL,
  PRIMARY KEY(cid, event_index)
) WITHOUT ROWID;
CREATE TABLE usage_events(
  uid INTEGER PRIMARY KEY,
  sid INTEGER NOT NULL REFERENCES sessions(sid) ON DELETE CASCADE,
  message_ordinal INTEGER, source TEXT NOT NULL, model TEXT NOT NULL, input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0, cache_creation_input_tokens INTEGER NOT NULL DEFAULT 0,
  cache_read_input_tokens INTEGER NOT NULL DEFAULT 0, reasoning_tokens INTEGER NOT NULL DEFAULT 0, cost_usd REAL,
  cost_status TEXT NOT NULL DEFAULT '', cost_source TEXT NOT NULL DEFAULT '', occurred_at TEXT, dedup_key TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ix_usage_sid ON usage_events(sid);
CREATE UNIQUE INDEX ux_usage_dedup ON usage_events(sid, source, dedup_key) WHERE dedup_key <> '';

CREATE VIRTUAL TABLE message_text USING fts5(content, content='messages', content_rowid='mid', tokenize='unicode61 remove_diacritics 2');
-- Leaves that fill a page of 8 KiB, more text gathered in memory before a segment is written, and fewer merges: measured on
-- 100,000 messages (110 MB of text) these take a quarter off the cost of an import, and searches are not slower.
INSERT INTO message_text(message_text, rank) VALUES ('pgsz', 8000), ('hashsize', 4194304), ('automerge', 8);
-- New messages enter the index at the end of a transaction, see TextIndex; its docsize table knows which are in it.
CREATE TRIGGER messages_ad AFTER DELETE ON messages WHEN EXISTS(SELECT 1 FROM message_text_docsize WHERE id = old.mid) BEGIN
  INSERT INTO message_text(message_text, rowid, content) VALUES ('delete', old.mid, old.content);
END;
CREATE TRIGGER messages_au AFTER UPDATE OF content ON messages
  WHEN EXISTS(SELECT 1 FROM message_text_docsize WHERE id = old.mid) BEGIN
  INSERT INTO message_text(message_text, rowid, content) VALUES ('delete', old.mid, old.content);
  INSERT INTO message_text(rowid, content) VALUES (new.mid, new.content);
END;

-- Curation (user edits; travels as metadata events, never in segments)
CREATE TABLE starred_sessions(session_id TEXT PRIMARY KEY, created_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pinned_messages(
  pid INTEGER PRIMARY KEY,
  sid INTEGER NOT NULL REFERENCES sessions(sid) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL, source_uuid TEXT NOT NULL DEFAULT '', note TEXT, created_at TEXT NOT NULL,
  field TEXT,                                -- the register that it comes from; null = never published
  UNIQUE(sid, ordinal)
);
CREATE TABLE excluded_sessions(id TEXT PRIMARY KEY, created_at TEXT NOT NULL) WITHOUT ROWID;

-- Transcript sources: what was read of each file, so that an unchanged file costs a stat
CREATE TABLE transcript_files(
  path TEXT PRIMARY KEY, format TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  consumed INTEGER NOT NULL,                 -- bytes up to the end of the last complete line that was read
  prefix_hash TEXT NOT NULL,                 -- proves that an appended file still begins with what was read
  malformed_lines INTEGER NOT NULL DEFAULT 0, session_ids TEXT NOT NULL DEFAULT '[]', state TEXT
) WITHOUT ROWID;

-- Publication (spec 6)
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('publish_generation', 0);
CREATE TABLE publish_queue(session_id TEXT PRIMARY KEY, generation INTEGER NOT NULL, enqueued_at TEXT NOT NULL,
  rejected_code TEXT                         -- this generation can't be published; null again with the next change
) WITHOUT ROWID;
CREATE TRIGGER sessions_ai AFTER INSERT ON sessions WHEN new.own = 1 BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'publish_generation';
  INSERT INTO publish_queue(session_id, generation, enqueued_at) SELECT new.id, value, strftime('%Y-%m-%dT%H:%M:%fZ') FROM counters WHERE name = 'publish_generation'
    ON CONFLICT(session_id) DO UPDATE SET generation = excluded.generation, rejected_code = NULL;
END;
CREATE TRIGGER sessions_ad AFTER DELETE ON sessions WHEN old.own = 1 BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'publish_generation';
  INSERT INTO publish_queue(session_id, generation, enqueued_at) SELECT old.id, value, strftime('%Y-%m-%dT%H:%M:%fZ') FROM counters WHERE name = 'publish_generation'
    ON CONFLICT(session_id) DO UPDATE SET generation = excluded.generation, rejected_code = NULL;
END;
CREATE TRIGGER sessions_au AFTER UPDATE OF own, project, agent, agent_label, entrypoint, first_message, display_name,
  session_name, started_at, ended_at, message_count, user_message_count, parent_session_id, relationship_type,
  total_output_tokens, peak_context_tokens, has_total_output_tokens, has_peak_context_tokens, is_automated,
  tool_failure_signal_count, tool_retry_count, edit_churn_count, consecutive_failure_max, outcome, outcome_confidence,
  ended_with_role, final_failure_streak, signals_pending_since, compaction_count, mid_task_compaction_count,
  context_pressure_max, health_score, health_grade, has_tool_calls, has_context_data, quality_signal_version,
  short_prompt_count, unstructured_start, missing_success_criteria_count, missing_verification_count,
  duplicate_prompt_count, no_code_context_count, runaway_tool_loop_count, data_version, cwd, git_branch,
  source_session_id, source_version, transcript_fidelity, parser_malformed_lines, is_truncated, deleted_at, created_at,
  termination_status, transcript_revision
  ON sessions WHEN new.own = 1 OR old.own = 1 BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'publish_generation';
  INSERT INTO publish_queue(session_id, generation, enqueued_at) SELECT new.id, value, strftime('%Y-%m-%dT%H:%M:%fZ') FROM counters WHERE name = 'publish_generation'
    ON CONFLICT(session_id) DO UPDATE SET generation = excluded.generation, rejected_code = NULL;
END;
CREATE TABLE publications(session_id TEXT PRIMARY KEY, manifest_sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE publication_head(              -- at most one row: the archive has one origin
  origin TEXT PRIMARY KEY, revision INTEGER NOT NULL,        -- revision: bumped with every change of publications
  sequence INTEGER, published_revision INTEGER, map_sha256 TEXT, checkpoint_sha256 TEXT, checkpoint_size INTEGER
) WITHOUT ROWID;
CREATE TABLE sequence_floors(origin TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;

-- Catalog of the local store: what is known to lie below artifacts/
CREATE TABLE artifacts(
  aid INTEGER PRIMARY KEY AUTOINCREMENT,     -- never reused: cursors say "everything up to here"
  origin TEXT NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL,               -- of the decoded bytes
  wire_size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,     -- of the file, as verified
  import_fault TEXT,                         -- null = importable; else the ErrorCode that import will meet (FutureVersion, ...)
  UNIQUE(origin, kind, name)
);
CREATE TABLE artifact_edges(aid INTEGER NOT NULL REFERENCES artifacts(aid) ON DELETE CASCADE, sha256 TEXT NOT NULL,
  kind INTEGER NOT NULL, PRIMARY KEY(aid, kind, sha256)) WITHOUT ROWID;
CREATE TABLE quarantined_artifacts(
  qid INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
  sha256 TEXT NOT NULL, wire_size INTEGER NOT NULL, error_code TEXT NOT NULL, reason TEXT NOT NULL, file TEXT NOT NULL,
  quarantined_at INTEGER NOT NULL
);
CREATE INDEX ix_quarantined ON quarantined_artifacts(origin, kind, name);
CREATE TABLE repair_queue(origin TEXT NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  size INTEGER NOT NULL, detected_at INTEGER NOT NULL, PRIMARY KEY(origin, kind, name)) WITHOUT ROWID;

-- Targets: what is known of the far side, so that a run with nothing to do lists nothing
CREATE TABLE targets(tid INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, last_exchange_at INTEGER);
CREATE TABLE target_cursors(tid INTEGER NOT NULL REFERENCES targets(tid) ON DELETE CASCADE, origin TEXT NOT NULL,
  kind INTEGER NOT NULL, token TEXT, high_aid INTEGER NOT NULL, PRIMARY KEY(tid, origin, kind)) WITHOUT ROWID;

-- Ingest (spec 7)
CREATE TABLE origin_state(origin TEXT PRIMARY KEY, content_pending INTEGER NOT NULL DEFAULT 0,
  metadata_pending INTEGER NOT NULL DEFAULT 0,
  imported_sequence INTEGER NOT NULL DEFAULT 0, -- of the newest checkpoint that content came from, landed or not: never below it again
  first_seen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE watermarks(gid TEXT PRIMARY KEY, manifest_sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE landings(origin TEXT PRIMARY KEY, sequence INTEGER NOT NULL, checkpoint_sha256 TEXT NOT NULL,
  landed_at INTEGER NOT NULL) WITHOUT ROWID;

-- Metadata ledger (spec 9)
CREATE TABLE metadata_applied(origin TEXT NOT NULL, order_key TEXT NOT NULL, artifact_sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL, PRIMARY KEY(origin, order_key)) WITHOUT ROWID;
CREATE TABLE metadata_deferred(origin TEXT NOT NULL, name TEXT NOT NULL, error_code TEXT NOT NULL,
  deferred_at INTEGER NOT NULL, PRIMARY KEY(origin, name)) WITHOUT ROWID;
CREATE TABLE metadata_registers(session_gid TEXT NOT NULL, field TEXT NOT NULL, order_key TEXT NOT NULL, hlc TEXT NOT NULL,
  artifact_sha256 TEXT NOT NULL, origin TEXT NOT NULL, op TEXT NOT NULL, value TEXT NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(session_gid, field)) WITHOUT ROWID;
CREATE TABLE metadata_conflicts(
  conflict_id INTEGER PRIMARY KEY, session_gid TEXT NOT NULL, field TEXT NOT NULL,
  winning_order_key TEXT NOT NULL, losing_order_key TEXT NOT NULL, winning_origin TEXT NOT NULL, losing_origin TEXT NOT NULL,
  winning_op TEXT NOT NULL, losing_op TEXT NOT NULL, winning_value TEXT NOT NULL, losing_value TEXT NOT NULL,
  created_at INTEGER NOT NULL, resolved_at INTEGER, resolution TEXT, resolved_by TEXT, note TEXT,
  UNIQUE(session_gid, field, winning_order_key, losing_order_key));
CREATE TABLE metadata_provenance(origin TEXT NOT NULL, order_key TEXT NOT NULL, artifact_sha256 TEXT NOT NULL,
  session_gid TEXT NOT NULL, op TEXT NOT NULL, PRIMARY KEY(origin, order_key)) WITHOUT ROWID;
CREATE TABLE metadata_pins_owed(session_gid TEXT PRIMARY KEY) WITHOUT ROWID;  -- pins that a replay has still to derive

-- Control plane (surgical spec 2, widened). Times: Unix milliseconds UTC.
CREATE TABLE archive_state(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sync_runs(
  run_id TEXT PRIMARY KEY, parent_run_id TEXT, kind TEXT NOT NULL, target TEXT, instance_url TEXT, project TEXT,
  status TEXT NOT NULL CHECK(status IN('running','succeeded','partial','failed','aborted')),
  phase TEXT NOT NULL, requested_json TEXT NOT NULL, options_json TEXT NOT NULL, counters_json TEXT NOT NULL DEFAULT '{}',
  error_code TEXT, error_message TEXT, pid INTEGER NOT NULL, process_started_at INTEGER NOT NULL, host TEXT NOT NULL,
  started_at INTEGER NOT NULL, heartbeat_at INTEGER NOT NULL, finished_at INTEGER,
  CHECK((status='running')=(finished_at IS NULL)));
CREATE INDEX ix_runs_started ON sync_runs(started_at);
CREATE INDEX ix_runs_parent ON sync_runs(parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX ix_runs_running ON sync_runs(status) WHERE status = 'running';
CREATE TABLE sync_run_entities(
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES sync_runs(run_id) ON DELETE CASCADE,
  entity_type TEXT NOT NULL, key TEXT NOT NULL, iid INTEGER, stage TEXT NOT NULL, status TEXT NOT NULL,
  error_code TEXT, error_message TEXT, http_status INTEGER, attempts INTEGER NOT NULL DEFAULT 1, updated_at INTEGER NOT NULL,
  UNIQUE(run_id, entity_type, key, stage), CHECK((status='failed') <= (error_code IS NOT NULL)));
CREATE TABLE app_locks(
  name TEXT PRIMARY KEY, run_id TEXT NOT NULL, fence INTEGER NOT NULL, pid INTEGER NOT NULL,
  process_started_at INTEGER NOT NULL, host TEXT NOT NULL, acquired_at INTEGER NOT NULL, heartbeat_at INTEGER NOT NULL,
  released INTEGER NOT NULL DEFAULT 0);

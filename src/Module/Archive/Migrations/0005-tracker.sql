-- Tracker plane (surgical spec 2): issues and merge requests of GitLab projects with their threads and events, the documents
-- made of them, and the queues between. Times: Unix milliseconds UTC. Types are 'issue' and 'merge_request'.

-- Content
CREATE TABLE projects(
  id INTEGER PRIMARY KEY, instance_url TEXT NOT NULL, gitlab_id INTEGER NOT NULL, path TEXT NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0, fetched_at INTEGER NOT NULL, UNIQUE(instance_url, gitlab_id));
CREATE TABLE issues(
  id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), gitlab_id INTEGER NOT NULL, iid INTEGER NOT NULL,
  title TEXT NOT NULL, state TEXT NOT NULL, issue_type TEXT, confidential INTEGER NOT NULL DEFAULT 0, author TEXT, milestone TEXT,
  due_date TEXT, labels_json TEXT NOT NULL DEFAULT '[]', assignees_json TEXT NOT NULL DEFAULT '[]', moved_to_id INTEGER, web_url TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, closed_at INTEGER, fetched_at INTEGER NOT NULL,
  children_fetched_at INTEGER,               -- null or before fetched_at: threads and events are still owed
  children_user INTEGER,                     -- GitLab id of the user who saw all of them; only its absences are deletions
  content_hash TEXT NOT NULL,                -- of the stable fields
  last_run_id TEXT, description TEXT, raw_json TEXT NOT NULL,
  UNIQUE(project_id, iid), UNIQUE(project_id, gitlab_id));
CREATE TABLE merge_requests(
  id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), gitlab_id INTEGER NOT NULL, iid INTEGER NOT NULL,
  title TEXT NOT NULL, state TEXT NOT NULL, draft INTEGER NOT NULL DEFAULT 0, author TEXT, milestone TEXT, source_branch TEXT,
  target_branch TEXT, sha TEXT, merge_commit_sha TEXT, labels_json TEXT NOT NULL DEFAULT '[]', assignees_json TEXT NOT NULL DEFAULT '[]',
  reviewers_json TEXT NOT NULL DEFAULT '[]', web_url TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, merged_at INTEGER,
  closed_at INTEGER, fetched_at INTEGER NOT NULL, children_fetched_at INTEGER, children_user INTEGER, content_hash TEXT NOT NULL,
  last_run_id TEXT, description TEXT, raw_json TEXT NOT NULL,
  UNIQUE(project_id, iid), UNIQUE(project_id, gitlab_id));
CREATE INDEX ix_issues_owed ON issues(id) WHERE children_fetched_at IS NULL OR children_fetched_at < fetched_at;
CREATE INDEX ix_merge_requests_owed ON merge_requests(id) WHERE children_fetched_at IS NULL OR children_fetched_at < fetched_at;
CREATE TABLE discussions(
  id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id),
  entity_type TEXT NOT NULL CHECK(entity_type IN('issue','merge_request')), entity_id INTEGER NOT NULL, gitlab_id TEXT NOT NULL,
  individual_note INTEGER NOT NULL, seq INTEGER NOT NULL, deleted_at INTEGER, UNIQUE(entity_type, entity_id, gitlab_id));
CREATE TABLE notes(
  id INTEGER PRIMARY KEY, discussion_id INTEGER NOT NULL REFERENCES discussions(id) ON DELETE CASCADE,
  project_id INTEGER NOT NULL REFERENCES projects(id), gitlab_id INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT, author TEXT,
  system INTEGER NOT NULL, internal INTEGER NOT NULL DEFAULT 0, resolvable INTEGER NOT NULL DEFAULT 0, resolved INTEGER, resolved_by TEXT,
  resolved_at INTEGER, position_json TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  body TEXT NOT NULL, UNIQUE(project_id, gitlab_id));
CREATE INDEX ix_notes_discussion ON notes(discussion_id, seq);
CREATE TABLE resource_events(
  id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id),
  entity_type TEXT NOT NULL CHECK(entity_type IN('issue','merge_request')), entity_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN('label','state','milestone')), gitlab_id INTEGER NOT NULL, action TEXT, state TEXT, subject_id INTEGER,
  subject_name TEXT, author TEXT, source_commit TEXT, source_mr_id INTEGER, created_at INTEGER NOT NULL, missing_at INTEGER,
  UNIQUE(project_id, kind, gitlab_id));
CREATE INDEX ix_events_entity ON resource_events(entity_type, entity_id, kind);
CREATE TABLE documents(
  id INTEGER PRIMARY KEY, source_type TEXT NOT NULL CHECK(source_type IN('issue','merge_request')), source_id INTEGER NOT NULL,
  content_hash TEXT NOT NULL, rebuilt_run_id TEXT, rebuilt_at INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE(source_type, source_id));
CREATE TABLE embeddings(
  document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE, chunk INTEGER NOT NULL, model TEXT NOT NULL,
  document_hash TEXT NOT NULL,               -- of the document that the chunk was cut from: all of a document bear its current hash when it is done
  content_hash TEXT NOT NULL, created_at INTEGER NOT NULL, vector BLOB NOT NULL,        -- 32 bit floats, little endian, length 1
  PRIMARY KEY(document_id, chunk, model));

CREATE VIRTUAL TABLE document_text USING fts5(title, body, content='documents', content_rowid='id',
  tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER documents_ai AFTER INSERT ON documents BEGIN
  INSERT INTO document_text(rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER documents_ad AFTER DELETE ON documents BEGIN
  INSERT INTO document_text(document_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;
CREATE TRIGGER documents_au AFTER UPDATE OF title, body ON documents BEGIN
  INSERT INTO document_text(document_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
  INSERT INTO document_text(rowid, title, body) VALUES (new.id, new.title, new.body);
END;

-- Queues. Rows of dirty_sources are never merged and their ids never reused: a run deletes exactly the rows it made (spec 5).
CREATE TABLE dirty_sources(
  id INTEGER PRIMARY KEY AUTOINCREMENT, source_type TEXT NOT NULL, source_id INTEGER NOT NULL, queued_at INTEGER NOT NULL);
CREATE INDEX ix_dirty ON dirty_sources(source_type, source_id);
CREATE TABLE dependent_queue(
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, entity_type TEXT NOT NULL, entity_id INTEGER NOT NULL,
  job TEXT NOT NULL CHECK(job IN('discussions','label_events','state_events','milestone_events')), scope_run_id TEXT,
  status TEXT NOT NULL DEFAULT 'pending' CHECK(status IN('pending','claimed','done','failed','aborted')),
  attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT, aborted_reason TEXT, enqueued_at INTEGER NOT NULL, claimed_at INTEGER,
  finished_at INTEGER, CHECK((status='aborted')=(aborted_reason IS NOT NULL)));
CREATE INDEX ix_dep ON dependent_queue(scope_run_id, status);
CREATE INDEX ix_dep_finished ON dependent_queue(finished_at) WHERE finished_at IS NOT NULL;

-- Control
ALTER TABLE sync_run_entities ADD COLUMN retry_after_s INTEGER;  -- what the server asked to wait

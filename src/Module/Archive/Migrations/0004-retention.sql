-- What a collection took out of the catalog and perhaps not yet off the disk: lines of name, tab, mtime in nanoseconds.
-- The next one finishes it after a kill.
CREATE TABLE collect_journal(jid INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind INTEGER NOT NULL, files TEXT NOT NULL);
-- Since when and until when automatic collection need not look at an origin: location '' = the local store, else a target.
CREATE TABLE collections(location TEXT NOT NULL, origin TEXT NOT NULL,
  grace INTEGER NOT NULL,                    -- milliseconds
  checkpoint_aid INTEGER NOT NULL,           -- the newest checkpoint when it looked; another one makes others stale
  due_at INTEGER,                            -- Unix ms: the first artifact that grace kept becomes too old; null = none was kept
  probe TEXT, probe_mtime_ns INTEGER,        -- that artifact (path below the local store): its time may be set back
  PRIMARY KEY(location, origin)) WITHOUT ROWID;
-- Counts collections of the local store: an exchange that began before one must not promise that nothing is lacking.
INSERT INTO counters VALUES ('collections', 0);

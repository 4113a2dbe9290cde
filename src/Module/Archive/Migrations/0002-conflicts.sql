-- The open conflicts that an edit may settle: those of its register that lost with what it says. Values can be long.
CREATE INDEX ix_conflicts_open ON metadata_conflicts(session_gid, field, losing_op, substr(losing_value, 1, 64)) WHERE resolved_at IS NULL;

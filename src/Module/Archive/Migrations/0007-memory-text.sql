-- A statement with a trigger makes FTS5 write out what it gathered, row by row. New observations enter the index by a statement
-- of their own; changed and deleted ones still by trigger.
DROP TRIGGER memory_observations_ai;

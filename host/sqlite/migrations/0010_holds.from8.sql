-- Why nothing goes to a destination, as the daemon has found: the next one, and whoever looks, know it from here. A
-- cause is a name of the list in docs/operations.md; versions before do not look at it.
ALTER TABLE integration_destination_memory ADD COLUMN paused_since_ms INTEGER;
ALTER TABLE integration_destination_memory ADD COLUMN tripped_since_ms INTEGER;
ALTER TABLE integration_destination_memory ADD COLUMN held_cause TEXT CHECK (length(held_cause) BETWEEN 1 AND 64);
ALTER TABLE integration_destination_memory ADD COLUMN held_since_ms INTEGER;
ALTER TABLE integration_destination_memory ADD COLUMN held_detail TEXT NOT NULL DEFAULT '' CHECK (length(held_detail) <= 512);

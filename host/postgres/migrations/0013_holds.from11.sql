-- Why nothing goes to a destination, as the daemon that serves it has found: the next one, and whoever looks, know it
-- from here. A cause is a name of the list in docs/operations.md; versions before do not look at it.
ALTER TABLE integration_destination_memory
  ADD COLUMN paused_since timestamptz,
  ADD COLUMN tripped_since timestamptz,
  ADD COLUMN held_cause text COLLATE "C" CHECK (char_length(held_cause) BETWEEN 1 AND 64),
  ADD COLUMN held_since timestamptz,
  ADD COLUMN held_detail text NOT NULL DEFAULT '' CHECK (char_length(held_detail) <= 512);

GRANT UPDATE (paused_since, tripped_since, held_cause, held_since, held_detail) ON integration_destination_memory TO opi_worker;

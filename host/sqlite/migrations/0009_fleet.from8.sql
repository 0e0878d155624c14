-- Leases that are found without reading the backlog, and what outlives a daemon of how it stood with a destination.

-- Of deliveries that are under way alone.
CREATE INDEX integration_outbox_leases ON integration_outbox (locked_until_ms) WHERE state = 'delivering';

-- Those of a subject that go, or may go: at most a few, however many wait behind them.
CREATE INDEX integration_outbox_going ON integration_outbox (destination_id, subject)
  WHERE subject <> '' AND due_at_us < 9223372036854775807;

CREATE TABLE integration_destination_memory (
  tenant_id TEXT NOT NULL,
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  paused_until_ms INTEGER NOT NULL,
  probe_at_ms INTEGER,  -- of a tripped breaker
  PRIMARY KEY (destination_id),
  FOREIGN KEY (tenant_id, destination_id) REFERENCES integration_destinations ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The longest silence that a receiver may ask for at a time. Versions before do not read it and bound it by backoff_cap_ms.
ALTER TABLE integration_delivery_policy
  ADD COLUMN retry_after_max_ms INTEGER CHECK (retry_after_max_ms BETWEEN 1000 AND 2592000000);

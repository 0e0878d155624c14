-- Destinations that are served in the order of their subjects, and deliveries in several requests.

ALTER TABLE integration_destinations ADD COLUMN delivery_order TEXT NOT NULL DEFAULT 'none'
  CHECK (delivery_order IN ('none', 'subject'));

-- Of deliveries whose destination asks for order; the others have none. Per destination and subject one delivery is
-- due or under way, the later ones wait behind it with due_at_us at its end; `place` is their order.
ALTER TABLE integration_outbox ADD COLUMN subject TEXT NOT NULL DEFAULT '' CHECK (length(subject) <= 128);
ALTER TABLE integration_outbox ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
-- The request that comes next, and what the adapter keeps for it.
ALTER TABLE integration_outbox ADD COLUMN step INTEGER NOT NULL DEFAULT 0 CHECK (step BETWEEN 0 AND 7);
ALTER TABLE integration_outbox ADD COLUMN carry BLOB CHECK (length(carry) <= 16384);
CREATE INDEX integration_outbox_by_subject ON integration_outbox (destination_id, subject, place, delivery_id)
  WHERE subject <> '';

ALTER TABLE integration_deliveries ADD COLUMN subject TEXT NOT NULL DEFAULT '' CHECK (length(subject) <= 128);
CREATE INDEX integration_deliveries_holding ON integration_deliveries (destination_id, subject)
  WHERE state = 'dead_lettered' AND subject <> '';

-- The result 'continued': a step that another one follows.
CREATE TABLE integration_delivery_attempts_2 (
  tenant_id TEXT NOT NULL,
  delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16),
  number INTEGER NOT NULL CHECK (number >= 1),
  started_at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
  result TEXT NOT NULL,
  http_status INTEGER,
  reason TEXT NOT NULL CHECK (length(reason) <= 1024),
  error_summary TEXT NOT NULL CHECK (length(error_summary) <= 1024),
  -- Of the settlement that wrote this: one that is submitted again, because its commit was in doubt, finds itself.
  delivery_event_id BLOB NOT NULL CHECK (length(delivery_event_id) = 16),
  response_summary TEXT NOT NULL CHECK (length(response_summary) <= 1024),
  PRIMARY KEY (tenant_id, delivery_id, number),
  CONSTRAINT integration_delivery_attempts_result
    CHECK (result IN ('succeeded', 'retryable', 'terminal', 'interrupted', 'continued'))
) STRICT, WITHOUT ROWID;
INSERT INTO integration_delivery_attempts_2 SELECT * FROM integration_delivery_attempts;
DROP TABLE integration_delivery_attempts;
ALTER TABLE integration_delivery_attempts_2 RENAME TO integration_delivery_attempts;

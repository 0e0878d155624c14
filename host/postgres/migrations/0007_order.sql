-- Destinations that are served in the order of their subjects, and deliveries in several requests.

ALTER TABLE integration_destinations ADD COLUMN delivery_order text NOT NULL DEFAULT 'none'
  CHECK (delivery_order IN ('none', 'subject'));

-- Of deliveries whose destination asks for order; the others have none. Per destination and subject one delivery is
-- due or under way, the later ones wait behind it with due_at = infinity; `place` is their order.
CREATE SEQUENCE integration_subject_places;
GRANT USAGE ON SEQUENCE integration_subject_places TO opi_worker;
ALTER TABLE integration_outbox
  ADD COLUMN subject text COLLATE "C" NOT NULL DEFAULT '' CHECK (char_length(subject) <= 128),
  ADD COLUMN place bigint NOT NULL DEFAULT 0,
  -- The request that comes next, and what the adapter keeps for it.
  ADD COLUMN step smallint NOT NULL DEFAULT 0 CHECK (step BETWEEN 0 AND 7),
  ADD COLUMN carry bytea CHECK (octet_length(carry) <= 16384);
CREATE INDEX integration_outbox_by_subject ON integration_outbox (destination_id, subject, place, delivery_id)
  WHERE subject <> '';

ALTER TABLE integration_deliveries
  ADD COLUMN subject text COLLATE "C" NOT NULL DEFAULT '' CHECK (char_length(subject) <= 128);
CREATE INDEX integration_deliveries_holding ON integration_deliveries (destination_id, subject)
  WHERE state = 'dead_lettered' AND subject <> '';

-- The result 'continued': a step that another one follows.
ALTER TABLE integration_delivery_attempts DROP CONSTRAINT integration_delivery_attempts_result;
ALTER TABLE integration_delivery_attempts ADD CONSTRAINT integration_delivery_attempts_result
  CHECK (result IN ('succeeded', 'retryable', 'terminal', 'interrupted', 'continued'));

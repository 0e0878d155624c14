-- Events and their deliveries. State is which table a row is in: live deliveries stand in the hot table
-- integration_outbox, finished ones are appended to integration_deliveries. The CHECKs restate
-- host/domain/delivery_state.hpp; tests/contract compares them.

-- With a rowid: payloads are too long for the leaves of a clustered key.
CREATE TABLE integration_events (
  tenant_id TEXT NOT NULL CHECK (length(tenant_id) BETWEEN 1 AND 64),
  event_id TEXT NOT NULL CHECK (length(event_id) BETWEEN 1 AND 128),
  event_type TEXT NOT NULL CHECK (length(event_type) <= 128),
  schema_version TEXT NOT NULL CHECK (length(schema_version) <= 32),
  source TEXT NOT NULL CHECK (length(source) <= 256),
  event_timestamp TEXT NOT NULL CHECK (length(event_timestamp) <= 64),
  correlation_id TEXT NOT NULL CHECK (length(correlation_id) <= 128),
  causation_id TEXT NOT NULL CHECK (length(causation_id) <= 128),
  alert_id TEXT NOT NULL CHECK (length(alert_id) <= 128),
  evidence_id TEXT NOT NULL CHECK (length(evidence_id) <= 128),
  ticket_id TEXT NOT NULL CHECK (length(ticket_id) <= 128),
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  received_at_ms INTEGER NOT NULL,
  -- Of the deliveries made from it, 16 bytes each: the way from an event to its deliveries without an index on
  -- event_id in the hot and the cold table, which measured a seventh of the whole cycle.
  delivery_ids BLOB NOT NULL CHECK (length(delivery_ids) % 16 = 0),
  -- Last, so that reading the other columns does not walk its overflow pages.
  payload TEXT NOT NULL CHECK (length(CAST(payload AS BLOB)) <= 262144),
  PRIMARY KEY (tenant_id, event_id)
) STRICT;
CREATE INDEX integration_events_by_correlation ON integration_events (tenant_id, correlation_id)
  WHERE correlation_id <> '';
-- For retention: those that nobody subscribed to.
CREATE INDEX integration_events_unrouted ON integration_events (tenant_id, received_at_ms) WHERE length(delivery_ids) = 0;
CREATE INDEX integration_events_by_alert ON integration_events (tenant_id, alert_id) WHERE alert_id <> '';
CREATE INDEX integration_events_by_evidence ON integration_events (tenant_id, evidence_id) WHERE evidence_id <> '';
CREATE INDEX integration_events_by_ticket ON integration_events (tenant_id, ticket_id) WHERE ticket_id <> '';

-- Small rows, no foreign keys, and no lock column in any index, so that a claim rewrites one row.
CREATE TABLE integration_outbox (
  tenant_id TEXT NOT NULL,
  delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16),
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  event_id TEXT NOT NULL,
  idempotency_key BLOB NOT NULL CHECK (length(idempotency_key) = 32),
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Those that a replay put behind: the policy's budget begins anew after them.
  attempts_before INTEGER NOT NULL DEFAULT 0,
  due_at_us INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  lease_token INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
  locked_until_ms INTEGER,
  locked_by TEXT CHECK (length(locked_by) BETWEEN 1 AND 128),
  PRIMARY KEY (tenant_id, delivery_id),
  CONSTRAINT integration_outbox_state CHECK (state IN ('pending', 'delivering', 'retry_scheduled')),
  CONSTRAINT integration_outbox_attempts CHECK (
    CASE state WHEN 'pending' THEN attempts = 0 WHEN 'retry_scheduled' THEN attempts > 0 ELSE attempts >= 0 END),
  CONSTRAINT integration_outbox_attempts_before CHECK (attempts_before BETWEEN 0 AND attempts),
  CONSTRAINT integration_outbox_lease CHECK (
    (state = 'delivering') = (locked_by IS NOT NULL) AND (state = 'delivering') = (locked_until_ms IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX integration_outbox_due ON integration_outbox (destination_id, due_at_us, delivery_id);

CREATE TABLE integration_deliveries (
  tenant_id TEXT NOT NULL,
  delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16),
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  event_id TEXT NOT NULL,
  idempotency_key BLOB NOT NULL CHECK (length(idempotency_key) = 32),
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  created_at_ms INTEGER NOT NULL,
  completed_at_ms INTEGER NOT NULL,
  -- The last one: a replay goes on counting, so that a claim of the former life can never settle the new one.
  lease_token INTEGER NOT NULL CHECK (lease_token >= 0),
  PRIMARY KEY (tenant_id, delivery_id),
  CONSTRAINT integration_deliveries_state CHECK (state IN ('delivered', 'failed', 'dead_lettered'))
) STRICT, WITHOUT ROWID;
CREATE INDEX integration_deliveries_by_state ON integration_deliveries (tenant_id, destination_id, state, delivery_id);
CREATE INDEX integration_deliveries_unsuccessful ON integration_deliveries (tenant_id, state, delivery_id)
  WHERE state <> 'delivered';

CREATE TABLE integration_delivery_attempts (
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
    CHECK (result IN ('succeeded', 'retryable', 'terminal', 'interrupted'))
) STRICT, WITHOUT ROWID;

-- What the host publishes about deliveries, one row a settlement. Sequences have no gaps, and nothing commits below
-- one that was seen.
CREATE TABLE integration_delivery_events (
  tenant_id TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  delivery_event_id BLOB NOT NULL CHECK (length(delivery_event_id) = 16),
  event_type TEXT NOT NULL,
  delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16),
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  event_id TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  occurred_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sequence),
  CONSTRAINT integration_delivery_events_type CHECK (event_type IN (
    'ticket.delivery.succeeded', 'ticket.delivery.failed', 'ticket.delivery.dead_lettered',
    'ticket.delivery.retry_scheduled'))
) STRICT, WITHOUT ROWID;

-- The last sequence of each tenant's delivery events.
CREATE TABLE integration_feed_heads (
  tenant_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT, WITHOUT ROWID;

-- Up to where the delivery events of a tenant were handed to the destinations that subscribe to them.
CREATE TABLE integration_feed_cursors (
  tenant_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT, WITHOUT ROWID;

-- What settlements came to, in steps of five minutes.
CREATE TABLE integration_delivery_rollup (
  tenant_id TEXT NOT NULL,
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  bucket_start_ms INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  dead_lettered INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  latency_ms_sum INTEGER NOT NULL,
  latency_ms_max INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  last_state TEXT NOT NULL,
  last_http_status INTEGER,
  PRIMARY KEY (tenant_id, destination_id, bucket_start_ms)
) STRICT, WITHOUT ROWID;

-- What a receiver calls the thing that it made of ours.
CREATE TABLE integration_external_references (
  tenant_id TEXT NOT NULL,
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 128),
  external_ref TEXT NOT NULL CHECK (length(external_ref) BETWEEN 1 AND 1024),
  external_url TEXT NOT NULL CHECK (length(external_url) <= 2048),
  delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16),
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, destination_id, subject)
) STRICT, WITHOUT ROWID;

-- One delivery as readers see it, hot or cold.
CREATE VIEW integration_delivery_view AS
  SELECT tenant_id, delivery_id, destination_id, event_id, state, attempts, idempotency_key, created_at_ms,
         due_at_us, NULL AS completed_at_ms
  FROM integration_outbox
  UNION ALL
  SELECT tenant_id, delivery_id, destination_id, event_id, state, attempts, idempotency_key, created_at_ms,
         NULL, completed_at_ms
  FROM integration_deliveries;

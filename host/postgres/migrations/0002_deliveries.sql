-- Events and their deliveries. State is which table a row is in: live deliveries stand in the hot table
-- integration_outbox, finished ones are appended to integration_deliveries. The CHECKs restate
-- host/domain/delivery_state.hpp; tests/contract compares them.

CREATE TABLE integration_events (
  tenant_id text COLLATE "C" NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 64),
  event_id text COLLATE "C" NOT NULL CHECK (char_length(event_id) BETWEEN 1 AND 128),
  event_type text NOT NULL CHECK (char_length(event_type) <= 128),
  schema_version text NOT NULL CHECK (char_length(schema_version) <= 32),
  source text NOT NULL CHECK (char_length(source) <= 256),
  event_timestamp text NOT NULL CHECK (char_length(event_timestamp) <= 64),
  correlation_id text COLLATE "C" NOT NULL CHECK (char_length(correlation_id) <= 128),
  causation_id text NOT NULL CHECK (char_length(causation_id) <= 128),
  alert_id text NOT NULL CHECK (char_length(alert_id) <= 128),
  evidence_id text NOT NULL CHECK (char_length(evidence_id) <= 128),
  ticket_id text NOT NULL CHECK (char_length(ticket_id) <= 128),
  payload text NOT NULL CHECK (octet_length(payload) <= 262144),
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  received_at timestamptz NOT NULL DEFAULT now(),
  -- Of the deliveries made from it: the way from an event to its deliveries without an index on event_id in the
  -- hot and the cold table, which measured a seventh of the whole cycle.
  delivery_ids uuid[] NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX integration_events_by_correlation ON integration_events (tenant_id, correlation_id)
  WHERE correlation_id <> '';
-- For retention: those that nobody subscribed to.
CREATE INDEX integration_events_unrouted ON integration_events (tenant_id, received_at) WHERE cardinality(delivery_ids) = 0;
CREATE INDEX integration_events_by_alert ON integration_events (tenant_id, alert_id) WHERE alert_id <> '';
CREATE INDEX integration_events_by_evidence ON integration_events (tenant_id, evidence_id) WHERE evidence_id <> '';
CREATE INDEX integration_events_by_ticket ON integration_events (tenant_id, ticket_id) WHERE ticket_id <> '';

-- Small rows, no foreign keys, and no lock column in any index, so that a claim stays a HOT update; the
-- free half of each page is for that update: a batch claims whole pages (at 80 half of the claims were not HOT).
-- Vacuum runs by row count: a share of the table means nothing for a queue.
CREATE TABLE integration_outbox (
  tenant_id text COLLATE "C" NOT NULL,
  delivery_id uuid NOT NULL,
  destination_id uuid NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  idempotency_key bytea NOT NULL CHECK (octet_length(idempotency_key) = 32),
  state text COLLATE "C" NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  -- Those that a replay put behind: the policy's budget begins anew after them.
  attempts_before integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  lease_token bigint NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
  locked_until timestamptz,
  locked_by text CHECK (char_length(locked_by) BETWEEN 1 AND 128),
  PRIMARY KEY (tenant_id, delivery_id),
  CONSTRAINT integration_outbox_state CHECK (state IN ('pending', 'delivering', 'retry_scheduled')),
  CONSTRAINT integration_outbox_attempts CHECK (
    CASE state WHEN 'pending' THEN attempts = 0 WHEN 'retry_scheduled' THEN attempts > 0 ELSE attempts >= 0 END),
  CONSTRAINT integration_outbox_attempts_before CHECK (attempts_before BETWEEN 0 AND attempts),
  CONSTRAINT integration_outbox_lease CHECK (
    (state = 'delivering') = (locked_by IS NOT NULL) AND (state = 'delivering') = (locked_until IS NOT NULL))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
CREATE INDEX integration_outbox_due ON integration_outbox (destination_id, due_at, delivery_id);

-- Delivery ids are UUIDv7: range partitions over delivery_id are partitions by time.
CREATE TABLE integration_deliveries (
  tenant_id text COLLATE "C" NOT NULL,
  delivery_id uuid NOT NULL,
  destination_id uuid NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  idempotency_key bytea NOT NULL CHECK (octet_length(idempotency_key) = 32),
  state text COLLATE "C" NOT NULL,
  attempts integer NOT NULL CHECK (attempts > 0),
  created_at timestamptz NOT NULL,
  completed_at timestamptz NOT NULL,
  -- The last one: a replay goes on counting, so that a claim of the former life can never settle the new one.
  lease_token bigint NOT NULL CHECK (lease_token >= 0),
  PRIMARY KEY (tenant_id, delivery_id),
  CONSTRAINT integration_deliveries_state CHECK (state IN ('delivered', 'failed', 'dead_lettered'))
);
CREATE INDEX integration_deliveries_by_state ON integration_deliveries (tenant_id, destination_id, state, delivery_id);
CREATE INDEX integration_deliveries_unsuccessful ON integration_deliveries (tenant_id, state, delivery_id)
  WHERE state <> 'delivered';

CREATE TABLE integration_delivery_attempts (
  tenant_id text COLLATE "C" NOT NULL,
  delivery_id uuid NOT NULL,
  number integer NOT NULL CHECK (number >= 1),
  started_at timestamptz NOT NULL,
  duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
  result text NOT NULL,
  http_status integer,
  reason text NOT NULL CHECK (char_length(reason) <= 1024),
  error_summary text NOT NULL CHECK (char_length(error_summary) <= 1024),
  -- Of the settlement that wrote this: one that is submitted again, because its commit was in doubt, finds itself.
  delivery_event_id uuid NOT NULL,
  response_summary text NOT NULL CHECK (char_length(response_summary) <= 1024),
  PRIMARY KEY (tenant_id, delivery_id, number),
  CONSTRAINT integration_delivery_attempts_result
    CHECK (result IN ('succeeded', 'retryable', 'terminal', 'interrupted'))
);

-- What the host publishes about deliveries, one row a settlement. Sequences are allotted under the row lock of the
-- tenant's head until the commit: no gaps, and nothing commits below one that was seen.
CREATE TABLE integration_delivery_events (
  tenant_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence >= 1),
  delivery_event_id uuid NOT NULL,
  event_type text NOT NULL,
  delivery_id uuid NOT NULL,
  destination_id uuid NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  correlation_id text NOT NULL,
  attempt integer NOT NULL CHECK (attempt >= 1),
  occurred_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, sequence),
  CONSTRAINT integration_delivery_events_type CHECK (event_type IN (
    'ticket.delivery.succeeded', 'ticket.delivery.failed', 'ticket.delivery.dead_lettered',
    'ticket.delivery.retry_scheduled'))
);

-- The last sequence of each tenant's delivery events. Locked before the audit chains' heads, both in tenant order.
CREATE TABLE integration_feed_heads (
  tenant_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL CHECK (sequence >= 0)
) WITH (fillfactor = 50);

-- Up to where the delivery events of a tenant were handed to the destinations that subscribe to them.
CREATE TABLE integration_feed_cursors (
  tenant_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL CHECK (sequence >= 0)
) WITH (fillfactor = 50);

-- What settlements came to, in steps of five minutes. Written under the lock of the tenant's feed head.
CREATE TABLE integration_delivery_rollup (
  tenant_id text COLLATE "C" NOT NULL,
  destination_id uuid NOT NULL,
  bucket_start timestamptz NOT NULL,
  delivered bigint NOT NULL,
  failed bigint NOT NULL,
  dead_lettered bigint NOT NULL,
  retried bigint NOT NULL,
  latency_ms_sum bigint NOT NULL,
  latency_ms_max bigint NOT NULL,
  last_at timestamptz NOT NULL,
  last_state text COLLATE "C" NOT NULL,
  last_http_status integer,
  PRIMARY KEY (tenant_id, destination_id, bucket_start)
) WITH (fillfactor = 50);

-- What a receiver calls the thing that it made of ours.
CREATE TABLE integration_external_references (
  tenant_id text COLLATE "C" NOT NULL,
  destination_id uuid NOT NULL,
  subject text COLLATE "C" NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 128),
  external_ref text NOT NULL CHECK (char_length(external_ref) BETWEEN 1 AND 1024),
  external_url text NOT NULL CHECK (char_length(external_url) <= 2048),
  delivery_id uuid NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, destination_id, subject)
);

-- One delivery as readers see it, hot or cold.
CREATE VIEW integration_delivery_view AS
  SELECT tenant_id, delivery_id, destination_id, event_id, state, attempts, idempotency_key, created_at,
         due_at, NULL::timestamptz AS completed_at
  FROM integration_outbox
  UNION ALL
  SELECT tenant_id, delivery_id, destination_id, event_id, state, attempts, idempotency_key, created_at,
         NULL::timestamptz, completed_at
  FROM integration_deliveries;

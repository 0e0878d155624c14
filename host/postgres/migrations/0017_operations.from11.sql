-- People cancel deliveries that wait: each becomes a failed one with an attempt that says who and why, and the feed
-- tells of it. Rights by need, as in 0009.
GRANT DELETE ON integration_outbox TO opi_api;
GRANT INSERT ON integration_deliveries, integration_delivery_attempts, integration_delivery_events TO opi_api;
GRANT SELECT, INSERT, UPDATE (sequence) ON integration_feed_heads TO opi_api;

-- What people start over many deliveries; the daemon that leads works it off in pieces. A kind or a request that a
-- program does not know is left to one that does.
CREATE TABLE integration_operations (
  tenant_id text COLLATE "C" NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 64),
  operation_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 32),
  request text NOT NULL CHECK (octet_length(request) <= 16384),
  actor_kind text NOT NULL CHECK (actor_kind IN ('system', 'token', 'user')),
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  created_at timestamptz NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  counted bigint NOT NULL CHECK (counted >= 0),
  done bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
  failed bigint NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cursor uuid,
  error text NOT NULL DEFAULT '' CHECK (char_length(error) <= 1024),
  updated_at timestamptz NOT NULL,
  finished_at timestamptz CHECK ((finished_at IS NULL) = (state = 'running')),
  PRIMARY KEY (tenant_id, operation_id)
) WITH (fillfactor = 50);
CREATE INDEX integration_operations_running ON integration_operations (operation_id) WHERE state = 'running';

SELECT opi.protect_tenants();
GRANT SELECT, DELETE, UPDATE (state, done, failed, cursor, error, updated_at, finished_at)
  ON integration_operations TO opi_worker;
GRANT SELECT, INSERT, UPDATE (state, updated_at, finished_at) ON integration_operations TO opi_api;

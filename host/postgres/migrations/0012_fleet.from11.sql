-- Leases that stand in a place of their own, and what several daemons of one database know of each other.

-- Which deliveries were claimed together, and for how long: whoever looks for leases that have run out reads these
-- rows and not the backlog. A row is written by the statement that claims and goes when its time is over; that most of
-- what it names was settled long before is found by looking at the outbox, so a settlement does nothing here.
-- Few enough deliveries a row for it to stay in its page.
CREATE TABLE integration_leases (
  leased_until timestamptz NOT NULL,
  lease_id bigint GENERATED ALWAYS AS IDENTITY,
  tenant_id text COLLATE "C" NOT NULL,
  daemon_id text NOT NULL CHECK (char_length(daemon_id) BETWEEN 1 AND 128),
  deliveries uuid[] NOT NULL CHECK (cardinality(deliveries) BETWEEN 1 AND 50),
  destinations uuid[] NOT NULL CHECK (cardinality(destinations) = cardinality(deliveries)),
  PRIMARY KEY (leased_until, lease_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

-- Those of a subject that go, or may go: at most a few, however many wait behind them.
CREATE INDEX integration_outbox_going ON integration_outbox (destination_id, subject)
  WHERE subject <> '' AND due_at < 'infinity';

-- The daemons, by the database's clock. Who joins holds it in SHARE ROW EXCLUSIVE mode, which those who only go on wait
-- for.
CREATE TABLE integration_daemons (
  daemon_id text COLLATE "C" PRIMARY KEY CHECK (char_length(daemon_id) BETWEEN 1 AND 128),
  joined_at timestamptz NOT NULL,
  owns_from timestamptz NOT NULL,
  alive_until timestamptz NOT NULL,
  clock_ahead_ms bigint NOT NULL  -- how far its own clock was from the database's when it showed itself last
) WITH (fillfactor = 50);

-- What outlives a daemon of how it stood with a destination.
CREATE TABLE integration_destination_memory (
  tenant_id text COLLATE "C" NOT NULL,
  destination_id uuid PRIMARY KEY,
  paused_until timestamptz NOT NULL,
  probe_at timestamptz,  -- of a tripped breaker
  FOREIGN KEY (tenant_id, destination_id) REFERENCES integration_destinations ON DELETE CASCADE
) WITH (fillfactor = 50);

-- The longest silence that a receiver may ask for at a time. Versions before do not read it and bound it by backoff_cap_ms.
ALTER TABLE integration_delivery_policy
  ADD COLUMN retry_after_max_ms bigint CHECK (retry_after_max_ms BETWEEN 1000 AND 2592000000);

SELECT opi.protect_tenants();
GRANT SELECT, INSERT, DELETE, UPDATE (lease_id) ON integration_leases TO opi_worker;  -- locking a row takes an UPDATE
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_daemons TO opi_worker;
GRANT SELECT, INSERT, UPDATE (paused_until, probe_at), DELETE ON integration_destination_memory TO opi_worker;

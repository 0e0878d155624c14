-- Tenants, destinations, credentials and policies. Lists are JSON arrays; times are milliseconds since the
-- Unix epoch; ids that are UUIDs are their 16 bytes.

-- One row. Every change of the tables of this file raises it in the same transaction.
CREATE TABLE integration_catalog_revision (
  singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
  revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;
INSERT INTO integration_catalog_revision VALUES (1, 0);

CREATE TABLE tenants (
  tenant_id TEXT PRIMARY KEY CHECK (length(tenant_id) BETWEEN 1 AND 64 AND tenant_id NOT GLOB '*[^a-z0-9_-]*'),
  name TEXT NOT NULL CHECK (length(name) <= 200),
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How long a tenant keeps what has ended; NULL takes the installation's.
CREATE TABLE tenant_retention (
  tenant_id TEXT PRIMARY KEY REFERENCES tenants,
  delivered_days INTEGER CHECK (delivered_days BETWEEN 1 AND 3650),
  failed_days INTEGER CHECK (failed_days BETWEEN 1 AND 3650),
  delivery_events_days INTEGER CHECK (delivery_events_days BETWEEN 1 AND 3650),
  rollup_days INTEGER CHECK (rollup_days BETWEEN 1 AND 3650)
) STRICT, WITHOUT ROWID;

CREATE TABLE integration_destinations (
  tenant_id TEXT NOT NULL REFERENCES tenants,
  -- Also unique alone: the outbox is claimed by destination.
  destination_id BLOB NOT NULL UNIQUE CHECK (length(destination_id) = 16),
  name TEXT NOT NULL CHECK (length(name) <= 200),
  adapter TEXT NOT NULL CHECK (length(adapter) BETWEEN 1 AND 128),
  endpoint TEXT NOT NULL CHECK (length(endpoint) <= 2048),
  subscriptions TEXT NOT NULL CHECK (json_array_length(subscriptions) <= 64),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  disabled_reason TEXT NOT NULL CHECK (length(disabled_reason) <= 512),
  signing TEXT NOT NULL CHECK (signing IN ('required', 'disabled')),
  config TEXT NOT NULL CHECK (length(CAST(config AS BLOB)) <= 65536),
  max_in_flight INTEGER NOT NULL CHECK (max_in_flight BETWEEN 1 AND 1000),
  rate_limit_per_second REAL NOT NULL CHECK (rate_limit_per_second >= 0),
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, destination_id)
) STRICT;

-- References only; values never come into the database.
CREATE TABLE integration_credentials (
  tenant_id TEXT NOT NULL,
  destination_id BLOB NOT NULL,
  purpose TEXT NOT NULL CHECK (length(purpose) BETWEEN 1 AND 64),
  version INTEGER NOT NULL CHECK (version >= 1),
  reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 1024),
  expires_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, destination_id, purpose, version),
  FOREIGN KEY (tenant_id, destination_id) REFERENCES integration_destinations ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The tenant's own rules stand under the nil destination id; NULL takes the level above.
CREATE TABLE integration_delivery_policy (
  tenant_id TEXT NOT NULL REFERENCES tenants,
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),
  max_attempts INTEGER CHECK (max_attempts BETWEEN 1 AND 100),
  timeout_ms INTEGER CHECK (timeout_ms BETWEEN 100 AND 120000),
  backoff_initial_ms INTEGER CHECK (backoff_initial_ms BETWEEN 10 AND 86400000),
  backoff_cap_ms INTEGER CHECK (backoff_cap_ms BETWEEN 10 AND 86400000),
  backoff_factor REAL CHECK (backoff_factor BETWEEN 1 AND 10),
  backoff_jitter REAL CHECK (backoff_jitter BETWEEN 0 AND 0.5),
  dead_letter TEXT CHECK (dead_letter IN ('always', 'on_exhaustion', 'never')),
  retryable_statuses TEXT CHECK (json_array_length(retryable_statuses) <= 500),
  PRIMARY KEY (tenant_id, destination_id)
) STRICT, WITHOUT ROWID;

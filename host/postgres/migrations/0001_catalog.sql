-- Tenants, destinations, credentials and policies.
-- Ids compare byte by byte (COLLATE "C"): no locale in an index, and the order that C++ has.

-- One row. Every change of the tables of this file raises it in the same transaction.
CREATE TABLE integration_catalog_revision (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  revision bigint NOT NULL DEFAULT 0 CHECK (revision >= 0)
);
INSERT INTO integration_catalog_revision DEFAULT VALUES;

CREATE TABLE tenants (
  tenant_id text COLLATE "C" PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9_-]{1,64}$'),
  name text NOT NULL CHECK (char_length(name) <= 200),
  revision bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- How long a tenant keeps what has ended; NULL takes the installation's.
CREATE TABLE tenant_retention (
  tenant_id text COLLATE "C" PRIMARY KEY REFERENCES tenants,
  delivered_days integer CHECK (delivered_days BETWEEN 1 AND 3650),
  failed_days integer CHECK (failed_days BETWEEN 1 AND 3650),
  delivery_events_days integer CHECK (delivery_events_days BETWEEN 1 AND 3650),
  rollup_days integer CHECK (rollup_days BETWEEN 1 AND 3650)
);

CREATE TABLE integration_destinations (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  -- Also unique alone: the outbox is claimed by destination.
  destination_id uuid NOT NULL UNIQUE,
  name text NOT NULL CHECK (char_length(name) <= 200),
  adapter text NOT NULL CHECK (char_length(adapter) BETWEEN 1 AND 128),
  endpoint text NOT NULL CHECK (char_length(endpoint) <= 2048),
  subscriptions text[] NOT NULL CHECK (cardinality(subscriptions) <= 64),
  enabled boolean NOT NULL,
  disabled_reason text NOT NULL DEFAULT '' CHECK (char_length(disabled_reason) <= 512),
  signing text NOT NULL CHECK (signing IN ('required', 'disabled')),
  config text NOT NULL CHECK (octet_length(config) <= 65536),
  max_in_flight integer NOT NULL CHECK (max_in_flight BETWEEN 1 AND 1000),
  rate_limit_per_second double precision NOT NULL CHECK (rate_limit_per_second >= 0),
  revision bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, destination_id)
);

-- References only; values never come into the database.
CREATE TABLE integration_credentials (
  tenant_id text COLLATE "C" NOT NULL,
  destination_id uuid NOT NULL,
  purpose text COLLATE "C" NOT NULL CHECK (char_length(purpose) BETWEEN 1 AND 64),
  version integer NOT NULL CHECK (version >= 1),
  reference text NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 1024),
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, destination_id, purpose, version),
  FOREIGN KEY (tenant_id, destination_id) REFERENCES integration_destinations ON DELETE CASCADE
);

-- The tenant's own rules stand under the nil destination id; NULL takes the level above.
CREATE TABLE integration_delivery_policy (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  destination_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  max_attempts integer CHECK (max_attempts BETWEEN 1 AND 100),
  timeout_ms bigint CHECK (timeout_ms BETWEEN 100 AND 120000),
  backoff_initial_ms bigint CHECK (backoff_initial_ms BETWEEN 10 AND 86400000),
  backoff_cap_ms bigint CHECK (backoff_cap_ms BETWEEN 10 AND 86400000),
  backoff_factor double precision CHECK (backoff_factor BETWEEN 1 AND 10),
  backoff_jitter double precision CHECK (backoff_jitter BETWEEN 0 AND 0.5),
  dead_letter text CHECK (dead_letter IN ('always', 'on_exhaustion', 'never')),
  retryable_statuses integer[] CHECK (cardinality(retryable_statuses) <= 500),
  PRIMARY KEY (tenant_id, destination_id)
);

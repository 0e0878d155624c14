-- One-time links by which somebody who has no token comes to a session of a tenant. Hashes only. A link that was used
-- is gone; what became of it stands in the audit trail.
CREATE TABLE portal_links (
  tenant_id text COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
  link_hash bytea NOT NULL UNIQUE CHECK (octet_length(link_hash) = 32),
  role text NOT NULL CONSTRAINT portal_links_role CHECK (role IN ('auditor', 'operator', 'tenant_admin')),
  subject text NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 100),
  token_hash bytea CHECK (octet_length(token_hash) = 32),  -- of the API token that issued it
  expires_at timestamptz NOT NULL,
  session_ms bigint NOT NULL CHECK (session_ms > 0),
  session_until timestamptz,  -- when its issuer's rights end
  PRIMARY KEY (tenant_id, link_hash)
);
CREATE INDEX portal_links_expires_at ON portal_links (expires_at);

-- A session that a link began ends with the token of the link's issuer, whatever its own actor is.
ALTER TABLE sessions
  ADD COLUMN by_link boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT sessions_token,
  ADD CONSTRAINT sessions_token CHECK (by_link OR (actor_kind = 'token') = (token_hash IS NOT NULL));

SELECT opi.protect_tenants();
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON portal_links TO opi_worker;  -- locking a row takes an UPDATE

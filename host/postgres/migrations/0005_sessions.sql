-- Browser sessions. Hashes only; the empty tenant is system_admin's.
CREATE TABLE sessions (
  tenant_id text COLLATE "C" NOT NULL,
  session_hash bytea NOT NULL UNIQUE CHECK (octet_length(session_hash) = 32),
  -- The API token it was made from, with which it ends.
  token_hash bytea CHECK (octet_length(token_hash) = 32),
  actor_kind text NOT NULL CHECK (actor_kind IN ('token', 'user')),
  actor_id text NOT NULL CHECK (octet_length(actor_id) BETWEEN 1 AND 128),
  role text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, session_hash),
  CONSTRAINT sessions_role CHECK (role IN ('producer', 'auditor', 'operator', 'tenant_admin', 'system_admin')),
  CONSTRAINT sessions_tenant CHECK ((role = 'system_admin') = (tenant_id = '')),
  CONSTRAINT sessions_token CHECK ((actor_kind = 'token') = (token_hash IS NOT NULL))
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

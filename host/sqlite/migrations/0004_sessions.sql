-- Browser sessions. Hashes only; the empty tenant is system_admin's.
CREATE TABLE sessions (
  tenant_id TEXT NOT NULL,
  session_hash BLOB NOT NULL UNIQUE CHECK (length(session_hash) = 32),
  -- The API token it was made from, with which it ends.
  token_hash BLOB CHECK (length(token_hash) = 32),
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('token', 'user')),
  actor_id TEXT NOT NULL CHECK (length(CAST(actor_id AS BLOB)) BETWEEN 1 AND 128),
  role TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  PRIMARY KEY (tenant_id, session_hash),
  CONSTRAINT sessions_role CHECK (role IN ('producer', 'auditor', 'operator', 'tenant_admin', 'system_admin')),
  CONSTRAINT sessions_tenant CHECK ((role = 'system_admin') = (tenant_id = '')),
  CONSTRAINT sessions_token CHECK ((actor_kind = 'token') = (token_hash IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expires_at ON sessions (expires_at_ms);

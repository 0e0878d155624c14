-- One-time links by which somebody who has no token comes to a session of a tenant. Hashes only. A link that was used
-- is gone; what became of it stands in the audit trail.
CREATE TABLE portal_links (
  tenant_id TEXT NOT NULL CHECK (tenant_id <> ''),
  link_hash BLOB NOT NULL UNIQUE CHECK (length(link_hash) = 32),
  role TEXT NOT NULL CONSTRAINT portal_links_role CHECK (role IN ('auditor', 'operator', 'tenant_admin')),
  subject TEXT NOT NULL CHECK (length(CAST(subject AS BLOB)) BETWEEN 1 AND 100),
  token_hash BLOB CHECK (length(token_hash) = 32),  -- of the API token that issued it
  expires_at_ms INTEGER NOT NULL,
  session_ms INTEGER NOT NULL CHECK (session_ms > 0),
  session_until_ms INTEGER,  -- when its issuer's rights end
  PRIMARY KEY (tenant_id, link_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_links_expires_at ON portal_links (expires_at_ms);

-- A session that a link began ends with the token of the link's issuer, whatever its own actor is.
CREATE TABLE sessions_with_links (
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
  by_link INTEGER NOT NULL DEFAULT 0 CHECK (by_link IN (0, 1)),
  PRIMARY KEY (tenant_id, session_hash),
  CONSTRAINT sessions_role CHECK (role IN ('producer', 'auditor', 'operator', 'tenant_admin', 'system_admin')),
  CONSTRAINT sessions_tenant CHECK ((role = 'system_admin') = (tenant_id = '')),
  CONSTRAINT sessions_token CHECK (by_link OR (actor_kind = 'token') = (token_hash IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO sessions_with_links (tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at_ms,
                                 expires_at_ms, revoked_at_ms)
SELECT tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at_ms, expires_at_ms, revoked_at_ms
FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_with_links RENAME TO sessions;
CREATE INDEX sessions_expires_at ON sessions (expires_at_ms);

-- The audit trail and the API's tokens.

-- The empty tenant is the installation itself. Texts are kept byte for byte: the hash covers them.
CREATE TABLE audit_log (
  tenant_id TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  at_ms INTEGER NOT NULL,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('system', 'token', 'user')),
  actor_id TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  details TEXT NOT NULL CHECK (length(CAST(details AS BLOB)) <= 65536),
  previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, sequence)
) STRICT, WITHOUT ROWID;

-- The last link of each chain.
CREATE TABLE audit_chain_heads (
  tenant_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log is append-only'); END;

-- Hashes only; the empty tenant is system_admin's.
CREATE TABLE api_tokens (
  tenant_id TEXT NOT NULL,
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  prefix TEXT NOT NULL CHECK (length(prefix) BETWEEN 1 AND 32),
  role TEXT NOT NULL,
  label TEXT NOT NULL CHECK (length(label) <= 200),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER,
  PRIMARY KEY (tenant_id, token_hash),
  CONSTRAINT api_tokens_role CHECK (role IN ('producer', 'auditor', 'operator', 'tenant_admin', 'system_admin')),
  CONSTRAINT api_tokens_tenant CHECK ((role = 'system_admin') = (tenant_id = ''))
) STRICT, WITHOUT ROWID;

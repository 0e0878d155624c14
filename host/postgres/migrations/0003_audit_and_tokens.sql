-- The audit trail and the API's tokens.

-- The empty tenant is the installation itself. Texts are kept byte for byte: the hash covers them.
CREATE TABLE audit_log (
  tenant_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence >= 1),
  at timestamptz NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('system', 'token', 'user')),
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  correlation_id text NOT NULL,
  details text NOT NULL CHECK (octet_length(details) <= 65536),
  previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, sequence)
);

-- The last link of each chain; its row lock is what orders a tenant's records.
CREATE TABLE audit_chain_heads (
  tenant_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL CHECK (sequence >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 50);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Hashes only; the empty tenant is system_admin's.
CREATE TABLE api_tokens (
  tenant_id text COLLATE "C" NOT NULL,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  prefix text COLLATE "C" NOT NULL CHECK (char_length(prefix) BETWEEN 1 AND 32),
  role text NOT NULL,
  label text NOT NULL CHECK (char_length(label) <= 200),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, token_hash),
  CONSTRAINT api_tokens_role CHECK (role IN ('producer', 'auditor', 'operator', 'tenant_admin', 'system_admin')),
  CONSTRAINT api_tokens_tenant CHECK ((role = 'system_admin') = (tenant_id = ''))
);

-- What people start over many deliveries; the daemon works it off in pieces. A kind or a request that a program does not
-- know is left to one that does.
CREATE TABLE integration_operations (
  tenant_id TEXT NOT NULL CHECK (length(tenant_id) BETWEEN 1 AND 64),
  operation_id BLOB NOT NULL CHECK (length(operation_id) = 16),
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
  request TEXT NOT NULL CHECK (length(CAST(request AS BLOB)) <= 16384),
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('system', 'token', 'user')),
  actor_id TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  counted INTEGER NOT NULL CHECK (counted >= 0),
  done INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cursor BLOB CHECK (length(cursor) = 16),
  error TEXT NOT NULL DEFAULT '' CHECK (length(error) <= 1024),
  updated_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER CHECK ((finished_at_ms IS NULL) = (state = 'running')),
  PRIMARY KEY (tenant_id, operation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX integration_operations_running ON integration_operations (operation_id) WHERE state = 'running';

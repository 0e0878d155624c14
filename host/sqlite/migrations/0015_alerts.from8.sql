-- Alerts about destinations, and each tenant's rules for them. Versions before raise none.

-- What the tenant sets for itself, as a JSON object; the rest is as it comes (host/domain/alert_rules.hpp).
ALTER TABLE tenants ADD COLUMN alert_rules TEXT NOT NULL DEFAULT '{}' CHECK (length(alert_rules) <= 1024);

CREATE TABLE integration_alerts (
  tenant_id TEXT NOT NULL,
  alert_id BLOB NOT NULL CHECK (length(alert_id) = 16),
  destination_id BLOB NOT NULL CHECK (length(destination_id) = 16),  -- may be deleted: then the alert is cleared
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  detail TEXT NOT NULL CHECK (length(detail) <= 512),
  since_ms INTEGER NOT NULL,
  raised_at_ms INTEGER NOT NULL,
  gone_since_ms INTEGER,  -- the cause is not found any more since then
  cleared_at_ms INTEGER,
  owed TEXT NOT NULL CHECK (owed IN ('', 'raised', 'cleared')),  -- the event that is still to be stored
  recipients INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
) STRICT, WITHOUT ROWID;
-- One alert a cause.
CREATE UNIQUE INDEX integration_alerts_active ON integration_alerts (tenant_id, destination_id, kind)
  WHERE cleared_at_ms IS NULL;
CREATE INDEX integration_alerts_owed ON integration_alerts (tenant_id, raised_at_ms) WHERE owed <> '';
CREATE INDEX integration_alerts_by_time ON integration_alerts (tenant_id, raised_at_ms);
CREATE INDEX integration_alerts_cleared ON integration_alerts (tenant_id, cleared_at_ms) WHERE cleared_at_ms IS NOT NULL;

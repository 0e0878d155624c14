-- Alerts about destinations, and each tenant's rules for them. Versions before raise none.

-- What the tenant sets for itself, as a JSON object; the rest is as it comes (host/domain/alert_rules.hpp).
ALTER TABLE tenants ADD COLUMN alert_rules text NOT NULL DEFAULT '{}' CHECK (char_length(alert_rules) <= 1024);

CREATE TABLE integration_alerts (
  tenant_id text COLLATE "C" NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 64),
  alert_id uuid NOT NULL,
  destination_id uuid NOT NULL,  -- may be deleted: then the alert is cleared
  kind text COLLATE "C" NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 64),
  detail text NOT NULL CHECK (char_length(detail) <= 512),
  since timestamptz NOT NULL,
  raised_at timestamptz NOT NULL,
  gone_since timestamptz,  -- the cause is not found any more since then
  cleared_at timestamptz,
  owed text COLLATE "C" NOT NULL CHECK (owed IN ('', 'raised', 'cleared')),  -- the event that is still to be stored
  recipients integer NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
);
-- One alert a cause, whichever daemon finds it.
CREATE UNIQUE INDEX integration_alerts_active ON integration_alerts (tenant_id, destination_id, kind)
  WHERE cleared_at IS NULL;
CREATE INDEX integration_alerts_owed ON integration_alerts (tenant_id, raised_at) WHERE owed <> '';
CREATE INDEX integration_alerts_by_time ON integration_alerts (tenant_id, raised_at);
CREATE INDEX integration_alerts_cleared ON integration_alerts (tenant_id, cleared_at) WHERE cleared_at IS NOT NULL;

SELECT opi.protect_tenants();
GRANT SELECT, INSERT, UPDATE (since, gone_since, cleared_at, owed, recipients), DELETE ON integration_alerts TO opi_worker;
GRANT SELECT ON integration_alerts TO opi_api;
GRANT UPDATE (alert_rules) ON tenants TO opi_worker;

-- opi.publish() knows the host's own types of before; what it let in would be refused later, when nobody can be told.
ALTER TABLE integration_inbox ADD CONSTRAINT event_type_is_kept_for_the_host
  CHECK (envelope ->> 'event_type' NOT LIKE 'integration.alert.%') NOT VALID;

-- To whom a secret may go (host/domain/receiver.hpp). What stands here already was put for the receiver that its
-- destination has now; a row without one is used for nothing.
ALTER TABLE integration_credentials ADD COLUMN bound_to TEXT NOT NULL DEFAULT '';
UPDATE integration_credentials SET bound_to = (
  SELECT lower(substr(d.endpoint, 1, instr(d.endpoint, '://') + 1 + instr(
           replace(replace(replace(substr(d.endpoint, instr(d.endpoint, '://') + 3), '?', '/'), '#', '/'), '\', '/') || '/',
           '/'))) || char(10) || d.adapter
    || CASE WHEN purpose <> 'authorization' THEN ''
         WHEN d.request_authorization IS NULL THEN char(10) || char(10)
         ELSE char(10) || json_extract(d.request_authorization, '$.scheme')
           || char(10) || lower(coalesce(json_extract(d.request_authorization, '$.header'), 'authorization')) END
    || CASE WHEN purpose NOT IN ('authorization', 'client_certificate') THEN ''
         ELSE char(10) || coalesce(json_extract(d.request_authorization, '$.token_url'), '') END
  FROM integration_destinations d
  WHERE d.tenant_id = integration_credentials.tenant_id
    AND d.destination_id = integration_credentials.destination_id);

-- Every receiver that a tenant's secret was ever put for. Nothing leaves it: a secret that is revoked, or whose
-- destination is deleted, is still that receiver's.
CREATE TABLE integration_secret_receivers (
  tenant_id TEXT NOT NULL,
  reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 1024),
  receiver TEXT NOT NULL,
  PRIMARY KEY (tenant_id, reference, receiver)
) STRICT, WITHOUT ROWID;
CREATE INDEX integration_secret_receivers_of_all ON integration_secret_receivers (reference, tenant_id);
INSERT INTO integration_secret_receivers
  SELECT DISTINCT tenant_id, reference, bound_to FROM integration_credentials;

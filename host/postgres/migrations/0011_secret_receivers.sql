-- To whom a secret may go (host/domain/receiver.hpp). What stands here already was put for the receiver that its
-- destination has now; a row without one is used for nothing.
ALTER TABLE integration_credentials ADD COLUMN bound_to text NOT NULL DEFAULT '';
UPDATE integration_credentials c SET bound_to = concat_ws(E'\n',
  coalesce(lower(substring(d.endpoint from '^[^:]*://[^/?#\\]*')), lower(d.endpoint)), d.adapter,
  CASE WHEN c.purpose = 'authorization' THEN coalesce(d.request_authorization::jsonb ->> 'scheme', '') END,
  CASE WHEN c.purpose = 'authorization' THEN
    CASE WHEN d.request_authorization IS NULL THEN ''
         ELSE lower(coalesce(d.request_authorization::jsonb ->> 'header', 'authorization')) END END,
  CASE WHEN c.purpose IN ('authorization', 'client_certificate') THEN
    coalesce(d.request_authorization::jsonb ->> 'token_url', '') END)
FROM integration_destinations d WHERE d.tenant_id = c.tenant_id AND d.destination_id = c.destination_id;

-- Every receiver that a tenant's secret was ever put for. Nothing leaves it: a secret that is revoked, or whose
-- destination is deleted, is still that receiver's.
CREATE TABLE integration_secret_receivers (
  tenant_id text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 1024),
  receiver text COLLATE "C" NOT NULL
);
CREATE INDEX integration_secret_receivers_by_reference ON integration_secret_receivers (tenant_id, reference);
INSERT INTO integration_secret_receivers
  SELECT DISTINCT tenant_id, reference, bound_to FROM integration_credentials;
SELECT opi.protect_tenants();
REVOKE UPDATE, DELETE ON integration_secret_receivers FROM opi_worker, opi_api;

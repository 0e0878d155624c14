-- To whom a secret may go (host/domain/receiver.hpp). What stands here already was put for the receiver that its
-- destination has now; a row without one is used for nothing.
ALTER TABLE integration_credentials ADD COLUMN bound_to text NOT NULL DEFAULT '';
UPDATE integration_credentials c SET bound_to = concat_ws(E'\n',
  lower(coalesce(substring(d.endpoint from '^[^:]*://[^/?#\\]*'), d.endpoint) COLLATE "C"), d.adapter,
  CASE WHEN c.purpose = 'authorization' THEN coalesce(d.request_authorization::jsonb ->> 'scheme', '') END,
  CASE WHEN c.purpose = 'authorization' THEN
    CASE WHEN d.request_authorization IS NULL THEN ''
         ELSE lower(coalesce(d.request_authorization::jsonb ->> 'header', 'authorization') COLLATE "C") END END,
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
CREATE INDEX integration_secret_receivers_of_all ON integration_secret_receivers (reference, tenant_id);
INSERT INTO integration_secret_receivers
  SELECT DISTINCT tenant_id, reference, bound_to FROM integration_credentials;
SELECT opi.protect_tenants();
GRANT SELECT ON integration_secret_receivers TO opi_worker;
GRANT SELECT, INSERT ON integration_secret_receivers TO opi_api;

-- Signs that turn the direction of text and the control characters of Latin-1 are refused as those of ASCII are
-- (host/domain/text_controls.hpp).
CREATE OR REPLACE FUNCTION opi.envelope_text(container jsonb, member text, path text, max_bytes integer, required boolean)
RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  value text := container ->> member;
  kind text := jsonb_typeof(container -> member);
BEGIN
  IF kind IS NULL OR (kind = 'null' AND NOT required) THEN
    IF required THEN
      RAISE EXCEPTION '%: is missing', path USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN '';
  END IF;
  IF kind <> 'string' THEN
    RAISE EXCEPTION '%: must be a string', path USING ERRCODE = 'invalid_parameter_value';
  ELSIF required AND value = '' THEN
    RAISE EXCEPTION '%: is empty', path USING ERRCODE = 'invalid_parameter_value';
  ELSIF octet_length(convert_to(value, 'UTF8')) > max_bytes THEN
    RAISE EXCEPTION '%: is longer than % bytes', path, max_bytes USING ERRCODE = 'invalid_parameter_value';
  ELSIF value ~ '[\x01-\x1f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]' THEN
    RAISE EXCEPTION '%: contains control characters', path USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN value;
END $$;

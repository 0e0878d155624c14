-- What can be told of an event: who handed it in, when, and what became of it.

-- "<kind>:<id>"; empty where an older version stored it. The check looks at what comes from now on.
ALTER TABLE integration_events ADD COLUMN producer text NOT NULL DEFAULT '';
ALTER TABLE integration_events ADD CONSTRAINT integration_events_producer CHECK (char_length(producer) <= 320) NOT VALID;
-- Newest first, and by time; a filter is tried on the last ones before it is saved.
-- The condition holds of all: it is for the planner, which takes the table for empty, and would else look for an event of
-- a known id by whichever index begins with its tenant. Whoever wants this one says it again.
CREATE INDEX integration_events_by_time ON integration_events (tenant_id, received_at, event_id)
  WHERE received_at > '-infinity';

-- The login that called opi.publish(), whatever role it works as.
ALTER TABLE integration_inbox ADD COLUMN published_by text;
ALTER TABLE integration_inbox ALTER COLUMN published_by SET DEFAULT session_user::text;

-- From the key that a receiver was shown to its delivery. Of what has ended: the hot table is short enough to be read.
CREATE INDEX integration_deliveries_by_key ON integration_deliveries USING hash (idempotency_key);

-- By which events, alerts, evidence and tickets a record of the audit trail is found: "<kind>:<id>". Made of the
-- record's own details, which the chain covers, by the database: so also of those that an older version appends.
CREATE TABLE audit_references (
  tenant_id text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (tenant_id, reference, sequence)
);

CREATE FUNCTION opi.refer_to_audit_records() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.audit_references (tenant_id, reference, sequence)
  SELECT f.tenant_id, left(d.key, -3) || ':' || d.value, f.sequence
  FROM fresh f
  CROSS JOIN LATERAL json_each_text(CASE WHEN f.details LIKE '{%' THEN f.details::json ELSE '{}' END) AS d (key, value)
  WHERE d.key IN ('event_id', 'alert_id', 'evidence_id', 'ticket_id') AND length(d.value) BETWEEN 1 AND 128
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION opi.refer_to_audit_records() FROM PUBLIC;
CREATE TRIGGER audit_log_references AFTER INSERT ON audit_log REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION opi.refer_to_audit_records();

INSERT INTO audit_references (tenant_id, reference, sequence)
SELECT a.tenant_id, left(d.key, -3) || ':' || d.value, a.sequence
FROM audit_log a
CROSS JOIN LATERAL json_each_text(CASE WHEN a.details LIKE '{%' THEN a.details::json ELSE '{}' END) AS d (key, value)
WHERE d.key IN ('event_id', 'alert_id', 'evidence_id', 'ticket_id') AND length(d.value) BETWEEN 1 AND 128
ON CONFLICT DO NOTHING;

SELECT opi.protect_tenants();
GRANT INSERT ON audit_references TO opi_worker;
GRANT SELECT, INSERT ON audit_references TO opi_api;

-- The feed of delivery events begins with its first subscription, in the transaction that stores it.
GRANT SELECT ON integration_feed_heads TO opi_api;
GRANT SELECT, INSERT, UPDATE (sequence) ON integration_feed_cursors TO opi_api;

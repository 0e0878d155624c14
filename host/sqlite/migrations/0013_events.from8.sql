-- What can be told of an event: who handed it in, when, and what became of it.

-- "<kind>:<id>"; empty where an older version stored it.
ALTER TABLE integration_events ADD COLUMN producer TEXT NOT NULL DEFAULT '' CHECK (length(producer) <= 320);
-- Newest first, and by time; a filter is tried on the last ones before it is saved.
CREATE INDEX integration_events_by_time ON integration_events (tenant_id, received_at_ms, event_id);

-- From the key that a receiver was shown to its delivery. Of what has ended: the hot table is short enough to be read.
CREATE INDEX integration_deliveries_by_key ON integration_deliveries (idempotency_key);

-- By which events, alerts, evidence and tickets a record of the audit trail is found: "<kind>:<id>". Made of the
-- record's own details, which the chain covers, by the database: so also of those that an older version appends.
CREATE TABLE audit_references (
  tenant_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, reference, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_log_references AFTER INSERT ON audit_log
BEGIN
  INSERT OR IGNORE INTO audit_references (tenant_id, reference, sequence)
  SELECT NEW.tenant_id, substr(d.key, 1, length(d.key) - 3) || ':' || d.value, NEW.sequence
  FROM json_each(CASE WHEN json_valid(NEW.details) THEN NEW.details ELSE '{}' END) d
  WHERE d.key IN ('event_id', 'alert_id', 'evidence_id', 'ticket_id') AND d.type = 'text'
    AND length(d.value) BETWEEN 1 AND 128;
END;

INSERT OR IGNORE INTO audit_references (tenant_id, reference, sequence)
SELECT a.tenant_id, substr(d.key, 1, length(d.key) - 3) || ':' || d.value, a.sequence
FROM audit_log a, json_each(CASE WHEN json_valid(a.details) THEN a.details ELSE '{}' END) d
WHERE d.key IN ('event_id', 'alert_id', 'evidence_id', 'ticket_id') AND d.type = 'text'
  AND length(d.value) BETWEEN 1 AND 128;

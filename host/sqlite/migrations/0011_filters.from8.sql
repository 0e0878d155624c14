-- Conditions over events. Versions before do not read the column and would send what it keeps back: beside a filter
-- request_authorization has the member "filtered", which they do not know, so that they hold the destination.
ALTER TABLE integration_destinations ADD COLUMN filter TEXT CHECK (length(CAST(filter AS BLOB)) BETWEEN 1 AND 2048);

-- The last events, which a filter is tried on before it is saved.
CREATE INDEX integration_events_by_time ON integration_events (tenant_id, received_at_ms, event_id);

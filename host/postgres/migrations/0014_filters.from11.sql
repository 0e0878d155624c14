-- Conditions over events. Versions before do not read the column and would send what it keeps back: beside a filter
-- request_authorization has the member "filtered", which they do not know, so that they hold the destination.
ALTER TABLE integration_destinations ADD COLUMN filter text CHECK (octet_length(filter) BETWEEN 1 AND 2048);
GRANT UPDATE (filter) ON integration_destinations TO opi_api;

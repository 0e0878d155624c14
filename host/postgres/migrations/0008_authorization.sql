-- How the host authorises requests to a destination, as JSON without secrets; NULL: not at all.
ALTER TABLE integration_destinations ADD COLUMN request_authorization text
  CHECK (octet_length(request_authorization) BETWEEN 1 AND 8192);

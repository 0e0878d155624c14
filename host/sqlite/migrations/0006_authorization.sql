-- How the host authorises requests to a destination, as JSON without secrets; NULL: not at all.
ALTER TABLE integration_destinations ADD COLUMN request_authorization TEXT
  CHECK (length(CAST(request_authorization AS BLOB)) BETWEEN 1 AND 8192);

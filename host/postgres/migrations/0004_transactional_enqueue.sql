-- opi.publish(envelope): a producer hands an event over inside its own transaction. The event waits in an inbox, from
-- which a daemon takes it through the same intake as the API's; rolled back with everything else it never was.

CREATE SCHEMA opi;

CREATE TABLE integration_inbox (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  position bigint GENERATED ALWAYS AS IDENTITY,
  envelope jsonb NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  -- Why the daemon would not take it although publish() had; such rows stay for a person to look at.
  refused text CHECK (char_length(refused) BETWEEN 1 AND 1024),
  PRIMARY KEY (tenant_id, event_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX integration_inbox_by_position ON integration_inbox (position) WHERE refused IS NULL;

-- The envelope's member as text within its limits. Restates host/delivery/envelope.cpp; a test compares the two.
CREATE FUNCTION opi.envelope_text(container jsonb, member text, path text, max_bytes integer, required boolean)
RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
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
  ELSIF value ~ '[\x01-\x1f\x7f]' THEN
    RAISE EXCEPTION '%: contains control characters', path USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN value;
END $$;

-- Answers 'accepted', or 'duplicate' if this very event was published before. Raises invalid_parameter_value naming
-- the member that is wrong, and unique_violation if the event id is known with other content.
CREATE FUNCTION opi.publish(envelope jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  unknown text;
  tenant text;
  event text;
  kind text;
  stamp text;
  known jsonb;
BEGIN
  IF envelope IS NULL OR jsonb_typeof(envelope) <> 'object' THEN
    RAISE EXCEPTION 'the envelope must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT left(k, 64) INTO unknown FROM jsonb_object_keys(envelope) AS k
  WHERE k NOT IN ('event_id', 'event_type', 'schema_version', 'tenant_id', 'source', 'timestamp', 'payload',
                  'correlation_id', 'causation_id') LIMIT 1;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '%: is not a member of the envelope', unknown USING ERRCODE = 'invalid_parameter_value';
  END IF;
  event := opi.envelope_text(envelope, 'event_id', 'event_id', 128, true);
  IF event !~ '^[A-Za-z0-9_.:-]+$' THEN
    RAISE EXCEPTION 'event_id: may hold letters, digits and -_.: only' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  tenant := opi.envelope_text(envelope, 'tenant_id', 'tenant_id', 64, true);
  IF tenant !~ '^[a-z0-9_-]+$' OR NOT EXISTS (SELECT FROM public.tenants t WHERE t.tenant_id = tenant) THEN
    RAISE EXCEPTION 'tenant_id: there is no such tenant' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  kind := opi.envelope_text(envelope, 'event_type', 'event_type', 128, true);
  IF kind !~ '^[a-z0-9_-]+(\.[a-z0-9_-]+)*$' THEN
    RAISE EXCEPTION 'event_type: must be a dotted lower-case name, such as alert.created'
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF kind = 'oneprotect.test' OR kind LIKE 'ticket.delivery.%' THEN
    RAISE EXCEPTION 'event_type: is kept for the host''s own events' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM opi.envelope_text(envelope, 'schema_version', 'schema_version', 32, true);
  PERFORM opi.envelope_text(envelope, 'source', 'source', 256, true);
  stamp := opi.envelope_text(envelope, 'timestamp', 'timestamp', 64, true);
  BEGIN
    IF stamp !~ '^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$'
       OR left(stamp, 10)::date IS NULL THEN
      RAISE EXCEPTION 'no' USING ERRCODE = 'datetime_field_overflow';
    END IF;
  EXCEPTION WHEN data_exception THEN
    RAISE EXCEPTION 'timestamp: must be RFC 3339, such as 2026-01-31T12:00:00Z'
      USING ERRCODE = 'invalid_parameter_value';
  END;
  PERFORM opi.envelope_text(envelope, 'correlation_id', 'correlation_id', 128, false);
  PERFORM opi.envelope_text(envelope, 'causation_id', 'causation_id', 128, false);
  IF NOT envelope ? 'payload' THEN
    RAISE EXCEPTION 'payload: is missing' USING ERRCODE = 'invalid_parameter_value';
  ELSIF jsonb_typeof(envelope -> 'payload') <> 'object' THEN
    RAISE EXCEPTION 'payload: must be an object' USING ERRCODE = 'invalid_parameter_value';
  ELSIF octet_length(convert_to((envelope -> 'payload')::text, 'UTF8')) > 262144 THEN
    RAISE EXCEPTION 'payload: is larger than 262144 bytes' USING ERRCODE = 'invalid_parameter_value';
  ELSIF jsonb_path_exists(envelope, 'strict $.**{32 to last} ? (@.type() == "object" || @.type() == "array")') THEN
    RAISE EXCEPTION 'payload: is nested deeper than 32 levels' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM opi.envelope_text(envelope -> 'payload', m, 'payload.' || m, 128, false)
  FROM unnest(ARRAY['alert_id', 'evidence_id', 'ticket_id']) AS m;

  -- Stored already, by this way or the API's: the same content is a duplicate.
  SELECT jsonb_strip_nulls(jsonb_build_object(
           'event_id', e.event_id, 'event_type', e.event_type, 'schema_version', e.schema_version,
           'tenant_id', e.tenant_id, 'source', e.source, 'timestamp', e.event_timestamp,
           'correlation_id', nullif(e.correlation_id, ''), 'causation_id', nullif(e.causation_id, '')))
         || jsonb_build_object('payload', e.payload::jsonb)
    INTO known FROM public.integration_events e WHERE e.tenant_id = tenant AND e.event_id = event;
  IF known IS NULL THEN
    INSERT INTO public.integration_inbox (tenant_id, event_id, envelope) VALUES (tenant, event, envelope)
    ON CONFLICT (tenant_id, event_id) DO NOTHING;
    IF FOUND THEN
      RETURN 'accepted';
    END IF;
    SELECT i.envelope INTO known FROM public.integration_inbox i WHERE i.tenant_id = tenant AND i.event_id = event;
  END IF;
  IF known IS NOT NULL AND known - 'correlation_id' - 'causation_id' = envelope - 'correlation_id' - 'causation_id'
     AND coalesce(known ->> 'correlation_id', '') = coalesce(envelope ->> 'correlation_id', '')
     AND coalesce(known ->> 'causation_id', '') = coalesce(envelope ->> 'causation_id', '') THEN
    RETURN 'duplicate';
  END IF;
  RAISE EXCEPTION 'event_id: is known with other content' USING ERRCODE = 'unique_violation';
END $$;
REVOKE ALL ON FUNCTION opi.publish(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION opi.envelope_text(jsonb, text, text, integer, boolean) FROM PUBLIC;

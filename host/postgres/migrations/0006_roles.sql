-- Who may do what, in the database itself. The login of the connection string owns the schema and migrates it; its
-- sessions work as one of two other roles: opi_worker delivers and sees all tenants, opi_api serves people and sees
-- only the tenant that opi.tenant names. opi_producer is for logins of producers, and may call opi.publish() alone.

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['opi_worker', 'opi_api', 'opi_producer'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;  -- roles belong to the server: another database was faster
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'the role % is missing and this login may not create it', role_name
            USING ERRCODE = 'insufficient_privilege';
      END;
    END IF;
    IF role_name <> 'opi_producer' AND NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', role_name, current_user);
    END IF;
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO opi_worker, opi_api;

-- Every table with rows of tenants, those that later migrations make included: they call it again.
CREATE FUNCTION opi.protect_tenants() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_catalog AS $$
DECLARE
  unprotected text;
BEGIN
  FOR unprotected IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', unprotected);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', unprotected);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true)', unprotected);
    EXECUTE format('CREATE POLICY worker ON %I TO opi_worker USING (true)', unprotected);
    -- Unset or reset, the setting is empty or NULL and nothing is seen.
    EXECUTE format('CREATE POLICY tenant ON %I TO opi_api USING (tenant_id = current_setting(''opi.tenant'', true))',
                   unprotected);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO opi_worker, opi_api', unprotected);
    IF unprotected <> 'audit_log' THEN
      EXECUTE format('GRANT UPDATE, DELETE ON %I TO opi_worker, opi_api', unprotected);
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION opi.protect_tenants() FROM PUBLIC;
SELECT opi.protect_tenants();

-- What only a daemon touches.
REVOKE ALL ON integration_inbox FROM opi_api;
GRANT SELECT, UPDATE ON integration_catalog_revision TO opi_worker, opi_api;

-- As the role that asks, not as its owner.
ALTER VIEW integration_delivery_view SET (security_invoker = true);
GRANT SELECT ON integration_delivery_view TO opi_worker, opi_api;

-- publish() works as the worker, so that row-level security holds for its caller too.
GRANT USAGE, CREATE ON SCHEMA opi TO opi_worker;
ALTER FUNCTION opi.publish(jsonb) OWNER TO opi_worker;
ALTER FUNCTION opi.envelope_text(jsonb, text, text, integer, boolean) OWNER TO opi_worker;
REVOKE CREATE ON SCHEMA opi FROM opi_worker;
GRANT USAGE ON SCHEMA opi TO opi_producer;
GRANT EXECUTE ON FUNCTION opi.publish(jsonb) TO opi_producer;

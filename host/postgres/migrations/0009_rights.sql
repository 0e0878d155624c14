-- Functions that run what they say and nothing else, rights by need, and locks that only their own role can take.
-- docs/operations.md has the table of rights; a test holds it against the catalog.

-- A search path that does not name pg_temp has it first: the types and tables that a caller made for its session would
-- stand for ours, in a function that runs with our rights. So it is named, and last.
ALTER FUNCTION opi.envelope_text(jsonb, text, text, integer, boolean) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION opi.publish(jsonb) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.refuse_audit_change() SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION public.refuse_audit_change() FROM PUBLIC;

-- No login needs temporary tables for what it may do here. A login that does not own the database cannot say so; then
-- `integrationsctl doctor` does.
DO $$
BEGIN
  IF (SELECT pg_has_role(current_user, d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = current_database()) THEN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  END IF;
END $$;

-- Whoever stores deliveries holds it in ROW EXCLUSIVE mode, which asks for INSERT; whoever deletes a destination takes
-- it in SHARE mode, which asks for DELETE. It stays empty: no vacuum comes between.
CREATE TABLE integration_intake_gate ();

-- Row locks that order what happens to one subject of one destination, which a hash puts into a bucket. Locking a row
-- takes the right to update it; the one column that may be updated can only stay as it is.
CREATE TABLE integration_subject_locks (
  bucket integer PRIMARY KEY CHECK (bucket BETWEEN 0 AND 65535),
  held boolean NOT NULL DEFAULT true CHECK (held)
);
INSERT INTO integration_subject_locks (bucket) SELECT generate_series(0, 65535);

-- Every table of ours with rows of tenants, those that later migrations make included: they call it again, and grant by
-- need what their tables are for.
-- opi.tenant is 'tenant:' and a tenant's id, which for the installation itself is empty. Whatever else the setting may
-- be (never set, reset, empty, a bare id) names nobody, and nothing is seen or written.
CREATE OR REPLACE FUNCTION opi.protect_tenants() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  unprotected text;
BEGIN
  FOR unprotected IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
      AND c.relowner = current_user::regrole
  LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', unprotected);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', unprotected);
    EXECUTE format('CREATE POLICY owner ON public.%I TO CURRENT_USER USING (true)', unprotected);
    EXECUTE format('CREATE POLICY worker ON public.%I TO opi_worker USING (true)', unprotected);
    EXECUTE format($policy$CREATE POLICY tenant ON public.%I TO opi_api USING (
      tenant_id = substring(current_setting('opi.tenant', true) from '^tenant:([a-z0-9_-]{0,64})$'))$policy$, unprotected);
  END LOOP;
END $$;

DO $$
DECLARE
  protected text;
BEGIN
  FOR protected IN SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'tenant' LOOP
    EXECUTE format($policy$ALTER POLICY tenant ON public.%I USING (
      tenant_id = substring(current_setting('opi.tenant', true) from '^tenant:([a-z0-9_-]{0,64})$'))$policy$, protected);
  END LOOP;
END $$;

REVOKE ALL ON tenants, tenant_retention, integration_destinations, integration_credentials, integration_delivery_policy,
  integration_catalog_revision, integration_events, integration_outbox, integration_deliveries,
  integration_delivery_attempts, integration_delivery_events, integration_feed_heads, integration_feed_cursors,
  integration_delivery_rollup, integration_external_references, integration_delivery_view, integration_inbox,
  audit_log, audit_chain_heads, api_tokens, sessions FROM PUBLIC, opi_worker, opi_api;

-- The catalog: the worker reads it, writes tenants, and disables destinations that are gone.
GRANT SELECT, UPDATE (revision) ON integration_catalog_revision TO opi_worker, opi_api;
GRANT SELECT, INSERT, UPDATE (name, revision, updated_at) ON tenants TO opi_worker;
GRANT SELECT, INSERT, DELETE ON tenant_retention TO opi_worker;
GRANT SELECT, UPDATE (enabled, disabled_reason, revision, updated_at) ON integration_destinations TO opi_worker;
GRANT SELECT, INSERT, DELETE,
  UPDATE (name, adapter, endpoint, subscriptions, enabled, disabled_reason, signing, config, max_in_flight,
          rate_limit_per_second, revision, delivery_order, request_authorization, updated_at)
  ON integration_destinations TO opi_api;
GRANT SELECT ON integration_credentials TO opi_worker;
GRANT SELECT, INSERT, DELETE ON integration_credentials TO opi_api;
GRANT SELECT, INSERT, DELETE ON integration_delivery_policy TO opi_worker, opi_api;

-- Deliveries: people read them, replay dead letters and discard them.
GRANT INSERT ON integration_intake_gate TO opi_worker;
GRANT DELETE ON integration_intake_gate TO opi_api;
GRANT SELECT, UPDATE (held) ON integration_subject_locks TO opi_worker, opi_api;
GRANT SELECT, INSERT, DELETE ON integration_events TO opi_worker;
GRANT SELECT ON integration_events TO opi_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_outbox TO opi_worker;
GRANT SELECT, INSERT, UPDATE (due_at) ON integration_outbox TO opi_api;
GRANT SELECT, INSERT, DELETE ON integration_deliveries TO opi_worker;
GRANT SELECT, DELETE, UPDATE (state, completed_at) ON integration_deliveries TO opi_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_delivery_attempts TO opi_worker;
GRANT SELECT ON integration_delivery_attempts TO opi_api;
GRANT SELECT, INSERT, DELETE ON integration_delivery_events TO opi_worker;
GRANT SELECT ON integration_delivery_events TO opi_api;
GRANT SELECT, INSERT, UPDATE (sequence) ON integration_feed_heads TO opi_worker;
GRANT SELECT, INSERT, UPDATE (sequence), DELETE ON integration_feed_cursors TO opi_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_delivery_rollup TO opi_worker;
GRANT SELECT ON integration_delivery_rollup TO opi_api;
GRANT SELECT, INSERT, UPDATE (external_ref, external_url, delivery_id, updated_at)
  ON integration_external_references TO opi_worker;
GRANT SELECT ON integration_external_references TO opi_api;
GRANT SELECT ON integration_delivery_view TO opi_api;
GRANT SELECT, INSERT, UPDATE (refused), DELETE ON integration_inbox TO opi_worker;

-- The audit trail, tokens and sessions. Nobody deletes a head or a token.
GRANT SELECT, INSERT ON audit_log TO opi_worker, opi_api;
GRANT SELECT, INSERT, UPDATE (sequence, hash) ON audit_chain_heads TO opi_worker, opi_api;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_tokens TO opi_worker;
GRANT SELECT ON api_tokens TO opi_api;
GRANT SELECT, INSERT, UPDATE (revoked_at), DELETE ON sessions TO opi_worker;

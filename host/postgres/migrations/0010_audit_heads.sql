-- The head of an audit chain begins at its tenant's genesis, moves forward by what was appended, and never goes: else a
-- trail that was cut off would seem whole.
CREATE FUNCTION opi.guard_chain_head() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Where there is a head already, the insertion has no effect: of two first appends one comes too late.
    IF NEW.sequence = 0
       AND NEW.hash = sha256(convert_to('opi.audit.genesis.v1' || octet_length(NEW.tenant_id) || ':' || NEW.tenant_id,
                                        'UTF8'))
       AND (EXISTS (SELECT FROM public.audit_chain_heads h WHERE h.tenant_id = NEW.tenant_id)
            OR NOT EXISTS (SELECT FROM public.audit_log r WHERE r.tenant_id = NEW.tenant_id)) THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF NEW.tenant_id = OLD.tenant_id AND NEW.sequence > OLD.sequence
       AND EXISTS (SELECT FROM public.audit_log r WHERE r.tenant_id = NEW.tenant_id
                     AND r.sequence = OLD.sequence + 1 AND r.previous_hash = OLD.hash)
       AND EXISTS (SELECT FROM public.audit_log r WHERE r.tenant_id = NEW.tenant_id
                     AND r.sequence = NEW.sequence AND r.hash = NEW.hash)
       AND NEW.sequence - OLD.sequence
           = (SELECT count(*) FROM public.audit_log r WHERE r.tenant_id = NEW.tenant_id
                AND r.sequence > OLD.sequence AND r.sequence <= NEW.sequence) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the head of an audit chain only moves forward, by what was appended'
    USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION opi.guard_chain_head() FROM PUBLIC;
CREATE TRIGGER audit_chain_heads_forward BEFORE INSERT OR UPDATE OR DELETE ON audit_chain_heads
  FOR EACH ROW EXECUTE FUNCTION opi.guard_chain_head();
CREATE TRIGGER audit_chain_heads_no_truncate BEFORE TRUNCATE ON audit_chain_heads
  FOR EACH STATEMENT EXECUTE FUNCTION opi.guard_chain_head();

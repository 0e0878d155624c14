-- REPLACE deletes what is in its way, and fires delete triggers only where recursive_triggers is on: what stands already
-- is refused before.
CREATE TRIGGER audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log r WHERE r.tenant_id = NEW.tenant_id AND r.sequence = NEW.sequence)
BEGIN SELECT raise(ABORT, 'audit_log is append-only'); END;

-- The head of an audit chain moves forward by what was appended, and never goes: else a trail that was cut off would
-- seem whole.
CREATE TRIGGER audit_chain_heads_first BEFORE INSERT ON audit_chain_heads
WHEN EXISTS (SELECT 1 FROM audit_chain_heads h WHERE h.tenant_id = NEW.tenant_id)
  OR NOT EXISTS (SELECT 1 FROM audit_log r
                 WHERE r.tenant_id = NEW.tenant_id AND r.sequence = NEW.sequence AND r.hash = NEW.hash)
  OR EXISTS (SELECT 1 FROM audit_log r WHERE r.tenant_id = NEW.tenant_id AND r.sequence > NEW.sequence)
  OR NEW.sequence <> (SELECT count(*) FROM audit_log r WHERE r.tenant_id = NEW.tenant_id)
BEGIN SELECT raise(ABORT, 'the head of an audit chain only moves forward, by what was appended'); END;
CREATE TRIGGER audit_chain_heads_forward BEFORE UPDATE ON audit_chain_heads
WHEN NEW.tenant_id <> OLD.tenant_id OR NEW.sequence <= OLD.sequence
  OR NOT EXISTS (SELECT 1 FROM audit_log r WHERE r.tenant_id = OLD.tenant_id AND r.sequence = OLD.sequence + 1
                   AND r.previous_hash = OLD.hash)
  OR NOT EXISTS (SELECT 1 FROM audit_log r
                 WHERE r.tenant_id = OLD.tenant_id AND r.sequence = NEW.sequence AND r.hash = NEW.hash)
  OR NEW.sequence - OLD.sequence <> (SELECT count(*) FROM audit_log r WHERE r.tenant_id = OLD.tenant_id
                                       AND r.sequence > OLD.sequence AND r.sequence <= NEW.sequence)
BEGIN SELECT raise(ABORT, 'the head of an audit chain only moves forward, by what was appended'); END;
CREATE TRIGGER audit_chain_heads_no_delete BEFORE DELETE ON audit_chain_heads
BEGIN SELECT raise(ABORT, 'the head of an audit chain only moves forward, by what was appended'); END;

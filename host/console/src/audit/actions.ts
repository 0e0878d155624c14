import type { AuditAction } from '../api/types';

// All of them, as the compiler sees to: a new action of the API's document is an error here.
const named: Record<AuditAction, true> = {
  'delivery.delivered': true,
  'delivery.failed': true,
  'delivery.dead_lettered': true,
  'dead_letter.replayed': true,
  'dead_letter.discarded': true,
  'destination.created': true,
  'destination.changed': true,
  'destination.enabled': true,
  'destination.disabled': true,
  'destination.deleted': true,
  'destination.tested': true,
  'credential.set': true,
  'credential.rotated': true,
  'credential.revoked': true,
  'credential.failed': true,
  'policy.changed': true,
  'tenant.created': true,
  'tenant.changed': true,
  'token.issued': true,
  'token.revoked': true,
  'session.signed_in': true,
  'session.sign_in_failed': true,
  'session.signed_out': true,
  'audit.exported': true,
  'audit.checkpoint': true,
  'plugin.loaded': true,
  'plugin.refused': true,
  'plugin.quarantined': true,
  'plugin.retired': true,
  'secrets.refreshed': true,
  'payload.read': true,
};

export const auditActions = Object.keys(named) as AuditAction[];

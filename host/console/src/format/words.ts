import type { AlertKind, Attempt, Authorization, DeliveryState, HoldCause, Posture, Role } from '../api/types';

export const stateWords: Record<DeliveryState, string> = {
  pending: 'Pending',
  delivering: 'Delivering',
  delivered: 'Delivered',
  retry_scheduled: 'Retry scheduled',
  failed: 'Failed',
  dead_lettered: 'Dead-lettered',
};

export const postureWords: Record<Posture, { word: string; meaning: string; good: boolean }> = {
  resolved: { word: 'Resolved', meaning: 'The next delivery has its secret.', good: true },
  missing: { word: 'Missing', meaning: 'There is no such secret, or no credential for signing.', good: false },
  denied: { word: 'Denied', meaning: 'The secret store, or a rule of the host, forbids it.', good: false },
  expired: { word: 'Expired', meaning: 'The overlap of a rotation has ended; it is not used any more.', good: false },
  unusable: {
    word: 'Unusable',
    meaning: 'Its value can never serve, such as one for signing that is no key: integrationsctl secrets generate makes one.',
    good: false,
  },
  unbound: {
    word: 'Unbound',
    meaning: 'It was put for another receiver: nothing is sent until it is put again, or revoked.',
    good: false,
  },
  unavailable: { word: 'Unavailable', meaning: 'The secret store does not answer.', good: false },
};

export const holdWords: Record<HoldCause, string> = {
  newer_version: 'Held by this node, which is older than what was written',
  disabled: 'Disabled',
  credential_unbound: 'A credential was put for another receiver',
  adapter_missing: 'Its adapter is not loaded',
  adapter_quarantined: 'Its adapter is quarantined',
  configuration_refused: 'Its adapter refuses the configuration',
  adapter_unavailable: 'Its adapter cannot be asked now',
  credential_unusable: 'A credential cannot be used',
  secret_store_unavailable: 'The secret store does not answer',
  breaker_open: 'Circuit breaker open',
  paused_by_receiver: 'The receiver asked for silence',
  waits_for_order: 'Waits for its turn',
};

export const alertWords: Record<AlertKind, string> = {
  destination_failing: 'Deliveries fail',
  dead_letters_parked: 'Dead letters are parked',
  credential_refused: 'A credential is refused',
  credential_expiring: 'A credential ends soon',
  destination_held: 'Nothing is sent',
  destination_disabling: 'Disabled for failing, or about to be',
};

export const resultWords: Record<Attempt['result'], { word: string; meaning: string }> = {
  succeeded: { word: 'Succeeded', meaning: 'The receiver took it.' },
  retryable: { word: 'Retryable', meaning: 'Failed; trying again could help.' },
  terminal: { word: 'Terminal', meaning: 'Failed; trying again by itself cannot help.' },
  interrupted: {
    word: 'Interrupted',
    meaning: 'Its daemon vanished: whether the receiver got it is unknown. Counts as retryable.',
  },
  continued: { word: 'Continued', meaning: 'One step of several; the next one follows.' },
};

export const authorizationWords: Record<Authorization['scheme'], string> = {
  bearer: 'Bearer token',
  basic: 'Basic: user name and password',
  header: 'A header of its own',
  hmac: 'HMAC of the body',
  oauth2_client_credentials: 'OAuth 2.0 client credentials',
};

export const roleWords: Record<Role, string> = {
  producer: 'Producer',
  auditor: 'Auditor',
  operator: 'Operator',
  tenant_admin: 'Tenant admin',
  system_admin: 'System admin',
};

// "connection_reset" for people.
export function spelled(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

import type { DeliveryPolicy } from '../api/types';

export interface Planned {
  attempt: number;
  wait: number; // before it, in ms, without jitter
  at: Date; // if each attempt before it failed at once
  early: Date; // with all jitter one way
  late: Date; // and the other
}

// The same sum as DeliveryPolicy::backoff() in host/domain/policy.cpp.
function backoff(policy: DeliveryPolicy, failed: number, jitter: number): number {
  const base = Math.min(policy.backoff_cap_ms, policy.backoff_initial_ms * policy.backoff_factor ** (failed - 1));
  return Math.floor(Math.min(policy.backoff_cap_ms, Math.max(1, base * (1 + jitter))));
}

export function scheduleOf(policy: DeliveryPolicy, start: Date): Planned[] {
  const planned: Planned[] = [];
  let at = start.getTime(),
    early = at,
    late = at;
  for (let attempt = 1; attempt <= policy.max_attempts; ++attempt) {
    const wait = attempt === 1 ? 0 : backoff(policy, attempt - 1, 0);
    if (attempt > 1) {
      at += wait;
      early += backoff(policy, attempt - 1, -policy.backoff_jitter);
      late += backoff(policy, attempt - 1, policy.backoff_jitter);
    }
    planned.push({ attempt, wait, at: new Date(at), early: new Date(early), late: new Date(late) });
  }
  return planned;
}

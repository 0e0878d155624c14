import type { FieldError } from '../api/client';
import type { DeliveryPolicy } from '../api/types';

const day = 86_400_000;

// As check() in host/domain/policy.cpp judges: the sum of a level and those above it must hold.
export function checkPolicy(policy: DeliveryPolicy): FieldError[] {
  const faults: FieldError[] = [];
  const within = (
    field: keyof DeliveryPolicy,
    value: number,
    least: number,
    most: number,
    whole: boolean,
    message: string,
  ) => {
    if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) faults.push({ field, message });
  };
  within('max_attempts', policy.max_attempts, 1, 100, true, 'must be 1 to 100');
  within('timeout_ms', policy.timeout_ms, 100, 120_000, true, 'must be 100 to 120000');
  within('backoff_initial_ms', policy.backoff_initial_ms, 10, day, true, 'must be 10 to 86400000');
  within('backoff_factor', policy.backoff_factor, 1, 10, false, 'must be 1 to 10');
  within(
    'backoff_cap_ms',
    policy.backoff_cap_ms,
    policy.backoff_initial_ms,
    day,
    true,
    'must be at least backoff_initial_ms and at most 86400000',
  );
  within('backoff_jitter', policy.backoff_jitter, 0, 0.5, false, 'must be 0 to 0.5');
  within('retry_after_max_ms', policy.retry_after_max_ms, 1000, 30 * day, true, 'must be 1000 to 2592000000');
  if (policy.retryable_statuses.some((status) => !Number.isInteger(status) || status < 400 || status > 599))
    faults.push({ field: 'retryable_statuses', message: 'must be HTTP statuses 400 to 599' });
  return faults;
}

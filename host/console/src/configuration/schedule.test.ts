import { expect, test } from 'vitest';
import type { DeliveryPolicy } from '../api/types';
import { checkPolicy } from './policy_rules';
import { scheduleOf } from './schedule';

const policy: DeliveryPolicy = {
  max_attempts: 5,
  timeout_ms: 15_000,
  backoff_initial_ms: 5_000,
  backoff_factor: 4,
  backoff_cap_ms: 21_600_000,
  backoff_jitter: 0.2,
  retry_after_max_ms: 86_400_000,
  dead_letter: 'always',
  retryable_statuses: [503],
};
const start = new Date('2026-01-01T00:00:00Z');

// The same numbers as the API's schedule_preview_ms for this policy: see docs/console-api.md.
test('waits are those that the daemon plans', () => {
  expect(scheduleOf(policy, start).map(({ wait }) => wait)).toEqual([0, 5_000, 20_000, 80_000, 320_000]);
  expect(scheduleOf({ ...policy, backoff_cap_ms: 30_000 }, start).map(({ wait }) => wait)).toEqual([
    0, 5_000, 20_000, 30_000, 30_000,
  ]);
});

test('dates add the waits up, and jitter spreads them both ways but not beyond the cap', () => {
  const last = scheduleOf(policy, start).at(-1)!;
  expect(last.at.toISOString()).toBe('2026-01-01T00:07:05.000Z');
  expect(last.early.getTime()).toBe(start.getTime() + 425_000 * 0.8);
  expect(last.late.getTime()).toBe(start.getTime() + 425_000 * 1.2);
  const capped = scheduleOf({ ...policy, max_attempts: 2, backoff_cap_ms: 5_000 }, start).at(-1)!;
  expect(capped.late.getTime()).toBe(start.getTime() + 5_000);
});

test('one attempt has no waits', () => expect(scheduleOf({ ...policy, max_attempts: 1 }, start)).toHaveLength(1));

test.each([
  ['max_attempts', 101],
  ['timeout_ms', 99],
  ['backoff_initial_ms', 9],
  ['backoff_factor', 0.5],
  ['backoff_cap_ms', 4_999],
  ['backoff_jitter', 0.6],
  ['retry_after_max_ms', 999],
  ['retry_after_max_ms', 2_592_000_001],
  ['retryable_statuses', [399]],
])('%s beyond its limit is a fault', (field, value) => {
  expect(checkPolicy(policy)).toEqual([]);
  expect(checkPolicy({ ...policy, [field]: value }).map((fault) => fault.field)).toEqual([field]);
});

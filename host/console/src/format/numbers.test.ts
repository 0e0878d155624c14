import { describe, expect, test } from 'vitest';
import { count, duration, plural } from './numbers';

describe('duration', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [1_234, '1.2 s'],
    [59_999, '60 s'],
    [60_000, '1 min'],
    [5_400_000, '1.5 h'],
    [21_600_000, '6 h'],
    [2_592_000_000, '30 d'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text));
});

test('counts are grouped, and nouns follow them', () => {
  expect(count(100_000)).toBe('100,000');
  expect(plural(1, 'attempt')).toBe('1 attempt');
  expect(plural(0, 'attempt')).toBe('0 attempts');
  expect(plural(2, 'delivery', 'deliveries')).toBe('2 deliveries');
});

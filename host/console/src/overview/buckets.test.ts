import { expect, test } from 'vitest';
import type { HealthBucket } from '../api/types';
import { grouped, mostBars } from './buckets';

const bucket = (index: number, delivered: number, mean: number | null): HealthBucket => ({
  start: new Date(index * 300_000).toISOString(),
  delivered,
  failed: 1,
  dead_lettered: 0,
  retried: 0,
  latency_ms_mean: mean,
  latency_ms_max: mean,
});

test('few buckets stay as they are', () => {
  const series = [bucket(0, 1, 10), bucket(1, 0, null)];
  expect(grouped(series, 300_000)).toEqual({ bars: series, barMs: 300_000 });
});

test('many become at most so many bars, nothing is lost, and means are weighted', () => {
  const series = Array.from({ length: 288 }, (_, index) =>
    bucket(index, index === 0 ? 3 : index === 1 ? 1 : 0, index === 0 ? 100 : index === 1 ? 500 : null),
  );
  const { bars, barMs } = grouped(series, 300_000);
  expect(bars.length).toBeLessThanOrEqual(mostBars);
  expect(barMs).toBe(5 * 300_000);
  expect(bars.reduce((sum, bar) => sum + bar.failed, 0)).toBe(288);
  expect(bars[0]).toMatchObject({ delivered: 4, latency_ms_mean: 200, latency_ms_max: 500 });
  expect(bars[1]?.latency_ms_mean).toBeNull();
});

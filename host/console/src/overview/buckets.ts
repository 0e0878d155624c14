import type { HealthBucket } from '../api/types';

export const mostBars = 60;

// Neighbouring buckets as one, so that a bar can be seen and pointed at. The mean time to delivery is weighted by the
// deliveries that it is of.
export function grouped(series: HealthBucket[], bucketMs: number): { bars: HealthBucket[]; barMs: number } {
  const size = Math.max(1, Math.ceil(series.length / mostBars));
  const bars: HealthBucket[] = [];
  for (let start = 0; start < series.length; start += size) {
    const group = series.slice(start, start + size);
    const sum = (name: 'delivered' | 'failed' | 'dead_lettered' | 'retried') =>
      group.reduce((total, bucket) => total + bucket[name], 0);
    const delivered = sum('delivered');
    const waited = group.reduce((total, bucket) => total + (bucket.latency_ms_mean ?? 0) * bucket.delivered, 0);
    bars.push({
      start: group[0]!.start,
      delivered,
      failed: sum('failed'),
      dead_lettered: sum('dead_lettered'),
      retried: sum('retried'),
      latency_ms_mean: delivered === 0 ? null : Math.round(waited / delivered),
      latency_ms_max: delivered === 0 ? null : Math.max(...group.map((bucket) => bucket.latency_ms_max ?? 0)),
    });
  }
  return { bars, barMs: bucketMs * size };
}

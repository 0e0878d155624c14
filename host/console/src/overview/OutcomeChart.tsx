import { useState, type PointerEvent } from 'react';
import type { DeliveryHealth, HealthBucket } from '../api/types';
import { count, duration } from '../format/numbers';
import { dateOf, minuteOf } from '../format/time';
import { grouped } from './buckets';
import classes from './OutcomeChart.module.css';

const height = 100; // of the drawing's own units; the page stretches it
const outcomes = [
  { name: 'delivered', word: 'delivered' },
  { name: 'failed', word: 'failed' },
  { name: 'dead_lettered', word: 'dead-lettered' },
] as const;

const endings = (bucket: HealthBucket) => bucket.delivered + bucket.failed + bucket.dead_lettered;

// Where a line breaks: a bucket without a delivery has no latency.
function latencyLines(series: HealthBucket[], most: number): string[] {
  const lines: string[] = [];
  let points: string[] = [];
  series.forEach((bucket, index) => {
    if (bucket.latency_ms_mean !== null) {
      const y = height - (bucket.latency_ms_mean / most) * height * 0.92;
      // A lone point would be a line without length.
      points.push(`${index + 0.2},${y} ${index + 0.8},${y}`);
    }
    if ((bucket.latency_ms_mean === null || index === series.length - 1) && points.length > 0) {
      lines.push(points.join(' '));
      points = [];
    }
  });
  return lines;
}

function spanOf(bucket: HealthBucket, bucketMs: number): string {
  const start = new Date(bucket.start);
  const end = new Date(start.getTime() + bucketMs);
  if (bucketMs >= 86_400_000) return dateOf(start);
  return `${dateOf(start)}, ${minuteOf(start)} to ${minuteOf(end)}`;
}

function sentenceOf(bucket: HealthBucket, bucketMs: number): string {
  const parts = outcomes
    .filter(({ name }) => bucket[name] > 0)
    .map(({ name, word }) => `${count(bucket[name])} ${word}`);
  const latency = bucket.latency_ms_mean === null ? '' : `, ${duration(bucket.latency_ms_mean)} on average`;
  return `${spanOf(bucket, bucketMs)}: ${parts.join(', ') || 'nothing ended'}${latency}`;
}

export function OutcomeChart({ health }: { health: DeliveryHealth }) {
  const [at, setAt] = useState<number | null>(null);
  const { bars: series, barMs } = grouped(health.series, health.bucket_ms);
  const most = Math.max(1, ...series.map(endings));
  const slowest = Math.max(1, ...series.map((bucket) => bucket.latency_ms_mean ?? 0));
  const looked = at === null ? undefined : series[at];
  const width = series.length;
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(Math.min(width - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * width))));
  };
  const busy = series.filter((bucket) => endings(bucket) > 0);
  const first = new Date(health.from),
    last = new Date(health.to);
  const withDates = last.getTime() - first.getTime() > 86_400_000;
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        <span className={classes.legend}>
          {outcomes.map(({ name, word }) => (
            <span key={name}>
              <i className={classes[name]} aria-hidden="true" /> {word}
            </span>
          ))}
          <span>
            <i className={classes.latency} aria-hidden="true" /> mean time to delivery
          </span>
        </span>
        <span className={classes.readout}>{looked ? sentenceOf(looked, barMs) : `each bar ${duration(barMs)}`}</span>
      </figcaption>
      <div className={classes.plot} onPointerMove={follow} onPointerLeave={() => setAt(null)} aria-hidden="true">
        <span className={classes.scale}>{count(most)}</span>
        <svg className={classes.bars} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
          {at !== null && <rect className={classes.cursor} x={at} y={0} width={1} height={height} />}
          {series.map((bucket, index) => {
            let base = height;
            return outcomes.map(({ name }) => {
              const tall = (bucket[name] / most) * height;
              base -= tall;
              return tall > 0 ? (
                <rect
                  key={name + bucket.start}
                  className={classes[name]}
                  x={index + 0.1}
                  y={base}
                  width={0.8}
                  height={tall}
                />
              ) : null;
            });
          })}
        </svg>
        <span className={classes.scale}>{duration(slowest)}</span>
        <svg className={classes.line} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
          {at !== null && <rect className={classes.cursor} x={at} y={0} width={1} height={height} />}
          {latencyLines(series, slowest).map((points) => (
            <polyline key={points} points={points} className={classes.latency} />
          ))}
        </svg>
      </div>
      <div className={classes.axis} aria-hidden="true">
        <span>{withDates ? dateOf(first) : minuteOf(first)}</span>
        <span>{withDates ? dateOf(last) : minuteOf(last)}</span>
      </div>
      <details className={classes.numbers}>
        <summary>The same in numbers</summary>
        {busy.length === 0 ? (
          <p>Nothing ended in this time.</p>
        ) : (
          <ul>
            {busy.map((bucket) => (
              <li key={bucket.start}>{sentenceOf(bucket, barMs)}</li>
            ))}
          </ul>
        )}
      </details>
    </figure>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { DeliveryHealth } from '../api/types';
import { count, duration } from '../format/numbers';
import { GlyphDead, GlyphDelivered, GlyphFailed, GlyphHeld, GlyphPending, GlyphRetry } from '../parts/icons';
import { showOf, toggled, type ShowName } from './filters';
import classes from './Overview.module.css';

interface Figure {
  name: string;
  value: number;
  note: string;
  glyph: ReactNode;
  tone: string;
  show?: ShowName; // the filter that it leads to
}

function figuresOf({ totals }: DeliveryHealth): Figure[] {
  const mean = totals.latency_ms_mean;
  return [
    {
      name: 'Active destinations',
      value: totals.active_destinations,
      note: totals.disabled_destinations > 0 ? `${count(totals.disabled_destinations)} disabled` : 'none disabled',
      glyph: <GlyphPending />,
      tone: 'ink-soft',
      show: 'enabled',
    },
    {
      name: 'Delivered',
      value: totals.delivered,
      note: mean === null ? 'none in this time' : `${duration(mean)} on average`,
      glyph: <GlyphDelivered />,
      tone: 'delivered',
      show: 'delivered',
    },
    {
      name: 'Retries scheduled',
      value: totals.retry_scheduled,
      note: `now; ${count(totals.retried)} in this time`,
      glyph: <GlyphRetry />,
      tone: 'retry',
      show: 'retry_scheduled',
    },
    {
      name: 'Dead letters',
      value: totals.parked,
      note: `now; ${count(totals.dead_lettered)} in this time`,
      glyph: <GlyphDead />,
      tone: 'dead',
      show: 'dead_lettered',
    },
    {
      name: 'Failed',
      value: totals.failed,
      note: 'given up in this time',
      glyph: <GlyphFailed />,
      tone: 'failed',
      show: 'failed',
    },
    {
      name: 'Held',
      value: totals.held_deliveries,
      note: 'wait for a held destination',
      glyph: <GlyphHeld />,
      tone: 'pending',
    },
  ];
}

export function HealthStrip({ health, show }: { health: DeliveryHealth; show: string | undefined }) {
  const chosen = showOf(show);
  return (
    <ul className={classes.strip}>
      {figuresOf(health).map((figure) => {
        const inside = (
          <>
            <span className={classes.name}>{figure.name}</span>
            <span className={classes.value}>
              <span className={figure.value > 0 ? classes[figure.tone] : classes.none}>{figure.glyph}</span>
              {count(figure.value)}
            </span>
            <span className={classes.note}>{figure.note}</span>
          </>
        );
        return (
          <li key={figure.name}>
            {figure.show ? (
              <Link
                to="/"
                search={(now) => ({ ...now, show: toggled(chosen, figure.show!), page: undefined })}
                className={classes.figure}
                data-chosen={chosen.includes(figure.show) || undefined}
                activeProps={{ 'aria-current': undefined }}
              >
                {inside}
              </Link>
            ) : (
              <Link to="/deliveries" search={{ held: 'true' }} className={classes.figure}>
                {inside}
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}

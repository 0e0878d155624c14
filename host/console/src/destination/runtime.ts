import type { Destination } from '../api/types';
import { clockOf } from '../format/time';

// How a destination is delivered to at the moment of the answer.
export type Runtime = NonNullable<Destination['runtime']>;

type Breaker = NonNullable<Runtime['breaker']>;

const words: Record<Breaker['state'], string> = {
  closed: 'Closed: requests go out',
  open: 'Open: nothing goes out',
  probing: 'Probing: one request decides',
};

export function breakerWords({ breaker }: Runtime): string {
  if (breaker === null) return 'Not known now';
  return words[breaker.state] + (breaker.probe_at ? ` until ${clockOf(new Date(breaker.probe_at))}` : '');
}

export function serverWords({ served_by, served_here }: Runtime): string {
  if (served_by === null) return 'Not known now';
  return served_here ? `${served_by}, which answered` : served_by;
}

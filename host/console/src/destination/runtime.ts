import type { Destination } from '../api/types';
import { clockOf } from '../format/time';

// How the daemon that answered stands with a destination at that moment.
export type Runtime = NonNullable<Destination['runtime']>;

const words: Record<Runtime['breaker']['state'], string> = {
  closed: 'Closed: requests go out',
  open: 'Open: nothing goes out',
  probing: 'Probing: one request decides',
};

export function breakerWords({ breaker }: Runtime): string {
  return words[breaker.state] + (breaker.probe_at ? ` until ${clockOf(new Date(breaker.probe_at))}` : '');
}

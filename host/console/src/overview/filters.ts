import type { Destination, DestinationHealth } from '../api/types';

// The six filters of the destination list. Those of one group widen what is shown, the two groups narrow each other:
// "enabled, failed, dead-lettered" shows enabled destinations with failed or dead-lettered deliveries.
export const showNames = ['enabled', 'disabled', 'retry_scheduled', 'failed', 'dead_lettered', 'delivered'] as const;
export type ShowName = (typeof showNames)[number];

export const showWords: Record<ShowName, string> = {
  enabled: 'Enabled',
  disabled: 'Disabled',
  retry_scheduled: 'Retry scheduled',
  failed: 'Failed',
  dead_lettered: 'Dead-lettered',
  delivered: 'Delivered',
};

export function showOf(text: string | undefined): ShowName[] {
  const wanted = text?.split(',') ?? [];
  return showNames.filter((name) => wanted.includes(name));
}

export function toggled(show: ShowName[], name: ShowName): string | undefined {
  const next = showNames.filter((other) => (other === name ? !show.includes(name) : show.includes(other)));
  return next.length > 0 ? next.join(',') : undefined;
}

export interface Row {
  destination: Destination;
  health: DestinationHealth | undefined; // undefined: no numbers of it, which means nothing happened
}

const holds: Record<ShowName, (row: Row) => boolean> = {
  enabled: ({ destination }) => destination.enabled,
  disabled: ({ destination }) => !destination.enabled,
  retry_scheduled: ({ health }) => (health?.retry_scheduled ?? 0) > 0,
  failed: ({ health }) => (health?.failed ?? 0) > 0,
  dead_lettered: ({ health }) => (health?.dead_lettered ?? 0) + (health?.parked ?? 0) > 0,
  delivered: ({ health }) => (health?.delivered ?? 0) > 0,
};
const groups: ShowName[][] = [
  ['enabled', 'disabled'],
  ['retry_scheduled', 'failed', 'dead_lettered', 'delivered'],
];

export function passes(row: Row, show: ShowName[], text: string, adapter: string | undefined): boolean {
  if (adapter && row.destination.adapter !== adapter) return false;
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted && !row.destination.name.toLocaleLowerCase().includes(wanted) && row.destination.destination_id !== wanted)
    return false;
  return groups.every((group) => {
    const chosen = group.filter((name) => show.includes(name));
    return chosen.length === 0 || chosen.some((name) => holds[name](row));
  });
}

// What needs a person comes first: dead letters, failures, what is held or retried; then by name.
function urgency({ health, destination }: Row): number {
  if (!health) return destination.held ? 1 : 0;
  if (health.parked > 0) return 4;
  if (health.failed > 0) return 3;
  if (destination.held || health.held_deliveries > 0 || health.retry_scheduled > 0) return 2;
  return destination.enabled ? 0 : 1;
}

export function byUrgency(a: Row, b: Row): number {
  return (
    urgency(b) - urgency(a) ||
    (b.health?.parked ?? 0) - (a.health?.parked ?? 0) ||
    a.destination.name.localeCompare(b.destination.name)
  );
}

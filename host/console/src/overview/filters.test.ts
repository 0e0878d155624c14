import { describe, expect, test } from 'vitest';
import type { Destination, DestinationHealth } from '../api/types';
import { byUrgency, passes, showOf, toggled, type Row, type ShowName } from './filters';

const row = (name: string, enabled: boolean, numbers: Partial<DestinationHealth> = {}, adapter = 'webhook'): Row => ({
  destination: { destination_id: name, name, enabled, adapter } as Destination,
  health: {
    delivered: 0,
    failed: 0,
    dead_lettered: 0,
    parked: 0,
    retry_scheduled: 0,
    held_deliveries: 0,
    ...numbers,
  } as DestinationHealth,
});
const rows = [
  row('fine', true, { delivered: 3 }),
  row('failing', true, { failed: 1, delivered: 1 }),
  row('parked', false, { parked: 2 }),
  row('retrying', true, { retry_scheduled: 1 }),
  { ...row('new', true), health: undefined },
];
const shown = (show: ShowName[], text = '', adapter?: string) =>
  rows.filter((one) => passes(one, show, text, adapter)).map((one) => one.destination.name);

describe('the six filters', () => {
  test('none shows all', () => expect(shown([])).toHaveLength(5));
  test('those of one group widen', () => expect(shown(['failed', 'retry_scheduled'])).toEqual(['failing', 'retrying']));
  test('enabled and disabled together are all', () => expect(shown(['enabled', 'disabled'])).toHaveLength(5));
  test('the groups narrow each other', () => expect(shown(['enabled', 'dead_lettered'])).toEqual([]));
  test('parked dead letters count, whenever they ended', () =>
    expect(shown(['disabled', 'dead_lettered'])).toEqual(['parked']));
  test('text and adapter narrow further', () => {
    expect(shown(['delivered'], 'FAIL')).toEqual(['failing']);
    expect(shown([], '', 'ticket')).toEqual([]);
  });
});

test('the address keeps them in one order and nothing unknown', () => {
  expect(showOf('failed,unknown,enabled')).toEqual(['enabled', 'failed']);
  expect(toggled(['failed'], 'enabled')).toBe('enabled,failed');
  expect(toggled(['failed'], 'failed')).toBeUndefined();
});

test('what needs a person comes first', () => {
  expect([...rows].sort(byUrgency).map((one) => one.destination.name)).toEqual([
    'parked',
    'failing',
    'retrying',
    'fine',
    'new',
  ]);
});

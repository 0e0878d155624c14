import { expect, test } from 'vitest';
import { checkDraft, draftOf, typesOf } from './destination_draft';
import { checkConfig, type ConfigSchema } from './json_schema';

// As adapters write theirs: see plugins/webhook/manifest.json.
const schema: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['method'],
  properties: {
    method: { type: 'string', enum: ['POST', 'PUT'] },
    template: { type: 'string', minLength: 2 },
    headers: { type: 'object', maxProperties: 2, additionalProperties: { type: 'string', maxLength: 4 } },
    signatures: { type: 'array', uniqueItems: true, items: { type: 'string', enum: ['a', 'b'] } },
  },
};
const fields = (config: unknown) => checkConfig(schema, config).map((fault) => fault.field);

test('a good configuration has no faults', () => {
  expect(fields({ method: 'PUT', headers: { 'X-Team': 'soc' }, signatures: ['a', 'b'] })).toEqual([]);
});

test('each fault is named as the daemon names it', () => {
  expect(fields({})).toEqual(['config']);
  expect(fields({ method: 'GET' })).toEqual(['config.method']);
  expect(fields({ method: 'PUT', template: '{' })).toEqual(['config.template']);
  expect(fields({ method: 'PUT', headers: { 'X/Y': 'too long' } })).toEqual(['config.headers.X/Y']);
  expect(fields({ method: 'PUT', headers: { a: '1', b: '2', c: '3' } })).toEqual(['config.headers']);
  expect(fields({ method: 'PUT', signatures: ['a', 'a'] })).toEqual(['config.signatures']);
  expect(fields({ method: 'PUT', unknown: 1 })).toEqual(['config.unknown']);
});

test('a draft is judged as a whole', () => {
  const draft = { ...draftOf(), adapter: 'webhook', config: { method: 'PUT' } };
  expect(checkDraft(draft, schema, false).map((fault) => fault.field)).toEqual(['name', 'endpoint', 'event_types']);
  const filled = { ...draft, name: 'SIEM', endpoint: 'https://siem.example/hooks', event_types: 'alert.*\n*' };
  expect(checkDraft(filled, schema, false)).toEqual([]);
  expect(checkDraft({ ...filled, endpoint: '' }, schema, true)).toEqual([]);
  expect(checkDraft({ ...filled, adapter: '' }, schema, false).map((fault) => fault.field)).toEqual(['adapter']);
  for (const endpoint of ['siem.example', 'ftp://siem.example', 'javascript:alert(1)'])
    expect(checkDraft({ ...filled, endpoint }, schema, true).map((fault) => fault.field)).toEqual(['endpoint']);
  expect(checkDraft({ ...filled, max_in_flight: 0, rate_limit_per_second: Number.NaN }, schema, true)).toHaveLength(2);
});

test('event types are told apart by lines, blanks and commas', () => {
  expect(typesOf(' alert.* \nticket.created, *\n\nalert.*')).toEqual(['alert.*', 'ticket.created', '*']);
});

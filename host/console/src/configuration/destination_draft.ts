import type { FieldError } from '../api/client';
import type { Destination } from '../api/types';
import { authorizationDraftOf, checkAuthorization, type AuthorizationDraft } from './authorization_draft';
import { checkConfig, type ConfigSchema } from './json_schema';

export interface Draft {
  name: string;
  adapter: string;
  endpoint: string; // empty: unchanged
  event_types: string; // one a line
  filter: string; // empty: none
  signing: 'required' | 'disabled';
  order: 'none' | 'subject';
  authorization: AuthorizationDraft;
  max_in_flight: number;
  rate_limit_per_second: number;
  config: Record<string, unknown>;
}

export function draftOf(existing?: Destination): Draft {
  return {
    name: existing?.name ?? '',
    adapter: existing?.adapter ?? '',
    endpoint: '',
    event_types: existing?.event_types.join('\n') ?? '',
    filter: existing?.filter ?? '',
    signing: existing?.signing ?? 'required',
    order: existing?.order ?? 'none',
    authorization: authorizationDraftOf(existing?.authorization),
    max_in_flight: existing?.max_in_flight ?? 16,
    rate_limit_per_second: existing?.rate_limit_per_second ?? 0,
    config: (existing?.config ?? {}) as Record<string, unknown>,
  };
}

export function typesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((type) => type !== ''))];
}

const subscription = /^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$/i;

function isAddress(text: string): boolean {
  try {
    const { protocol } = new URL(text);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}

// Everything that is wrong, as the daemon would say it; the daemon judges again, and by more than can be known here.
export function checkDraft(draft: Draft, schema: ConfigSchema, isChange: boolean): FieldError[] {
  const faults: FieldError[] = [];
  const fault = (field: string, message: string) => faults.push({ field, message });
  if (draft.name.trim() === '') fault('name', 'is missing');
  if (draft.adapter === '') fault('adapter', 'is missing');
  if (draft.endpoint.trim() === '' ? !isChange : !isAddress(draft.endpoint.trim()))
    fault('endpoint', 'must be an absolute http or https URL');
  const types = typesOf(draft.event_types);
  if (types.length < 1 || types.length > 64) fault('event_types', 'must list 1 to 64 types');
  else if (types.some((type) => !subscription.test(type)))
    fault('event_types', 'must hold event types, prefixes such as alert.*, or *');
  if (!Number.isInteger(draft.max_in_flight) || draft.max_in_flight < 1 || draft.max_in_flight > 1_000)
    fault('max_in_flight', 'must be 1 to 1000');
  if (!(draft.rate_limit_per_second >= 0 && draft.rate_limit_per_second <= 100_000))
    fault('rate_limit_per_second', 'must be 0 to 100000');
  return [...faults, ...checkAuthorization(draft.authorization), ...checkConfig(schema, draft.config)];
}

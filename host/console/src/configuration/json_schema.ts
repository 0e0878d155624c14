import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema';
import type { FieldError } from '../api/client';

// The keywords that the daemon's own validator knows (host/plugins/config_schema.hpp); both sides judge by the same
// schema. This validator interprets it, as the page's CSP forbids compiled ones.
export interface ConfigSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, ConfigSchema>;
  required?: string[];
  additionalProperties?: boolean | ConfigSchema;
  minProperties?: number;
  maxProperties?: number;
  items?: ConfigSchema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

// Keywords whose errors only say that something inside is wrong, which an error of its own tells.
const frames = new Set(['properties', 'additionalProperties', 'items']);

function wordsFor(unit: OutputUnit): string {
  switch (unit.keyword) {
    case 'required':
      return unit.error.replace('Instance does not have required property', 'lacks');
    case 'false':
      return 'is not known to the adapter';
    default:
      return unit.error.replace(/^(Instance|String|Array|Object) /, 'it ').replace(/\.$/, '');
  }
}

// "#/headers/X-Team" as the API names it: "config.headers.X-Team".
function pathOf(location: string): string {
  const parts = location
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '');
  return ['config', ...parts.map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))].join(
    '.',
  );
}

// Everything that is wrong with a configuration; empty if it is good.
export function checkConfig(schema: ConfigSchema, config: unknown): FieldError[] {
  const { errors } = new Validator(schema as Schema, '2020-12', false).validate(config);
  const faults = new Map<string, string>();
  // The validator calls a declared member with a fault an undeclared one as well: such words count only where there are
  // no others.
  const isUndeclared = (unit: OutputUnit) => unit.keyword === 'false';
  for (const unit of [...errors.filter((one) => !isUndeclared(one)), ...errors.filter(isUndeclared)]) {
    if (frames.has(unit.keyword)) continue;
    const field = pathOf(unit.instanceLocation);
    const told = [...faults.keys()].some((other) => other === field || other.startsWith(`${field}.`));
    if (!faults.has(field) && !(isUndeclared(unit) && told)) faults.set(field, wordsFor(unit));
  }
  return [...faults].map(([field, message]) => ({ field, message }));
}

export function errorAt(errors: FieldError[], path: string): string | undefined {
  return errors.find((error) => error.field === path)?.message;
}

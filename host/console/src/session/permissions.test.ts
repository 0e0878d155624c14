import { expect, test } from 'vitest';
import type { Role } from '../api/types';
import { offerOf } from './permissions';

// The four roles of the console, as host/domain/role.hpp has them.
test.each<[Role, string, string]>([
  ['auditor', 'absent', 'absent'],
  ['operator', 'enabled', 'disabled'],
  ['tenant_admin', 'enabled', 'enabled'],
  ['system_admin', 'enabled', 'enabled'],
])('%s: dead letters %s, configuration %s', (role, deadLetters, configure) => {
  expect(offerOf(role, 'handle_deliveries')).toBe(deadLetters);
  expect(offerOf(role, 'configure')).toBe(configure);
});

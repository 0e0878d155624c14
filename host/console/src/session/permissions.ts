import type { Role } from '../api/types';

// The page's part of the table in host/domain/role.hpp. It decides what is offered; the daemon decides what is done.
export type Right = 'handle_deliveries' | 'configure';

const rights: Record<Role, Right[]> = {
  producer: [],
  auditor: [],
  operator: ['handle_deliveries'],
  tenant_admin: ['handle_deliveries', 'configure'],
  system_admin: ['handle_deliveries', 'configure'],
};

export type Offer = 'enabled' | 'disabled' | 'absent';

// Auditors only read: to them no control is shown. Operators see what exists, and why it is not theirs.
export function offerOf(role: Role, right: Right): Offer {
  if (rights[role].includes(right)) return 'enabled';
  return role === 'operator' ? 'disabled' : 'absent';
}

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, tagged, unwrap } from './client';
import { periods, type PeriodName } from './period';
import type { AuditAction, DeliveryState, Destination } from './types';

const page = 200;
const mostPages = 25; // beyond 5,000 destinations the list says that it is cut off

export interface DestinationList {
  destinations: Destination[];
  cut: boolean;
}

async function allDestinations(signal: AbortSignal): Promise<DestinationList> {
  const destinations: Destination[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < mostPages; ++pages) {
    const part = await unwrap(client.GET('/destinations', { params: { query: { limit: page, cursor } }, signal }));
    destinations.push(...part.destinations);
    if (part.next_cursor === null) return { destinations, cut: false };
    cursor = part.next_cursor;
  }
  return { destinations, cut: true };
}

export const destinationsQuery = queryOptions({
  queryKey: ['destinations'],
  queryFn: ({ signal }) => allDestinations(signal),
});

export const destinationQuery = (id: string) =>
  queryOptions({
    queryKey: ['destination', id],
    queryFn: ({ signal }) => tagged(client.GET('/destinations/{id}', { params: { path: { id } }, signal })),
  });

export const adaptersQuery = queryOptions({
  queryKey: ['adapters'],
  queryFn: ({ signal }) => unwrap(client.GET('/adapters', { signal })),
});

export const healthQuery = (period: PeriodName) =>
  queryOptions({
    queryKey: ['health', period],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => {
      const to = new Date();
      const from = new Date(to.getTime() - periods[period].ms);
      const query = { from: from.toISOString(), to: to.toISOString() };
      return unwrap(client.GET('/delivery-health', { params: { query }, signal }));
    },
  });

export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: async ({ signal }) =>
    (await unwrap(client.GET('/alerts', { params: { query: { active: true, limit: page } }, signal }))).alerts,
});

export const filterNames = [
  'destination_id',
  'event_id',
  'event_type',
  'correlation_id',
  'alert_id',
  'evidence_id',
  'ticket_id',
  'created_from',
  'created_to',
] as const;
export type FilterName = (typeof filterNames)[number];
export type Filter = Partial<Record<FilterName, string>>;

function parametersOf({ destination_id, ...others }: Filter) {
  return { ...others, destination_id: destination_id ? destination_id.split(',') : undefined };
}

export interface DeliverySearch extends Filter {
  state?: string; // several with commas between
  held?: string;
}

export const deliveriesQuery = ({ state, held, ...filter }: DeliverySearch, cursor?: string, limit = 50) =>
  queryOptions({
    queryKey: ['deliveries', state, held, filter, cursor, limit],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/deliveries', {
          params: {
            query: {
              ...parametersOf(filter),
              state: state ? (state.split(',') as DeliveryState[]) : undefined,
              held: held === undefined ? undefined : held === 'true',
              cursor,
              limit,
            },
          },
          signal,
        }),
      ),
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) => unwrap(client.GET('/deliveries/{id}', { params: { path: { id } }, signal })),
  });

export const attemptsQuery = (id: string) =>
  queryOptions({
    queryKey: ['attempts', id],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET('/deliveries/{id}/attempts', { params: { path: { id } }, signal }))).attempts,
  });

export const deadLetterQuery = (id: string) =>
  queryOptions({
    queryKey: ['dead-letter', id],
    queryFn: ({ signal }) => unwrap(client.GET('/dead-letters/{id}', { params: { path: { id } }, signal })),
  });

export const deadLettersQuery = (filter: Filter, cursor?: string) =>
  queryOptions({
    queryKey: ['dead-letters', filter, cursor],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/dead-letters', { params: { query: { ...parametersOf(filter), cursor } }, signal })),
  });

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: ({ signal }) => unwrap(client.GET('/operations', { signal })),
});

export const waitingQuery = (destination: string) =>
  queryOptions({
    queryKey: ['waiting', destination],
    queryFn: ({ signal }) =>
      unwrap(client.POST('/deliveries:cancel', { body: { filter: { destination_id: destination } }, signal })),
  });

export const policyQuery = queryOptions({
  queryKey: ['policy'],
  queryFn: ({ signal }) => tagged(client.GET('/policy', { signal })),
});

export const destinationPolicyQuery = (id: string) =>
  queryOptions({
    queryKey: ['destination-policy', id],
    queryFn: ({ signal }) => tagged(client.GET('/destinations/{id}/policy', { params: { path: { id } }, signal })),
  });

export interface AuditSearch {
  action?: string;
  actor_id?: string;
  target?: string;
  correlation_id?: string;
  event_id?: string;
  alert_id?: string;
}

export const auditQuery = ({ action, ...search }: AuditSearch, cursor?: string, limit = 50) =>
  queryOptions({
    queryKey: ['audit', action, search, cursor, limit],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET('/audit', {
          params: { query: { ...search, action: action as AuditAction | undefined, cursor, limit } },
          signal,
        }),
      ),
  });

export const chainQuery = queryOptions({
  queryKey: ['audit-chain'],
  queryFn: ({ signal }) => unwrap(client.GET('/audit/chain', { signal })),
});

export const tenantsQuery = queryOptions({
  queryKey: ['tenants'],
  queryFn: ({ signal }) => unwrap(client.GET('/tenants', { params: { query: { limit: 200 } }, signal })),
});

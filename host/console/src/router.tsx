import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { AuditView } from './audit/AuditView';
import { DestinationEditor } from './configuration/DestinationEditor';
import { PolicyView } from './configuration/PolicyView';
import { DeadLettersView } from './dead-letters/DeadLettersView';
import { DeliveriesView } from './deliveries/DeliveriesView';
import { DeliveryView } from './deliveries/DeliveryView';
import { Overview } from './overview/Overview';
import { Failure } from './parts/Failure';
import { problemOf } from './api/client';
import { OperationsView } from './operations/OperationsView';
import { PluginsView } from './plugins/PluginsView';
import { NowhereView } from './shell/NowhereView';
import { Shell } from './shell/Shell';

// A view's whole state stands in its address, as plain text: what is shown can be passed on.
type Texts<Names extends string> = { [Name in Names]?: string };

function only<Names extends string>(names: readonly Names[]) {
  return (search: Record<string, unknown>): Texts<Names> => {
    const kept: Texts<Names> = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === 'string' && value !== '') kept[name] = value;
    }
    return kept;
  };
}

const deliveryFilters = [
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

const root = createRootRoute({ component: Shell, notFoundComponent: NowhereView });
const parent = { getParentRoute: () => root };

const overview = createRoute({
  ...parent,
  path: '/',
  validateSearch: only(['period', 'show', 'q', 'adapter', 'destination', 'page'] as const),
  component: Overview,
});
const deliveries = createRoute({
  ...parent,
  path: '/deliveries',
  validateSearch: only([...deliveryFilters, 'state', 'held', 'trail', 'delivery'] as const),
  component: DeliveriesView,
});
const delivery = createRoute({ ...parent, path: '/deliveries/$id', component: DeliveryView });
const deadLetters = createRoute({
  ...parent,
  path: '/dead-letters',
  validateSearch: only([...deliveryFilters, 'trail', 'delivery'] as const),
  component: DeadLettersView,
});
const newDestination = createRoute({ ...parent, path: '/destinations/new', component: DestinationEditor });
const editDestination = createRoute({ ...parent, path: '/destinations/$id/edit', component: DestinationEditor });
const policy = createRoute({
  ...parent,
  path: '/policy',
  validateSearch: only(['destination'] as const),
  component: PolicyView,
});
const audit = createRoute({
  ...parent,
  path: '/audit',
  validateSearch: only(['action', 'actor_id', 'target', 'correlation_id', 'event_id', 'alert_id', 'trail'] as const),
  component: AuditView,
});
const operations = createRoute({ ...parent, path: '/operations', component: OperationsView });
const plugins = createRoute({ ...parent, path: '/plugins', component: PluginsView });

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    deliveries,
    delivery,
    deadLetters,
    newDestination,
    editDestination,
    policy,
    operations,
    audit,
    plugins,
  ]),
  basepath: '/console/integrations',
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const kept = Object.entries(search).filter(([, value]) => typeof value === 'string' && value !== '');
    const text = new URLSearchParams(kept as [string, string][]).toString();
    return text === '' ? '' : `?${text}`;
  },
  defaultPreload: false,
  scrollRestoration: false, // it needs an inline script
  defaultErrorComponent: ({ error, reset }) => <Failure problem={problemOf(error)} retry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

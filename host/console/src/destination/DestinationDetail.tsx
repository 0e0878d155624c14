import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { adaptersQuery, destinationQuery } from '../api/queries';
import type { Adapter, Destination, DestinationHealth, HoldCause } from '../api/types';
import { count, duration, plural } from '../format/numbers';
import { authorizationWords, holdWords, postureWords } from '../format/words';
import { Facts } from '../parts/Facts';
import { Instant } from '../parts/Instant';
import { Loaded } from '../parts/Loaded';
import { Notice } from '../parts/Notice';
import { Reference } from '../parts/Reference';
import { Section } from '../parts/Section';
import { State } from '../parts/State';
import { Offered } from '../session/Offered';
import { Credentials } from './Credentials';
import classes from './Destination.module.css';
import { DestinationActions } from './DestinationActions';
import { RecentDeliveries } from './RecentDeliveries';
import { breakerWords, serverWords } from './runtime';

// Somebody wants it so, or it ends by itself.
const mild = new Set<HoldCause>(['disabled', 'breaker_open', 'paused_by_receiver', 'adapter_unavailable']);

function Standing({ destination, health }: { destination: Destination; health: DestinationHealth | undefined }) {
  const id = destination.destination_id;
  return (
    <>
      {destination.held && (
        <Notice
          kind={mild.has(destination.held.cause) ? 'warn' : 'bad'}
          title={`${holdWords[destination.held.cause]}: nothing is sent, what is due waits`}
          live={false}
        >
          {destination.held.detail && <p className="wrap">{destination.held.detail}</p>}
          <p>{destination.held.remedy}</p>
          {destination.held.since && (
            <p>
              Since <Instant at={destination.held.since} />
              {destination.held.until && (
                <>
                  , until <Instant at={destination.held.until} />
                </>
              )}
            </p>
          )}
          {(health?.held_deliveries ?? 0) > 0 && (
            <Link to="/deliveries" search={{ destination_id: id, held: 'true' }}>
              {plural(health!.held_deliveries, 'delivery', 'deliveries')} held
            </Link>
          )}
        </Notice>
      )}
      {(health?.parked ?? 0) > 0 && (
        <Notice
          kind="bad"
          title={`${plural(health!.parked, 'dead letter')} ${health!.parked === 1 ? 'waits' : 'wait'} for a person`}
          live={false}
        >
          <Link to="/dead-letters" search={{ destination_id: id }}>
            See why, and replay them
          </Link>
        </Notice>
      )}
    </>
  );
}

function authorizationOf({ authorization }: Destination): string {
  if (!authorization) return 'None';
  const word = authorizationWords[authorization.scheme];
  switch (authorization.scheme) {
    case 'bearer':
      return word;
    case 'basic':
      return `${word}, ${authorization.username}`;
    case 'header':
    case 'hmac':
      return `${word}, ${authorization.header}`;
    case 'oauth2_client_credentials':
      return `${word}, ${authorization.client_id} at ${authorization.token_url.fingerprint}`;
  }
}

// A filter that cannot be read lets everything through: that is said where the filter stands.
function FilterOf({ destination: { filter, filter_fault } }: { destination: Destination }) {
  if (filter === null) return <>None: every event of these types</>;
  return (
    <>
      <code className="wrap">{filter}</code>
      {filter_fault && (
        <Notice kind="bad" title="Cannot be read: every event of these types is delivered" live={false}>
          {filter_fault.message}
        </Notice>
      )}
    </>
  );
}

function Delivering({ destination, adapter }: { destination: Destination; adapter: Adapter | undefined }) {
  const { runtime } = destination;
  const posture = postureWords[destination.credential_posture];
  const policy = destination.effective_policy;
  return (
    <Facts
      facts={[
        ['Adapter', adapter ? `${adapter.title}, ${adapter.plugin.version}` : destination.adapter],
        ['Endpoint', <code key="e">{destination.endpoint.fingerprint}</code>],
        ['Protocol', destination.endpoint.scheme],
        ['Event types', destination.event_types.join(', ')],
        ['Filter', <FilterOf key="f" destination={destination} />],
        ['Signing', destination.signing === 'required' ? 'Required' : 'Disabled for this destination'],
        ['Order', destination.order === 'subject' ? 'Kept for each ticket and alert' : 'Not kept'],
        ['Authorization', authorizationOf(destination)],
        [
          'Credentials',
          <span key="c" title={posture.meaning}>
            {posture.word}
          </span>,
        ],
        [
          'Retries',
          policy.max_attempts === 1
            ? 'None: one attempt'
            : `${duration(policy.backoff_initial_ms)}, then ×${policy.backoff_factor} up to ${duration(policy.backoff_cap_ms)}`,
        ],
        ['Most attempts', destination.max_attempts],
        ['Timeout of an attempt', duration(destination.timeout_ms)],
        ['Requests at a time', `at most ${destination.max_in_flight}`],
        [
          'Rate limit',
          destination.rate_limit_per_second === 0 ? 'None' : `${destination.rate_limit_per_second} a second`,
        ],
        runtime && ['Served by', serverWords(runtime)],
        runtime && ['In flight', runtime.in_flight === null ? 'Not known now' : count(runtime.in_flight)],
        runtime && ['Circuit breaker', breakerWords(runtime)],
        runtime !== undefined &&
          runtime.paused_until !== null && ['Paused until', <Instant key="p" at={runtime.paused_until} />],
      ]}
    />
  );
}

export function DestinationDetail({ id, health }: { id: string; health: DestinationHealth | undefined }) {
  const query = useQuery(destinationQuery(id));
  const adapters = useQuery(adaptersQuery);
  const last = health?.last_result;
  return (
    <div className="stack">
      <Loaded query={query} rows={10}>
        {({ data: destination, etag }) => (
          <>
            <div>
              <h2 className={classes.name}>
                <bdi>{destination.name}</bdi>
              </h2>
              <Reference name="destination id" value={id} search={{ destination_id: id }} />
            </div>
            <Standing destination={destination} health={health} />
            <Facts
              facts={[
                ['Status', destination.enabled ? 'Enabled' : 'Disabled'],
                [
                  'Last result',
                  last ? (
                    <span className="row" key="l">
                      <State state={last.state} /> <Instant at={last.at} />
                      {last.http_status !== null && `HTTP ${last.http_status}`}
                    </span>
                  ) : (
                    'None yet'
                  ),
                ],
              ]}
            />
            <Offered right="configure">
              <DestinationActions destination={destination} etag={etag} />
            </Offered>
            <Section title="Recent deliveries" level={3}>
              <RecentDeliveries id={id} />
            </Section>
            <Section title="How it is delivered to" level={3}>
              <Delivering
                destination={destination}
                adapter={adapters.data?.adapters.find((one) => one.adapter === destination.adapter)}
              />
            </Section>
            <Section title="Credentials" level={3}>
              <Credentials
                destination={destination}
                adapter={adapters.data?.adapters.find((one) => one.adapter === destination.adapter)}
              />
            </Section>
            <Section title="Trace" level={3}>
              <Link to="/audit" search={{ target: `destination:${id}` }}>
                Audit records of this destination
              </Link>
            </Section>
          </>
        )}
      </Loaded>
    </div>
  );
}

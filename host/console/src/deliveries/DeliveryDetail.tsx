import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ApiProblem } from '../api/client';
import { attemptsQuery, auditQuery, deadLetterQuery, deliveryQuery } from '../api/queries';
import type { Delivery } from '../api/types';
import { duration, plural } from '../format/numbers';
import { holdWords } from '../format/words';
import { Facts } from '../parts/Facts';
import { Instant } from '../parts/Instant';
import { Loaded } from '../parts/Loaded';
import { Notice } from '../parts/Notice';
import { Reference } from '../parts/Reference';
import { Section } from '../parts/Section';
import { StateOf } from '../parts/State';
import { DeadLetterActions } from '../dead-letters/DeadLetterActions';
import { Offered } from '../session/Offered';
import { AttemptTimeline } from './AttemptTimeline';
import { DeliveryActions } from './DeliveryActions';
import { useDestinationNames } from './DeliveryTable';

// Why it ended, what to check, and the way on.
function DeadLetter({ delivery }: { delivery: Delivery }) {
  const query = useQuery(deadLetterQuery(delivery.delivery_id));
  if (query.error instanceof ApiProblem && query.error.status === 404)
    return (
      <Notice kind="warn" title="It is no dead letter any more" live={false}>
        Somebody was faster; refresh to see what became of it.
      </Notice>
    );
  return (
    <Loaded query={query} rows={3}>
      {(letter) => (
        <>
          <Notice kind="bad" title="Parked: it waits for a person" live={false}>
            <p>{letter.explanation}</p>
            <p>
              <strong>{letter.advice}</strong>
            </p>
          </Notice>
          <div className="row no-print">
            <Offered right="handle_deliveries">
              <DeadLetterActions delivery={delivery} replayable={letter.replayable} />
            </Offered>
          </div>
        </>
      )}
    </Loaded>
  );
}

function References({ delivery }: { delivery: Delivery }) {
  const all = [
    ['Delivery', 'delivery_id', delivery.delivery_id, undefined],
    ['Event', 'event_id', delivery.event_id, { event_id: delivery.event_id }],
    ['Correlation', 'correlation_id', delivery.correlation_id, { correlation_id: delivery.correlation_id ?? '' }],
    ['Alert', 'alert_id', delivery.alert_id, { alert_id: delivery.alert_id ?? '' }],
    ['Evidence', 'evidence_id', delivery.evidence_id, { evidence_id: delivery.evidence_id ?? '' }],
    ['Ticket', 'ticket_id', delivery.ticket_id, { ticket_id: delivery.ticket_id ?? '' }],
    ['Destination', 'destination_id', delivery.destination_id, { destination_id: delivery.destination_id }],
    ['Idempotency key', 'idempotency_key', delivery.idempotency_key, undefined],
  ] as const;
  return (
    <Facts
      wide
      facts={all.map(([title, name, value, search]) =>
        value === null
          ? null
          : [title, <Reference key={name} name={name.replace('_', ' ')} value={value} search={search} />],
      )}
    />
  );
}

function AuditTrail({ id }: { id: string }) {
  const query = useQuery(auditQuery({ target: `delivery:${id}` }, undefined, 10));
  return (
    <Loaded query={query} rows={2}>
      {({ records }) =>
        records.length === 0 ? (
          <p className="soft">Nothing yet: how a delivery ends is on record, and what people do with it.</p>
        ) : (
          <Facts
            facts={records.map((record) => [
              record.action,
              <span key={record.sequence} className="row">
                <Reference
                  name="audit id"
                  value={String(record.sequence)}
                  to="/audit"
                  search={{ target: `delivery:${id}` }}
                />
                <Instant at={record.at} />
              </span>,
            ])}
          />
        )
      }
    </Loaded>
  );
}

export function DeliveryDetail({ id, level = 2 }: { id: string; level?: 1 | 2 }) {
  const query = useQuery(deliveryQuery(id));
  const attempts = useQuery(attemptsQuery(id));
  const names = useDestinationNames();
  const Heading = level === 1 ? 'h1' : 'h2';
  return (
    <div className="stack">
      <Loaded query={query} rows={10}>
        {(delivery) => (
          <>
            <div>
              <Heading>{delivery.event_type}</Heading>
              <p className="wrap">
                to{' '}
                <Link to="/" search={{ destination: delivery.destination_id }}>
                  <bdi>{names.get(delivery.destination_id) ?? 'a destination that was deleted'}</bdi>
                </Link>
              </p>
            </div>
            {delivery.state === 'dead_lettered' && <DeadLetter delivery={delivery} />}
            {delivery.held && delivery.held.cause !== 'waits_for_order' && (
              <Notice kind="warn" title={`Held: ${holdWords[delivery.held.cause].toLowerCase()}`} live={false}>
                {delivery.held.detail && <p className="wrap">{delivery.held.detail}</p>}
                <p>{delivery.held.remedy} It goes out when the destination is held no more.</p>
              </Notice>
            )}
            {delivery.held?.cause === 'waits_for_order' && (
              <Notice kind="warn" title="It waits for its turn" live={false}>
                An earlier delivery about the same ticket or alert has not ended, or is a dead letter that holds it: replay
                or discard that one.{' '}
                {delivery.waits_for !== null && (
                  <Link to="/deliveries/$id" params={{ id: delivery.waits_for }}>
                    Show it
                  </Link>
                )}
              </Notice>
            )}
            <Facts
              facts={[
                ['State', <StateOf key="s" delivery={delivery} />],
                ['Accepted', <Instant key="a" at={delivery.created_at} />],
                delivery.due_at !== null &&
                  !delivery.held && ['Next attempt', <Instant key="d" at={delivery.due_at} />],
                delivery.completed_at !== null && [
                  'Ended',
                  <span key="e">
                    <Instant at={delivery.completed_at} />, after{' '}
                    {duration(new Date(delivery.completed_at).getTime() - new Date(delivery.created_at).getTime())}
                  </span>,
                ],
              ]}
            />
            {delivery.state !== 'dead_lettered' && delivery.state !== 'delivering' && (
              <div className="row no-print">
                <Offered right="handle_deliveries">
                  <DeliveryActions delivery={delivery} />
                </Offered>
              </div>
            )}
            <Section title={plural(delivery.attempts, 'attempt')} level={3}>
              <Loaded query={attempts} rows={4}>
                {(made) => <AttemptTimeline attempts={made} delivery={delivery} />}
              </Loaded>
            </Section>
            <Section title="References" level={3}>
              <References delivery={delivery} />
            </Section>
            <Section title="Audit records" level={3}>
              <AuditTrail id={id} />
            </Section>
          </>
        )}
      </Loaded>
    </div>
  );
}
